"""The actors through a real Redis and a real worker, from a fact to a letter."""

from uuid import uuid4

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker
from sqlmodel import Session

from core import outbox
from core.desk import Office, set_office
from core.permissions import SYSTEM
from notify import reactions, tasks
from notify.service import PATIENCE, resend_due
from notify.transports.inbox import Inbox
from notify.transports.paper import Paper
from tests.notify.makers import EMAIL, SITE, filed, issued, letters, settle

WAIT_MS = 20_000


@pytest.fixture
def broker(redis_url):
    made = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    yield made
    made.flush_all()
    made.close()


@pytest.fixture
def house(bare_office):
    settle(bare_office)
    office = Office(bare_office.engine, bare_office.keys, bare_office.now, (reactions.follow,))
    set_office(office)
    yield office
    set_office(None)


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def worker(broker, paper):
    tasks.declare(broker, {"inbox": Inbox(), "email": paper}, SITE)
    made = Worker(broker, worker_timeout=50, worker_threads=4)
    made.start()
    yield made
    made.stop()


def relay(office, broker):
    with Session(office.engine) as session, session.begin():
        return outbox.relay(session, broker, now=office.now())


def run(office, broker):
    """Relay and work until nothing is promised any more."""
    while relay(office, broker):
        broker.join("default", timeout=WAIT_MS)


def test_from_a_fact_to_letters_through_the_queue(house, broker, worker, paper):
    filed(house, issued())
    run(house, broker)
    worker.join()
    found = {(letter.kind, letter.channel, letter.state) for letter in letters(house)}
    assert found == {
        ("received", "email", "sent"),
        ("order_issued", "inbox", "sent"),
        ("order_issued", "email", "sent"),
    }
    assert {message.to for message in paper.kept} == {EMAIL, "liaison@bj.example"}


def test_messages_that_come_twice_change_nothing(house, broker, worker, paper):
    filed(house)
    with Session(house.engine) as session, session.begin():
        outbox.relay(session, broker, now=house.now())
        session.rollback()  # handed over, and the stamp was lost: all of it comes again
    run(house, broker)
    worker.join()
    assert len(paper.kept) == 1


def test_a_flushed_redis_makes_letters_late_and_loses_none(house, broker, paper, clock):
    tasks.declare(broker, {"inbox": Inbox(), "email": paper}, SITE)
    for _ in range(5):
        filed(house)
    assert relay(house, broker) == 5
    broker.flush_all()  # five plans are gone
    clock.move(seconds=PATIENCE.total_seconds())
    with house.desk(SYSTEM) as desk:
        assert resend_due(desk) == 5
    worker = Worker(broker, worker_timeout=50, worker_threads=4)
    worker.start()
    try:
        relay(house, broker)
        broker.join("default", timeout=WAIT_MS)
        worker.join()
        relay(house, broker)
        broker.flush_all()  # and now, perhaps, some of the deliveries
        clock.move(seconds=PATIENCE.total_seconds())
        with house.desk(SYSTEM) as desk:
            resend_due(desk)
        run(house, broker)
        worker.join()
    finally:
        worker.stop()
    assert [letter.state for letter in letters(house)] == ["sent"] * 5
    assert {message.letter for message in paper.kept} == {letter.id for letter in letters(house)}
    assert len(paper.kept) == 5


def test_the_actors_have_their_names_and_leave_retries_to_the_database(broker):
    plan, deliver = tasks.declare(broker, {"inbox": Inbox()}, SITE)
    assert (plan.actor_name, deliver.actor_name) == ("notify.plan", "notify.deliver")
    assert {actor.options["max_retries"] for actor in (plan, deliver)} == {0}
    assert isinstance(plan, dramatiq.Actor)
