"""Rows in bulk: what goes in comes out, and a row that is not there is not passed over."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from core import bulk
from core.desk import Office
from core.ids import row_id
from core.permissions import SYSTEM
from core.tables import OutboxRow, Ticket
from tests.makers import count, received, ticket

AT = datetime(2026, 11, 18, 2, 0, 0, 123456, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
facts = st.dictionaries(texts, texts | st.integers(-(2**53), 2**53) | st.none() | st.booleans())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(facts, min_size=1, max_size=5))
def test_whatever_is_written_is_read_again(bare_office: Office, bodies) -> None:
    rows = [
        {"id": uuid4(), "actor": "'\"\\ 接诉", "args": body, "created_at": AT, "not_before": AT}
        for body in bodies
    ]
    with Session(bare_office.engine) as session, session.begin():
        bulk.insert(session, OutboxRow, rows)
    with Session(bare_office.engine) as session:
        ids = [row["id"] for row in rows]
        query = select(OutboxRow).where(bulk.among(OutboxRow.id, ids)).order_by(OutboxRow.seq)
        found = session.exec(query).all()
    names = ("id", "actor", "args", "created_at", "not_before")
    assert [{name: getattr(row, name) for name in names} for row in found] == rows


def test_nothing_to_write_is_nothing_done(bare_office: Office) -> None:
    with Session(bare_office.engine) as session, session.begin():
        bulk.insert(session, OutboxRow, [])
        assert bulk.insert_new(session, OutboxRow, [], returning="id") == set()
    assert count(bare_office, OutboxRow) == 0


def test_only_rows_that_are_new_are_named(bare_office: Office) -> None:
    first, second = uuid4(), uuid4()

    def row(key):
        return {"id": key, "actor": "a", "args": {}, "created_at": AT, "not_before": AT}

    with Session(bare_office.engine) as session, session.begin():
        assert bulk.insert_new(session, OutboxRow, [row(first)], returning="id") == {first}
        both = [row(first), row(second)]
        assert bulk.insert_new(session, OutboxRow, both, returning="id") == {second}


def test_changes_of_many_kinds_are_written_and_new_rows_are_kept(bare_office: Office) -> None:
    made = [received(bare_office) for _ in range(4)]
    east = timezone(timedelta(hours=8))
    post = OutboxRow(id=row_id(AT), actor="a", args={}, created_at=AT, not_before=AT)
    with bare_office.desk(SYSTEM) as desk:
        one, two, three, _ = [desk.session.get_one(Ticket, key) for key in made]
        one.units, one.query_code, one.due_at = ["甲", '乙,{}"'], b"\x00\xff", AT.astimezone(east)
        two.title, three.title = "新\n题", "新题"
        desk.session.add(post)
        bulk.write_changes(desk.session)
    now = [ticket(bare_office, key) for key in made]
    assert (now[0].units, now[0].query_code, now[0].due_at) == (["甲", '乙,{}"'], b"\x00\xff", AT)
    assert [row.title for row in now] == ["t", "新\n题", "新题", "t"]
    assert count(bare_office, OutboxRow) == 1


def test_a_changed_row_that_is_no_more_is_not_passed_over(bare_office: Office) -> None:
    row = OutboxRow(id=uuid4(), actor="a", args={}, created_at=AT, not_before=AT)
    with Session(bare_office.engine) as session:
        session.add(row)
        session.flush()
        session.execute(text("DELETE FROM outbox"))
        row.actor = "b"
        with pytest.raises(RuntimeError, match="outbox"):
            bulk.write_changes(session)
        session.rollback()
