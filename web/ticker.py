"""What happens how often: relay, sweep, resend, seal. One leader; a second ticker only waits."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import dramatiq
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

import notify.service
import sla.sweep
from core import jobs, logs, outbox, sealing
from core.desk import Office
from core.permissions import SYSTEM
from core.settings import load
from intake import archiving, imports, learning, merging, scanning
from routing import publishing
from sla import holds, recounting
from web import mail_in, relaying, security
from web.custody import exports, retention, subjects

log = logs.get("tick")
LEADER = "SELECT pg_try_advisory_lock(hashtext('jiesu.ticker'))"
RELAY_BATCH = 500
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done every so many seconds; it says how much it did."""

    name: str
    every: float
    work: Callable[[], int]
    first: float = 0.0


def chores(office: Office, broker: dramatiq.Broker) -> tuple[Chore, ...]:
    """All the chores, most frequent first."""
    return (
        Chore("relay", 0.2, lambda: relay(office, broker)),
        Chore("sweep", 1, lambda: sla.sweep.turn(office)),
        Chore("resend", 15, lambda: resend(office)),
        Chore("mail", 5, lambda: mail_in.ask_if_due(office, load())),
        Chore("compare", 60, lambda: relaying.ask_if_due(office, load())),
        Chore("children", 15, lambda: merging.settle(office)),
        Chore("resume", 60, lambda: holds.resume_due(office)),
        Chore("settle", 60, lambda: recounting.settle(office)),
        Chore("seal", 60, lambda: sealing.seal_due(office)),
        Chore("retire", 60, lambda: retire(office)),
        Chore("rescan", 300, lambda: rescan(office)),
        Chore("subjects", 60, lambda: subjects.carry_out_due(office)),
        Chore("retention", 3600, lambda: retention.turn(office), first=900),
        Chore("expire", 600, lambda: exports.expire_due(office) + imports.expire_due(office)),
        Chore("prune", 3600, lambda: prune(office)),
        Chore("archive", 3600, lambda: archive(office), first=300),
        Chore("learn", 24 * 3600, lambda: learn(office), first=600),
    )


def relay(office: Office, broker: dramatiq.Broker) -> int:
    """Hand due outbox rows to Redis until none is left."""
    sent = 0
    while True:
        with Session(office.engine) as session, session.begin():
            went = outbox.relay(session, broker, now=office.now(), limit=RELAY_BATCH)
        sent += went
        if went < RELAY_BATCH:
            return sent


def resend(office: Office) -> int:
    """Promise again what a lost queue or a dead worker left undone."""
    with office.desk(SYSTEM) as desk:
        sent = notify.service.resend_due(desk) + jobs.resend_due(desk)
    return sent + mail_in.resend_due(office) + relaying.resend_due(office, load())


def rescan(office: Office) -> int:
    """Ask again about files that nobody has looked into yet."""
    with office.desk(SYSTEM) as desk:
        return scanning.resend_due(desk)


def retire(office: Office) -> int:
    """Mark rulebooks whose successor has taken over."""
    with office.desk(SYSTEM) as desk:
        return publishing.retire_due(desk)


def prune(office: Office) -> int:
    """Forget old outbox rows and jobs, and logins that are over."""
    with Session(office.engine) as session, session.begin():
        outbox.prune(session, now=office.now())
        jobs.prune(session, office)
        security.prune(session)
    return 0


def archive(office: Office) -> int:
    """Take what ended long ago out of the active set."""
    return archiving.archive(office, after=timedelta(days=load().archive_days))


def learn(office: Office) -> int:
    """Have the suggester learn from what dispatchers decided."""
    with office.desk(SYSTEM) as desk:
        return int(learning.ask_if_due(desk))


def run(office: Office, broker: dramatiq.Broker, stop: threading.Event) -> None:
    """Tick until `stop` is set. A failing chore is logged and tried again; others go on."""
    while not stop.is_set():
        try:
            with office.engine.connect() as connection:
                if connection.scalar(text(LEADER)):
                    log.info("leading")
                    _lead(office, broker, stop, connection)
        except SQLAlchemyError as error:
            log.warning("database_unavailable", error=type(error).__name__)
        stop.wait(1)


def _lead(
    office: Office, broker: dramatiq.Broker, stop: threading.Event, connection: Connection
) -> None:
    due = {chore.name: monotonic() + chore.first for chore in chores(office, broker)}
    alive = monotonic()
    while not stop.is_set():
        for chore in chores(office, broker):
            if monotonic() >= due[chore.name]:
                _do(chore)
                due[chore.name] = monotonic() + chore.every
        if monotonic() - alive > timedelta(seconds=5).total_seconds():
            # the lock lives with this connection: when it is gone, so is the lead
            connection.execute(text("SELECT 1"))
            connection.commit()
            alive = monotonic()
        stop.wait(PAUSE)


def _do(chore: Chore) -> None:
    try:
        done = chore.work()
    except Exception:
        log.exception("chore_failed", chore=chore.name)
        return
    if done:
        log.debug("chore_done", chore=chore.name, done=done)
