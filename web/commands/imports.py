"""Old cases from the command line: the same look and the same work as on the page."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from web.commands.place import opened_house, say

if TYPE_CHECKING:
    from core.desk import Office


def import_cases(arguments: argparse.Namespace) -> int:
    """Take a list in, or only look at it; 1 when rows are faulty."""
    from core.database import reader
    from intake import imports

    path = _path(arguments.file)
    body, source = path.read_bytes(), imports.source_of(arguments.source)
    with opened_house() as office:
        if not arguments.dry_run:
            return _take(office, path, body, source, arguments.errors)
        with reader(office.engine) as session:
            found = imports.look(
                session, office.keys, office.now(), name=path.name, body=body, source=source
            )
        print(f"rows {len(found.rows)} fit {len(found.good)} faulty {len(found.bad)}", end=" ")
        print(f"known {len(found.known)}")
        _tell(imports.first_faults(found))
        return 1 if found.bad else 0


def _path(words: list[str]) -> Path:
    # `jiesu import tickets FILE` is how it was promised; what else could be imported has no words
    return Path(words[-1])


def _take(office: "Office", path: Path, body: bytes, source: str, out: Path | None) -> int:
    from core import jobs
    from core.database import reader
    from core.permissions import SYSTEM
    from core.settings import load
    from intake import imports
    from web import wiring

    with office.desk(SYSTEM) as desk:
        row = imports.receive(desk, name=path.name, body=body, source=source)
        desk.session.flush()
        job = imports.begin(desk, row.id, area=load().area_code)
    # what is logged on the way belongs beside the answer, not into it
    with redirect_stdout(sys.stderr):
        ran = jobs.run(office, wiring.WORKS, job)
    if not ran:
        say("a worker of the running installation has it: see /imports for its end")
        return 0
    with reader(office.engine) as session:
        row = imports.one(session, SYSTEM, row.id)
        if row.state != "done":
            say("it could not be ended; a worker goes on, or begin again on /imports")
            return 2
        print(f"taken {row.taken} faulty {row.bad} known {row.known}")
        _tell(row.faults)
        if row.bad:
            _, rest = imports.errors(session, office.keys, SYSTEM, row.id)
            target = out or path.with_name(f"{path.stem}-errors.{row.format}")
            target.write_bytes(rest)
            say(f"faulty rows: {target}")
    return 1 if row.bad else 0


def _tell(faults: Iterable[dict[str, Any]]) -> None:
    from core.i18n import translate

    for fault in faults:
        words = translate("zh", fault["message"], **fault["params"])
        print(f"{fault['row']}\t{fault['column']}\t{fault['code']}\t{words}")
