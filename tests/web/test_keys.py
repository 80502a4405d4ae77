"""Changing the secret: nothing is lost while filing goes on, and the old one may go afterwards."""

import ast
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from core import jobs, sealing
from core.database import connect, reader
from core.desk import Office
from core.permissions import SYSTEM
from core.privacy import Keys
from core.tables import Contact, JobRow, Ticket
from intake import contacts, search, service
from tests import makers
from tests.cast import OPERATOR
from tests.conftest import MASTER
from tests.web.test_exports import ask as ask_export
from tests.web.test_filing import GOOD
from web import wiring
from web.custody import record, resealing, subjects

ROOT = Path(__file__).parents[2]
NEW = "another master secret, thirty-two signs and more"


@pytest.fixture
def later(office: Office, district_url: str, clock) -> Iterator[Office]:
    """The same house after a restart with a new secret, the old one beside it."""
    engine = connect(district_url)
    yield wiring.office(engine, Keys.of(NEW, (MASTER,)), now=clock)
    engine.dispose()


def bare(later: Office) -> Office:
    """The house once the old secret was taken away."""
    return replace(later, keys=Keys.of(NEW, (), later.keys.ledger))


def rotate(office: Office) -> JobRow:
    with office.desk(SYSTEM) as desk:
        job = resealing.ask(desk)
    assert jobs.run(office, wiring.WORKS, job)
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(JobRow, job)


def left(office: Office) -> int:
    with reader(office.engine) as session:
        return resealing.left(session, office.keys)


def filed(office: Office, count: int) -> None:
    for n in range(count):
        makers.file(
            office,
            contact_name=f"联系人{n}",
            contact_phone=f"1380000{n:04d}",
            contact_email=f"a{n}@b.example",
        )


def readable(office: Office) -> int:
    """How many contacts and query codes open; none may fail."""
    with Session(office.engine) as session:
        tickets = session.exec(select(Ticket)).all()
        for ticket in tickets:
            assert len(service.query_code(office.keys, ticket)) == 8
            said = contacts.opened(office.keys, session.get(Contact, ticket.id))
            assert said.phone.startswith("13")
        return len(tickets)


def test_after_a_rotation_the_old_secret_may_go(later: Office, office: Office, monkeypatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 3)
    filed(office, 10)
    assert left(later) == 40
    job = rotate(later)
    assert job.state == "done"
    assert job.result["done"] == 40
    assert left(later) == 0
    gone = bare(later)
    assert readable(gone) == 10
    assert sealing.verify(gone.engine, gone.keys.ledger) == []
    with Session(gone.engine) as session:
        found = search.find(session, OPERATOR, gone.keys, search.Sought("13800000003"))
        assert len(found) == 1
        assert record.verify(session, gone.keys.ledger) == []
        acts = [line.act for line in record.lines(session)]
    assert acts == ["keys.rotated", "keys.rotating"]
    with pytest.raises(ValueError, match="does not have"):
        readable(office)


def test_before_and_amid_a_rotation_everything_opens_and_is_found(
    later: Office, office: Office
) -> None:
    filed(office, 2)
    with Session(later.engine) as session:
        assert readable(later) == 2
        found = search.find(session, OPERATOR, later.keys, search.Sought("13800000001"))
        assert len(found) == 1
    rotate(later)
    filed(later, 1)
    assert readable(later) == 3


