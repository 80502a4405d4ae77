"""The one door: what it appends, what it refuses, what nobody can rewrite."""

from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from core import outbox, sealing, timeline
from core.database import APP_ROLE, connect
from core.desk import Office
from core.errors import Invalid, NotFound, TransitionRefused
from core.events import (
    Audience,
    IdentityUnmasked,
    InfoRequested,
    NoteAdded,
    TicketAccepted,
    TicketClosed,
    TicketReceived,
)
from core.ids import row_id
from core.ledger import GENESIS
from core.permissions import SYSTEM, VISITOR
from core.tables import Entry, OutboxRow, SealRow, Ticket, Words
from tests.makers import count, entries, kinds, new_ticket, received, ticket, together

RECEIVED = TicketReceived(request="complaint", channel="web", urgency="normal")
# PostgreSQL's own codes: what a trigger raised, what a missing privilege raised
REFUSED_BY_TRIGGER, NO_PRIVILEGE = "23001", "42501"
REWRITINGS = [
    "UPDATE entry SET kind = 'ticket.noted'",
    "UPDATE entry SET hash = hash",
    "DELETE FROM entry",
    "TRUNCATE entry CASCADE",
    "UPDATE seal SET head = 'x'",
    "DELETE FROM seal",
    "TRUNCATE seal",
]


def test_a_fact_is_appended_and_moves_the_ticket(bare_office: Office) -> None:
    made = received(bare_office, TicketAccepted("rule"))
    first, second = entries(bare_office, made)
    assert (first.number, first.kind, first.actor) == (1, "ticket.received", "system")
    assert (second.number, second.kind, second.at) == (2, "ticket.accepted", bare_office.now())
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    now = ticket(bare_office, made)
    assert (now.status, now.entries, now.last_hash) == ("accepted", 2, second.hash)
    assert sealing.verify(bare_office.engine, bare_office.keys.ledger) == []


def test_a_refused_transition_leaves_nothing(bare_office: Office) -> None:
    made = received(bare_office)
    before = ticket(bare_office, made)
    with pytest.raises(TransitionRefused), bare_office.desk(SYSTEM) as desk:  # noqa: PT012 - the desk fails
        held = timeline.hold(desk, made)
        timeline.record(desk, held, TicketAccepted("rule"))
        timeline.record(desk, held, TicketClosed("solved"))
    assert kinds(bare_office, made) == ["ticket.received"]
    assert ticket(bare_office, made) == before


def test_a_refused_transition_that_is_caught_leaves_nothing_of_itself(bare_office: Office) -> None:
    made = received(bare_office)
    with bare_office.desk(SYSTEM) as desk:
        held = timeline.hold(desk, made)
        with pytest.raises(TransitionRefused):
            timeline.record(desk, held, TicketClosed("solved"))
        timeline.record(desk, held, TicketAccepted("rule"))
    assert kinds(bare_office, made) == ["ticket.received", "ticket.accepted"]
    assert sealing.verify(bare_office.engine, bare_office.keys.ledger) == []


def test_an_error_leaves_neither_ticket_entry_nor_outbox_row(bare_office: Office) -> None:
    with pytest.raises(RuntimeError, match="power cut"), bare_office.desk(VISITOR) as desk:  # noqa: PT012 - the desk fails
        timeline.record(desk, new_ticket(desk), RECEIVED)
        outbox.post(desk, "notify.plan", entry="x")
        desk.flush()
        raise RuntimeError("power cut")
    assert [count(bare_office, table) for table in (Ticket, Entry, OutboxRow)] == [0, 0, 0]


def test_what_was_recorded_and_what_was_promised_appear_together(bare_office: Office) -> None:
    with bare_office.desk(VISITOR) as desk:
        timeline.record(desk, new_ticket(desk), RECEIVED)
        outbox.post(desk, "notify.plan", entry="x")
        desk.flush()
        assert count(bare_office, Entry) == count(bare_office, OutboxRow) == 0
    assert count(bare_office, Entry) == count(bare_office, OutboxRow) == 1


@pytest.fixture
def one_of_each(bare_office: Office) -> Office:
    """An entry and a seal that somebody would like to rewrite."""
    received(bare_office)
    day = bare_office.now().date()
    with Session(bare_office.engine) as session, session.begin():
        sealed_at = bare_office.now()
        session.add(
            SealRow(day=day, entries=1, digest="d", previous="p", head="h", sealed_at=sealed_at)
        )
    return bare_office


@pytest.mark.parametrize("statement", REWRITINGS)
def test_the_application_has_no_right_to_rewrite(one_of_each: Office, statement: str) -> None:
    with one_of_each.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == APP_ROLE
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(statement))
    assert refused.value.orig.sqlstate == NO_PRIVILEGE
    assert count(one_of_each, Entry) == count(one_of_each, SealRow) == 1


@pytest.mark.parametrize("statement", REWRITINGS)
def test_even_the_owner_is_refused_by_the_trigger(
    one_of_each: Office, empty_url: str, statement: str
) -> None:
    owner = connect(empty_url, as_app=False)
    with owner.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text(statement))
    owner.dispose()
    assert refused.value.orig.sqlstate == REFUSED_BY_TRIGGER
    assert count(one_of_each, Entry) == count(one_of_each, SealRow) == 1


