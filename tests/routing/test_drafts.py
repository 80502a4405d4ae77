"""Drafts: changed rule by rule, never over another's head, and law only by a second person."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import TicketRouted, TriageNeeded
from core.permissions import SYSTEM, Actor
from routing import drafts, publishing, versions
from routing.cells import cells_of
from routing.current import in_force
from routing.differences import difference
from routing.tables import PlanRow, RulebookEdit, RulebookRow, TaskRow
from tests.cast import (
    APPROVAL,
    AUDITOR,
    CALLBACK,
    DISCIPLINE,
    DISPATCHER,
    DISPATCHER2,
    GOVERNMENT,
    OPERATOR,
    OTTO,
    SUPERVISOR,
    SYSADMIN,
    staff,
)
from tests.makers import facts, file, step, together, whole

SUPERVISOR2 = staff("supervisor2", *SUPERVISOR.roles, unit=GOVERNMENT)
TODAY = date(2026, 11, 18)
SHIPPED = "weibin-2023-2023.1"
NEW = {
    "id": ("t-new",),
    "rank": ("120",),
    "category": ("qykb",),
    "kind": ("help",),
    "lead": ("rsj",),
}


def row(office: Office, version: str = "d1") -> RulebookRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(RulebookRow, version)


def rules(office: Office, version: str = "d1") -> dict[str, dict]:
    return {rule["id"]: rule for rule in versions.rules_of(row(office, version))}


def story(office: Office, version: str = "d1") -> list[tuple[str, str | None, str]]:
    with Session(office.engine) as session:
        return [(e.act, e.rule, e.by) for e in reversed(versions.edits(session, version))]


@pytest.fixture
def draft(office: Office) -> Office:
    """The district with a fresh draft d1, begun by the dispatcher."""
    step(office, DISPATCHER, drafts.start, version="d1")
    return office


def publish(office: Office, actor: Actor = SUPERVISOR, version: str = "d1", **more: object) -> None:
    seen = row(office, version).revision
    step(office, actor, publishing.publish, version, seen, **{"day": TODAY} | more)


def edited(office: Office) -> None:
    """d1 sends help with starting a company to the labour office."""
    step(office, DISPATCHER, drafts.add, "d1", row(office).revision, NEW)


def deciding(office: Office) -> str:
    with Session(office.engine) as session:
        return in_force(session, office.now()).book.version


def test_a_draft_begins_as_what_decides_now(draft: Office) -> None:
    made = row(draft)
    assert (made.state, made.base, made.revision) == ("draft", SHIPPED, 0)
    assert difference(row(draft, SHIPPED).body["rules"], made.body["rules"]) == ()
    assert deciding(draft) == SHIPPED
    assert story(draft) == [("start", None, DISPATCHER.tag)]


def test_drafts_name_themselves_and_never_take_a_name(draft: Office) -> None:
    first = step(draft, DISPATCHER, drafts.start).version
    second = step(draft, DISPATCHER, drafts.start).version
    assert (first, second) == ("2026.11.18-1", "2026.11.18-2")
    for name, code in (("d1", "taken"), ("a b", "form"), ("../x", "form")):
        with pytest.raises(Invalid) as refused:
            step(draft, DISPATCHER, drafts.start, version=name)
        assert refused.value.faults[0].code == code


@pytest.mark.parametrize("actor", [OPERATOR, CALLBACK, DISCIPLINE, OTTO, SYSADMIN, AUDITOR])
def test_only_editors_touch_a_draft_and_only_the_office_publishes(draft: Office, actor) -> None:
    for use_case, arguments in (
        (drafts.start, ()),
        (drafts.add, ("d1", 0, NEW)),
        (drafts.change, ("d1", 0, "c-qykb", NEW)),
        (drafts.delete, ("d1", 0, "c-qykb")),
        (drafts.move, ("d1", 0, "c-qykb", "1")),
        (drafts.replace_all, ("d1", 0, [])),
        (drafts.take_plan, ("d1", 0, "weibin-2023")),
        (drafts.discard, ("d1", 0)),
    ):
        with pytest.raises(Forbidden):
            step(draft, actor, use_case, *arguments)
    for somebody in (actor, DISPATCHER2, SYSTEM):
        with pytest.raises(Forbidden):
            publish(draft, somebody)
        with pytest.raises(Forbidden):
            step(draft, somebody, publishing.withdraw, "d1", "因为")
    assert row(draft).revision == 0


def test_rules_are_added_changed_moved_and_deleted_and_each_step_is_written_down(draft) -> None:
    edited(draft)
    cells = cells_of(rules(draft)["t-new"]) | {"lead": ("区审批局",), "reason": ("新企业优先",)}
    step(draft, SUPERVISOR, drafts.change, "d1", 1, "t-new", cells)
    step(draft, DISPATCHER2, drafts.move, "d1", 2, "t-new", "90")
    assert rules(draft)["t-new"] == {
        "id": "t-new",
        "rank": 90,
        "reason": "新企业优先",
        "when": {"category": ["qykb"], "kind": ["help"]},
        "then": {"lead": APPROVAL},
    }
    step(draft, DISPATCHER, drafts.delete, "d1", 3, "t-new")
    assert "t-new" not in rules(draft)
    assert story(draft) == [
        ("start", None, DISPATCHER.tag),
        ("add", "t-new", DISPATCHER.tag),
        ("change", "t-new", SUPERVISOR.tag),
        ("move", "t-new", DISPATCHER2.tag),
        ("delete", "t-new", DISPATCHER.tag),
    ]
    with Session(draft.engine) as session:
        change = session.exec(select(RulebookEdit).where(RulebookEdit.act == "change")).one()
        assert (change.before["then"], change.after["then"]) == (
            {"lead": "rsj"},
            {"lead": APPROVAL},
        )
        assert versions.authors(session, row(draft)) == {
            DISPATCHER.tag, DISPATCHER2.tag, SUPERVISOR.tag,
        }  # fmt: skip


def test_saving_what_is_there_already_changes_nothing(draft: Office) -> None:
    step(draft, SUPERVISOR, drafts.change, "d1", 0, "c-qykb", cells_of(rules(draft)["c-qykb"]))
    assert row(draft).revision == 0
    assert len(story(draft)) == 1


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"id": ()}, "id"),
        ({"id": ("看 不",)}, "id"),
        ({"id": ("c-qykb",)}, "id"),
        ({"rank": ("first",)}, "rank"),
        ({"rank": ()}, "rank"),
        ({"rank": ("100000",)}, "rank"),
        ({"category": ("nosuch",)}, "category"),
        ({"kind": ("help", "complain")}, "kind"),
        ({"respondent": ("没有这个局",)}, "respondent"),
        ({"amount_from": ("9",), "amount_to": ("3",)}, "amount_from"),
        ({"amount_from": ("-1",)}, "amount_from"),
        ({"day_to": ("2026-02-30",)}, "day_to"),
        ({"task": ("99",), "lead": ()}, "task"),
        ({"lead": ("没有这个局",)}, "lead"),
        ({"lead": ("rsj", "zjj")}, "lead"),
        ({"co_handlers": ("没有这个局",)}, "co_handlers"),
        ({"then_urgency": ("soon",)}, "then_urgency"),
        ({"ground": ("RJ99",), "lead": ()}, "ground"),
        ({"ground": ("NT",)}, "ground"),
        ({"lead": ()}, "task"),
        ({"words": ("水\u202e",)}, "words"),
        ({"route": ("x" * 201,)}, "route"),
    ],
)
def test_a_cell_that_is_wrong_is_named_and_nothing_is_saved(draft: Office, cells, column) -> None:
    with pytest.raises(Invalid) as refused:
        step(draft, DISPATCHER, drafts.add, "d1", 0, NEW | cells)
    assert [fault.field for fault in refused.value.faults] == [column]
    assert row(draft).revision == 0


def test_who_saves_late_is_told_instead_of_overwriting(draft: Office) -> None:
    edited(draft)
    for use_case, arguments in (
        (drafts.change, ("c-qykb", NEW)),
        (drafts.delete, ("c-qykb",)),
        (drafts.move, ("c-qykb", "1")),
        (drafts.replace_all, ([],)),
        (drafts.discard, ()),
    ):
        with pytest.raises(Conflict) as refused:
            step(draft, SUPERVISOR, use_case, "d1", 0, *arguments)
        assert refused.value.code == "stale"
    assert len(rules(draft)) == 128


def test_of_two_who_save_at_once_one_is_told(draft: Office) -> None:
    ends = together(
        4, lambda n: step(draft, DISPATCHER, drafts.add, "d1", 0, NEW | {"id": (f"n{n}",)})
    )
    refused = [end for end in ends if isinstance(end, Conflict)]
    assert [end.code for end in refused] == ["stale"] * 3
    assert row(draft).revision == 1


def test_nothing_is_done_to_what_is_not_there(draft: Office) -> None:
    for use_case, arguments in (
        (drafts.delete, ("d1", 0, "nosuch")),
        (drafts.delete, ("nosuch", 0, "c-qykb")),
        (publishing.withdraw, ("nosuch", "因为")),
    ):
        with pytest.raises(NotFound):
            step(draft, SUPERVISOR, use_case, *arguments)


def test_a_published_book_is_never_changed(office: Office) -> None:
    with pytest.raises(Conflict) as refused:
        step(office, DISPATCHER, drafts.add, SHIPPED, 0, NEW)
    assert refused.value.code == "not_draft"


def test_no_author_publishes_and_a_second_person_does(draft: Office) -> None:
    step(draft, SUPERVISOR, drafts.add, "d1", 0, NEW)
    with pytest.raises(Forbidden) as refused:
        publish(draft, SUPERVISOR)
    assert refused.value.code == "second_person"
    publish(draft, SUPERVISOR2)
    assert deciding(draft) == "d1"
    made = file(draft, request="help").ticket
    assert facts(draft, made.id, TicketRouted)[0].lead == "rsj"
    assert facts(draft, made.id, TicketRouted)[0].book == "d1"
    assert whole(draft)


def test_who_began_the_draft_does_not_publish_it_either(office: Office) -> None:
    step(office, SUPERVISOR, drafts.start, version="d1")
    with pytest.raises(Forbidden):
        publish(office, SUPERVISOR)


def test_a_book_for_later_decides_from_its_day_on_and_the_old_one_retires(draft, clock) -> None:
    edited(draft)
    publish(draft, day=TODAY + timedelta(days=2))
    assert deciding(draft) == SHIPPED
    assert file(draft, request="help").ticket.lead == APPROVAL
    clock.set(2026, 11, 19, 23, 59, 59)
    assert deciding(draft) == SHIPPED
    clock.set(2026, 11, 20)
    assert deciding(draft) == "d1"
    assert file(draft, request="help").ticket.lead == "rsj"
    assert row(draft, SHIPPED).effective_until == clock()
    assert step(draft, SYSTEM, publishing.retire_due) == 1
    assert step(draft, SYSTEM, publishing.retire_due) == 0
    assert row(draft, SHIPPED).state == "retired"
    assert deciding(draft) == "d1"
    clock.set(2026, 11, 19)
    assert deciding(draft) == SHIPPED


@pytest.mark.parametrize("days", [-1, 400])
def test_a_book_begins_today_or_within_a_year(draft: Office, days: int) -> None:
    with pytest.raises(Invalid):
        publish(draft, day=TODAY + timedelta(days=days))


def test_what_waits_can_be_withdrawn_changed_and_published_again(draft: Office, clock) -> None:
    edited(draft)
    publish(draft, day=TODAY + timedelta(days=1))
    step(draft, DISPATCHER, drafts.start, version="d2")
    with pytest.raises(Conflict) as refused:
        publish(draft, version="d2")
    assert refused.value.code == "pending_book"
    with pytest.raises(Invalid):
        step(draft, SUPERVISOR, publishing.withdraw, "d1", " ")
    step(draft, SUPERVISOR, publishing.withdraw, "d1", "还要再看")
    assert row(draft, SHIPPED).effective_until is None
    step(draft, DISPATCHER, drafts.delete, "d1", row(draft).revision, "t-new")
    publish(draft)
    assert deciding(draft) == "d1"
    assert file(draft, request="help").ticket.lead == APPROVAL
    with pytest.raises(Conflict):
        step(draft, SUPERVISOR, publishing.withdraw, "d1", "太晚了")
    assert [act for act, _, _ in story(draft)] == [
        "start", "add", "publish", "withdraw", "delete", "publish",
    ]  # fmt: skip


def test_what_would_decide_wrongly_is_never_published(draft: Office) -> None:
    # at the same rank as the rule that large arrears are urgent, and with another end
    clash = {"id": ("t-clash",), "rank": ("110",), "category": ("tqzk",), "lead": ("rsj",)}
    step(draft, DISPATCHER, drafts.add, "d1", 0, clash)
    with Session(draft.engine) as session:
        found = publishing.weighed(session, row(draft), TODAY, draft.now())
    keys = [weighed.key for weighed in found]
    assert "conflict" in [weighed.finding.code for weighed in found]
    with pytest.raises(Conflict) as refused:
        publish(draft, accepted=keys, reason="就这样")
    assert refused.value.code == "not_proved"
    assert row(draft).state == "draft"


def test_a_gap_is_published_only_when_accepted_by_name_and_with_a_reason(draft: Office) -> None:
    step(draft, DISPATCHER, drafts.delete, "d1", 0, "c-qykb")
    with pytest.raises(Conflict) as refused:
        publish(draft, reason="就这样")
    assert refused.value.code == "not_accepted"
    with Session(draft.engine) as session:
        [gap] = publishing.weighed(session, row(draft), TODAY, draft.now())
    assert (gap.finding.code, gap.overridable) == ("gap", True)
    with pytest.raises(Invalid):
        publish(draft, accepted=[gap.key])
    publish(draft, accepted=[gap.key], reason="先由人派单")
    with Session(draft.engine) as session:
        last = versions.edits(session, "d1")[0]
    assert (last.after["overridden"], last.reason) == (["gap"], "先由人派单")
    made = file(draft).ticket
    assert facts(draft, made.id, TriageNeeded)[0].ground == "NR"


def test_a_draft_that_would_undo_a_later_book_says_so(draft: Office) -> None:
    step(draft, DISPATCHER, drafts.start, version="d2")
    edited(draft)
    publish(draft)
    with Session(draft.engine) as session:
        [found] = publishing.weighed(session, row(draft, "d2"), TODAY, draft.now())
    assert (found.finding.code, found.finding.about) == ("base_changed", "d1")
    with pytest.raises(Conflict):
        publish(draft, version="d2")
    publish(draft, version="d2", accepted=[found.key], reason="撤回昨天的改动")
    assert deciding(draft) == "d2"


def test_two_drafts_published_at_once_do_not_both_begin_unseen(draft: Office) -> None:
    step(draft, DISPATCHER, drafts.start, version="d2")
    ends = together(
        2, lambda n: step(draft, SUPERVISOR, publishing.publish, f"d{n + 1}", 0, day=TODAY)
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "RulebookRow"]


def test_a_draft_may_stand_on_a_newer_plan_whose_leads_it_takes(draft: Office) -> None:
    with Session(draft.engine) as session, session.begin():
        old = session.get_one(PlanRow, "weibin-2023")
        session.add(PlanRow(**old.model_dump() | {"version": "p2", "digest": "other"}))
        session.flush()
        for task in session.exec(select(TaskRow).where(TaskRow.plan == "weibin-2023")).all():
            changed = {"plan": "p2"} | ({"leads": ["区人社局"]} if task.number == 1 else {})
            session.add(TaskRow(**task.model_dump() | changed))
    step(draft, DISPATCHER, drafts.take_plan, "d1", 0, "p2")
    publish(draft)
    assert file(draft).ticket.lead == "rsj"
    with pytest.raises(Conflict):
        step(draft, DISPATCHER, drafts.take_plan, "d1", 1, "p2")


def test_a_discarded_draft_keeps_its_story(draft: Office) -> None:
    edited(draft)
    step(draft, SUPERVISOR, drafts.discard, "d1", 1)
    assert (row(draft).state, row(draft).effective_from) == ("retired", None)
    assert story(draft)[-1] == ("discard", None, SUPERVISOR.tag)
    assert deciding(draft) == SHIPPED
    with pytest.raises(Conflict):
        publish(draft)


def test_the_difference_names_every_cell_that_is_not_the_same(draft: Office) -> None:
    edited(draft)
    cells = cells_of(rules(draft)["c-qykb"]) | {"rank": ("490",), "task": ("2",)}
    step(draft, DISPATCHER, drafts.change, "d1", 1, "c-qykb", cells)
    step(draft, DISPATCHER, drafts.delete, "d1", 2, "n-elsewhere")
    found = difference(row(draft, SHIPPED).body["rules"], row(draft).body["rules"])
    assert [(change.rule, change.kind) for change in found] == [
        ("n-elsewhere", "removed"),
        ("t-new", "added"),
        ("c-qykb", "changed"),
    ]
    assert [(c.column, c.before, c.after) for c in found[-1].cells] == [
        ("rank", ("500",), ("490",)),
        ("task", ("1",), ("2",)),
    ]
