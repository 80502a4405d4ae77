"""What a draft of limits and calendars would have made of the past quarter."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, select

from core import i18n, jobs
from core.i18n import N_, translate
from core.numbers import masked
from core.people import visible
from core.tables import Ticket
from routing import queries as routing_queries
from sla import whatifs
from web import words
from web.deps import Asker, TheReader, TheStaff
from web.errors import language_of
from web.masking import listed_title
from web.pages.jobs import view as job_view
from web.pages.limits import head, opened
from web.rendering import page

router = APIRouter(include_in_schema=False)
# why a promise cannot be judged
GROUND = {
    "calendar": N_("到期日所在年度的日历还没有公布"),
    "no_policy": N_("现行标准或草案中没有适用的时限"),
}


@router.get("/limits/drafts/{draft}/what-if")
def show(request: Request, asker: TheStaff, session: TheReader, draft: UUID) -> Response:
    """Breaches and warnings before and after, by unit and by kind of promise."""
    row, language = opened(session, asker, draft), language_of(request)
    found = whatifs.newest(session, draft)
    running = whatifs.under_way(session, asker.actor, draft)
    return page(
        request,
        "limits/what_if.html",
        draft=head(session, row, asker, language),
        tab="what-if",
        found=_found(session, asker, found, language) if found else None,
        stale=found is not None and found["revision"] != row.revision,
        job=job_view(jobs.seen(session, asker.actor, running), language) if running else None,
    )


def _found(
    session: Session, asker: Asker, found: Mapping[str, Any], language: str
) -> dict[str, Any]:
    names = routing_queries.unit_names(session)
    examples = _examples(session, asker, found["examples"], names, language)
    return {
        "at": found["at"],
        "since": datetime.fromisoformat(found["since"]),
        "until": datetime.fromisoformat(found["until"]),
        "total": _line("", found["total"], language),
        "units": [
            _line(names.get(code, code) or translate(language, "受理、审核与回访"), line, language)
            for code, line in found["units"].items()
        ],
        "metrics": [
            _line(words.word(language, words.METRIC, code), line, language)
            for code, line in found["metrics"].items()
        ],
        "unknown": sum(found["unknown"].values()),
        "grounds": [
            {"word": words.word(language, GROUND, ground), "count": count}
            for ground, count in found["unknown"].items()
        ],
        "examples": examples,
        "hidden": len(found["examples"]) - len(examples),
    }


def _line(name: str, line: Mapping[str, Any], language: str) -> dict[str, Any]:
    sides = {side: dict(line[side]) for side in ("before", "after")}
    for side in sides.values():
        lead = side["lead"]
        side["lead"] = i18n.working(language, timedelta(seconds=lead)) if lead is not None else "—"
    return {
        "actual": None,
        **line,
        **sides,
        "name": name,
        "more": line["after"]["late"] - line["before"]["late"],
    }


def _examples(
    session: Session, asker: Asker, lines: Any, names: dict[str, str], language: str
) -> list[dict[str, Any]]:
    ids = [UUID(line["ticket"]) for line in lines]
    query = select(Ticket).where(col(Ticket.id).in_(ids), visible(asker.actor))
    known = {str(row.id): row for row in session.exec(query)}
    return [
        {
            "number": known[line["ticket"]].number,
            "title": masked(listed_title(known[line["ticket"]])),
            "unit": names.get(line["unit"], line["unit"]),
            "metric": words.word(language, words.METRIC, line["metric"]),
            "late": line["late"],
        }
        for line in lines
        if line["ticket"] in known
    ]
