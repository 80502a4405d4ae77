"""The background actors that train a suggester and look into files. Messages carry ids."""

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
