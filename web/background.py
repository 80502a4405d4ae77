"""Background actors: the broker, and the actors of every room declared on it."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

import intake.tasks
import notify.tasks
import sla.tasks
from core import jobs, logs
from core.desk import the_office
from core.settings import Settings
from intake.clamd import Clamd
from web import filing, mail_in, mailing, relaying, wiring

# a worker that died gives its messages back after this, not after Dramatiq's minute or more
HEARTBEAT_MS = 15_000
EVERY_POLL = 1_000_000


class MessageLog(Middleware):
    """Puts the message's id and actor on every log line written while it runs."""

    def before_process_message(self, _broker: dramatiq.Broker, message: object) -> None:
        assert isinstance(message, dramatiq.MessageProxy)
        logs.clear()
        logs.bind(process="work", message=message.message_id, actor=message.actor_name)

    def after_process_message(
        self,
        _broker: dramatiq.Broker,
        _message: object,
        *,
        result: object = None,  # noqa: ARG002 - dramatiq passes it by name
        exception: BaseException | None = None,
    ) -> None:
        if exception is not None:
            logs.get("work").error("actor_failed", exc_info=exception)


def broker(redis_url: str) -> RedisBroker:
    """Redis as Dramatiq's broker. Messages are hints: PostgreSQL holds what must be done."""
    made = RedisBroker(  # type: ignore[no-untyped-call] # dramatiq's is untyped
        url=redis_url, heartbeat_timeout=HEARTBEAT_MS, maintenance_chance=EVERY_POLL
    )
    made.add_middleware(MessageLog())
    return made


def declare(broker: dramatiq.Broker, settings: Settings) -> None:
    """Declare every room's actors on the broker."""
    notify.tasks.declare(broker, mailing.transports(settings), mailing.site(settings))
    intake.tasks.declare(broker, filing.own_words)
    intake.tasks.declare_scan(broker, Clamd(settings.clamd) if settings.clamd else None)
    ways = mailing.transports(settings)
    intake.tasks.declare_mail(
        broker,
        lambda: mail_in.poll(the_office(), settings),
        lambda mail: mail_in.answer(the_office(), settings, ways.get("email"), mail),
    )
    intake.tasks.declare_relay(
        broker,
        lambda ticket: relaying.report(the_office(), settings, ticket),
        lambda: relaying.compare(the_office(), settings),
    )
    sla.tasks.declare(broker)
    jobs.declare(broker, wiring.WORKS)
