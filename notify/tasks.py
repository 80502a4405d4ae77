"""The background actors: ids in, load, compare, act, commit.

Declared on a broker by the process that has one, so importing this needs no Redis. Nothing
is retried by the queue: what failed or got lost comes back through `service.resend_due`.
"""

from uuid import UUID

import dramatiq

from core.desk import the_office
from core.permissions import SYSTEM
from notify import service
from notify.service import Mailroom, Transports
from notify.wording import Site

Actors = tuple["dramatiq.Actor[..., None]", "dramatiq.Actor[..., None]"]


def declare(broker: dramatiq.Broker, transports: Transports, site: Site) -> Actors:
    """The actors `notify.plan` and `notify.deliver`, working with these ways out."""
    room = Mailroom(transports, site)

    @dramatiq.actor(actor_name="notify.plan", broker=broker, max_retries=0)
    def plan(entry: str) -> None:
        with the_office().desk(SYSTEM) as desk:
            service.plan_letters(desk, UUID(entry), room.transports.keys())

    @dramatiq.actor(actor_name="notify.deliver", broker=broker, max_retries=0)
    def deliver(letter: str) -> None:
        service.deliver_letter(the_office(), room, UUID(letter))

    return plan, deliver
