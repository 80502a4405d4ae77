"""Tools on the command line: plans, deadlines, suggestions, codes, bulletins."""

import argparse
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.settings import load
from web.commands.place import opened_house, say

if TYPE_CHECKING:
    from routing.plan import Plan


def plan_import(arguments: argparse.Namespace) -> int:
    """Read a plan; with --json one object a task. Doubts go to standard error."""
    from routing.data import read_plan
    from routing.documents import document_text
    from routing.plan import PlanRefused

    try:
        document = document_text(arguments.file.name, arguments.file.read_bytes())
        plan = read_plan(document)
        if arguments.dry_run:
            return _told(plan, as_json=arguments.json)
        return _apply(document, as_json=arguments.json)
    except PlanRefused as refused:
        where = f" (line {refused.where})" if refused.where else ""
        say(f"jiesu: plan refused: {refused.code}: {refused.message}{where}")
        return 2


def _told(plan: "Plan", *, as_json: bool) -> int:
    """Print what was read; 1 when something in it has to be settled first."""
    from routing import plan as plans

    if as_json:
        print(json.dumps(plans.as_json(plan), ensure_ascii=False, indent=2))
    else:
        print(f"{plan.title}: {len(plan.tasks)} tasks")
    for number, note in plan.doubts:
        say(f"task {number}: {note}")
    if plan.blocking:
        say(f"{len(plan.blocking)} doubts must be settled before this plan can be applied")
    return 1 if plan.blocking else 0


def _apply(document: str, *, as_json: bool) -> int:
    """Read it again with the register as it stands, and store it: all of it or nothing."""
    from core.moments import local_day
    from core.permissions import SYSTEM
    from routing.importing import apply_plan, digest_of, read_here, version_of
    from routing.plan_drafts import outlook

    with opened_house() as office, office.desk(SYSTEM) as desk:
        plan = read_here(desk.session, document)
        if _told(plan, as_json=as_json):
            return 1
        today = local_day(desk.now)
        version = version_of(today, digest_of(plan, document))
        ahead = outlook(desk.session, plan, desk.now)
        apply_plan(desk, plan, version=version, document=document, effective_from=today)
    names = ("added", "removed", "changed", "renumbered")
    say(", ".join(f"{len(getattr(ahead.diff, name))} {name}" for name in names))
    for finding in ahead.findings:
        say(f"rule {finding.rule}: task {finding.task} {finding.code}")
    say(f"Imported as {version}; a rulebook decides by it once it is published over it")
    return 0


def _stream(lines: Iterable[str]) -> int:
    for line in lines:
        print(line, flush=True)
    return 0


def deadline(_arguments: argparse.Namespace) -> int:
    """Standard input to standard output; needs no server and no database."""
    from sla.calendars import deadline_lines

    return _stream(deadline_lines(sys.stdin))


def suggest(_arguments: argparse.Namespace) -> int:
    """Standard input to standard output; needs no server and no database."""
    from web.suggesting import suggest_lines

    return _stream(suggest_lines(sys.stdin))


def identity_check(_arguments: argparse.Namespace) -> int:
    """Standard input to standard output; needs no server and no database."""
    from intake.identity import check_lines

    return _stream(check_lines(sys.stdin))


def bulletin(arguments: argparse.Namespace) -> int:
    """The frozen bulletin, or the figures as they stand, as JSON or as a page."""
    from core.database import reader
    from sla import press, queries
    from sla.bulletins import period
    from web.paper import bulletin_html

    wanted = period(arguments.period)
    with opened_house() as office, reader(office.engine) as session:
        row = queries.bulletin(session, wanted.name)
        body = press.opened(row) if row else press.preview(session, wanted, office.now())
        if arguments.format == "html":
            text = bulletin_html(session, row, body, load().district)
        else:
            text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=2)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
        say(f"Wrote {arguments.out}")
    else:
        print(text)
    return 0
