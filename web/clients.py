"""Programs outside: given leave by security administration, known by keys kept as hashes only.

A key is shown once. A new one may run beside the old for a while, so that nobody stands still.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.moments import utc_now
from core.permissions import Act, Actor, Scope, client, demand
from core.texts import UncleanText, clean
from web.tables import ApiClient, ApiClientEvent, ApiKey

MARK, PREFIX = "jsk_", 12
SHORTEST_LIFE, LONGEST_LIFE = 1, 730
OVERLAPS = (0, 1, 7, 30)  # days an old key goes on beside the new one
SLOWEST, FASTEST = 1, 6000
# no key of ours is longer, and nobody hashes a megabyte to find that out
KEY_LIMIT = 200
USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """A program that has shown a good key."""

    actor: Actor
    per_minute: int


def find_client(session: Session, key: str) -> Known | None:
    """The program behind a key, unless key or program are revoked, or the key has expired.

    Keys live by real time, whatever a demonstration does with the system's.
    """
    if not key.startswith(MARK) or len(key) > KEY_LIMIT:
        return None
    query = select(ApiKey, ApiClient).join(ApiClient, col(ApiKey.client_id) == ApiClient.id)
    found = session.exec(query.where(ApiKey.hash == _hash(key))).first()
    if found is None:
        return None
    row, owner = found
    now = utc_now()
    if not alive(row, now) or owner.revoked_at is not None:
        return None
    if row.used_at is None or now - row.used_at > USED_STEP:
        row.used_at = now
        session.commit()
    scopes = frozenset(Scope(scope) for scope in owner.scopes)
    return Known(client(str(owner.id), scopes), owner.per_minute)


def alive(key: ApiKey, now: datetime) -> bool:
    """Whether the key opens anything."""
    return key.revoked_at is None and key.expires_at > now


def create(desk: Desk, values: Mapping[str, str], scopes: Sequence[str]) -> tuple[ApiClient, str]:
    """A program's leave, and its first key, shown once."""
    demand(desk.actor, Act.MANAGE_CLIENTS)
    days = _figure(values, "days", SHORTEST_LIFE, LONGEST_LIFE)
    row = ApiClient(
        id=desk.new_id(),
        name=_words(values, "name"),
        owner=_words(values, "owner"),
        scopes=_scopes(scopes),
        per_minute=_figure(values, "per_minute", SLOWEST, FASTEST),
        created_at=desk.now,
    )
    _stored(desk, row)
    _log(desk, row, "created", scopes=row.scopes)
    return row, _issue(desk, row, days)


def change(desk: Desk, key: UUID, values: Mapping[str, str], scopes: Sequence[str]) -> ApiClient:
    """Another name, owner, limit or leave; it holds from the next call on."""
    row = _held(desk, key)
    before, row.scopes = row.scopes, _scopes(scopes)
    row.name, row.owner = _words(values, "name"), _words(values, "owner")
    row.per_minute = _figure(values, "per_minute", SLOWEST, FASTEST)
    _stored(desk, row)
    _log(desk, row, "changed", before=before, scopes=row.scopes)
    return row


def rotate(desk: Desk, key: UUID, values: Mapping[str, str]) -> tuple[ApiClient, str]:
    """A new key; those there are go on for the overlap's days, and no longer than they would."""
    row = _held(desk, key)
    days = _figure(values, "days", SHORTEST_LIFE, LONGEST_LIFE)
    overlap = _figure(values, "overlap", min(OVERLAPS), max(OVERLAPS))
    until = utc_now() + timedelta(days=overlap)
    for old in keys(desk.session, row.id):
        old.expires_at = min(old.expires_at, until)
    return row, _issue(desk, row, days, overlap=overlap)