def test_eight_at_once_on_one_ticket_are_numbered_without_a_gap(bare_office: Office) -> None:
    made = received(bare_office)

    def note(_place: int) -> None:
        for _ in range(5):
            with bare_office.desk(SYSTEM) as desk:
                held = timeline.hold(desk, made)
                timeline.record(desk, held, NoteAdded(row_id(desk.now)))

    assert together(8, note) == [None] * 8
    assert [entry.number for entry in entries(bare_office, made)] == list(range(1, 42))
    assert ticket(bare_office, made).entries == 41
    assert sealing.verify(bare_office.engine, bare_office.keys.ledger) == []


def test_holding_what_is_not_there_says_so(bare_office: Office) -> None:
    with pytest.raises(NotFound), bare_office.desk(SYSTEM) as desk:
        timeline.hold(desk, row_id(desk.now))


def test_each_audience_reads_its_own_and_what_comes_before_it(bare_office: Office) -> None:
    words = row_id(bare_office.now())
    made = received(
        bare_office, NoteAdded(words), IdentityUnmasked("call_back"), InfoRequested(words)
    )
    with Session(bare_office.engine) as session:
        read = {
            audience: [entry.kind for entry in timeline.entries(session, made, audience)]
            for audience in Audience
        }
    assert read[Audience.PUBLIC] == ["ticket.received"]
    assert read[Audience.PARTIES] == ["ticket.received", "ticket.info_requested"]
    assert "ticket.unmasked" not in read[Audience.STAFF]
    assert read[Audience.OVERSIGHT] == kinds(bare_office, made)
    wider = [set(read[audience]) for audience in Audience]
    assert all(less < more for less, more in pairwise(wider))


def test_an_audience_may_be_narrowed_for_one_entry(bare_office: Office) -> None:
    with bare_office.desk(SYSTEM) as desk:
        made = new_ticket(desk)
        timeline.record(desk, made, RECEIVED, audience=Audience.OVERSIGHT)
    with Session(bare_office.engine) as session:
        assert timeline.entries(session, made.id, Audience.STAFF) == []
        assert len(timeline.entries(session, made.id, Audience.OVERSIGHT)) == 1


def test_a_timeline_is_read_on_from_a_number(bare_office: Office) -> None:
    words = row_id(bare_office.now())
    made = received(bare_office, *[NoteAdded(words)] * 5)
    with Session(bare_office.engine) as session:
        some = timeline.entries(session, made, Audience.STAFF, after=2, limit=3)
    assert [entry.number for entry in some] == [3, 4, 5]


def test_followers_hear_facts_in_the_order_they_happened(bare_office: Office) -> None:
    heard: list[tuple[str, str]] = []

    def first(desk, ticket, entry) -> None:
        heard.append(("first", entry.kind))
        if entry.kind == "ticket.received":
            timeline.record(desk, ticket, TicketAccepted("rule"), cause=entry.id)
            timeline.record(desk, ticket, NoteAdded(row_id(desk.now)))

    def second(desk, ticket, entry) -> None:
        heard.append(("second", entry.kind))

    house = Office(bare_office.engine, bare_office.keys, bare_office.now, (first, second))
    made = received(house)
    told = ["ticket.received", "ticket.accepted", "ticket.noted"]
    assert heard == [(who, kind) for kind in told for who in ("first", "second")]
    assert kinds(house, made) == told
    cause = entries(house, made)[0].id
    assert [entry.cause for entry in entries(house, made)] == [None, cause, None]


def test_followers_that_answer_each_other_for_ever_are_stopped(bare_office: Office) -> None:
    def echo(desk, ticket, entry) -> None:
        timeline.record(desk, ticket, NoteAdded(row_id(desk.now)))

    house = Office(bare_office.engine, bare_office.keys, bare_office.now, (echo,))
    with pytest.raises(RuntimeError, match="without end"):
        received(house)
    assert count(house, Entry) == 0


def test_a_follower_that_fails_takes_the_fact_with_it(bare_office: Office) -> None:
    def fail(desk, ticket, entry) -> None:
        raise LookupError("a follower's bug")

    house = Office(bare_office.engine, bare_office.keys, bare_office.now, (fail,))
    with pytest.raises(LookupError):
        received(house)
    assert count(house, Ticket) == 0


def test_the_newest_entry_of_a_kind_is_found_before_commit_too(bare_office: Office) -> None:
    made = received(bare_office)
    with bare_office.desk(SYSTEM) as desk:
        held = timeline.hold(desk, made)
        assert timeline.last(desk, held, "ticket.accepted") is None
        entry = timeline.record(desk, held, TicketAccepted("rule"))
        found = timeline.last(desk, held, "ticket.accepted")
        assert found is not None
        assert found.id == entry.id


def test_free_text_is_kept_clean_beside_the_timeline(bare_office: Office) -> None:
    made = received(bare_office)
    with bare_office.desk(SYSTEM) as desk:
        held = timeline.hold(desk, made)
        timeline.record(desk, held, NoteAdded(timeline.write(desk, held, " 一\r\n二\u200b ")))
    with Session(bare_office.engine) as session:
        [words] = session.exec(select(Words)).all()
    assert (words.body, words.ticket_id) == ("一\n二", made)


@pytest.mark.parametrize(
    ("body", "internal", "field"), [("a\x00", None, "text"), ("a", "\u202eb", "internal")]
)
def test_text_that_would_deceive_is_refused_and_nothing_is_kept(
    bare_office: Office, body: str, internal: str | None, field: str
) -> None:
    made = received(bare_office)
    with pytest.raises(Invalid) as refused, bare_office.desk(SYSTEM) as desk:
        timeline.write(desk, timeline.hold(desk, made), body, internal)
    assert [fault.field for fault in refused.value.faults] == [field]
    assert count(bare_office, Words) == 0
