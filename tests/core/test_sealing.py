"""Days closed one after another, and tampering found even by the hand of the owner."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from core import sealing, timeline
from core.database import connect
from core.desk import Office
from core.events import NoteAdded
from core.ids import row_id
from core.ledger import GENESIS
from core.permissions import SYSTEM
from core.tables import SealRow
from tests.makers import entries, received, together


def note(office: Office, ticket) -> None:
    with office.desk(SYSTEM) as desk:
        timeline.record(desk, timeline.hold(desk, ticket), NoteAdded(row_id(desk.now)))


def seals(office: Office) -> list[SealRow]:
    with Session(office.engine) as session:
        return list(session.exec(select(SealRow).order_by(col(SealRow.day))))


def verify(office: Office):
    return sealing.verify(office.engine, office.keys.ledger)


def codes(office: Office) -> set[str]:
    return {finding.code for finding in verify(office)}


@pytest.fixture
def three_days(bare_office: Office, clock):
    """Two tickets over three sealed days, and one day that is still open. Their ids."""
    first = received(bare_office)
    clock.move(days=1)
    second = received(bare_office)
    note(bare_office, first)
    clock.move(days=1)
    note(bare_office, first)
    note(bare_office, second)
    clock.move(days=1)
    note(bare_office, second)
    assert sealing.seal_due(bare_office) == 3
    return first, second


def test_finished_days_are_sealed_once(bare_office: Office, three_days) -> None:
    assert [(seal.day, seal.entries) for seal in seals(bare_office)] == [
        (date(2026, 11, 18), 1),
        (date(2026, 11, 19), 2),
        (date(2026, 11, 20), 2),
    ]
    before = seals(bare_office)
    assert sealing.seal_due(bare_office) == 0
    assert seals(bare_office) == before
    assert verify(bare_office) == []


def test_every_seal_stands_on_the_one_before(bare_office: Office, three_days) -> None:
    rows = seals(bare_office)
    assert [row.previous for row in rows] == [GENESIS, *(row.head for row in rows[:-1])]
    with Session(bare_office.engine) as session:
        assert sealing.head(session) == rows[-1]


def test_a_day_is_sealed_some_minutes_after_it_ended_and_not_before(
    bare_office: Office, clock
) -> None:
    received(bare_office)
    clock.set(2026, 11, 19, 0, 9, 59)
    assert sealing.seal_due(bare_office) == 0
    clock.move(seconds=1)
    assert sealing.seal_due(bare_office) == 1


def test_days_without_entries_have_no_seal(bare_office: Office, clock) -> None:
    made = received(bare_office)
    clock.move(days=40)
    note(bare_office, made)
    clock.move(days=2)
    assert sealing.seal_due(bare_office) == 2
    assert [seal.day for seal in seals(bare_office)] == [date(2026, 11, 18), date(2026, 12, 28)]
    assert verify(bare_office) == []


def test_an_empty_ledger_has_nothing_to_seal_and_holds(bare_office: Office) -> None:
    assert sealing.seal_due(bare_office) == 0
    assert verify(bare_office) == []


def test_eight_sealers_at_once_leave_one_seal_a_day(bare_office: Office, clock) -> None:
    made = received(bare_office)
    clock.move(days=1)
    note(bare_office, made)
    clock.move(days=1)
    results = together(8, lambda _: sealing.seal_due(bare_office))
    # the loser's insert fails on the day's key and its chore is tried again
    assert all(isinstance(result, int | IntegrityError) for result in results)
    sealing.seal_due(bare_office)
    assert [seal.entries for seal in seals(bare_office)] == [1, 1]
    assert verify(bare_office) == []


@pytest.mark.parametrize("back", [timedelta(days=1), timedelta(days=3), timedelta(days=30)])
def test_an_entry_under_a_sealed_day_is_refused(
    bare_office: Office, three_days, clock, back: timedelta
) -> None:
    first, _ = three_days
    before = len(entries(bare_office, first))
    clock.at -= back
    with pytest.raises(IntegrityError, match="sealed"):
        note(bare_office, first)
    assert len(entries(bare_office, first)) == before
    assert verify(bare_office) == []


@pytest.fixture
def tamper(empty_url: str):
    """Runs a statement as the database's superuser with every trigger off."""
    owner = connect(empty_url, as_app=False)

    def run(statement: str, **values: object) -> None:
        with owner.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            assert connection.execute(text(statement), values).rowcount == 1

    yield run
    owner.dispose()


CHANGES = {
    "kind": "'ticket.unmasked'",
    "facts": """'{"text": null}'""",
    "actor": "'staff:nobody'",
    "audience": "'public'",
    "at": "at - interval '1 second'",
    "previous": "repeat('0', 64)",
    "hash": "repeat('é', 64)",
    "number": "number + 70",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_is_found(bare_office: Office, three_days, tamper, column: str) -> None:
    first, _ = three_days
    assert verify(bare_office) == []
    change = f"UPDATE entry SET {column} = {CHANGES[column]} WHERE ticket_id = :t AND number = 2"
    tamper(change, t=first)
    assert codes(bare_office) & {"changed", "gap"}


def test_a_removed_entry_is_found(bare_office: Office, three_days, tamper) -> None:
    first, _ = three_days
    tamper("DELETE FROM entry WHERE ticket_id = :t AND number = 2", t=first)
    assert codes(bare_office) == {"gap", "day_changed"}


def test_a_cut_tail_is_found(bare_office: Office, three_days, tamper) -> None:
    _, second = three_days
    tamper("DELETE FROM entry WHERE ticket_id = :t AND number = 3", t=second)
    assert codes(bare_office) == {"cut_tail"}


def test_a_cut_tail_with_a_mended_count_is_found_once_its_day_is_sealed(
    bare_office: Office, three_days, tamper
) -> None:
    first, _ = three_days
    tamper("DELETE FROM entry WHERE ticket_id = :t AND number = 3", t=first)
    tamper("UPDATE ticket SET entries = 2 WHERE id = :t", t=first)
    assert codes(bare_office) == {"day_changed"}


def test_an_entry_moved_to_another_ticket_is_found(bare_office: Office, three_days, tamper) -> None:
    first, second = three_days
    tamper(
        "UPDATE entry SET ticket_id = :s, number = 4 WHERE ticket_id = :t AND number = 3",
        s=second,
        t=first,
    )
    assert "changed" in codes(bare_office)
    assert "cut_tail" in codes(bare_office)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE seal SET head = 'x' WHERE day = '2026-11-19'", "seal_changed"),
        ("UPDATE seal SET digest = 'x' WHERE day = '2026-11-19'", "seal_changed"),
        ("UPDATE seal SET entries = 9 WHERE day = '2026-11-20'", "seal_changed"),
        ("DELETE FROM seal WHERE day = '2026-11-19'", "seal_gap"),
    ],
)
def test_a_changed_or_removed_seal_is_found(
    bare_office: Office, three_days, tamper, change: str, code: str
) -> None:
    tamper(change)
    assert code in codes(bare_office)


def test_another_installations_key_verifies_nothing(bare_office: Office, three_days) -> None:
    found = sealing.verify(bare_office.engine, b"another key")
    assert {finding.code for finding in found} == {"changed", "seal_changed"}