def revoke_key(desk: Desk, key: UUID, prefix: str) -> None:
    """One key opens nothing from here."""
    row = _held(desk, key)
    for one in keys(desk.session, row.id):
        if one.prefix == prefix and one.revoked_at is None:
            one.revoked_at = utc_now()
            _log(desk, row, "key_revoked", prefix=prefix)
            return
    raise NotFound


def revoke(desk: Desk, key: UUID) -> None:
    """The program is shut out, for good, with all its keys."""
    row = _held(desk, key)
    row.revoked_at = utc_now()
    _log(desk, row, "revoked")


def clients(session: Session) -> Sequence[ApiClient]:
    """Every program, those with leave first."""
    order = (col(ApiClient.revoked_at).is_not(None), col(ApiClient.name))
    return session.exec(select(ApiClient).order_by(*order)).all()


def find(session: Session, key: UUID) -> ApiClient:
    """The program of that id. NotFound."""
    row = session.get(ApiClient, key)
    if row is None:
        raise NotFound
    return row


def keys(session: Session, client_id: UUID) -> Sequence[ApiKey]:
    """A program's keys, the newest first."""
    query = select(ApiKey).where(ApiKey.client_id == client_id)
    return session.exec(query.order_by(col(ApiKey.created_at).desc())).all()


def events(session: Session, client_id: UUID) -> Sequence[ApiClientEvent]:
    """What was done to a program's leave, the newest first."""
    query = select(ApiClientEvent).where(ApiClientEvent.client_id == client_id)
    return session.exec(query.order_by(col(ApiClientEvent.id).desc()).limit(100)).all()


def _issue(desk: Desk, row: ApiClient, days: int, **about: Any) -> str:
    key = MARK + secrets.token_urlsafe(32)
    now = utc_now()
    desk.session.add(
        ApiKey(
            hash=_hash(key),
            client_id=row.id,
            prefix=key[:PREFIX],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    _log(desk, row, "issued", prefix=key[:PREFIX], days=days, **about)
    return key


def _hash(key: str) -> bytes:
    # 256 random bits need no slow hash
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def _stored(desk: Desk, row: ApiClient) -> None:
    try:
        with desk.session.begin_nested():
            desk.session.add(row)
    except IntegrityError as taken:
        raise Conflict("接口名称已被使用", code="name_taken") from taken


def _held(desk: Desk, key: UUID) -> ApiClient:
    demand(desk.actor, Act.MANAGE_CLIENTS)
    query = select(ApiClient).where(ApiClient.id == key).with_for_update()
    row = desk.session.exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound
    if row.revoked_at is not None:
        raise Conflict("接口已停用", code="revoked")
    return row


def _log(desk: Desk, row: ApiClient, what: str, **about: Any) -> None:
    desk.session.add(
        ApiClientEvent(
            id=desk.new_id(),
            client_id=row.id,
            name=row.name,
            what=what,
            about=about,
            actor=desk.actor.tag,
            at=desk.now,
        )
    )


def _scopes(given: Sequence[str]) -> list[str]:
    chosen = sorted(set(given))
    if not set(chosen) <= {scope.value for scope in Scope}:
        raise Invalid.one("scopes", "unknown", "选择的内容不正确")
    if not chosen:
        raise Invalid.one("scopes", "required", "请至少选择一项权限")
    return chosen


def _words(values: Mapping[str, str], field: str) -> str:
    try:
        text = clean(values.get(field, ""))
    except UncleanText as error:
        raise Invalid.one(field, error.code, "含有不允许的字符") from error
    if not 1 <= len(text) <= 60:
        raise Invalid.one(field, "length", "请填写1至{most}个字", most=60)
    return text


def _figure(values: Mapping[str, str], field: str, least: int, most: int) -> int:
    given = values.get(field, "").strip()
    # other writings have figures too, some of which are no numbers
    if not (given.isascii() and given.isdigit()) or not least <= int(given[:6]) <= most:
        raise Invalid.one(field, "range", "请填写{least}至{most}的整数", least=least, most=most)
    return int(given[:6])
