"""What ended long ago is archived once, and is read-only from there."""

from datetime import timedelta

import pytest

from core.desk import Office
from core.errors import TransitionRefused
from core.permissions import business
from intake import closing, service
from intake.archiving import archive
from tests.makers import answered, file, kinds, lead, rate, step, ticket, whole

AFTER = timedelta(days=90)


def test_only_what_ended_long_ago_is_archived_and_only_once(office: Office, clock) -> None:
    old, going = file(office).ticket, file(office).ticket
    step(office, business(old.number), service.withdraw, old.id)
    clock.move(days=90)
    assert archive(office, after=AFTER) == 0
    clock.move(seconds=1)
    fresh = file(office).ticket
    step(office, business(fresh.number), service.withdraw, fresh.id)
    assert archive(office, after=AFTER) == 1
    assert archive(office, after=AFTER) == 0
    assert kinds(office, old.id)[-1] == "ticket.archived"
    states = [ticket(office, made.id).status for made in (old, fresh, going)]
    assert states == ["archived", "withdrawn", "in_handling"]
    assert whole(office)


def test_what_is_archived_keeps_its_result_and_opens_no_more(office: Office, clock) -> None:
    made = file(office).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=2)
    order = lead(office, made.id)
    clock.move(days=91)
    archive(office, after=AFTER)
    now = ticket(office, made.id)
    assert (now.status, now.result, now.grade) == ("archived", "solved", 2)
    with pytest.raises(TransitionRefused):
        step(
            office,
            business(made.number),
            closing.reopen,
            made.id,
            order=order.id,
            department=order.department,
            reason="又出现了",
        )
