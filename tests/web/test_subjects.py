"""What a person asks of his own data: decided in time with a ground, done, told, and on record."""

import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, select

from core import sealing
from core.desk import Office
from core.permissions import SYSTEM
from core.tables import Contact, Ticket, Words
from intake import contacts
from intake.tables import Attachment, TicketText
from tests import makers
from tests.cast import unit
from tests.web.test_filing import GOOD
from web.auditing import audit
from web.custody import record, subjects
from web.custody.tables import ContactAmendment, SubjectRequest, WordsVersion

PHONE, MAIL, NAME = "13912345678", "person@firm.example", "欧阳标记"
SAID = f"设立登记卡了两周，请联系{NAME}，{PHONE}。"
FILE = {"name": "a.txt", "content": base64.b64encode(f"{PHONE}\n".encode()).decode()}


@pytest.fixture
def filed(visitor: TestClient, office: Office) -> dict:
    body = GOOD | {
        "content": SAID, "contact_name": NAME, "contact_phone": PHONE, "contact_email": MAIL,
        "attachments": [FILE],
    }  # fmt: skip
    answer = visitor.post("/api/v1/tickets", json=body)
    if answer.status_code == 422:  # plain text is not among the kinds of files
        answer = visitor.post("/api/v1/tickets", json=body | {"attachments": []})
    found = answer.json()
    with Session(office.engine) as session:
        ticket = session.exec(select(Ticket).where(Ticket.number == found["number"])).one()
        return found | {"id": ticket.id, "k": found["url"].split("?k=")[1]}


@pytest.fixture
def closed(office: Office, filed: dict) -> dict:
    makers.step(office, unit("xzspj"), makers.routing.service.note, filed["id"], f"{NAME}说{PHONE}")
    makers.answered(office, filed["id"])
    makers.rate(office, filed["id"], solved=True, grade=1)
    return filed


def page(filed: dict, name: str = "data") -> str:
    return f"/track/{filed['number']}/{name}?k={filed['k']}"


def ask(visitor: TestClient, filed: dict, kind: str, **values: str):
    csrf = visitor.get(page(filed)).text.split('name="csrf" value="')[1].split('"')[0]
    return visitor.post(page(filed), data={"kind": kind, "csrf": csrf} | values)


def newest(office: Office) -> SubjectRequest:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(select(SubjectRequest)).all()[-1]


def decide(officer: TestClient, row: SubjectRequest, *, grant: bool, **values: str):
    data = {"grant": "yes" if grant else "no"} | values
    return officer.post(f"/privacy/requests/{row.id}", data=data, follow_redirects=False)


def contact(office: Office, filed: dict) -> contacts.Said:
    with Session(office.engine) as session:
        return contacts.opened(office.keys, session.get(Contact, filed["id"]))


def test_the_copy_lies_on_his_page_once_it_is_granted(
    visitor: TestClient, staff, office: Office, filed: dict
) -> None:
    assert visitor.get(page(filed, "copy")).status_code == 404
    assert ask(visitor, filed, "access", said="想看").status_code == 200
    row, officer = newest(office), staff("privacy")
    assert (row.via, row.state) == ("web", "open")
    assert row.due_at - row.asked_at < timedelta(days=16)
    assert filed["number"] in officer.get("/privacy").text.replace("</span><span>", "")
    assert "想看" in officer.get(f"/privacy/requests/{row.id}").text
    assert decide(officer, row, grant=True).status_code == 303
    told = visitor.get(page(filed, "copy")).text
    assert NAME in told
    assert PHONE in told
    data = visitor.get(page(filed, "copy.json")).json()
    assert data["contact"] == {"name": NAME, "phone": PHONE, "email": MAIL}
    assert data["request"]["content"] == SAID
    assert data["handled_by"] == ["区行政审批局"]
    assert {"ticket.received", "ticket.subject_decided"} <= {e["kind"] for e in data["timeline"]}
    assert visitor.get(page(filed, "copy").replace(filed["k"], "x")).status_code == 404


def test_a_correction_keeps_what_was_there_sealed(
    visitor: TestClient, staff, office: Office, filed: dict
) -> None:
    assert ask(visitor, filed, "correction").status_code == 422
    assert ask(visitor, filed, "correction", phone="123").status_code == 422
    assert ask(visitor, filed, "correction", phone="13700001111").status_code == 200
    assert ask(visitor, filed, "correction", phone="13700001111").status_code == 409
    assert contact(office, filed).phone == PHONE
    assert decide(staff("privacy"), newest(office), grant=True, answer="已更正").status_code == 303
    assert contact(office, filed) == contacts.Said(NAME, "13700001111", MAIL)
    with Session(office.engine) as session:
        old = session.exec(select(ContactAmendment)).one()
        assert office.keys.open(contacts.place("phone", filed["id"]), old.phone) == PHONE
        row = session.get(Contact, filed["id"])
        assert row.phone_tail == "1111"
        assert row.phone_index == office.keys.blind("phone", "13700001111")
    assert "已更正" in visitor.get(page(filed)).text
    assert staff("operator").get("/search?q=13700001111").text.count(filed["number"])


def test_a_refusal_needs_a_ground_and_its_reasons(
    visitor: TestClient, staff, office: Office, filed: dict
) -> None:
    ask(visitor, filed, "access")
    row, officer = newest(office), staff("privacy")
    assert decide(officer, row, grant=False).status_code == 422
    assert decide(officer, row, grant=False, ground="secrecy").status_code == 422
    assert decide(officer, row, grant=False, ground="nonsense", answer="x").status_code == 422
    answer = "不能证明您是本人"
    assert (
        decide(officer, row, grant=False, ground="not_the_person", answer=answer).status_code == 303
    )
    assert decide(officer, row, grant=True).status_code == 409
    assert answer in visitor.get(page(filed)).text
    assert visitor.get(page(filed, "copy")).status_code == 404


