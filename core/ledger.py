"""The keyed hash chain: every entry over its predecessor, every day into one head.

Pure, so it runs on an export without the system: a changed entry, a gap, a back-dated
entry and a cut tail each have their finding.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.moments import aware, local_day

GENESIS = "0" * 64
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Link:
    """What of an entry is under the hash. `ticket` is the public number."""

    ticket: str
    number: int
    kind: str
    facts: Mapping[str, Any]
    actor: str
    audience: str
    at: datetime
    previous: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """One local day closed: how many entries, over which digest, after which head."""

    day: date
    entries: int
    digest: str
    previous: str
    head: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the chain does not hold. `ticket` is empty for a seal."""

    code: str
    ticket: str
    number: int
    day: date | None = None


def canonical(value: object) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(value).encode()


def chain_hash(key: bytes, link: Link) -> str:
    """HMAC-SHA256 over the link's content and its predecessor's hash, in hex."""
    body = [
        link.ticket,
        link.number,
        link.kind,
        link.facts,
        link.actor,
        link.audience,
        aware(link.at).isoformat(timespec="microseconds"),
        link.previous,
    ]
    return hmac.digest(key, canonical(body), hashlib.sha256).hex()


def day_digest(rows: Iterable[tuple[str, int, str]]) -> tuple[int, str]:
    """Count and digest of a day's (ticket, number, hash), whatever order they come in."""
    count, digest = 0, hashlib.sha256()
    for ticket, number, value in sorted(rows):
        count += 1
        digest.update(f"{ticket}:{number}:{value}\n".encode())
    return count, digest.hexdigest()


def seal_day(key: bytes, day: date, rows: Iterable[tuple[str, int, str]], previous: str) -> Seal:
    """Close `day` over its rows, chained to the previous day's head."""
    count, digest = day_digest(rows)
    return Seal(day, count, digest, previous, seal_head(key, day, count, digest, previous))


def seal_head(key: bytes, day: date, count: int, digest: str, previous: str) -> str:
    """The head to print: HMAC-SHA256 over day, count, digest and the head before."""
    body = canonical([day.isoformat(), count, digest, previous])
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def verify_chain(key: bytes, links: Iterable[Link], last: Mapping[str, int]) -> Iterator[Finding]:
    """Findings in entries ordered by ticket and number.

    `last` is how many entries each ticket says it has: a shorter chain is a cut tail.
    """
    ticket, number, previous = "", 0, GENESIS
    seen: set[str] = set()
    for link in links:
        if link.ticket != ticket:
            yield from _tail(ticket, number, last)
            ticket, number, previous = link.ticket, 0, GENESIS
            seen.add(ticket)
        if link.number != number + 1:
            yield Finding("gap", ticket, number + 1)
        if link.previous != previous and link.number == number + 1:
            yield Finding("broken_link", ticket, link.number)
        if chain_hash(key, link) != link.hash:
            yield Finding("changed", ticket, link.number)
        number, previous = link.number, link.hash
    yield from _tail(ticket, number, last)
    for missing in sorted(set(last) - seen):
        if last[missing]:
            yield Finding("cut_tail", missing, 1)


def _tail(ticket: str, number: int, last: Mapping[str, int]) -> Iterator[Finding]:
    if ticket and number != last.get(ticket, number):
        yield Finding("cut_tail", ticket, number + 1)


def verify_seals(
    key: bytes, seals: Iterable[Seal], rows: Iterable[tuple[datetime, str, int, str]]
) -> Iterator[Finding]:
    """Findings of the sealed days against the (at, ticket, number, hash) of all entries."""
    by_day: dict[date, list[tuple[str, int, str]]] = {}
    for at, ticket, number, value in rows:
        by_day.setdefault(local_day(at), []).append((ticket, number, value))
    previous = GENESIS
    through: date | None = None
    for seal in seals:
        if seal.previous != previous:
            yield Finding("seal_gap", "", 0, seal.day)
        if seal_head(key, seal.day, seal.entries, seal.digest, seal.previous) != seal.head:
            yield Finding("seal_changed", "", 0, seal.day)
        if day_digest(by_day.pop(seal.day, [])) != (seal.entries, seal.digest):
            yield Finding("day_changed", "", 0, seal.day)
        previous, through = seal.head, seal.day
    if through is not None:
        for day in sorted(day for day in by_day if day < through):
            yield Finding("back_dated", by_day[day][0][0], by_day[day][0][1], day)
