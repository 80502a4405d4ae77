"""The unit register and the responsibility matrix, as their readers and editors use them."""

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from core.moments import local_day
from core.permissions import Role
from core.tables import Department
from notify import recipients
from notify.addressing import Readers
from routing.current import in_force, register

FORM = {
    "code": "cyj",
    "name": "区产业发展局",
    "kind": "department",
    "peers": "departments",
    "parent": "",
    "aliases": "产业局、产业发展局",
    "duty_phone": "0917-3310000",
    "opened": "2026-01-01",
    "closed": "",
    "reason": "区编办文件",
}


def stood(client, code):
    """The unit's form as it stands, ready to be sent again."""
    page = client.get(f"/units/{code}/edit").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    return {"seen": seen}


def form_of(office, code, **changes):
    with Session(office.engine) as session:
        row = session.get_one(Department, code)
        return {
            "name": row.name,
            "kind": row.kind,
            "peers": row.peers,
            "parent": row.parent or "",
            "aliases": "、".join(row.aliases),
            "duty_phone": row.duty_phone or "",
            "deputies": "、".join(row.deputies),
            "opened": str(row.valid_from or ""),
            "closed": str(row.valid_to or ""),
            "reason": "试一下",
        } | changes


def test_a_new_unit_is_found_under_each_of_its_names(staff, office) -> None:
    client = staff("supervisor")
    assert client.post("/units/new", data=FORM).url.path == "/units/cyj"
    page = client.get("/units/cyj").text
    assert "0917-3310000" in page
    assert "区编办文件" in page
    with Session(office.engine) as session:
        units = register(session)
        assert units.resolve("cyj").group == "departments"
        for name in ("cyj", "区产业发展局", "产业局", "產業局"):
            assert units.resolve(name).code == "cyj"
    assert "区产业发展局" in client.get("/units?q=产业局").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "有"),
        ("code", "new"),
        ("code", "rsj"),
        ("name", ""),
        ("name", "局"),
        ("name", "12345"),
        ("name", "区人社局"),
        ("aliases", "人社局"),
        ("aliases", "、".join(f"某某单位{n}处" for n in range(70))),
        ("kind", "castle"),
        ("peers", "castle"),
        ("parent", "nobody"),
        ("duty_phone", "请打手机"),
        ("opened", "昨天"),
        ("closed", "2025-12-31"),
        ("deputies", "stranger"),
        ("reason", "  "),
    ],
)
def test_a_unit_that_cannot_be_is_refused_at_its_field(staff, field, value) -> None:
    client = staff("supervisor")
    answer = client.post("/units/new", data=FORM | {field: value})
    assert answer.status_code == 422
    assert f'id="f-{field}-fault"' in answer.text or f'href="#f-{field}"' in answer.text
    assert client.get("/units/cyj").status_code == 404


def test_nobody_stands_under_himself_or_under_one_of_his_own(staff, office) -> None:
    client = staff("supervisor")
    for parent in ("qzfb", "zzys"):  # 区职转营商办 stands under 区政府办
        form = form_of(office, "qzfb", parent=parent) | stood(client, "qzfb")
        answer = client.post("/units/qzfb/edit", data=form)
        assert answer.status_code == 422, parent


def test_a_unit_that_is_renamed_still_answers_to_its_old_name(staff, office) -> None:
    client = staff("supervisor")
    form = form_of(office, "rsj", name="区人力局") | stood(client, "rsj")
    assert client.post("/units/rsj/edit", data=form, follow_redirects=False).status_code == 303
    with Session(office.engine) as session:
        assert register(session).resolve("区人社局").name == "区人力局"
    assert "区人社局" in client.get("/units/rsj").text


def test_of_two_who_change_a_unit_at_once_the_second_is_told(staff, office) -> None:
    first, second = staff("supervisor"), staff("dispatcher")
    seen = stood(first, "rsj")
    one = form_of(office, "rsj", duty_phone="3310001") | seen
    other = form_of(office, "rsj", duty_phone="3310002") | seen
    assert first.post("/units/rsj/edit", data=one, follow_redirects=False).status_code == 303
    answer = second.post("/units/rsj/edit", data=other)
    assert answer.status_code == 409
    assert "3310002" in answer.text
    with Session(office.engine) as session:
        assert session.get_one(Department, "rsj").duty_phone == "3310001"


