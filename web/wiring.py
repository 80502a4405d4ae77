"""Where everything is plugged together: the office, and who follows a fact, in order."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

import core
import intake.reactions
import notify.reactions
import routing.reactions
import sla.reactions
import web
from core.database import connect
from core.desk import Follower, Office, Preparer
from core.jobs import Work
from core.moments import Now, utc_now
from core.privacy import Keys
from core.settings import Settings
from intake import imports
from routing import replaying
from sla import recounting, whatifs
from web.custody import exports, resealing
from web.demo import DemoClock
from web.filing import advice

# Inside the transaction, for every entry, in this order: who answers, until when, who is
# told, and what that means for the request itself.
FOLLOWERS: tuple[Follower, ...] = (
    routing.reactions.follow,
    sla.reactions.follow,
    notify.reactions.follow,
    intake.reactions.follow,
)

# who looks up beforehand what many facts at once will need
PREPARERS: tuple[Preparer, ...] = (routing.reactions.prepare,)

# every kind of background work that reports its progress
WORKS: Mapping[str, Work] = {
    replaying.KIND: replaying.work,
    recounting.KIND: recounting.work,
    whatifs.KIND: whatifs.work,
    exports.KIND: exports.work,
    resealing.KIND: resealing.work,
    imports.KIND: lambda job: imports.work(job, advice),
}


def office(engine: Engine, keys: Keys, *, now: Now = utc_now) -> Office:
    """The house over a database."""
    return Office(engine, keys, now, FOLLOWERS, PREPARERS)


def build(settings: Settings) -> Office:
    """The office of a process. RuntimeError when a setting it cannot work without is missing."""
    check_rooms()
    if settings.database_url is None or settings.secret_key is None:
        raise RuntimeError("DATABASE_URL and JIESU_SECRET_KEY must be set (`jiesu up` sets both)")
    engine = connect(settings.database_url.get_secret_value(), pool=settings.database_pool)
    now = DemoClock(engine) if settings.demo_clock == "on" else utc_now
    return office(engine, keys_of(settings), now=now)


def keys_of(settings: Settings) -> Keys:
    """The keys derived from the settings' secrets."""
    master = settings.secret_key.get_secret_value() if settings.secret_key else ""
    if len(master) < 32:
        raise RuntimeError("JIESU_SECRET_KEY must have at least 32 characters")
    old = settings.old_secret_keys.get_secret_value() if settings.old_secret_keys else ""
    ledger = settings.ledger_key.get_secret_value() if settings.ledger_key else ""
    return Keys.of(
        master,
        tuple(secret.strip() for secret in old.split(",") if secret.strip()),
        bytes.fromhex(ledger) if ledger else None,
    )


def check_rooms() -> None:
    """Refuse to start beside a stranger's package that took one of our plain names."""
    root = Path(core.__file__).parent.parent
    for room in (core, intake, routing, sla, notify, web):
        home = Path(room.__file__ or "").parent.parent
        if home != root:
            raise RuntimeError(f"the package {room.__name__} in {home} is not Jiesu's ({root})")