def test_an_open_case_and_one_on_hold_are_not_erased(
    visitor: TestClient, staff, office: Office, filed: dict
) -> None:
    ask(visitor, filed, "erasure")
    row, officer = newest(office), staff("privacy")
    assert decide(officer, row, grant=True).status_code == 409
    makers.answered(office, filed["id"])
    makers.rate(office, filed["id"], solved=True, grade=1)
    held = {"number": filed["number"], "reason": "行政诉讼"}
    assert officer.post("/privacy/holds", data=held).status_code == 200
    assert decide(officer, row, grant=True).status_code == 409
    with Session(office.engine) as session:
        [(hold, _)] = subjects.holds.listing(session)
    assert officer.post(f"/privacy/holds/{hold.id}/lift").status_code == 200
    assert decide(officer, row, grant=True).status_code == 303


def test_erasure_destroys_who_it_was_and_leaves_what_happened(
    visitor: TestClient, staff, office: Office, closed: dict, clock
) -> None:
    ask(visitor, closed, "erasure", said=f"请删除{NAME}")
    before = makers.kinds(office, closed["id"])
    assert decide(staff("privacy"), newest(office), grant=True, answer="将删除").status_code == 303
    assert subjects.carry_out_due(office) == 0  # the letter goes first
    assert contact(office, closed).phone == PHONE
    clock.move(hours=2)
    assert subjects.carry_out_due(office) == 1
    assert subjects.carry_out_due(office) == 0
    assert contact(office, closed) == contacts.Said()
    assert makers.kinds(office, closed["id"])[: len(before)] == before
    assert makers.kinds(office, closed["id"])[-1] == "ticket.data_erased"
    with office.engine.connect() as connection:
        for table in ("ticket", "words", "contact", "ticket_text", "letter", "subject_request",
                      "contact_amendment", "words_version", "attachment", "entry", "outbox"):  # fmt: skip
            rows = connection.execute(text(f"SELECT row_to_json(t)::text FROM {table} t"))
            stored = "".join(rows.scalars())
            for marker in (PHONE, NAME, MAIL):
                assert marker not in stored, table
    with Session(office.engine) as session:
        assert session.exec(select(Attachment)).all() == []
        sources = {row.source.partition(":")[0] for row in session.exec(select(WordsVersion))}
        assert sources == {"words", "ticket.content", "ticket.title"}
        assert "［已删除］" in session.get(Ticket, closed["id"]).content
        assert any("［已删除］" in row.body for row in session.exec(select(Words)))
        assert PHONE not in session.get(TicketText, closed["id"]).grams
        assert record.verify(session, office.keys.ledger) == []
    assert sealing.verify(office.engine, office.keys.ledger) == []
    assert list(audit(office)) == []
    assert staff("operator").get(f"/tickets/{closed['number']}").status_code == 200
    assert visitor.get(page(closed)).status_code == 200


def test_paper_is_keyed_in_by_one_and_decided_by_another(
    staff, office: Office, filed: dict
) -> None:
    officer, operator = staff("privacy"), staff("operator")
    form = {"number": filed["number"], "kind": "access"}
    assert operator.post("/privacy/paper", data=form | {"number": "1"}).status_code == 422
    assert operator.post("/privacy/paper", data=form).status_code == 200
    row = newest(office)
    assert row.via == "paper"
    assert operator.get(f"/privacy/requests/{row.id}").status_code == 403
    assert decide(operator, row, grant=True).status_code == 403
    assert decide(officer, row, grant=True).status_code == 303
    assert officer.post("/privacy/paper", data=form | {"kind": "erasure"}).status_code == 200
    with Session(office.engine) as session:
        own = session.exec(select(SubjectRequest).where(SubjectRequest.kind == "erasure")).one()
    assert decide(officer, own, grant=False, ground="still_needed", answer="x").status_code == 403
    for username in ("xzspj", "callback", "sysadmin", "leader"):
        assert staff(username).post("/privacy/paper", data=form).status_code == 403


def test_the_register_holds_wishes_sealed_and_facts_hold_codes(
    visitor: TestClient, office: Office, filed: dict
) -> None:
    ask(visitor, filed, "correction", said=f"我是{NAME}", phone="13700001111")
    with office.engine.connect() as connection:
        for table in ("subject_request", "entry", "custody_record"):
            rows = connection.execute(text(f"SELECT row_to_json(t)::text FROM {table} t"))
            stored = "".join(rows.scalars())
            assert NAME not in stored
            assert "13700001111" not in stored
    row = newest(office)
    assert subjects.wish(office.keys, row) == (f"我是{NAME}", contacts.Said(phone="13700001111"))


def test_those_concerned_are_told_and_the_page_says_who(
    visitor: TestClient, staff, office: Office, filed: dict
) -> None:
    from notify.service import plan_letters

    ask(visitor, filed, "correction", phone="13700001111")
    decide(staff("privacy"), newest(office), grant=True)
    with office.engine.connect() as connection:
        rows = connection.execute(text("SELECT args FROM outbox WHERE actor = 'notify.plan'"))
        entries = [UUID(json.loads(json.dumps(args))["entry"]) for args in rows.scalars()]
    for entry in entries:
        with office.desk(SYSTEM) as desk:
            plan_letters(desk, entry, {"inbox", "email"})
    assert (
        "区行政审批局承办人" in staff("privacy").get(f"/privacy/requests/{newest(office).id}").text
    )
    assert "个人信息" in staff("xzspj").get("/inbox").text
    assert "个人信息请求" in staff("privacy").get("/inbox").text
