"""Planning once, delivering once, and losing nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from core.desk import Office
from core.events import ClockBreached, NoteAdded, OrderSigned
from core.permissions import SYSTEM, Actor
from core.tables import OutboxRow, Staff
from notify import reactions
from notify.queries import counts, inbox, oldest_waiting, unit_names, unread_count, unwell
from notify.service import (
    ATTEMPTS,
    FIRST_PAUSE,
    LEASE,
    LONGEST_PAUSE,
    PATIENCE,
    Mailroom,
    deliver_letter,
    due_letters,
    mark_read,
    pause,
    plan_letters,
    resend_due,
)
from notify.tables import Letter, Unplanned
from notify.transports.base import DeliveryFailed
from notify.transports.inbox import Inbox
from notify.transports.paper import Paper
from tests.notify.makers import DUE, EMAIL, SITE, filed, issued, letters, one_email, settle

OPEN = ("inbox", "email")


@pytest.fixture
def house(bare_office):
    settle(bare_office)
    return bare_office


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def room(paper):
    return Mailroom({"inbox": Inbox(), "email": paper}, SITE)


def plan(office, entry, channels=OPEN):
    with office.desk(SYSTEM) as desk:
        return plan_letters(desk, entry, channels)


def resend(office):
    with office.desk(SYSTEM) as desk:
        return resend_due(desk)


def posted(office, actor):
    with Session(office.engine) as session:
        rows = session.exec(
            select(OutboxRow).where(OutboxRow.actor == actor).order_by(col(OutboxRow.seq))
        )
        return [row.args for row in rows]


def one(office) -> UUID:
    """A letter to the complainant, waiting to go out."""
    plan(office, filed(office))
    return one_email(office).id


def tag(office, username):
    with Session(office.engine) as session:
        return f"staff:{session.exec(select(Staff.id).where(Staff.username == username)).one()}"


# --- planning -------------------------------------------------------------------------


def test_an_order_reaches_the_hands_of_its_unit_and_no_one_else(house):
    assert plan(house, filed(house, issued())) == 3
    expected = {
        (tag(house, "bj-liaison"), "inbox", "sent", "zh"),
        (tag(house, "bj-liaison"), "email", "queued", "zh"),
        (tag(house, "bj-handler"), "inbox", "sent", "en"),
    }
    found = letters(house)
    assert {(one.recipient, one.channel, one.state, one.language) for one in found} == expected


def test_planned_twice_is_planned_once(house):
    entry = filed(house, issued())
    assert plan(house, entry) == 3
    assert plan(house, entry) == 0
    assert len(letters(house)) == 3
    assert len(posted(house, "notify.deliver")) == 1


def test_planned_by_many_at_once_is_planned_once(house):
    entry = filed(house, issued())
    start = Barrier(4)

    def work(_):
        start.wait()
        return plan(house, entry)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 3
    assert len(letters(house)) == 3


def test_the_complainants_address_is_sealed_and_nothing_in_the_letter_tells_it(house):
    plan(house, filed(house))
    letter = one_email(house)
    assert letter.recipient.startswith("business:")
    assert EMAIL.encode() not in letter.address
    assert EMAIL not in str(letter.params)
    assert house.keys.open(f"letter.address:{letter.id}", letter.address) == EMAIL


def test_who_left_no_address_gets_no_letter(house):
    assert plan(house, filed(house, email=None)) == 0


def test_a_channel_that_is_not_open_gets_no_letters(house):
    assert plan(house, filed(house), ["inbox"]) == 0
    assert plan(house, filed(house, issued()), ["inbox"]) == 2


def test_people_who_left_and_other_units_are_not_told(house):
    plan(house, filed(house, issued(), email=None))
    told = {letter.recipient for letter in letters(house)}
    assert not told & {tag(house, "gone"), tag(house, "cg-liaison")}


def test_a_breach_tells_the_head_and_the_supervisors_the_ladder_names(house):
    fact = ClockBreached(uuid4(), "sign", "yellow", DUE, department="bj", tell=("head", "office"))
    plan(house, filed(house, issued(), fact))
    found = {(letter.kind, letter.recipient, letter.urgent) for letter in letters(house)}
    assert found == {
        ("clock_breached", tag(house, "bj-head"), True),
        ("clock_breached", tag(house, "office"), True),
    }


def test_an_entry_that_never_was_plans_nothing(house):
    assert plan(house, uuid4()) == 0


# --- following ------------------------------------------------------------------------


@pytest.fixture
def followed(house):
    return Office(house.engine, house.keys, house.now, (reactions.follow,))


def test_facts_of_interest_are_promised_a_plan_in_their_own_transaction(followed):
    order = issued()
    entry = filed(followed, order, OrderSigned(order.order, "bj"), NoteAdded(uuid4()))
    assert entry not in {UUID(args["entry"]) for args in posted(followed, "notify.plan")}
    assert len(posted(followed, "notify.plan")) == 3  # received, accepted, issued


def test_a_desk_that_fails_promises_nothing(followed):
    from core import timeline
    from tests.notify.makers import received, ticket

    def fail():
        with followed.desk(SYSTEM) as desk:
            timeline.record(desk, ticket(desk), received())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert posted(followed, "notify.plan") == []


def test_a_plan_whose_message_got_lost_is_promised_again_until_it_is_planned(followed, clock):
    entry = filed(followed)
    assert resend(followed) == 0
    clock.move(seconds=PATIENCE.total_seconds())
    assert resend(followed) == 1
    assert resend(followed) == 0
    assert posted(followed, "notify.plan") == [{"entry": str(entry)}] * 2
    plan(followed, entry)
    with Session(followed.engine) as session:
        assert session.exec(select(Unplanned)).all() == []


# --- delivering -----------------------------------------------------------------------


def test_a_letter_goes_out_once_and_forgets_its_address(house, room, paper):
    letter = one(house)
    deliver_letter(house, room, letter)
    deliver_letter(house, room, letter)
    (message,) = paper.kept
    assert (message.letter, message.to) == (letter, EMAIL)
    row = one_email(house)
    assert (row.state, row.attempts, row.address, row.error) == ("sent", 1, None, None)
    assert row.sent_at == house.now()


def test_eight_deliverers_of_one_letter_send_it_once(house, room, paper):
    letter = one(house)
    start = Barrier(8)

    def work(_):
        start.wait()
        deliver_letter(house, room, letter)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(paper.kept) == 1
    assert one_email(house).attempts == 1


def test_a_passing_trouble_puts_the_letter_off_and_then_it_goes_out(house, room, paper, clock):
    letter = one(house)
    paper.trouble = DeliveryFailed("busy (421)")
    deliver_letter(house, room, letter)
    row = one_email(house)
    assert (row.state, row.error) == ("failed", "busy (421)")
    assert FIRST_PAUSE * 0.8 <= row.next_at - house.now() <= FIRST_PAUSE * 1.2
    paper.trouble = None
    deliver_letter(house, room, letter)  # a stray message before its time changes nothing
    assert (paper.kept, resend(house)) == ((), 0)
    clock.move(minutes=1)
    assert resend(house) == 1
    deliver_letter(house, room, letter)
    assert len(paper.kept) == 1
    assert (one_email(house).state, one_email(house).attempts) == ("sent", 2)


def test_a_lasting_refusal_kills_the_letter_at_once(house, room, paper, clock):
    letter = one(house)
    paper.trouble = DeliveryFailed("recipient refused (550)", permanent=True)
    deliver_letter(house, room, letter)
    assert one_email(house).state == "dead"
    paper.trouble = None
    clock.move(days=10)
    assert resend(house) == 0
    deliver_letter(house, room, letter)
    assert paper.kept == ()


def test_a_letter_that_never_gets_through_is_dead_after_all_attempts(house, room, paper, clock):
    letter = one(house)
    paper.trouble = DeliveryFailed("busy")
    for _ in range(ATTEMPTS):
        deliver_letter(house, room, letter)
        clock.move(hours=6)
        resend(house)
    assert (one_email(house).state, one_email(house).attempts) == ("dead", ATTEMPTS)


def test_a_letter_that_cannot_be_worded_is_put_off_and_not_lost(house, room, paper):
    letter = one(house)
    with Session(house.engine) as session, session.begin():
        session.execute(update(Letter).values(kind="never_written"))
    deliver_letter(house, room, letter)
    row = one_email(house)
    assert (row.state, row.error) == ("failed", "TemplatesNotFound")
    assert paper.kept == ()


def test_a_channel_taken_away_puts_its_letters_off(house):
    letter = one(house)
    deliver_letter(house, Mailroom({"inbox": Inbox()}, SITE), letter)
    assert (one_email(house).state, one_email(house).error) == (
        "failed",
        "this channel is not set up",
    )


def test_a_letter_whose_deliverer_died_is_taken_by_another_after_the_lease(
    house, room, paper, clock
):
    letter = one(house)
    with pytest.raises(SystemExit):
        deliver_letter(house, Mailroom({"email": Dying()}, SITE), letter)
    assert one_email(house).state == "sending"
    deliver_letter(house, room, letter)
    assert (paper.kept, resend(house)) == ((), 0)
    clock.move(seconds=LEASE.total_seconds())
    assert resend(house) == 1
    deliver_letter(house, room, letter)
    assert len(paper.kept) == 1
    assert one_email(house).attempts == 2


class Dying:
    """A transport at which the process ends."""

    def send(self, message):
        raise SystemExit


def test_a_late_failure_does_not_undo_what_another_deliverer_did(house, room, paper, clock):
    letter = one(house)

    class Slow:
        def send(self, message):
            clock.move(seconds=LEASE.total_seconds())
            deliver_letter(house, room, letter)
            raise DeliveryFailed("timed out", permanent=True)

    deliver_letter(house, Mailroom({"email": Slow()}, SITE), letter)
    assert len(paper.kept) == 1
    assert one_email(house).state == "sent"


def test_a_flushed_queue_loses_no_letter(house, room, paper, clock):
    for _ in range(5):
        plan(house, filed(house))
    with Session(house.engine) as session, session.begin():
        session.execute(delete(OutboxRow))
    assert resend(house) == 0
    clock.move(seconds=PATIENCE.total_seconds())
    assert resend(house) == 5
    assert resend(house) == 0
    for args in posted(house, "notify.deliver"):
        deliver_letter(house, room, UUID(args["letter"]))
    assert {message.letter for message in paper.kept} == {letter.id for letter in letters(house)}


def test_two_reconcilers_share_the_work(house, clock):
    for _ in range(3):
        plan(house, filed(house))
    clock.move(seconds=PATIENCE.total_seconds())
    with Session(house.engine) as first, first.begin():
        assert len(due_letters(first, clock(), limit=2)) == 2
        assert resend(house) == 1


@given(attempts=st.integers(1, 1000), jitter=st.floats(0, 1))
def test_pauses_grow_and_stay_bounded(attempts, jitter):
    found = pause(attempts, jitter)
    assert FIRST_PAUSE * 0.8 <= found <= LONGEST_PAUSE * 1.2
    assert pause(attempts + 1, jitter) >= found
    assert timedelta(0) <= pause(attempts, 1) - pause(attempts, 0) <= LONGEST_PAUSE * 0.4


# --- reading --------------------------------------------------------------------------


def test_an_inbox_is_read_page_by_page_newest_first(house, clock):
    for _ in range(5):
        plan(house, filed(house, issued(), email=None))
        clock.move(seconds=1)
    me = tag(house, "bj-liaison")
    with Session(house.engine) as session:
        first = inbox(session, me, limit=2)
        second = inbox(session, me, after=first[-1].id, limit=2)
        last = inbox(session, me, after=second[-1].id, limit=2)
    pages = [letter.created_at for letter in (*first, *second, *last)]
    assert len(pages) == 5
    assert pages == sorted(pages, reverse=True)


def test_everybody_marks_only_his_own_letters_as_read(house):
    plan(house, filed(house, issued(), email=None))
    mine, others = tag(house, "bj-liaison"), tag(house, "bj-handler")
    with Session(house.engine) as session:
        (own,), (foreign,) = inbox(session, mine), inbox(session, others)
    me = Actor("staff", mine.removeprefix("staff:"))
    with house.desk(me) as desk:
        assert mark_read(desk, [own.id, foreign.id]) == 1
        assert mark_read(desk, [own.id]) == 0
    with Session(house.engine) as session:
        assert (unread_count(session, mine), unread_count(session, others)) == (0, 1)


def test_all_of_an_inbox_can_be_marked_at_once(house):
    for _ in range(3):
        plan(house, filed(house, issued(), email=None))
    with house.desk(Actor("staff", tag(house, "bj-handler").removeprefix("staff:"))) as desk:
        assert mark_read(desk) == 3


def test_queues_are_counted_and_letters_in_trouble_listed(house, room, paper, clock):
    began = clock()
    dead, failed, _queued = (one_more(house, clock) for _ in range(3))
    paper.trouble = DeliveryFailed("no such box", permanent=True)
    deliver_letter(house, room, dead)
    paper.trouble = DeliveryFailed("busy")
    deliver_letter(house, room, failed)
    with Session(house.engine) as session:
        assert counts(session) == {"queued": 1, "sending": 0, "failed": 1, "dead": 1}
        assert [letter.id for letter in unwell(session)] == [failed, dead]
        assert [letter.id for letter in unwell(session, after=failed)] == [dead]
        assert oldest_waiting(session) == began + timedelta(seconds=1)
        assert unit_names(session, ["bj", "zz"]) == {"bj": "区审批局"}


def one_more(house, clock):
    plan(house, filed(house))
    clock.move(seconds=1)
    return letters(house)[-1].id
