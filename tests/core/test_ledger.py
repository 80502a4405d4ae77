"""The keyed chain: whatever is done to a stored ledger, the verification names it."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger import (
    GENESIS,
    Finding,
    Link,
    Seal,
    canonical,
    chain_hash,
    day_digest,
    seal_day,
    verify_chain,
    verify_seals,
)
from core.moments import day_start, local_day

KEY = b"a ledger key that only tests know"
BEGUN = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
TICKETS = ("610302202611181W0000011", "610302202611181W0000022", "610302202611181W0000033")

plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=8))
facts = st.dictionaries(st.text(max_size=6), plain | st.lists(plain, max_size=2), max_size=4)


@st.composite
def ledgers(draw, least=1):
    """Sound entries of up to three tickets over some days, by ticket and number."""
    links = []
    for ticket in TICKETS[: draw(st.integers(1, 3))]:
        previous, at = GENESIS, BEGUN
        for number in range(1, draw(st.integers(least, 5)) + 1):
            at += draw(st.timedeltas(timedelta(0), timedelta(days=2)))
            link = Link(
                ticket=ticket,
                number=number,
                kind=draw(st.sampled_from(["ticket.noted", "clock.met"])),
                facts=draw(facts),
                actor=draw(st.sampled_from(["system", "staff:a"])),
                audience="staff",
                at=at,
                previous=previous,
            )
            links.append(replace(link, hash=chain_hash(KEY, link)))
            previous = links[-1].hash
    return links


def counted(links):
    return {link.ticket: link.number for link in links}


def rows(links):
    return [(link.at, link.ticket, link.number, link.hash) for link in links]


def sealed(links):
    """A seal for every day that has entries."""
    seals, previous = [], GENESIS
    for day in sorted({local_day(link.at) for link in links}):
        of_day = [(r[1], r[2], r[3]) for r in rows(links) if local_day(r[0]) == day]
        seals.append(seal_day(KEY, day, of_day, previous))
        previous = seals[-1].head
    return seals


def found(links, last):
    ordered = sorted(links, key=lambda link: (link.ticket, link.number))
    return list(verify_chain(KEY, ordered, last))


def otherwise(value):
    """A strategy for another value of the same kind."""
    match value:
        case str():
            return st.text(max_size=70).filter(lambda text: text != value)
        case int():
            return st.integers(0, 99).filter(lambda number: number != value)
        case datetime():
            moves = st.timedeltas(timedelta(days=-9), timedelta(days=9)).filter(bool)
            return moves.map(lambda by: value + by)
        case _:
            return facts.filter(lambda other: canonical(other) != canonical(value))


@given(ledgers())
def test_an_untouched_ledger_is_whole(links):
    assert found(links, counted(links)) == []
    assert list(verify_seals(KEY, sealed(links), rows(links))) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Link)])
@given(data=st.data(), links=ledgers())
def test_any_change_of_any_field_is_found(name, data, links):
    last = counted(links)
    place = data.draw(st.integers(0, len(links) - 1))
    value = data.draw(otherwise(getattr(links[place], name)))
    links[place] = replace(links[place], **{name: value})
    assert found(links, last)


@given(data=st.data(), links=ledgers(least=2))
def test_a_removed_entry_with_one_after_it_leaves_a_gap(data, links):
    last = counted(links)
    inner = [place for place, link in enumerate(links) if link.number < last[link.ticket]]
    gone = links.pop(data.draw(st.sampled_from(inner)))
    assert Finding("gap", gone.ticket, gone.number) in found(links, last)


@given(data=st.data(), links=ledgers())
def test_a_cut_tail_is_found_down_to_the_whole_ticket(data, links):
    last = counted(links)
    ticket = data.draw(st.sampled_from(sorted(last)))
    kept = data.draw(st.integers(0, last[ticket] - 1))
    left = [link for link in links if link.ticket != ticket or link.number <= kept]
    assert found(left, last) == [Finding("cut_tail", ticket, kept + 1)]


@given(data=st.data(), links=ledgers(least=2))
def test_entries_exchanged_inside_a_ticket_are_found(data, links):
    last = counted(links)
    pairs = [i for i in range(len(links) - 1) if links[i].ticket == links[i + 1].ticket]
    place = data.draw(st.sampled_from(pairs))
    first, second = links[place], links[place + 1]
    links[place] = replace(second, number=first.number)
    links[place + 1] = replace(first, number=second.number)
    assert found(links, last)


@given(data=st.data(), links=ledgers())
def test_a_chain_written_with_another_key_is_found(data, links):
    forged = [replace(link, hash=chain_hash(b"another key", link)) for link in links]
    assert found(forged, counted(links))


@given(data=st.data(), links=ledgers())
def test_an_entry_removed_with_its_count_is_found_by_the_seal_of_its_day(data, links):
    seals = sealed(links)
    ticket = data.draw(st.sampled_from(TICKETS[: len(counted(links))]))
    left = [
        link for link in links if (link.ticket, link.number) != (ticket, counted(links)[ticket])
    ]
    # whoever cuts the tail and mends the ticket's count leaves a sound chain behind
    assert found(left, counted(left)) == []
    codes = {finding.code for finding in verify_seals(KEY, seals, rows(left))}
    assert codes == {"day_changed"}


@given(data=st.data(), links=ledgers())
def test_an_entry_slipped_in_before_the_last_seal_is_found(data, links):
    seals = sealed(links)
    first = seals[0].day - timedelta(days=2)
    span = (seals[-1].day - first).days
    day = first + timedelta(days=data.draw(st.integers(0, span)))
    # back-dated by somebody who even holds the key: the entry itself is sound
    late = Link(
        ticket="610302202611181W0000099",
        number=1,
        kind="ticket.noted",
        facts={},
        actor="staff:a",
        audience="staff",
        at=day_start(day) + timedelta(hours=9),
        previous=GENESIS,
    )
    links.append(replace(late, hash=chain_hash(KEY, late)))
    assert found(links, counted(links)) == []
    known = day in {seal.day for seal in seals}
    code = "day_changed" if known else "back_dated"
    assert [(f.code, f.day) for f in verify_seals(KEY, seals, rows(links))] == [(code, day)]


@pytest.mark.parametrize("name", [field.name for field in fields(Seal)])
@given(data=st.data(), links=ledgers())
def test_any_change_of_a_seal_is_found(name, data, links):
    seals = sealed(links)
    place = data.draw(st.integers(0, len(seals) - 1))
    value = getattr(seals[place], name)
    if name == "day":
        changed = value + timedelta(days=data.draw(st.integers(1, 400)))
    else:
        changed = data.draw(otherwise(value))
    seals[place] = replace(seals[place], **{name: changed})
    assert list(verify_seals(KEY, seals, rows(links)))


@given(data=st.data(), links=ledgers(least=3))
def test_a_removed_seal_with_one_after_it_is_found(data, links):
    seals = sealed(links)
    if len(seals) < 2:
        return
    gone = seals.pop(data.draw(st.integers(0, len(seals) - 2)))
    findings = list(verify_seals(KEY, seals, rows(links)))
    assert "seal_gap" in {finding.code for finding in findings}
    assert "back_dated" in {f.code for f in findings if f.day == gone.day}


@given(st.data(), ledgers())
def test_a_day_has_one_digest_whatever_order_its_rows_come_in(data, links):
    triples = [(link.ticket, link.number, link.hash) for link in links]
    assert day_digest(data.draw(st.permutations(triples))) == day_digest(triples)


@given(facts)
def test_the_byte_form_does_not_depend_on_the_order_of_keys(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_a_hash_over_a_naive_time_is_refused():
    naive = BEGUN.replace(tzinfo=None)
    link = Link("N", 1, "ticket.noted", {}, "system", "staff", naive, GENESIS)
    with pytest.raises(ValueError, match="naive"):
        chain_hash(KEY, link)


def test_the_same_instant_in_another_zone_has_the_same_hash():
    there = BEGUN.astimezone(tz=None)
    links = [Link("N", 1, "k", {}, "a", "staff", at, GENESIS) for at in (BEGUN, there)]
    assert chain_hash(KEY, links[0]) == chain_hash(KEY, links[1])
