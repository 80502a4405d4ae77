"""The plan and the rules as they stand: tasks, leads, the book and its proof."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.permissions import Act, demand
from routing import queries
from routing.current import in_force
from routing.rules import in_words
from web.deps import TheHouse, TheReader, TheStaff
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/plan")
def plan(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """The responsibility matrix, and the rules that lead to it."""
    demand(asker.actor, Act.READ_TICKETS)
    row = queries.plan(session)
    rules = in_force(session, home.office.now())
    return page(
        request,
        "admin/plan.html",
        plan=row,
        tasks=queries.tasks(session, row.version) if row else [],
        book=rules.book.version if rules else "",
        rules=[
            {
                "id": rule.id,
                "rank": rule.rank,
                "reason": rule.reason,
                "when": "；".join(in_words(condition) for condition in rule.conditions),
                "task": rule.outcome.task,
                "ground": rule.outcome.ground,
            }
            for rule in (rules.book.rules if rules else ())
        ],
    )
