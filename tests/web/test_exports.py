"""Lists as files: a reason, nobody's name, no formula, one's own rows, and a line for each step."""

import io
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import text
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.texts import half_width
from tests import makers
from tests.web.test_filing import GOOD
from web import wiring
from web.custody import exports, record
from web.custody.spreadsheets import plain, read_csv
from web.custody.tables import ExportPart, TicketExport

REASON = {"reason": "季度分析"}


def ask(client: TestClient, **values: str) -> None:
    answer = client.post("/exports", data=REASON | values, follow_redirects=False)
    assert answer.status_code == 303, answer.text


def newest(office: Office) -> TicketExport:
    with Session(office.engine, expire_on_commit=False) as session:
        asked = record.lines(session, acts=["export.asked"], limit=1)
        return session.get(TicketExport, UUID(asked[0].facts["export"])) if asked else None


def made(office: Office) -> TicketExport:
    """The newest export after its work is done."""
    row = newest(office)
    assert jobs.run(office, wiring.WORKS, row.job_id)
    return newest(office)


def rows(client: TestClient, office: Office) -> list[list[str]]:
    answer = client.get(f"/exports/{made(office).id}/file")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    return read_csv(answer.content)


@pytest.fixture
def tickets(visitor: TestClient, clock) -> list[str]:
    """One plain, one with numbers in its words, one sealed."""
    told = GOOD | {"content": "设立登记卡了两周，电话13912345678。", "title": "=1+1 设立登记"}
    bodies = [GOOD, told, GOOD | {"confidential": True, "content": "保密的设立登记诉求"}]
    numbers = []
    for body in bodies:
        clock.move(seconds=1)
        numbers.append(visitor.post("/api/v1/tickets", json=body).json()["number"])
    return numbers


def test_a_list_names_nobody_unless_that_was_agreed(staff, office: Office, tickets) -> None:
    supervisor = staff("supervisor")
    ask(supervisor, texts="on")
    found = rows(supervisor, office)
    assert [row[0] for row in found[1:]] == tickets[::-1]
    flat = str(found)
    for secret in ("13912345678", "石鼓新材料", "91110000600037341L", "企业联系人", "3000001"):
        assert secret not in flat
    assert "139****5678" in flat
    assert "保密的设立登记诉求" not in flat
    assert "'=1+1 设立登记" in found[2]


def test_names_leave_only_when_the_privacy_officer_agrees_and_sealed_ones_never(
    staff, office: Office, tickets
) -> None:
    supervisor, officer = staff("supervisor"), staff("privacy")
    ask(supervisor, identified="on")
    asked = newest(office)
    assert (asked.state, asked.job_id) == ("asked", None)
    decide = f"/exports/{asked.id}/decide"
    assert supervisor.post(decide, data={"agree": "yes"}).status_code == 403
    assert "季度分析" in officer.get("/exports").text
    assert officer.post(decide, data={"agree": "yes"}).status_code == 200
    assert officer.post(decide, data={"agree": "yes"}).status_code == 409
    flat = str(rows(supervisor, office))
    assert "企业联系人" in flat
    assert "13912345678" in flat
    assert "（保密）" in flat
    assert "保密的设立登记诉求" not in flat
    assert officer.get(f"/exports/{asked.id}/file").status_code == 404
    ask(supervisor, identified="on")
    assert officer.post(f"/exports/{newest(office).id}/decide").status_code == 200
    assert newest(office).state == "refused"


def test_everybody_exports_what_he_sees_and_no_more(staff, office: Office, tickets) -> None:
    head, other = staff("xzspj.head"), staff("rsj.head")
    ask(head)
    assert len(rows(head, office)) == 4
    ask(other)
    assert len(rows(other, office)) == 1
    ask(staff("supervisor"), lead="rsj")
    assert made(office).rows == 0
    for username in ("operator", "callback", "xzspj", "sysadmin", "assessor"):
        assert staff(username).post("/exports", data=REASON).status_code == 403
    assert (
        staff("dispatcher").post("/exports", data=REASON | {"identified": "on"}).status_code == 403
    )


def test_without_a_reason_there_is_no_file(staff, office: Office) -> None:
    answer = staff("supervisor").post("/exports", data={"reason": "看"})
    assert answer.status_code == 422
    assert "请写明导出的用途" in answer.text
    assert newest(office) is None


