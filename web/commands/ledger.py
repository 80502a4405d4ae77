"""The ledger and the audit from the command line."""

import argparse
import json
from datetime import date, datetime
from pathlib import Path

from core.ledger import Finding, Link, Seal, verify_chain, verify_seals
from core.settings import load
from web.commands.place import data_dir, opened_house, say, secret

SEAL_FIELDS = ("day", "entries", "digest", "previous", "head")


def ledger_verify(arguments: argparse.Namespace) -> int:
    """Every finding on a line; 1 when there is one."""
    findings = _from_file(arguments.file) if arguments.file else _from_database()
    for finding in findings:
        print(f"{finding.code} {finding.ticket or finding.day} {finding.number or ''}".rstrip())
    print("ledger: broken" if findings else "ledger: whole")
    return 1 if findings else 0


def _from_database() -> list[Finding]:
    from core import sealing

    with opened_house() as office:
        return sealing.verify(office.engine, office.keys.ledger)


def _from_file(path: Path) -> list[Finding]:
    from core.privacy import Keys
    from web.wiring import keys_of

    settings = load()
    keys = keys_of(settings) if settings.secret_key else Keys.of(secret(data_dir(settings)))
    links, seals, counts = [], [], {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            match row.pop("row"):
                case "entry":
                    row["at"] = datetime.fromisoformat(row["at"])
                    links.append(Link(**row))
                case "seal":
                    row["day"] = date.fromisoformat(row["day"])
                    seals.append(Seal(**row))
                case "ticket":
                    counts[row["number"]] = row["entries"]
    found = list(verify_chain(keys.ledger, links, counts))
    rows = ((link.at, link.ticket, link.number, link.hash) for link in links)
    return found + list(verify_seals(keys.ledger, seals, rows))


def ledger_export(arguments: argparse.Namespace) -> int:
    """Everything a verification elsewhere needs, free of personal data."""
    from sqlmodel import col, select

    from core import sealing
    from core.database import reader
    from core.tables import SealRow, Ticket

    with (
        opened_house() as office,
        arguments.out.open("w", encoding="utf-8") as out,
        reader(office.engine) as session,
    ):
        for number, entries in session.exec(select(Ticket.number, Ticket.entries)):
            _line(out, row="ticket", number=number, entries=entries)
        for link in sealing.links(session):
            fields = {name: getattr(link, name) for name in Link.__slots__}
            _line(out, row="entry", **fields)
        for seal in session.exec(select(SealRow).order_by(col(SealRow.day))):
            _line(out, row="seal", **{name: getattr(seal, name) for name in SEAL_FIELDS})
    say(f"Wrote {arguments.out}")
    return 0


def _line(out: "object", **fields: object) -> None:
    text = json.dumps(fields, ensure_ascii=False, default=lambda value: value.isoformat())
    print(text, file=out)  # type: ignore[call-overload] # any open text file


def ledger_head(_arguments: argparse.Namespace) -> int:
    """The head that bulletins print."""
    from core import sealing
    from core.database import reader

    with opened_house() as office, reader(office.engine) as session:
        seal = sealing.head(session)
    print(f"{seal.day} {seal.head} ({seal.entries} entries)" if seal else "no day sealed yet")
    return 0


def audit(_arguments: argparse.Namespace) -> int:
    """Every cached column that the timeline contradicts, on a line; 1 when there is one."""
    from web import auditing

    with opened_house() as office:
        found = list(auditing.audit(office))
    for line in found:
        print(line)
    print("audit: differences found" if found else "audit: caches equal their folds")
    return 1 if found else 0
