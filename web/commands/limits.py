"""Limits and calendars on the command line: what is in force, and the past quarter by others."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from web.commands.place import opened_house, say

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from core.errors import Invalid
    from sla.limits import Body


def limits_show(_: argparse.Namespace) -> int:
    """What is in force, in the form that `limits replay` reads."""
    from core.database import reader
    from sla import standard_drafts

    with opened_house() as office, reader(office.engine) as session:
        body = standard_drafts.in_force(session, office.now())
    print(json.dumps(body, ensure_ascii=False, indent=2))
    return 0


def limits_replay(arguments: argparse.Namespace) -> int:
    """The past quarter by a stored draft or a file: what would be late, and what no longer."""
    from core.database import reader
    from core.errors import Invalid
    from sla import whatifs

    with opened_house() as office:
        now = office.now()
        try:
            with reader(office.engine) as session:
                old, new = _asked(session, arguments.draft, now)
        except Invalid as refused:
            _refuse(refused)
            return 2
        told = lambda done, total: say(f"{done} of {total}")  # noqa: E731 - progress
        tally = whatifs.compare(
            office, whatifs.rules_of(old), whatifs.rules_of(new), now, told
        ).as_json()
        numbers = whatifs.numbers(office, tally["examples"])
    examples = [{**line, "ticket": numbers[line["ticket"]]} for line in tally["examples"]]
    _tell({**tally, "examples": examples}, as_json=arguments.json)
    return 0


def _asked(session: "Session", draft: str, now: "datetime") -> tuple["Body", "Body"]:
    """What is in force, and what is to be tried: a draft's id, or a file."""
    from sla import bodies, standard_drafts

    in_force = standard_drafts.in_force(session, now)
    path = Path(draft)
    if path.suffix.lower() != ".json":
        try:
            return in_force, standard_drafts.get(session, UUID(draft)).body
        except ValueError:
            message = f"{draft!r} is neither a draft's id nor a .json file"
            raise RuntimeError(message) from None
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise RuntimeError(f"{path} is not JSON") from error
    return in_force, bodies.given(value, in_force)


def _refuse(refused: "Invalid") -> None:
    from core.i18n import translate

    for fault in refused.faults:
        say(f"jiesu: {fault.field}: {translate('en', fault.message, **fault.params)}")


def _tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    total = found["total"]
    late = f"{total['before']['late']} -> {total['after']['late']}"
    print(f"{total['promises']} promises: late {late} ({total['actual']} broke as promised then)")
    for title in ("units", "metrics"):
        for name, line in found[title].items():
            print(
                f"  {name or '-'}: {line['before']['late']} -> {line['after']['late']}"
                f" (+{line['newly_late']} -{line['newly_kept']})"
            )
    for ground, count in found["unknown"].items():
        print(f"{count} cannot be judged: {ground}")
    for line in found["examples"]:
        print(f"  {line['ticket']} {line['metric']}: {'late' if line['late'] else 'kept'}")
