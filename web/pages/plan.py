"""The plan as it stands: its tasks to search and print, and each task with all that hangs on it."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.errors import NotFound
from core.moments import local_day
from core.permissions import Act, demand
from routing import duties, queries
from routing.current import InForce, in_force, register
from routing.rules import in_words
from routing.tables import PlanRow, TaskRow
from web.deps import House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import plan_words, views
from web.rendering import page

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Query(max_length=100)]


def chosen(session: Session, home: House, version: str) -> PlanRow | None:
    """The version asked for, else the one in force today, else the newest."""
    if version:
        row = session.get(PlanRow, version)
        if row is None:
            raise NotFound
        return row
    today = local_day(home.office.now())
    return queries.plan(session, today) or queries.plan(session)


@router.get("/plan")
def plan(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: Words = "",
    q: Words = "",
    unit: Words = "",
    section: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """The tasks of a plan, searched and sifted, and the rules that lead to them."""
    demand(asker.actor, Act.READ_TICKETS)
    row = chosen(session, home, version)
    tasks = list(queries.tasks(session, row.version)) if row else []
    units = register(session)
    rules = in_force(session, home.office.now())
    return page(
        request,
        "plan/plan.html",
        plan=row,
        versions=same(row.version for row in queries.plans(session)),
        tasks=[t for t in tasks if duties.matches(t, units, q=q, unit=unit, section=section)],
        total=len(tasks),
        sections=same(dict.fromkeys(t.section for t in tasks if t.section)),
        units=same(duties.named(tasks, units)),
        q=q,
        unit=unit,
        section=section,
        book=rules.book.version if rules else "",
        base=rules.plan if rules else "",
        rules=_rules(rules),
        edits=asker.may(Act.EDIT_RULES),
        today=local_day(home.office.now()),
    )


def same(words: Iterable[str]) -> list[tuple[str, str]]:
    """Options whose value is their word."""
    return [(word, word) for word in words]


def _rules(rules: InForce | None) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.id,
            "rank": rule.rank,
            "reason": rule.reason,
            "when": "；".join(in_words(condition) for condition in rule.conditions),
            "task": rule.outcome.task,
            "ground": rule.outcome.ground,
        }
        for rule in (rules.book.rules if rules else ())
    ]


@router.get("/plan/tasks/{number}")
def task(
    request: Request,
    number: int,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: Words = "",
) -> Response:
    """One task: who answers, what was promised, which categories lead here, what is open on it."""
    demand(asker.actor, Act.READ_TICKETS)
    row = chosen(session, home, version)
    found = (
        queries.task(session, number, row.version if row else None) if in_range(number) else None
    )
    if row is None or found is None:
        raise NotFound
    rules = in_force(session, home.office.now())
    units = register(session)
    return page(
        request,
        "plan/task.html",
        plan=row,
        task=found,
        targets=[plan_words.target(item) for item in duties.targets(found)],
        leads=_resolved(found.leads, units),
        supports=_resolved(found.supports, units),
        partners=_resolved(found.coordinates, units),
        categories=_leading_here(session, language_of(request), rules, row, found),
        book=rules.book.version if rules else "",
        open=queries.open_on_task(session, asker.actor, row.version, number),
        around=_around(session, row, number),
        edits=asker.may(Act.EDIT_RULES),
    )


def in_range(number: int) -> bool:
    """Whether a number fits the column it is looked up in."""
    return 0 <= number < 2**31


def _resolved(names: list[str], units: Any) -> list[dict[str, str]]:
    found = ((name, units.resolve(name)) for name in names)
    return [{"name": name, "code": unit.code if unit else ""} for name, unit in found]


def _leading_here(
    session: Session, language: str, rules: InForce | None, row: PlanRow, found: TaskRow
) -> list[dict[str, str]]:
    """Categories whose rules name the task, when the rulebook stands on this plan."""
    if rules is None or rules.plan != row.version:
        return []
    words = views.category_names(session, language)
    return [
        {"rule": rule.id, "name": words.get(code, code)}
        for rule in rules.book.rules
        if rule.outcome.task == found.number
        for code in sorted(rule.categories or ())
    ]


def _around(session: Session, row: PlanRow, number: int) -> dict[str, TaskRow | None]:
    rows = {task.number: task for task in queries.tasks(session, row.version)}
    before = max((n for n in rows if n < number), default=None)
    after = min((n for n in rows if n > number), default=None)
    return {
        "before": rows[before] if before is not None else None,
        "after": rows[after] if after is not None else None,
    }
