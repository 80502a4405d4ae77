"""The call-back desk's tries: quiet hours, who may ring, and when it is enough."""

from dataclasses import replace
from datetime import time

import pytest

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import CallbackAttempted, IdentityUnmasked
from core.permissions import Role
from core.tables import Ticket
from intake import callbacks, closing
from intake.callbacks import Tries
from tests.cast import CALLBACK, DISPATCHER, OPERATOR
from tests.makers import answered, facts, file, rate, step, whole

NIGHT = (time(21), time(8))


def tried(office: Office, ticket: Ticket, **changes: object) -> None:
    said = {"channel": "phone", "result": "no_answer", "quiet": NIGHT} | changes
    step(office, CALLBACK, callbacks.attempt, ticket.id, **said)


def tries(office: Office, ticket: Ticket) -> Tries:
    with office.desk(CALLBACK) as desk:
        return callbacks.tries(desk.session, [ticket.id]).get(ticket.id, Tries())


def waiting(office: Office, **values: object) -> Ticket:
    made = file(office, **values).ticket
    answered(office, made.id)
    return made


def test_three_tries_on_two_days_are_enough_and_on_one_day_they_are_not(
    office: Office, clock
) -> None:
    clock.set(2026, 11, 18, 10)
    made = waiting(office)
    for _ in range(3):
        clock.move(minutes=30)
        tried(office, made)
    assert tries(office, made) == Tries(3, 1)
    assert not tries(office, made).enough
    clock.move(days=1)
    tried(office, made, channel="sms", result="later")
    assert tries(office, made) == Tries(4, 2)
    assert tries(office, made).enough
    assert facts(office, made.id, CallbackAttempted)[-1] == CallbackAttempted("later", "sms")
    assert whole(office)


def test_a_redo_is_asked_about_anew(office: Office, clock) -> None:
    clock.set(2026, 11, 18, 10)
    made = waiting(office)
    tried(office, made)
    rate(office, made.id, solved=False, grade=5)
    clock.move(hours=1)
    answered(office, made.id)
    assert tries(office, made) == Tries()


def test_nobody_is_rung_in_the_quiet_hours_unless_it_is_urgent(office: Office, clock) -> None:
    clock.set(2026, 11, 18, 10)
    made, urgent = waiting(office), waiting(office, urgency="urgent")
    for hour, quiet in ((20, False), (21, True), (23, True)):
        clock.set(2026, 11, 18, hour)
        if quiet:
            for case in (callbacks.dial, callbacks.attempt):
                extra = {} if case is callbacks.dial else {"channel": "phone", "result": "busy"}
                with pytest.raises(Conflict):
                    step(office, CALLBACK, case, made.id, quiet=NIGHT, **extra)
        else:
            tried(office, made)
    tried(office, urgent)
    tried(office, made, quiet=None)
    clock.set(2026, 11, 19, 8)
    tried(office, made)
    assert len(facts(office, made.id, CallbackAttempted)) == 3


def test_who_had_a_hand_in_the_case_neither_rings_nor_writes_the_answer_down(
    office: Office, clock
) -> None:
    clock.set(2026, 11, 18, 10)
    made = waiting(office)
    # makers' dispatcher approved the reply; with another hat he is still the one who did
    same = replace(DISPATCHER, roles=frozenset({Role.CALLBACK}))
    with pytest.raises(Forbidden):
        step(office, same, callbacks.dial, made.id, quiet=NIGHT)
    with pytest.raises(Forbidden):
        step(
            office, same, closing.answer_callback, made.id, contacted=True, solved=True, grade=1
        )  # fmt: skip
    with pytest.raises(Forbidden):
        step(office, OPERATOR, callbacks.dial, made.id, quiet=NIGHT)
    tried(office, made)


def test_whom_to_ring_is_told_only_at_the_call_back_and_is_written_down(
    office: Office, clock
) -> None:
    clock.set(2026, 11, 18, 10)
    early = file(office).ticket
    with pytest.raises(TransitionRefused):
        step(office, CALLBACK, callbacks.dial, early.id, quiet=NIGHT)
    made, report = waiting(office), waiting(office, confidential=True)
    contact = step(office, CALLBACK, callbacks.dial, made.id, quiet=NIGHT)
    assert contact.ticket_id == made.id
    assert len(facts(office, made.id, IdentityUnmasked)) == 1
    with pytest.raises(Forbidden):
        step(office, CALLBACK, callbacks.dial, report.id, quiet=NIGHT)


@pytest.mark.parametrize("wrong", [{"channel": "pigeon"}, {"result": "dead"}, {"channel": ""}])
def test_a_try_says_how_and_what_happened(office: Office, wrong: dict[str, str]) -> None:
    made = waiting(office)
    with pytest.raises(Invalid):
        tried(office, made, quiet=None, **wrong)


def test_the_list_begins_with_who_has_waited_longest(office: Office, clock) -> None:
    made = []
    for _ in range(3):
        made.append(waiting(office).id)
        clock.move(seconds=1)
    with office.desk(CALLBACK) as desk:
        assert [row.id for row in callbacks.waiting(desk.session, CALLBACK)] == made