def test_saving_what_stands_changes_nothing(staff, office) -> None:
    client = staff("supervisor")
    client.post("/units/rsj/edit", data=form_of(office, "rsj") | stood(client, "rsj"))
    assert stood(client, "rsj") == {"seen": "0"}


def test_what_is_compiled_knows_a_change_of_the_register_at_once(staff, office) -> None:
    with Session(office.engine) as session:
        assert in_force(session, office.now()).register.resolve("人力局") is None
    client = staff("supervisor")
    form = form_of(office, "rsj", aliases="人力局") | stood(client, "rsj")
    client.post("/units/rsj/edit", data=form)
    with Session(office.engine) as session:
        assert in_force(session, office.now()).register.resolve("人力局").code == "rsj"


def test_nothing_is_dispatched_to_a_unit_from_the_day_it_is_closed(staff, office) -> None:
    client = staff("supervisor")
    filed = {
        "request": "complaint",
        "category": "ldjc",
        "title": "员工工资纠纷",
        "content": "劳动监察大队三个月没有答复",
        "contact_name": "张三",
        "contact_phone": "13900000000",
        "company_name": "某某商贸有限公司",
    }
    before = staff("operator").post("/api/v1/tickets", json=filed).json()
    assert before["status"] == "in_handling", before
    today = local_day(office.now())
    closed = form_of(office, "rsj", closed=str(today)) | stood(client, "rsj")
    assert client.post("/units/rsj/edit", data=closed, follow_redirects=False).status_code == 303
    after = staff("operator").post("/api/v1/tickets", json=filed | {"title": "又来反映"}).json()
    assert after["status"] == "submitted", after
    assert "不在用" in client.get("/units?closed=yes&lang=zh").text
    tomorrow = str(today + timedelta(days=1))
    reopened = form_of(office, "rsj", closed=tomorrow) | stood(client, "rsj")
    client.post("/units/rsj/edit", data=reopened)
    again = staff("operator").post("/api/v1/tickets", json=filed | {"title": "再次反映"}).json()
    assert again["status"] == "in_handling", again


def test_a_deputy_gets_what_the_head_of_the_unit_gets(staff, office) -> None:
    client = staff("supervisor")
    form = form_of(office, "rsj", deputies="rsj") | stood(client, "rsj")
    assert client.post("/units/rsj/edit", data=form, follow_redirects=False).status_code == 303
    heads = Readers(frozenset({Role.HEAD}), "rsj")
    with Session(office.engine) as session:
        told = {staff.username for staff in recipients._staff(session, [heads])}
    assert told == {"rsj", "rsj.head"}


@pytest.mark.parametrize("username", ["operator", "rsj", "rsj.head", "callback"])
def test_readers_of_the_register_do_not_change_it(staff, username) -> None:
    client = staff(username)
    assert client.get("/units").status_code == 200
    assert client.get("/units/rsj").status_code == 200
    assert "/units/rsj/edit" not in client.get("/units/rsj").text
    assert client.get("/units/rsj/edit").status_code == 403
    assert client.post("/units/new", data=FORM).status_code == 403
    assert client.post("/units/rsj/edit", data=FORM).status_code == 403


def test_the_matrix_shows_each_part_of_each_unit(staff) -> None:
    client = staff("operator")
    page = client.get("/matrix?lang=zh").text
    assert "80 项任务" in page
    only = client.get("/matrix?unit=区税务局&part=lead&lang=zh").text
    assert "8. " in only
    assert "1. 优化企业开办" not in only  # there it only supports
    assert client.get("/matrix?unit=没有的单位").status_code == 200
    assert client.get("/matrix?version=nothing").status_code == 404


def test_the_matrix_comes_as_a_spreadsheet(staff) -> None:
    answer = staff("operator").get("/matrix.xlsx?lang=zh")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 81
    heads = rows[0]
    assert rows[1][heads.index("区行政审批局")] == "牵头"
    assert rows[1][heads.index("区税务局")] == "配合"
