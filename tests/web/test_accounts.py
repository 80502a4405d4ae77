"""Accounts: made by one administration, given hats by another, and passwords by rule."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core.desk import Office
from core.errors import Conflict, Invalid
from core.people import actor_of
from core.permissions import SYSTEM
from tests.makers import together
from web import accounts
from web.accounts import check_password, first_password

DEMO = "weibin-demo-2026"
OWN = "Qing-Shan-2027"


def first_of(page: str) -> str:
    return re.search(r'<code class="number">([^<]+)</code>', page).group(1)


def made(staff, username: str = "xin.ren", department: str = "rsj") -> str:
    sent = {"username": username, "name": "窗口受理岗", "department": department, "email": ""}
    answer = staff("sysadmin").post("/people/new", data=sent)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return first_of(answer.text)


def test_a_new_person_gets_a_first_password_then_hats_and_chooses_his_own(staff, newcomer) -> None:
    first = made(staff)
    client = newcomer("xin.ren", first)
    # nothing else until the password is one's own
    assert client.get("/inbox").url.path == "/me"
    assert client.get("/api/v1/tickets").json()["code"] == "password_due"
    weak = client.post("/me/password", data={"old": first, "password": "short", "again": "short"})
    assert "密码须为10至128个字符" in weak.text
    differs = client.post("/me/password", data={"old": first, "password": OWN, "again": "x"})
    assert "两次输入的新密码不一致" in differs.text
    done = client.post("/me/password", data={"old": first, "password": OWN, "again": OWN})
    assert "密码已修改" in done.text
    assert client.get("/inbox").url.path == "/inbox"
    assert client.get("/board").status_code == 403
    staff("secadmin").post("/people/xin.ren/roles", data={"roles": ["handler", "liaison"]})
    # the open session ended with the change of hats
    assert client.get("/board").status_code == 401
    assert newcomer("xin.ren", OWN).get("/board").status_code == 200
    log = staff("auditor").get("/people/xin.ren?lang=zh").text
    for word in ("新建账号", "本人修改密码", "分配角色"):
        assert word in log


def test_the_three_administrations_stay_apart(staff) -> None:
    made(staff)
    sysadmin, secadmin, auditor = staff("sysadmin"), staff("secadmin"), staff("auditor")
    assert sysadmin.post("/people/xin.ren/roles", data={"roles": "office"}).status_code == 403
    assert auditor.post("/people/xin.ren/roles", data={"roles": "office"}).status_code == 403
    assert secadmin.post("/people/xin.ren/active", data={"active": "no"}).status_code == 403
    assert secadmin.get("/people/new").status_code == 404
    both = secadmin.post("/people/xin.ren/roles", data={"roles": ["sysadmin", "auditor"]})
    assert "不能由同一人担任" in both.text
    assert secadmin.post("/people/secadmin/roles", data={"roles": "office"}).status_code == 403
    assert secadmin.post("/people/xin.ren/roles", data={"roles": "business"}).status_code == 422
    assert sysadmin.post("/people/sysadmin/active", data={"active": "no"}).status_code == 403
    for who in ("operator", "supervisor", "xzspj.head"):
        assert staff(who).get("/people").status_code == 403


def test_a_closed_account_is_out_at_once_and_a_reset_password_is_a_first_one(
    staff, newcomer
) -> None:
    client = newcomer("operator", DEMO)
    assert client.get("/console").status_code == 200
    sysadmin = staff("sysadmin")
    assert sysadmin.post("/people/operator/active", data={"active": "no"}).status_code == 200
    assert client.get("/console").status_code == 401
    assert newcomer("operator", DEMO).get("/console").status_code == 401
    sysadmin.post("/people/operator/active", data={"active": "yes"})
    first = first_of(sysadmin.post("/people/operator/password").text)
    assert newcomer("operator", DEMO).get("/console").status_code == 401
    assert newcomer("operator", first).get("/console").url.path == "/me"


def test_moving_to_another_unit_takes_the_unit_s_hats_away(staff, newcomer) -> None:
    sysadmin = staff("sysadmin")
    moved = {"name": "经办人", "department": "rsj", "email": "a@example.cn"}
    assert sysadmin.post("/people/xzspj", data=moved).status_code == 200
    assert newcomer("xzspj", DEMO).get("/board").status_code == 403
    wrong = sysadmin.post("/people/xzspj", data=moved | {"department": "moon"})
    assert "没有这个单位" in wrong.text
    assert sysadmin.post("/people/xzspj", data=moved | {"email": "x"}).status_code == 422
    assert sysadmin.post("/people/nobody", data=moved).status_code == 404


def test_one_sees_and_ends_one_s_other_logins(newcomer) -> None:
    here, there = newcomer("operator", DEMO), newcomer("operator", DEMO)
    assert here.get("/me?lang=zh").text.count("–") >= 2
    assert here.post("/me/sessions").status_code == 200
    assert there.get("/console").status_code == 401
    assert here.get("/console").status_code == 200
    assert here.post("/me", data={"language": "en", "email": "no"}).status_code == 422
    assert here.post("/me", data={"language": "en", "email": "a@b.cn"}).status_code == 200


def test_the_list_is_found_in_and_paged(staff) -> None:
    client = staff("auditor")
    everybody = client.get("/people?lang=zh").text
    assert "下一页" in everybody
    assert "xzspj.head" in client.get("/people?q=xzspj&lang=zh").text
    assert "没有符合条件的账号" in client.get("/people?q=%25&lang=zh").text
    assert "rsj.head" in client.get("/people?unit=rsj&lang=zh").text
    assert "新建账号" not in everybody


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Ab1!", "length"),
        ("x" * 129, "length"),
        ("alllowercase", "classes"),
        ("lower1234567", "classes"),
        ("Operator-123", "username"),
        ("Aa1!Aa1!Aa1!", "simple"),
    ],
)
def test_a_weak_password_is_refused_and_says_why(password, code) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "operator")
    assert refused.value.faults[0].code == code


def test_a_first_password_is_a_good_one_and_never_the_same() -> None:
    found = {first_password() for _ in range(50)}
    assert len(found) == 50
    for password in found:
        check_password(password, "somebody.else")


def test_two_who_make_the_same_name_at_once_make_one(office: Office) -> None:
    with Session(office.engine) as session:
        found = accounts.find(session, "sysadmin")
        assert found is not None
        admin = actor_of(found)

    def make(_: int) -> None:
        with office.desk(admin) as desk:
            accounts.create(desk, {"username": "twice", "name": "岗"})

    outcomes = together(2, make)
    assert sorted(type(one).__name__ for one in outcomes) == [Conflict.__name__, "NoneType"]


def test_what_was_done_to_an_account_cannot_be_rewritten(office: Office, staff) -> None:
    made(staff)
    for statement in ("UPDATE account_event SET what = 'x'", "DELETE FROM account_event"):
        with (
            Session(office.engine) as session,
            pytest.raises(DBAPIError, match=r"append-only|permission denied"),
        ):
            session.execute(text(statement))


def test_the_published_password_ends_for_all_who_still_have_it(
    office: Office, staff, newcomer
) -> None:
    first = made(staff)
    with office.desk(SYSTEM) as desk:
        closed = accounts.close_published(desk, DEMO)
        assert closed > 50
    assert newcomer("operator", DEMO).get("/console").status_code == 401
    assert newcomer("xin.ren", first).get("/me").status_code == 200
    with office.desk(SYSTEM) as desk:
        assert accounts.close_published(desk, DEMO) == 0
        _, fresh = accounts.reset_password(desk, "sysadmin")
    assert newcomer("sysadmin", fresh).get("/people").url.path == "/me"
