"""The keys from the command line: what is sealed with which, change it, what outlives a secret."""

import argparse

from web.commands.place import opened_house, say


def keys_status(_: argparse.Namespace) -> int:
    """How many values each key has sealed; 1 while an earlier one is still needed."""
    from core.database import reader
    from web.custody import resealing

    with opened_house() as office:
        with reader(office.engine) as session:
            counted = resealing.status(session)
        current = office.keys.current.hex()
        known = {key.hex() for key in office.keys.sealing}
    for key, count in sorted(counted.items()):
        word = "newest" if key == current else "earlier" if key in known else "UNKNOWN"
        print(f"{key} {word} {count}")
    if set(counted) <= {current}:
        say("Earlier secrets may go, once JIESU_LEDGER_KEY holds what `jiesu keys ledger` prints.")
        return 0
    return 1


def keys_rotate(_: argparse.Namespace) -> int:
    """Seal and index everything with the newest secret; a worker goes on if this ends early."""
    from core import jobs
    from core.database import reader
    from core.permissions import SYSTEM
    from web import wiring
    from web.custody import resealing

    with opened_house() as office:
        if len(office.keys.sealing) == 1:
            say("There is one secret only. Put a new one into JIESU_SECRET_KEY and the present one")
            say("into JIESU_OLD_SECRET_KEYS, restart every process, and come again.")
            return 2
        with office.desk(SYSTEM) as desk:
            job = resealing.ask(desk)
        jobs.run(office, wiring.WORKS, job)
        with reader(office.engine) as session:
            remaining = resealing.left(session, office.keys)
    say(f"{remaining} values are still sealed with an earlier secret")
    return 1 if remaining else 0


def keys_ledger(_: argparse.Namespace) -> int:
    """The ledger's own key: verifies the timeline, opens nothing that is sealed."""
    with opened_house() as office:
        print(office.keys.ledger.hex())
    return 0
