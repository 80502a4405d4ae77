"""The rulebook on the command line: proved, explained, tried on past tickets."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from web.commands.place import opened_house, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from core.desk import Office
    from routing.current import InForce


def rules_check(arguments: argparse.Namespace) -> int:
    """The certificate of the shipped rulebook; 1 when something is not proved."""
    from routing.data import district
    from routing.rulebook import check

    home = district()
    proof = check(home.book(home.plan()), home.vocabulary, home.register, home.effective_from)
    if arguments.json:
        found = [
            {
                "code": finding.code,
                "rules": list(finding.rules),
                "message": finding.message,
                "witness": {key: str(value) for key, value in finding.witness.items()},
            }
            for finding in proof.findings
        ]
        body = {
            "version": proof.version,
            "proved": proof.ok,
            "categories": proof.categories,
            "rules": proof.rules,
            "findings": found,
            "opaque": list(proof.opaque),
        }
        print(json.dumps(body, ensure_ascii=False, indent=2))
        return 0 if proof.ok else 1
    for finding in proof.findings:
        print(f"{finding.code} {','.join(finding.rules)}: {finding.message}")
    verdict = "proved" if proof.ok else "not proved"
    print(
        f"rulebook {proof.version}: {verdict}; {proof.categories} categories, {proof.rules} rules"
    )
    if proof.opaque:
        say(f"{len(proof.opaque)} rules depend on words: they may fire, nothing more can be proved")
    return 0 if proof.ok else 1


def rules_explain(arguments: argparse.Namespace) -> int:
    """Why this unit: the decision stored with the ticket, rule by rule."""
    from core.database import reader
    from core.events import Audience
    from core.permissions import SYSTEM
    from core.timeline import entries
    from intake.queries import by_number

    with opened_house() as office, reader(office.engine) as session:
        ticket = by_number(session, SYSTEM, arguments.number)
        timeline = entries(session, ticket.id, Audience.OVERSIGHT)
    for entry in timeline:
        if entry.kind in {"ticket.routed", "ticket.triage_needed"}:
            _explain(entry.kind, entry.facts)
    return 0


def _explain(kind: str, facts: dict[str, object]) -> None:
    trace = facts["trace"]
    assert isinstance(trace, list)
    for tried in trace:
        held = f"did not hold: {tried['failed']}" if tried["failed"] else "held"
        print(f"  {tried['rule']:<32} {held}")
    if kind == "ticket.routed":
        print(f"→ {facts['lead']} (task {facts['task']}, by {facts['by']}, book {facts['book']})")
    else:
        print(f"→ a person decides, ground {facts['ground']} (book {facts['book']})")


def rules_replay(arguments: argparse.Namespace) -> int:
    """Past tickets decided by a draft, or by an edited spreadsheet: what would move, and where."""
    from core.database import reader
    from routing import replaying
    from routing.current import in_force
    from routing.replay import Tally
    from routing.workbooks import SheetRefused

    with opened_house() as office:
        now = office.now()
        try:
            with reader(office.engine) as session:
                new, old = _asked(session, arguments.book, office), in_force(session, now)
        except SheetRefused as refused:
            for fault in refused.faults:
                say(f"jiesu: {fault.sheet} {fault.cell} {fault.rule}: {fault.told}")
            return 2
        if old is None:
            say("jiesu: no rulebook is in force")
            return 1
        tally = Tally()
        told = lambda done, total, _last, _tally: say(f"{done} of {total}")  # noqa: E731 - progress
        replaying.replay(office, old, new, now, told, tally=tally)
    _tell(tally.as_json(), old.book.version, as_json=arguments.json)
    return 0


def _asked(session: "Session", book: str, office: "Office") -> "InForce":
    """A version that is stored, or a spreadsheet over the plan that decides now."""
    from core.errors import NotFound
    from routing import replaying, sheets, versions
    from routing.current import compiled
    from web import rulewords

    path = Path(book)
    if path.suffix.lower() != ".xlsx":
        return compiled(session, versions.find(session, book))
    row = versions.deciding(session, office.now())
    if row is None:
        raise NotFound
    words = rulewords.labels(session, "zh")
    rows = sheets.read(path.read_bytes(), versions.lexicon(session, row, words))
    return replaying.typed(session, rows, office.now())


def _tell(found: Mapping[str, Any], against: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**found, "against": against}, ensure_ascii=False, indent=2))
        return
    print(f"{found['moved']} of {found['tickets']} tickets would go elsewhere than by {against};")
    print(f"{found['otherwise']} stay, with another task, other helpers or another urgency")
    for pair in found["pairs"]:
        print(f"  {pair['from']} -> {pair['to']}: {pair['tickets']}")
