"""What the operator sees beside a form that is still being filled in: who, where to, what like."""

from typing import Any

from sqlmodel import Session

from core.moments import local_day
from core.people import may_identify
from core.permissions import Act
from core.privacy import mask_name
from intake import contacts, identity, queries
from intake.companies import companies
from intake.likely import Call, Likely, likely
from routing import queries as routing_queries
from routing.amounts import largest
from routing.current import in_force
from routing.facts import enterprise_of
from routing.rules import Decision, Facts, decide
from sla import clocks, policies
from sla.standards import standards
from web import filing, words
from web.deps import Asker, House
from web.pages import views
from web.pages.card_words import fitting
from web.pages.suggestions import suggestions

Values = dict[str, str]


def preview(
    session: Session, home: House, asker: Asker, values: Values, language: str
) -> dict[str, Any]:
    """Everything that can be said before anything is saved."""
    # no column holds this sign; saving refuses it at its field
    values = {name: value.replace("\0", "") for name, value in values.items()}
    text = written(values)
    shown = routing(session, home, values, language)
    shown["suggested"] = suggestions(session, home.office.now, text, language, actor=asker.actor)
    # nothing is not yet an emergency, whatever a model makes of an empty page
    shown["blank"] = not (text.strip() or values.get("category"))
    indexes = phone_indexes(home, values)
    shown["caller"] = _caller(session, home, asker, indexes, language)
    name, code = values.get("company_name", "")[:100], values.get("uscc", "")
    shown["companies"] = companies(session, asker.actor, name, code)
    shown["likely"] = _likely(session, asker, values, indexes, shown["category"], language)
    shown["answers"] = asker.may(Act.ANSWER)
    shown["cards"] = fitting(session, home, text, shown["category"])
    return shown


def written(values: Values) -> str:
    """What there is of the request's words."""
    return f"{values.get('title', '')}\n{values.get('content', '')}"


def phone_indexes(home: House, values: Values) -> list[bytes]:
    """What a telephone is found by, once it is a whole number; nothing before."""
    phone = identity.check_phone(values.get("contact_phone", "")[:40])
    return home.keys.blinds("phone", phone.normal) if phone.valid and phone.normal else []


def routing(session: Session, home: House, values: Values, language: str) -> dict[str, Any]:
    """What the rules and the limits say of a form that is still being filled in."""
    now = home.office.now()
    rules = in_force(session, now)
    text = written(values)
    found = filing.guessed(session, text)
    facts = Facts(
        category=values.get("category") or filing.chosen(session, found, rules),
        kind=values.get("kind") or "complaint",
        text=text,
        place=values.get("place", ""),
        channel="phone",
        respondent=values.get("respondent", ""),
        amount=largest(text),
        day=local_day(now),
        enterprise=enterprise_of(values.get("uscc"), values.get("company_name")),
        urgency="critical" if found.urgency == "critical" else values.get("urgency") or "normal",
        caution=found.caution,
    )
    decision = decide(facts, rules.book, rules.register) if rules else None
    return {
        "category": facts.category,
        "lead": routing_queries.unit_name(session, decision.lead) if decision else None,
        "task": routing_queries.task(session, decision.task, rules.plan)
        if rules and decision
        else None,
        "rule": decision.rule if decision else "",
        "book": decision.book if decision else "",
        "conflict": bool(decision and decision.conflict),
        "ground": words.ground(language, decision.ground) if decision and decision.ground else "",
        "route": decision.route if decision else "",
        "due_at": _due(session, home, values, decision),
    }


def _due(session: Session, home: House, values: Values, decision: Decision | None) -> Any:
    if decision is None or decision.lead is None:
        return None
    now = home.office.now()
    limits = standards(session, now)
    facts = policies.Facts(
        values.get("kind") or "complaint",
        decision.urgency,
        enterprise=bool(values.get("company_name") or values.get("uscc")),
        category=values.get("category") or None,
        task=decision.task,
    )
    policy = policies.choose(limits.limits, "resolve", facts)
    return clocks.due_time(now, policy, limits.calendar_for(policy)) if policy else None


def _caller(
    session: Session, home: House, asker: Asker, indexes: list[bytes], language: str
) -> dict[str, Any] | None:
    """Who has called from this number before: name masked, requests, the company if one."""
    if not indexes:
        return None
    found = queries.same_phone(session, asker.actor, indexes)
    if not found:
        return {"name": "", "tickets": [], "company": "", "uscc": ""}
    names = routing_queries.unit_names(session)
    row = queries.contact(session, found[0].id)
    firm = next((t for t in found if t.company_name and may_identify(asker.actor, t)), None)
    return {
        "name": mask_name(contacts.opened(home.keys, row).name) if row else "",
        "tickets": [views.summary(ticket, names, language) for ticket in found],
        "company": firm.company_name if firm else "",
        "uscc": (firm.uscc or "") if firm else "",
    }


def _likely(
    session: Session,
    asker: Asker,
    values: Values,
    indexes: list[bytes],
    category: str,
    language: str,
) -> list[dict[str, Any]]:
    code = identity.check_uscc(values.get("uscc", "")[:40])
    call = Call(
        phone_indexes=tuple(indexes),
        uscc=code.normal or "",
        company=values.get("company_name", "").strip(),
        text=written(values),
        category=category,
    )
    names = routing_queries.unit_names(session)
    return [_told(one, names, language) for one in likely(session, asker.actor, call)]


def _told(one: Likely, names: dict[str, str], language: str) -> dict[str, Any]:
    return views.summary(one.ticket, names, language) | {
        "same_phone": one.same_phone,
        "same_company": one.same_company,
        "percent": one.percent,
    }
