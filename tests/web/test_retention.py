"""Retention: what is old goes, in batches, on a record; what is on hold or young stays."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import sealing
from core.desk import Office
from core.tables import Contact
from intake import contacts
from tests import makers
from tests.web.test_filing import GOOD
from web.custody import record, retention

DAY = timedelta(days=1)


@pytest.fixture
def closed(visitor, office: Office) -> list:
    """Five cases that ended today."""
    for _ in range(5):
        visitor.post("/api/v1/tickets", json=GOOD)
    with office.engine.connect() as connection:
        ids = list(connection.execute(text("SELECT id FROM ticket ORDER BY id")).scalars())
    for ticket_id in ids:
        makers.answered(office, ticket_id)
        makers.rate(office, ticket_id, solved=True, grade=1)
    return ids


def held(office: Office) -> int:
    with office.engine.connect() as connection:
        query = "SELECT count(*) FROM contact WHERE phone IS NOT NULL"
        return connection.execute(text(query)).scalar_one()


def lines(office: Office) -> list[tuple[str, int]]:
    with Session(office.engine) as session:
        assert record.verify(session, office.keys.ledger) == []
        found = record.lines(session, acts=("retention.taken",))
    return [(line.facts["code"], line.facts["count"]) for line in reversed(found)]


def dry(office: Office) -> dict[str, tuple[int, int]]:
    with Session(office.engine) as session:
        found = retention.dry_run(session, office.now())
    return {term.kept.code: (due, kept) for term, due, kept in found}


def test_contacts_go_three_years_after_the_end_and_facts_stay(
    office: Office, clock, closed, monkeypatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    clock.at += 3 * 365 * DAY
    assert retention.turn(office) == 0 or held(office) == 5
    clock.at += DAY
    assert dry(office)["contact"] == (5, 0)
    assert held(office) == 5  # a dry run takes nothing
    retention.turn(office)
    assert held(office) == 0
    assert [line for line in lines(office) if line[0] == "contact"] == [
        ("contact", 2), ("contact", 2), ("contact", 1),
    ]  # fmt: skip
    with Session(office.engine) as session:
        assert contacts.opened(office.keys, session.get(Contact, closed[0])) == contacts.Said()
    assert sealing.verify(office.engine, office.keys.ledger) == []
    before = len(lines(office))
    retention.turn(office)
    assert len(lines(office)) == before


def test_what_is_on_hold_stays_until_the_hold_is_lifted(
    staff, office: Office, clock, closed
) -> None:
    number = makers.ticket(office, closed[0]).number
    clock.at += 3 * 365 * DAY + DAY
    officer = staff("privacy")
    assert (
        officer.post("/privacy/holds", data={"number": number, "reason": "行政诉讼"}).status_code
        == 200
    )
    again = officer.post("/privacy/holds", data={"number": number, "reason": "行政诉讼"})
    assert again.status_code == 409
    assert (
        officer.post("/privacy/holds", data={"number": "1", "reason": "行政诉讼"}).status_code
        == 422
    )
    assert officer.post("/privacy/holds", data={"number": number, "reason": ""}).status_code == 422
    assert dry(office)["contact"] == (4, 1)
    retention.turn(office)
    assert held(office) == 1
    with office.engine.connect() as connection:
        hold = connection.execute(text("SELECT id FROM legal_hold")).scalar_one()
    assert officer.post(f"/privacy/holds/{hold}/lift").status_code == 200
    assert officer.post(f"/privacy/holds/{hold}/lift").status_code == 404
    retention.turn(office)
    assert held(office) == 0


def test_an_open_case_keeps_its_contact_however_old(visitor, office: Office, clock) -> None:
    visitor.post("/api/v1/tickets", json=GOOD)
    clock.at += 30 * 365 * DAY
    assert dry(office)["contact"] == (0, 0)


def test_the_officer_sets_a_period_above_what_the_law_wants(staff, office: Office) -> None:
    officer = staff("privacy")
    good = {"code": "letter", "days": "1200", "basis": "区里规定", "enabled": "on"}
    assert officer.post("/privacy/retention", data=good).status_code == 200
    for wrong in ({"days": "100"}, {"days": "x"}, {"days": "99999999"}, {"basis": " "}):
        assert officer.post("/privacy/retention", data=good | wrong).status_code == 422
    assert officer.post("/privacy/retention", data=good | {"code": "nonsense"}).status_code == 404
    assert staff("sysadmin").post("/privacy/retention", data=good).status_code == 403
    with Session(office.engine) as session:
        [line] = record.lines(session, acts=("retention.changed",))
        [term] = [t for t in retention.schedule(session) if t.kept.code == "letter"]
    assert (term.days, term.basis) == (1200, "区里规定")
    assert line.facts["before"] == {"days": 1200, "enabled": True} or line.facts["days"] == 1200
    assert "1200" in officer.get("/privacy/retention").text


def test_a_kind_that_is_switched_off_is_not_taken(staff, office: Office, clock, closed) -> None:
    clock.at += 3 * 365 * DAY + DAY
    off = {"code": "contact", "days": "1095", "basis": "暂停清理"}
    assert staff("privacy").post("/privacy/retention", data=off).status_code == 200
    retention.turn(office)
    assert held(office) == 5


@pytest.mark.parametrize("kept", retention.SCHEDULE, ids=lambda kept: kept.code)
def test_every_kinds_statements_run_and_spare_what_is_young(office: Office, closed, kept) -> None:
    with Session(office.engine) as session:
        for query in (kept.due, kept.free):
            counted = text(f"SELECT count(*) FROM ({query}) AS due")
            assert session.execute(counted, {"before": office.now() - DAY}).scalar_one() == 0
        every = text(f"{kept.free}")
        keys = list(session.execute(every, {"before": office.now() + 10_000 * DAY}).scalars())
        if keys:
            session.execute(text(kept.take), {"keys": keys})
            assert list(session.execute(every, {"before": office.now() + 10_000 * DAY})) == []
