"""The background actors: learning, looking into files, the mailbox, the relay. Ids only."""

from collections.abc import Callable, Sequence
from uuid import UUID

import dramatiq

from core.desk import the_office
from core.permissions import SYSTEM
from intake import scanning
from intake.clamd import Scanner
from intake.learning import retrain
from intake.suggest.training import Example

# training takes a minute; Dramatiq's own limit would be ten
LONGEST_MS = 30 * 60 * 1000


def declare(
    broker: dramatiq.Broker, extra: Callable[[], Sequence[Example]]
) -> "dramatiq.Actor[..., None]":
    """The actor `intake.retrain`; `extra` gives the district's own words to learn from."""

    @dramatiq.actor(
        actor_name="intake.retrain", broker=broker, max_retries=0, time_limit=LONGEST_MS
    )
    def learn(asked: str) -> None:
        retrain(the_office(), SYSTEM, asked=UUID(asked), extra=extra())

    return learn


def declare_scan(broker: dramatiq.Broker, scanner: Scanner | None) -> "dramatiq.Actor[..., None]":
    """The actor that has a file looked into; without a scanner it says that nobody did."""

    @dramatiq.actor(actor_name="intake.scan", broker=broker, max_retries=0)
    def scan(attachment: str) -> None:
        scanning.scan(the_office(), scanner, UUID(attachment))

    return scan


def declare_mail(
    broker: dramatiq.Broker, poll: Callable[[], object], answer: Callable[[UUID], None]
) -> tuple["dramatiq.Actor[..., None]", "dramatiq.Actor[..., None]"]:
    """The actors `intake.poll_mail` and `intake.answer_mail`; both come again by the ticker."""

    @dramatiq.actor(
        actor_name="intake.poll_mail", broker=broker, max_retries=0, time_limit=LONGEST_MS
    )
    def look(asked: str) -> None:
        del asked  # says only when: a look that comes late is as good
        poll()

    @dramatiq.actor(actor_name="intake.answer_mail", broker=broker, max_retries=0)
    def tell(mail: str) -> None:
        answer(UUID(mail))

    return look, tell


def declare_relay(
    broker: dramatiq.Broker, report: Callable[[UUID], object], compare: Callable[[], object]
) -> tuple["dramatiq.Actor[..., None]", "dramatiq.Actor[..., None]"]:
    """The actors `intake.relay_report` and `intake.relay_compare`."""

    @dramatiq.actor(actor_name="intake.relay_report", broker=broker, max_retries=0)
    def tell(ticket: str) -> None:
        report(UUID(ticket))

    @dramatiq.actor(
        actor_name="intake.relay_compare", broker=broker, max_retries=0, time_limit=LONGEST_MS
    )
    def look(asked: str) -> None:
        del asked
        compare()

    return tell, look
