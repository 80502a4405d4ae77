"""A sealed identity stays sealed for those who handle it, and the accused hear nothing at all."""

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from core import timeline
from core.desk import Office
from core.errors import NotFound
from core.permissions import SYSTEM, Role
from core.tables import Department, Entry, Ticket
from notify.service import plan_letters
from notify.tables import Letter
from tests import makers
from tests.cast import staff as actor
from tests.web.test_filing import GOOD

FIRM = GOOD["company_name"]
CODE = GOOD["uscc"]
WRITTEN = GOOD | {
    "title": f"{FIRM}设立登记", "content": f"我们是{FIRM}，信用代码{CODE}，设立登记卡了两周。",
}  # fmt: skip
SEALED = {"confidential": {"confidential": True}, "report": {"kind": "report"}}
# who reads it, who of them learns the company, and who may ask for the contact
READS = {"dispatcher", "supervisor", "discipline", "xzspj", "xzspj.head"}
KNOWS = {"dispatcher", "supervisor", "discipline"}
PEOPLE = (
    "operator", "dispatcher", "callback", "supervisor", "discipline", "leader", "assessor",
    "sysadmin", "secadmin", "auditor", "privacy", "xzspj", "xzspj.head", "rsj", "rsj.head",
)  # fmt: skip


def file(visitor: TestClient, **values: object) -> str:
    answer = visitor.post("/api/v1/tickets", json=WRITTEN | values)
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


@pytest.mark.parametrize("why", SEALED)
@pytest.mark.parametrize("username", PEOPLE)
def test_every_hat_reads_a_sealed_request_as_the_table_says(
    visitor: TestClient, staff, username: str, why: str
) -> None:
    number, client = file(visitor, **SEALED[why]), staff(username)
    path = f"/tickets/{number}"
    # a report is no secret to the desks that take requests in: only who made it is
    reads = READS if why == "confidential" else READS | {"operator", "callback"}
    shown = client.get(path)
    assert shown.status_code == (200 if username in reads else 404)
    assert (FIRM in shown.text) is (username in KNOWS)
    assert (CODE in shown.text) is (username in KNOWS)
    data = client.get(f"/api/v1{path}").text
    assert (CODE in data) is (username in KNOWS)
    asked = client.post(f"{path}/unmask", data={"reason": "联系企业"})
    opens = KNOWS | {"operator"} if why == "report" else KNOWS
    assert (asked.status_code == 200) is (username in opens)
    assert ("0917-3000001" in asked.text) is (username in opens)


@pytest.mark.parametrize("why", SEALED)
def test_no_list_of_the_handling_unit_names_the_company(visitor, staff, why: str) -> None:
    number, handler = file(visitor, **SEALED[why]), staff("xzspj")
    for path in ("/board", "/api/v1/tickets", f"/search?q={number[-8:]}", "/search?lead=xzspj"):
        assert FIRM not in handler.get(path).text, path
    assert number[15:21] in handler.get("/search?lead=xzspj").text
    by_name = handler.get(f"/search?q={FIRM}&status=in_handling").text
    assert number[15:21] not in by_name
    by_code = handler.get(f"/search?q={CODE}&status=in_handling").text
    assert number[15:21] not in by_code
    assert handler.get(f"/search?q={number}", follow_redirects=False).status_code == 303
    assert number[15:21] in staff("dispatcher").get(f"/search?q={FIRM}&status=in_handling").text


def test_an_open_request_still_names_its_company_to_who_handles_it(visitor, staff) -> None:
    number = file(visitor)
    assert FIRM in staff("xzspj").get(f"/tickets/{number}").text
    assert FIRM in staff("xzspj").get(f"/search?q={FIRM}&status=in_handling").text


def test_an_operator_has_a_receipt_of_what_he_may_not_read_again(
    staff, office: Office, clock
) -> None:
    operator, other = staff("operator"), staff("dispatcher")
    filed = operator.post(
        "/api/v1/tickets", json=WRITTEN | {"confidential": True, "channel": "phone"}
    ).json()
    path = f"/tickets/{filed['number']}"
    answer = operator.get(path, follow_redirects=False)
    assert answer.headers["location"] == f"/console/receipt/{filed['number']}"
    receipt = operator.get(path).text
    assert filed["query_code"] in receipt
    assert "区行政审批局" in receipt
    assert FIRM not in receipt
    assert "卡了两周" not in receipt
    assert other.get(f"/console/receipt/{filed['number']}").status_code == 404
    clock.at += timedelta(hours=25)
    assert operator.get(path).status_code == 404
    assert operator.get(f"/console/receipt/{filed['number']}").status_code == 404


