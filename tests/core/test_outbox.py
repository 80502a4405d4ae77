"""Promises kept after commit: each handed over once, and recognisable when handed over again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from dramatiq.brokers.redis import RedisBroker
from sqlmodel import Session, select

from core import outbox
from core.desk import Office
from core.permissions import SYSTEM
from core.tables import OutboxRow
from tests.makers import count, together


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    """A broker on the real server, in a namespace of its own."""
    made = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    made.declare_queue(outbox.QUEUE)
    yield made
    for key in made.client.scan_iter(f"{made.namespace}*"):
        made.client.delete(key)
    made.close()
    made.client.close()


def queued(broker: RedisBroker) -> list[dict]:
    """Every message that waits in the queue, in order."""
    name = f"{broker.namespace}:{outbox.QUEUE}"
    ids = broker.client.lrange(name, 0, -1)
    return [json.loads(broker.client.hget(f"{name}.msgs", key)) for key in ids]


def posted(office: Office, number: int, **values) -> None:
    for place in range(number):
        with office.desk(SYSTEM) as desk:
            outbox.post(desk, "notify.plan", entry=f"e{place}", **values)


def relay(office: Office, broker: RedisBroker, limit: int = 200) -> int:
    with Session(office.engine) as session, session.begin():
        return outbox.relay(session, broker, now=office.now(), limit=limit)


def test_a_promise_becomes_a_message_with_the_rows_id(bare_office: Office, broker) -> None:
    posted(bare_office, 1)
    assert relay(bare_office, broker) == 1
    [message] = queued(broker)
    with Session(bare_office.engine) as session:
        row = session.exec(select(OutboxRow)).one()
    assert message["message_id"] == str(row.id)
    assert (message["actor_name"], message["kwargs"]) == ("notify.plan", {"entry": "e0"})
    assert row.sent_at == bare_office.now()


def test_what_was_sent_is_not_sent_again(bare_office: Office, broker) -> None:
    posted(bare_office, 3)
    assert [relay(bare_office, broker) for _ in range(3)] == [3, 0, 0]
    assert len(queued(broker)) == 3


def test_messages_go_in_the_order_of_the_promises(bare_office: Office, broker) -> None:
    posted(bare_office, 6)
    assert [relay(bare_office, broker, limit=4) for _ in range(3)] == [4, 2, 0]
    assert [message["kwargs"]["entry"] for message in queued(broker)] == [f"e{n}" for n in range(6)]


def test_a_promise_for_later_waits(bare_office: Office, broker, clock) -> None:
    posted(bare_office, 1, not_before=clock() + timedelta(minutes=5))
    clock.move(minutes=4)
    assert relay(bare_office, broker) == 0
    clock.move(minutes=1)
    assert relay(bare_office, broker) == 1


def test_eight_relays_at_once_send_each_promise_once(bare_office: Office, broker) -> None:
    posted(bare_office, 60)

    def run(_place: int) -> int:
        sent = went = relay(bare_office, broker, limit=5)
        while went:
            went = relay(bare_office, broker, limit=5)
            sent += went
        return sent

    shares = together(8, run)
    # one that only met locked rows stops early: what it left is taken by the next round
    rest = relay(bare_office, broker)
    assert sum(shares) + rest == 60
    messages = queued(broker)
    assert len(messages) == 60
    assert len({message["message_id"] for message in messages}) == 60


def test_a_crash_between_hand_over_and_commit_sends_the_same_message_again(
    bare_office: Office, broker
) -> None:
    posted(bare_office, 2)

    def crash() -> None:
        with Session(bare_office.engine) as session, session.begin():
            assert outbox.relay(session, broker, now=bare_office.now()) == 2
            raise ConnectionError("power cut")

    with pytest.raises(ConnectionError):
        crash()
    assert relay(bare_office, broker) == 2
    messages = [(message["message_id"], message["kwargs"]["entry"]) for message in queued(broker)]
    assert len(messages) == 4
    assert messages[:2] == messages[2:]


def test_a_broker_that_is_down_keeps_the_promises(bare_office: Office, clock) -> None:
    posted(bare_office, 1)
    # nobody listens on port 1
    gone = RedisBroker(url="redis://127.0.0.1:1/0")
    gone.declare_queue(outbox.QUEUE)
    with pytest.raises(Exception, match="refused"):
        relay(bare_office, gone)
    with Session(bare_office.engine) as session:
        assert session.exec(select(OutboxRow)).one().sent_at is None


def test_rows_are_forgotten_a_week_after_they_were_sent(bare_office: Office, broker, clock) -> None:
    posted(bare_office, 1)
    relay(bare_office, broker)
    posted(bare_office, 1)
    for days, left in ((7, 2), (1, 1), (365, 1)):
        clock.move(days=days)
        with Session(bare_office.engine) as session, session.begin():
            outbox.prune(session, now=clock())
        # the unsent one is a promise still, however old
        assert count(bare_office, OutboxRow) == left
