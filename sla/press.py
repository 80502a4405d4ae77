"""The press: a period's bulletin previewed, frozen by one person, published by another."""

import json
from datetime import datetime
from typing import Any

from sqlmodel import Session

from core.desk import Desk
from core.errors import Conflict, Forbidden, NotFound
from core.permissions import Act, demand
from sla import queries
from sla.bulletins import Bulletin, Period, compose
from sla.tables import BulletinRow


def compiled(session: Session, wanted: Period, now: datetime) -> Bulletin:
    """The bulletin of a period as the figures stand at `now`."""
    return compose(
        wanted,
        queries.cases_due(session, wanted),
        queries.counts(session, wanted),
        queries.counts(session, wanted.before),
        queries.trend(session, wanted),
        cut_off=now,  # answers given after the period are in its cohort, until this instant
    )


def preview(session: Session, wanted: Period, now: datetime) -> dict[str, Any]:
    """The figures of now, not frozen."""
    return dict(json.loads(compiled(session, wanted, now).canonical()))


def opened(row: BulletinRow) -> dict[str, Any]:
    """The frozen figures."""
    return dict(json.loads(row.figures))


def freeze(desk: Desk, wanted: Period) -> BulletinRow:
    """Cut the figures off here; a later cut is a new edition, never a changed one."""
    demand(desk.actor, Act.PUBLISH_BULLETIN)
    bulletin = compiled(desk.session, wanted, desk.now)
    known = queries.bulletin(desk.session, wanted.name)
    if known is not None and known.published_at is None:
        raise Conflict("本期通报已定稿，等待第二人签发", code="bulletin_frozen")
    seal = queries.seal_before(desk.session, desk.now)
    row = BulletinRow(
        period=wanted.name,
        edition=known.edition + 1 if known else 1,
        cut_off=bulletin.cut_off,
        figures=bulletin.canonical(),
        digest=bulletin.digest,
        head=seal.head if seal else None,
        head_day=seal.day if seal else None,
        made_by=desk.actor.tag,
        made_at=desk.now,
    )
    desk.session.add(row)
    return row


def publish(desk: Desk, wanted: Period) -> None:
    """Nobody signs what he cut."""
    demand(desk.actor, Act.PUBLISH_BULLETIN)
    row = queries.bulletin(desk.session, wanted.name)
    if row is None:
        raise NotFound
    if row.published_at is not None:
        raise Conflict("本期通报已签发", code="bulletin_published")
    if row.made_by == desk.actor.tag:
        raise Forbidden("通报须由定稿人以外的第二人签发", code="same_person")
    row.published_by, row.published_at = desk.actor.tag, desk.now
