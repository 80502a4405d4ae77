"""Rulebooks read: the versions, and of one its rules, proof, changes, story and replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from core import jobs
from core.i18n import translate
from core.moments import local_day
from core.permissions import Act, demand
from routing import publishing, queries, replaying, sheets, versions
from routing.cells import BY_KEY, Lexicon
from routing.differences import RuleChange, difference
from routing.tables import RulebookRow
from web import rulewords
from web.deps import Asker, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.jobs import view as job_view
from web.rendering import page

router = APIRouter(include_in_schema=False)
SHOWN = 100
SHIPPED = "seed"  # who made the district's first book
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TheQuery = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True)
class Opened:
    """A version on the desk of a reader: the row, the words of its cells, what pages show of it."""

    row: RulebookRow
    lexicon: Lexicon
    leads: rulewords.Leads
    language: str
    book: dict[str, Any]

    def rule(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return rulewords.rule(row, self.lexicon, self.leads, self.language)


def opened(request: Request, session: Session, asker: Asker, version: str, now: datetime) -> Opened:
    """A version for somebody who may read it."""
    demand(asker.actor, Act.EDIT_RULES)
    language = language_of(request)
    row = versions.find(session, version)
    lexicon = versions.lexicon(session, row, rulewords.labels(session, language))
    leads = rulewords.leads_of(session, row.plan)
    deciding = versions.deciding(session, now)
    known = _card(session, row, deciding.version if deciding else None, now, language)
    author = asker.actor.tag in versions.authors(session, row)
    rights = {
        "editable": row.state == "draft",
        "publisher": asker.may(Act.PUBLISH_RULES),
        "author": author,
    }
    return Opened(row, lexicon, leads, language, known | rights)


def _card(
    session: Session, row: RulebookRow, deciding: str | None, now: datetime, language: str
) -> dict[str, Any]:
    state = rulewords.state_of(row, deciding, now)
    return {
        "version": row.version,
        "state": state,
        "state_word": translate(language, rulewords.STATE[state]),
        "plan": row.plan,
        "base": row.base or "",
        "revision": row.revision,
        "rules": len(row.body["rules"]),
        "effective_from": row.effective_from,
        "effective_until": row.effective_until,
        "proposed_by": _who(session, row.proposed_by, language),
        "published_by": _who(session, row.published_by, language),
        "created_at": row.created_at,
    }


def _who(session: Session, tag: str | None, language: str) -> str:
    if tag == SHIPPED:
        return translate(language, "随产品提供")
    return views.actor_word(session, tag, language, staff=True) if tag else ""


@router.get("/rulebooks")
def listed(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """Every version there is."""
    return list_page(request, session, asker, home.office.now(), {})


def list_page(
    request: Request,
    session: Session,
    asker: Asker,
    now: datetime,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    """The list, and the form that begins a draft."""
    demand(asker.actor, Act.EDIT_RULES)
    deciding = versions.deciding(session, now)
    current = deciding.version if deciding else None
    language = language_of(request)
    rows = [_card(session, row, current, now, language) for row in versions.listed(session)]
    return page(
        request,
        "rulebook/list.html",
        status=status,
        rows=rows,
        current=current,
        bases=[(row["version"], row["version"]) for row in rows],
        plans=[(plan.version, plan.title) for plan in queries.plans(session)],
        faults=faults,
    )


@router.get("/rulebooks/{version}")
def show(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: str,
    q: TheQuery = "",
    category: TheQuery = "",
    unit: TheQuery = "",
    ground: TheQuery = "",
    start: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """The rules of a version, sifted."""
    book = opened(request, session, asker, version, home.office.now())
    sift = {"q": q.strip(), "category": category, "unit": unit, "ground": ground}
    return rules_page(request, session, book, sift, start=start)


def rules_page(
    request: Request,
    session: Session,
    book: Opened,
    sift: dict[str, str],
    *,
    start: int = 0,
    status: int = 200,
    faults: dict[str, str] | None = None,
    sheet_faults: list[dict[str, str]] | None = None,
) -> Response:
    """The table of rules, a hundred at a time, and for drafts the ways to change it."""
    wanted = [rule for rule in versions.rules_of(book.row) if _wanted(rule, book, sift)]
    units = [(unit.code, unit.name) for unit in book.lexicon.register]
    return page(
        request,
        "rulebook/show.html",
        status=status,
        book=book.book,
        tab="rules",
        rules=[book.rule(rule) for rule in wanted[start : start + SHOWN]],
        found=len(wanted),
        start=start,
        size=SHOWN,
        sift=sift,
        categories=views.category_tree(session, book.language),
        units=sorted(units, key=lambda item: item[1]),
        grounds=offered("ground", book),
        plans=[(plan.version, plan.title) for plan in queries.plans(session)],
        faults=faults or {},
        sheet_faults=sheet_faults or [],
    )


def offered(key: str, book: Opened) -> list[tuple[str, str]]:
    """What a closed column offers, code and word."""
    column = BY_KEY[key]
    return [(code, book.lexicon.label(column, code)) for code in book.lexicon.codes(column)]


def _wanted(rule: Mapping[str, Any], book: Opened, sift: Mapping[str, str]) -> bool:
    when, then = rule["when"], rule["then"]
    if sift["category"] and sift["category"] not in when.get("category", [sift["category"]]):
        return False
    if sift["ground"] and then.get("ground") != sift["ground"]:
        return False
    if sift["unit"] and sift["unit"] not in _units(rule, book):
        return False
    return not sift["q"] or _mentions(rule, sift["q"].lower())


def _units(rule: Mapping[str, Any], book: Opened) -> set[str]:
    """Every unit a rule leads to, by itself or by the plan."""
    then = rule["then"]
    names = [then["lead"]] if then.get("lead") else list(book.leads.get(then.get("task"), ()))
    resolved = (book.lexicon.register.resolve(name) for name in names)
    leads = {unit.code for unit in resolved if unit is not None}
    return leads | set(then.get("co_handlers", ())) | set(rule["when"].get("respondent", ()))


def _mentions(rule: Mapping[str, Any], wanted: str) -> bool:
    texts = [
        rule["id"],
        rule["reason"],
        rule["then"].get("route", ""),
        *rule["when"].get("words", ()),
    ]
    return any(wanted in text.lower() for text in texts)


@router.get("/rulebooks/{version}/sheet")
def sheet(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str
) -> Response:
    """The version as a spreadsheet; its words are always Chinese, so that it fits back."""
    book = opened(request, session, asker, version, home.office.now())
    lexicon = versions.lexicon(session, book.row, rulewords.labels(session, "zh"))
    body = sheets.write(versions.rules_of(book.row), lexicon)
    name = {"Content-Disposition": f'attachment; filename="rulebook-{book.row.version}.xlsx"'}
    return Response(body, media_type=XLSX, headers=name)


@router.get("/rulebooks/{version}/certificate")
def certificate(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str
) -> Response:
    """What is proved of a version, what is found, what cannot be proved."""
    now = home.office.now()
    book = opened(request, session, asker, version, now)
    proof = versions.certificate(session, book.row, local_day(book.row.effective_from or now))
    names = rulewords.labels(session, book.language)["category"]
    # emergencies, litigation and the like can befall every category: said once
    common = set.intersection(*map(set, proof.reaches.values())) if proof.reaches else set()
    return page(
        request,
        "rulebook/certificate.html",
        book=book.book,
        tab="certificate",
        proof=proof,
        findings=[
            rulewords.finding(found, book.lexicon, book.language)
            | {"overridable": found.code in publishing.OVERRIDABLE}
            for found in proof.findings
        ],
        opaque=[
            book.rule(rule) for rule in versions.rules_of(book.row) if rule["id"] in proof.opaque
        ],
        common=[_goal(goal, book) for goal in sorted(common)],
        reaches=[
            (names.get(name, name), [_goal(goal, book) for goal in goals if goal not in common])
            for name, goals in proof.reaches.items()
        ],
    )


def _goal(goal: str, book: Opened) -> str:
    unit = book.lexicon.register.resolve(goal)
    return unit.name if unit else book.lexicon.label(BY_KEY["ground"], goal)


@router.get("/rulebooks/{version}/difference")
def differing(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: str,
    against: TheQuery = "",
) -> Response:
    """What a version changes: against the one that decides, or any other."""
    now = home.office.now()
    book = opened(request, session, asker, version, now)
    deciding = versions.deciding(session, now)
    other = versions.find(session, against) if against else deciding
    if not against and other is not None and other.version == version and book.row.base:
        other = versions.find(session, book.row.base)
    return page(
        request,
        "rulebook/difference.html",
        book=book.book,
        tab="difference",
        against=other.version if other else "",
        other_plan=other.plan if other else "",
        others=[row.version for row in versions.listed(session) if row.version != version],
        changes=changes(other, book),
    )


def changes(other: RulebookRow | None, book: Opened) -> list[dict[str, Any]]:
    """Every rule that differs, cell by cell, in words."""
    found = difference(other.body["rules"] if other else [], book.row.body["rules"])
    return [_change(change, book) for change in found]


def _change(change: RuleChange, book: Opened) -> dict[str, Any]:
    said = rulewords.value
    return {
        "rule": change.rule,
        "kind": change.kind,
        "word": translate(book.language, rulewords.KIND[change.kind]),
        "lines": [
            {
                "head": rulewords.head(cell.column, book.language),
                "before": said(cell.column, cell.before, book.lexicon, book.language),
                "after": said(cell.column, cell.after, book.lexicon, book.language),
            }
            for cell in change.cells
        ],
    }


@router.get("/rulebooks/{version}/history")
def history(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str
) -> Response:
    """Who did what to a version, when, and what stood there before."""
    book = opened(request, session, asker, version, home.office.now())
    return page(
        request,
        "rulebook/history.html",
        book=book.book,
        tab="history",
        steps=steps(session, book),
    )


def steps(session: Session, book: Opened, since: int | None = None) -> list[dict[str, Any]]:
    """The story in words, newest first; or what came after a revision."""
    return [
        rulewords.step(edit, book.lexicon, book.language)
        | {"who": views.actor_word(session, edit.by, book.language, staff=True)}
        for edit in versions.edits(session, book.row.version)
        if since is None or edit.revision > since
    ]


@router.get("/rulebooks/{version}/replay")
def replayed(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str
) -> Response:
    """What the last replay of a version found, and one that is under way."""
    book = opened(request, session, asker, version, home.office.now())
    result = replaying.newest(session, version)
    waiting = replaying.under_way(session, asker.actor, version)
    job = job_view(jobs.seen(session, asker.actor, waiting), book.language) if waiting else None
    return page(
        request,
        "rulebook/replay.html",
        book=book.book,
        tab="replay",
        job=job,
        result=_result(session, asker, book, result) if result else None,
    )


def _result(
    session: Session, asker: Asker, book: Opened, result: Mapping[str, Any]
) -> dict[str, Any]:
    numbers = replaying.examples(session, asker.actor, result)
    names = rulewords.labels(session, book.language)["category"]
    lexicon, language = book.lexicon, book.language
    return {
        "at": result["at"],
        "against": result["against"],
        "stale": result["revision"] != book.row.revision,
        "tickets": result["tickets"],
        "moved": result["moved"],
        "otherwise": result["otherwise"],
        "pairs": [
            {
                "from": rulewords.place(pair["from"], lexicon, language),
                "to": rulewords.place(pair["to"], lexicon, language),
                "tickets": pair["tickets"],
                "numbers": [numbers[name] for name in pair["examples"] if name in numbers],
                "hidden": sum(name not in numbers for name in pair["examples"]),
            }
            for pair in result["pairs"]
        ],
        "categories": [
            {"label": names.get(row["category"]) or translate(language, rulewords.UNSTATED), **row}
            for row in result["categories"]
            if row["moved"]
        ],
    }
