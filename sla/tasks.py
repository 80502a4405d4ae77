"""The background actor that lends the sweep a hand when much is due at once."""

import dramatiq

from core.desk import the_office
from sla.sweep import sweep

# what is left after so many batches is asked for again within a second
MOST = 400
LONGEST_MS = 30 * 60 * 1000


def declare(broker: dramatiq.Broker) -> "dramatiq.Actor[..., None]":
    """The actor `sla.sweep`: told twice, lost or killed midway, nothing fires twice or never."""

    @dramatiq.actor(actor_name="sla.sweep", broker=broker, max_retries=0, time_limit=LONGEST_MS)
    def lend(hand: int) -> None:
        sweep(the_office(), hand=hand, batches=MOST)

    return lend