def test_a_workbook_holds_the_same_and_no_formula(staff, office: Office, tickets) -> None:
    supervisor = staff("supervisor")
    ask(supervisor, format="xlsx", texts="on")
    answer = supervisor.get(f"/exports/{made(office).id}/file")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [cell.value for cell in sheet["A"]][1:] == tickets[::-1]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_every_step_stands_in_the_record_and_the_file_dies_in_a_week(
    staff, office: Office, clock, tickets
) -> None:
    supervisor = staff("supervisor")
    ask(supervisor)
    row = made(office)
    path = f"/exports/{row.id}/file"
    assert supervisor.get(path).status_code == 200
    assert staff("dispatcher").get(path).status_code == 404
    clock.at += exports.KEPT - timedelta(minutes=1)
    assert exports.expire_due(office) == 0
    clock.move(minutes=2)
    assert supervisor.get(path).status_code == 409
    assert exports.expire_due(office) == 1
    with Session(office.engine) as session:
        assert session.exec(select(ExportPart)).all() == []
        acts = [line.act for line in record.lines(session)][::-1]
        assert record.verify(session, office.keys.ledger) == []
    assert acts == ["export.asked", "export.made", "export.taken", "export.expired"]


def test_the_file_lies_sealed_and_begins_anew_after_a_death(
    staff, office: Office, tickets, monkeypatch
) -> None:
    ask(staff("supervisor"))
    row = newest(office)
    with monkeypatch.context() as patch:
        patch.setattr(exports, "_store", _dies)
        with pytest.raises(SystemExit):
            jobs.run(office, wiring.WORKS, row.job_id)
    assert newest(office).state == "working"
    with office.engine.begin() as connection:  # the reconciler found the worker silent
        connection.execute(text("UPDATE job SET state = 'waiting'"))
    assert made(office).state == "ready"
    with Session(office.engine) as session:
        [part] = session.exec(select(ExportPart))
        assert tickets[0].encode() not in part.body


def _dies(*_: object) -> None:
    raise SystemExit


def test_who_lost_his_hat_gets_no_file(staff, office: Office, tickets) -> None:
    ask(staff("dispatcher"))
    with office.engine.begin() as connection:
        connection.execute(text("UPDATE staff SET roles = '{}' WHERE username = 'dispatcher'"))
    assert jobs.run(office, wiring.WORKS, newest(office).job_id)
    assert exports.expire_due(office) == 1
    assert newest(office).state == "failed"


def test_many_batches_make_one_list(staff, office: Office, tickets, monkeypatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    for _ in range(4):
        makers.file(office)
    supervisor = staff("supervisor")
    ask(supervisor)
    numbers = [row[0] for row in rows(supervisor, office)[1:]]
    assert len(numbers) == len(set(numbers)) == 7


def test_the_record_takes_no_change_and_shows_one_made_behind_its_back(
    staff, office: Office, as_owner: Callable[[str], None]
) -> None:
    ask(staff("supervisor"))
    ask(staff("supervisor"))
    with (
        pytest.raises(Exception, match=r"append-only|permission denied"),
        office.engine.begin() as c,
    ):
        c.execute(text("UPDATE custody_record SET act = 'x'"))
    as_owner("ALTER TABLE custody_record DISABLE TRIGGER ALL")
    as_owner("UPDATE custody_record SET by = 'staff:other' WHERE number = 2")
    with Session(office.engine) as session:
        assert record.verify(session, office.keys.ledger) == [2]
    as_owner("DELETE FROM custody_record WHERE number = 1")
    with Session(office.engine) as session:
        assert record.verify(session, office.keys.ledger) == [1]


@pytest.fixture
def as_owner(district_url: str):
    """Statements of whoever owns the database, past the application's own role."""
    from core.database import connect

    engine = connect(district_url, as_app=False)

    def do(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    yield do
    engine.dispose()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_text_begins_as_a_formula(value: str) -> None:
    written = str(plain(value))
    assert not half_width(written).lstrip().startswith(("=", "+", "-", "@"))
    assert not written.startswith(("\t", "\r"))


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "　＝"]
)
def test_each_dangerous_beginning_is_neutral(sign: str) -> None:
    assert plain(f"{sign}1+1") == f"'{sign}1+1"
    assert plain("设立登记=1") == "设立登记=1"


def test_a_stranger_to_the_job_does_not_see_it(staff, office: Office, tickets) -> None:
    ask(staff("supervisor"))
    job: UUID = newest(office).job_id
    assert staff("supervisor").get(f"/jobs/{job}").status_code == 200
    assert staff("dispatcher").get(f"/jobs/{job}").status_code == 404


def test_who_reports_a_breach_is_named_in_no_list_as_if_he_had_asked_for_it(
    staff, visitor: TestClient, office: Office
) -> None:
    """A report seals its sender on every screen; a file is no other place."""
    told = GOOD | {"kind": "report", "content": "举报有人违规收费，请查处。"}
    visitor.post("/api/v1/tickets", json=told)
    supervisor = staff("supervisor")
    ask(supervisor, identified="on")
    staff("privacy").post(f"/exports/{newest(office).id}/decide", data={"agree": "yes"})
    flat = str(rows(supervisor, office))
    assert "（保密）" in flat
    for secret in ("石鼓新材料", "企业联系人", "3000001", "违规收费"):
        assert secret not in flat
