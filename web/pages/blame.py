"""Who had a case when, and what of its lateness is whose: beside a deadline, and for a period."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.errors import NotFound
from core.i18n import N_, duration, translate, working
from core.moments import local_day
from core.permissions import Act, demand, may
from routing import queries
from sla import blaming
from sla.blame import Account, Part
from sla.blaming import Blame, Length, Tally
from sla.bulletins import Period, month_of
from sla.intervals import Holder, Kind
from sla.tables import ClockRow
from web import words
from web.deps import TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.bulletin import wanted_period
from web.rendering import page

router = APIRouter(include_in_schema=False)
HOLDER: dict[str, str] = {
    Kind.INTAKE: N_("受理派单"),
    Kind.SIGN: N_("签收"),
    Kind.RETURN: N_("退单单位占用"),
    Kind.RULING: N_("退单裁定与改派"),
    Kind.LEAD: N_("主办办理"),
    Kind.CO: N_("等待协办"),
    Kind.BUSINESS: N_("等待企业补正"),
    Kind.HOLD: N_("挂账"),
    Kind.EXTENSION: N_("准予延期"),
    Kind.REVIEW: N_("答复审核"),
}
# whose time it is, as colours: the desk, a unit before it works, the lead, others, nobody
TONE = {
    Kind.INTAKE: "blue",
    Kind.RULING: "blue",
    Kind.SIGN: "yellow",
    Kind.RETURN: "yellow",
    Kind.LEAD: "accent",
    Kind.CO: "red",
    Kind.BUSINESS: "green",
}

Said = Callable[[timedelta | None], str]


def section(
    session: Session, clock: ClockRow, names: dict[str, str], language: str, now: datetime
) -> dict[str, Any] | None:
    """What the deadline's page shows of a promise of handling; None where nothing is counted."""
    counted = blaming.of_clock(session, clock, now)
    if counted is None:
        return None
    found, in_working_time = counted
    said = partial(working if in_working_time else duration, language)
    used = sum((part.used for part in found.parts), timedelta())
    rows = [_row(part, names, language, said) for part in found.parts]
    return {
        "rows": rows,
        "bar": _bar(found, used, rows),
        "marks": _marks(found, used),
        "start": found.start,
        "end": found.end,
        "used": _figure(used, said),
        "lateness": _figure(found.lateness, said),
        "overdue": _figure(found.overdue, said),
        "late": bool(found.lateness),
        "after_hours": found.late and not found.overdue,
        "extended": found.due != found.original_due,
        "ended": found.ended,
        "working": in_working_time,
        "review": found.review,
    }


def _figure(length: timedelta | None, said: Said) -> str:
    return said(length) if length else "—"


def _row(part: Part, names: dict[str, str], language: str, said: Said) -> dict[str, Any]:
    spent = part.limit is not None and not part.limit
    return {
        "kind": part.holder.kind,
        "holder": _holder(part.holder, names, language),
        "start": part.start,
        "end": part.end,
        "used": _figure(part.used, said),
        "limit": translate(language, "已用完") if spent else _figure(part.limit, said),
        "beyond": _figure(part.beyond, said),
        "share": _figure(part.share, said),
    }


def _holder(holder: Holder, names: dict[str, str], language: str) -> str:
    word = words.word(language, HOLDER, holder.kind)
    return f"{word} · {names.get(holder.unit, holder.unit)}" if holder.unit else word


def _bar(found: Account, used: timedelta, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pieces in thousandths of the whole, each with its row's number."""
    pieces, passed = [], timedelta()
    for number, (part, row) in enumerate(zip(found.parts, rows, strict=True), start=1):
        if part.used:
            pieces.append(
                {
                    "x": round(1000 * (passed / used), 1),
                    "width": round(1000 * (part.used / used), 1),
                    "tone": TONE.get(part.holder.kind, "grey"),
                    "title": f"{number} {row['holder']} {row['used']}",
                }
            )
        passed += part.used
    return pieces


def _marks(found: Account, used: timedelta) -> list[float]:
    """Where the due times lie on the bar: the original one, then the one in force."""
    late = sorted({length for length in (found.lateness, found.overdue) if length}, reverse=True)
    return [round(1000 * (1 - length / used), 1) for length in late]


@router.get("/oversight/blame")
def blame(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    period: Annotated[str, Query(max_length=10)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    unit: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The lateness of a period by who answers for it; with a holder named, the tickets behind."""
    demand(asker.actor, Act.FIGURES_ALL)
    now, language = home.office.now(), language_of(request)
    chosen = wanted_period(period) if period else month_of(local_day(now))
    names = queries.unit_names(session)
    context: dict[str, Any] = {
        "period": chosen.name,
        "before": chosen.before.name,
        "after": _after(chosen, now),
    }
    if kind:
        holder = Holder(_kind(kind), unit or None)
        lines = blaming.tickets_of(session, asker.actor, chosen, now, holder)
        context["lines"] = [
            views.summary(ticket, names, language) | {"share": _said(share, language)}
            for ticket, share in lines
        ]
        named = _holder(holder, names, language)
        return page(request, "oversight/blamed.html", holder=named, **context)
    context |= _told(blaming.by_holder(session, chosen, now), names, language)
    linked = may(asker.actor, Act.READ_TICKETS)
    return page(request, "oversight/blame.html", linked=linked, **context)


def _told(found: Blame, names: dict[str, str], language: str) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "lateness": _said(found.lateness, language),
        "overdue": _said(found.overdue, language),
        "kinds": [_tally(tally, found, names, language) for tally in found.kinds],
        "units": [_tally(tally, found, names, language) for tally in found.units],
    }


def _after(chosen: Period, now: datetime) -> str:
    """The period after this one, once it has begun."""
    following = chosen.shifted(chosen.months)
    return following.name if following.starts_at <= now else ""


def _kind(code: str) -> Kind:
    try:
        return Kind(code)
    except ValueError as unknown:
        raise NotFound from unknown


def _said(length: Length, language: str) -> dict[str, str]:
    """Working time, and apart from it what was promised by the clock."""
    natural = translate(language, "自然时间 {length}", length=duration(language, length.natural))
    return {
        "working": working(language, length.working) if length.working else "",
        "natural": natural if length.natural else "",
    }


def _tally(tally: Tally, found: Blame, names: dict[str, str], language: str) -> dict[str, Any]:
    whole = found.lateness.working
    return {
        "kind": tally.holder.kind,
        "unit": tally.holder.unit or "",
        "unit_name": names.get(tally.holder.unit or "", tally.holder.unit or ""),
        "word": words.word(language, HOLDER, tally.holder.kind),
        "cases": tally.cases,
        "share": _said(tally.share, language),
        "percent": Decimal(round(1000 * (tally.share.working / whole))) / 10 if whole else None,
        "tone": TONE.get(tally.holder.kind, "grey"),
    }
