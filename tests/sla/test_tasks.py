"""Hands that help the sweep: through a real Redis and a real worker, never more than may."""

from uuid import uuid4

import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker
from sqlmodel import Session, select

from core import outbox
from core.desk import Office, set_office
from core.permissions import SYSTEM
from core.tables import OutboxRow
from sla import tasks
from sla.sweep import ALONE, HANDS, sweep, turn
from sla.tables import FiringRow
from tests.makers import clocks, count, file, whole

WAIT_MS = 20_000


@pytest.fixture
def broker(redis_url):
    made = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    yield made
    made.flush_all()
    made.close()


@pytest.fixture
def worker(broker, office: Office):
    set_office(office)
    tasks.declare(broker)
    made = Worker(broker, worker_timeout=50, worker_threads=4)
    made.start()
    yield made
    made.stop()
    set_office(None)


def due(office: Office, clock, tickets: int) -> int:
    """So many tickets with two promises each that break at this instant."""
    made = [file(office).ticket for _ in range(tickets)]
    clock.at = max(c.due_at for c in clocks(office, made[-1].id) if c.metric == "sign")
    with Session(office.engine) as session, session.begin():
        for row in session.exec(select(OutboxRow)):
            session.delete(row)
    return 2 * tickets


def asked(office: Office) -> list[int]:
    with Session(office.engine) as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.actor == "sla.sweep")).all()
    return sorted(row.args["hand"] for row in rows)


def hand_over(office: Office, broker: RedisBroker) -> None:
    """Give the broker the hands that were asked for, and nothing else."""
    with Session(office.engine) as session, session.begin():
        for row in session.exec(select(OutboxRow).where(OutboxRow.actor == "sla.sweep")):
            broker.enqueue(outbox.message(row))


def test_when_much_is_due_the_ticker_does_its_part_and_workers_the_rest(
    office: Office, clock, broker, worker
) -> None:
    expected = due(office, clock, 6)
    assert turn(office, batch=1, few=2) == 2 * 2
    assert asked(office) == list(range(HANDS))
    hand_over(office, broker)
    broker.join("default", timeout=WAIT_MS)
    worker.join()
    assert count(office, FiringRow) == expected
    assert sweep(office) == 0
    assert whole(office)


def test_hands_asked_for_twice_fire_nothing_twice(office: Office, clock, broker, worker) -> None:
    expected = due(office, clock, 4)
    for _ in range(3):
        turn(office, batch=1, few=1)
        hand_over(office, broker)
    broker.join("default", timeout=WAIT_MS)
    worker.join()
    assert count(office, FiringRow) == expected
    assert whole(office)


def test_where_little_is_due_nobody_is_asked(office: Office, clock) -> None:
    expected = due(office, clock, 2)
    assert turn(office) == expected
    assert turn(office) == 0
    assert asked(office) == []


def test_a_hand_whose_number_is_at_work_leaves_it_alone(office: Office, clock) -> None:
    expected = due(office, clock, 2)
    with office.desk(SYSTEM) as desk:
        assert desk.session.scalar(ALONE, {"hand": 1})
        assert sweep(office, hand=1) == 0
        assert sweep(office, hand=2, batches=1, batch=1) == 2  # one ticket, both of its clocks
    assert sweep(office, hand=1) == expected - 2