def test_filing_goes_on_while_it_rotates(later: Office, office: Office, monkeypatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    filed(office, 12)
    done = threading.Event()

    def keep_filing() -> None:
        while not done.is_set():
            filed(later, 1)

    thread = threading.Thread(target=keep_filing)
    thread.start()
    try:
        rotate(later)
    finally:
        done.set()
        thread.join()
    assert left(later) == 0
    assert readable(bare(later)) > 12


class Died(BaseException):
    """A process that is no more."""


def test_a_death_midway_loses_nothing_and_the_next_worker_goes_on(
    later: Office, office: Office, monkeypatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    filed(office, 5)
    with later.desk(SYSTEM) as desk:
        job = resealing.ask(desk)
    real, calls = resealing._taken, []

    def dying(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise Died
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(resealing, "_taken", dying)
        with pytest.raises(Died):
            jobs.run(later, wiring.WORKS, job)
    assert 0 < left(later) < 20
    assert readable(later) == 5
    with later.engine.begin() as connection:  # the reconciler found the worker silent
        connection.execute(text("UPDATE job SET state = 'waiting'"))
    assert jobs.run(later, wiring.WORKS, job)
    assert left(later) == 0
    with Session(later.engine) as session:
        assert session.get_one(JobRow, job).result["done"] == 20


def test_what_somebody_holds_is_met_on_the_next_pass(later: Office, office: Office) -> None:
    filed(office, 3)
    with later.desk(SYSTEM) as desk:
        held = desk.session.exec(select(Contact).with_for_update()).all()
        assert len(held) == 3
        job = rotate(later)
    assert job.result["left"] == 9
    assert rotate(later).result == {"key": later.keys.current.hex(), "done": 9, "left": 0}


def test_wishes_amendments_letters_and_files_are_sealed_again_too(
    later: Office, office: Office, visitor, staff
) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    with office.desk(makers.business(number)) as desk:
        ticket = desk.session.exec(select(Ticket).where(Ticket.number == number)).one()
        right = contacts.Said(phone="13700001111")
        row = subjects.ask(desk, ticket.id, "correction", said="错了", right=right)
    answer = staff("privacy").post(f"/privacy/requests/{row.id}", data={"grant": "yes"})
    assert answer.status_code == 200
    supervisor = staff("supervisor")
    ask_export(supervisor)
    with Session(office.engine) as session:
        export_job = session.exec(select(JobRow.id).where(JobRow.kind == "custody.export")).one()
    jobs.run(office, wiring.WORKS, export_job)
    with reader(office.engine) as session:
        assert len(resealing.status(session)) == 1
    rotate(later)
    gone = bare(later)
    assert left(gone) == 0
    with reader(gone.engine) as session:
        stored, ticket = subjects.get(session, row.id)
        assert subjects.wish(gone.keys, stored) == ("错了", right)
        found = session.execute(text("SELECT id FROM ticket_export")).scalar_one()
    from web.custody import exports

    assert ticket.number.encode() in b"".join(exports.body(gone, found))


def test_links_sent_before_open_until_the_old_secret_goes(
    later: Office, office: Office, visitor
) -> None:
    filed_ = visitor.post("/api/v1/tickets", json=GOOD).json()
    key = filed_["url"].split("?k=")[1]
    assert later.keys.signed(f"track:{filed_['number']}", key)
    assert not bare(later).keys.signed(f"track:{filed_['number']}", key)


def test_every_module_that_seals_has_its_columns_in_the_list() -> None:
    found = set()
    for room in ("core", "intake", "routing", "sla", "notify", "web"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in {"seal", "seal_bytes"}:
                    found.add(path.relative_to(ROOT).as_posix())
    # a module that comes to seal adds its column to web.custody.resealing.SEALED, then itself here
    assert found == {
        "core/privacy.py", "intake/contacts.py", "intake/imports.py", "intake/mails.py", "intake/service.py",
        "notify/service.py",
        "web/custody/exports.py", "web/custody/resealing.py", "web/custody/subjects.py",
        # these two also seal what only a browser keeps for some minutes
        "web/factors.py", "web/security.py", "web/signon.py",
    }  # fmt: skip


def test_every_sealed_column_of_the_schema_is_in_the_list(office: Office) -> None:
    query = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'bytea'
    """
    with office.engine.connect() as connection:
        found = {(table, column) for table, column in connection.execute(text(query))}
    plain = {
        ("attachment", "body"), ("bulletin", "figures"), ("suggester", "body"), ("login_session", "token"),
        ("contact", "phone_index"), ("mail", "sender_index"), ("old_case", "digest"),
        ("api_key", "hash"),
    }  # fmt: skip
    assert found - plain == {(place.table, place.column) for place in resealing.SEALED}


def test_the_command_says_what_is_left_and_rotates(run, office: Office, monkeypatch) -> None:
    filed(office, 2)
    code, out, _ = run("keys", "status")
    assert (code, out.split()[1:]) == (0, ["newest", "8"])
    code, _, err = run("keys", "rotate")
    assert code == 2
    assert "JIESU_OLD_SECRET_KEYS" in err
    _, ledger, _ = run("keys", "ledger")
    assert ledger.strip() == office.keys.ledger.hex()
    monkeypatch.setenv("JIESU_SECRET_KEY", NEW)
    monkeypatch.setenv("JIESU_OLD_SECRET_KEYS", MASTER)
    code, out, _ = run("keys", "status")
    assert (code, out.split()[1:]) == (1, ["earlier", "8"])
    code, _, err = run("keys", "rotate")
    assert code == 0, err
    monkeypatch.delenv("JIESU_OLD_SECRET_KEYS")
    code, out, _ = run("ledger", "verify")
    assert code == 1  # without the first secret the ledger needs its own key
    monkeypatch.setenv("JIESU_LEDGER_KEY", ledger.strip())
    code, out, err = run("ledger", "verify")
    assert code == 0, out + err
    assert run("keys", "status")[0] == 0