ACCUSED = {
    "xzspj": ("xzspj", "xzspj.head"),
    "zhzx": ("dispatcher", "operator", "callback"),
    "qzfb": ("supervisor", "supervisor2"),
}


@pytest.mark.parametrize("unit", ACCUSED)
def test_people_of_the_accused_unit_neither_read_nor_touch_nor_hear_of_it(
    visitor: TestClient, staff, office: Office, unit: str
) -> None:
    number = file(visitor, respondent=unit)
    with Session(office.engine) as session:
        ticket = session.exec(select(Ticket).where(Ticket.number == number)).one()
        orders = makers.orders(office, ticket.id)
    assert unit not in ticket.units
    for username in ACCUSED[unit]:
        client = staff(username)
        for path in (f"/tickets/{number}", f"/api/v1/tickets/{number}"):
            assert client.get(path).status_code == 404, (username, path)
        assert client.post(f"/tickets/{number}/note", data={"text": "x"}).status_code in {404, 409}
        for order in orders:
            answer = client.post(f"/api/v1/orders/{order.id}/ruling", json={"lead": "rsj"})
            assert answer.status_code in {403, 404}, username
    assert letters_to(office, ticket.id, unit) == []
    assert staff("discipline").get(f"/tickets/{number}").status_code == 200


def letters_to(office: Office, ticket_id: UUID, unit: str) -> list[str]:
    """The letters about a ticket, planned, that went to people of a unit."""
    with Session(office.engine) as session:
        entries = session.exec(select(Entry.id).where(Entry.ticket_id == ticket_id)).all()
    for entry in entries:
        with office.desk(SYSTEM) as desk:
            plan_letters(desk, entry, {"inbox", "email"})
    with Session(office.engine) as session:
        from core.tables import Staff

        query = select(Staff.username).where(Staff.department == unit)
        people = {
            f"staff:{key}" for key in session.exec(select(Staff.id).where(Staff.department == unit))
        }
        assert session.exec(query).all()
        found = session.exec(select(Letter).where(Letter.ticket_id == ticket_id)).all()
        return [letter.kind for letter in found if letter.recipient in people]


def test_a_unit_under_the_accused_one_hears_and_holds_nothing(
    visitor: TestClient, office: Office
) -> None:
    with office.desk(SYSTEM) as desk:
        desk.session.add(Department(code="below", name="下属中心", kind="department", parent="rsj"))
    number = file(visitor, respondent="rsj")
    with Session(office.engine) as session:
        ticket = session.exec(select(Ticket).where(Ticket.number == number)).one()
    for hat in (Role.DISPATCHER, Role.OFFICE, Role.HANDLER):
        with pytest.raises(NotFound), office.desk(actor("x", hat, unit="below")) as desk:
            timeline.hold(desk, ticket.id)
    for body in (actor("x", Role.DISCIPLINE, unit="rsj"), actor("x", Role.DISPATCHER, unit="zhzx")):
        with office.desk(body) as desk:
            assert timeline.hold(desk, ticket.id).number == number


def test_what_names_a_unit_without_accusing_it_is_open_to_it(visitor, staff) -> None:
    number = file(visitor, respondent="xzspj", kind="praise")
    assert staff("dispatcher").get(f"/tickets/{number}").status_code == 200


@pytest.mark.parametrize("why", SEALED)
@pytest.mark.parametrize("username", ["operator", "dispatcher", "xzspj"])
def test_canned_wording_names_a_sealed_company_only_to_who_may_know_it(
    visitor: TestClient, staff, username: str, why: str
) -> None:
    number = file(visitor, **SEALED[why])
    body = {"title": "称呼", "body": "您好，{企业}", "role": "", "unit": ""}
    assert staff("editor").post("/phrases", data=body).status_code == 200
    picked = staff(username).get(f"/phrases/pick?ticket={number}").text
    assert "您好" in picked
    assert (FIRM in picked) is (username in KNOWS)


def test_the_operators_desk_names_no_sealed_company_however_it_is_asked(
    visitor: TestClient, staff
) -> None:
    number = file(visitor, **SEALED["report"])
    for asked in ({"company_name": FIRM[:4]}, {"uscc": CODE}, {"contact_phone": "0917-3000001"}):
        typed = asked | {"content": WRITTEN["content"].replace(FIRM, "我公司")}
        shown = staff("operator").post("/console/preview", data=typed)
        assert shown.status_code == 200
        assert FIRM not in shown.text
        # who rings from the number it was made from is told of it
        if "contact_phone" in asked:
            assert number in shown.text
    assert FIRM in staff("dispatcher").post("/console/preview", data={"uscc": CODE}).text
