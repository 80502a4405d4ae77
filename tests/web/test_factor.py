"""The second factor: enrolled, asked for, taken once, counted, replaced on paper, reset."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import text
from sqlmodel import Session, select

from core.desk import Office
from core.settings import Settings
from core.tables import Staff
from tests.web.test_filing import GOOD
from web import factors, security
from web.deps import House
from web.security import LoginFailed, RateLimits
from web.tables import AccountEvent, LoginSession, SecondFactor

DEMO = "weibin-demo-2026"
OWN = "Qing-Shan-2027"


def codes_of(page: str) -> list[str]:
    return re.findall(r"<li><code>([^<]+)</code></li>", page)


def enrol(client: TestClient) -> tuple[pyotp.TOTP, list[str]]:
    """The whole way: begin, scan, confirm. What the telephone computes, and the paper."""
    assert client.post("/me/factor/start").status_code == 200
    secret = re.search(r'id="secret">([^<]+)<', client.get("/me/factor").text).group(1)
    phone = pyotp.TOTP(secret.replace(" ", ""))
    done = client.post("/me/factor/confirm", data={"code": phone.now()})
    assert done.status_code == 200
    return phone, codes_of(done.text)


def later(office: Office, username: str) -> None:
    """As if the last code was taken long ago: tests do not wait half a minute."""
    with Session(office.engine) as session, session.begin():
        row = session.get(SecondFactor, staff_of(office, username).id)
        row.last_step = 0


def staff_of(office: Office, username: str) -> Staff:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(select(Staff).where(Staff.username == username)).one()


def stale(office: Office) -> None:
    """Every factor was shown an hour ago."""
    with Session(office.engine) as session, session.begin():
        for login in session.exec(select(LoginSession)):
            if login.factor_at:
                login.factor_at -= timedelta(hours=1)


def first_step(client: TestClient, username: str, password: str) -> str:
    """The page after name and password, as a browser without a session sends them."""
    client.cookies.clear()
    form = client.get("/login", headers={"accept": "text/html"}).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', form).group(1)
    client.headers["X-CSRF-Token"] = csrf
    sent = {"username": username, "password": password}
    return client.post("/login", data=sent, headers={"accept": "text/html"}).text


def token_in(page: str) -> str:
    return re.search(r'name="token" value="([^"]+)"', page).group(1)


def second_step(client: TestClient, page: str, code: str):
    return client.post(
        "/login/code",
        data={"token": token_in(page), "code": code},
        headers={"accept": "text/html"},
        follow_redirects=False,
    )


def test_enrolled_one_logs_in_by_password_and_a_code_that_counts_once(
    staff, visitor: TestClient, office: Office
) -> None:
    client = staff("operator")
    assert client.get("/me/factor/qr.svg").status_code == 404
    client.post("/me/factor/start")
    drawn = client.get("/me/factor/qr.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.headers["cache-control"] == "no-store"
    wrong = client.post("/me/factor/confirm", data={"code": "000000"})
    assert wrong.status_code == 422
    phone, codes = enrol(client)
    assert len(set(codes)) == 10
    assert client.get("/me/factor/qr.svg").status_code == 404
    assert codes[0] not in client.get("/me/factor").text
    later(office, "operator")

    page = first_step(visitor, "operator", DEMO)
    assert visitor.cookies.get("jiesu_session") is None
    code = phone.now()
    assert second_step(visitor, page, code).headers["location"] == "/home"
    assert visitor.get("/console").status_code == 200
    # the same code again, in the same half minute, with the password known
    again = second_step(visitor, first_step(visitor, "operator", DEMO), code)
    assert again.status_code == 401
    assert visitor.get("/console").status_code == 401


def test_which_of_the_two_was_wrong_is_not_told(staff, visitor: TestClient, office: Office) -> None:
    phone, _ = enrol(staff("operator"))
    later(office, "operator")
    right = first_step(visitor, "operator", DEMO)
    wrong = first_step(visitor, "operator", "nonsense-nonsense")

    def bare(page: str) -> str:
        return re.sub(r'(value|content|csrf)="[^"]*"', "", page)

    assert bare(right) == bare(wrong)
    assert len(token_in(right)) == len(token_in(wrong))
    refused = second_step(visitor, wrong, phone.now())
    also = second_step(visitor, first_step(visitor, "operator", DEMO), "000000")
    assert refused.status_code == also.status_code == 401
    assert bare(refused.text) == bare(also.text)


def test_failures_of_the_second_factor_lock_the_account(
    staff, visitor: TestClient, office: Office
) -> None:
    phone, codes = enrol(staff("operator"))
    later(office, "operator")
    for _ in range(5):
        page = first_step(visitor, "operator", DEMO)
        assert second_step(visitor, page, "000000").status_code == 401
    page = first_step(visitor, "operator", DEMO)
    assert second_step(visitor, page, phone.now()).status_code == 401
    assert second_step(visitor, page, codes[0]).status_code == 401
    with Session(office.engine) as session:
        what = [line.what for line in session.exec(select(AccountEvent))]
    assert what.count("locked") == 1
    log = staff("auditor").get("/people/operator?lang=zh").text
    assert "登录前 · 多次登录失败，暂时锁定" in log


def test_knowing_the_password_does_not_wipe_the_count(
    staff, visitor: TestClient, office: Office
) -> None:
    enrol(staff("operator"))
    for _ in range(4):
        second_step(visitor, first_step(visitor, "operator", DEMO), "000000")
    first_step(visitor, "operator", DEMO)
    assert staff_of(office, "operator").failures == 4


def test_a_forged_or_stale_first_step_opens_nothing(
    staff, visitor: TestClient, office: Office, monkeypatch
) -> None:
    phone, _ = enrol(staff("operator"))
    later(office, "operator")
    page = first_step(visitor, "operator", DEMO)
    token = token_in(page)
    for forged in ("", "x", token[:-4] + "AAAA", "é" * 10):
        sent = {"token": forged, "code": phone.now()}
        assert visitor.post("/login/code", data=sent).status_code == 401
    at = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr("web.security.utc_now", lambda: at)
    assert second_step(visitor, page, phone.at(at)).status_code == 401


def test_a_recovery_code_works_once_however_it_is_written(
    staff, visitor: TestClient, office: Office
) -> None:
    _, codes = enrol(staff("operator"))
    typed = codes[0].replace("-", " ").upper()
    page = first_step(visitor, "operator", DEMO)
    assert second_step(visitor, page, typed).status_code == 303
    assert second_step(visitor, first_step(visitor, "operator", DEMO), codes[0]).status_code == 401
    with office.engine.connect() as connection:
        kept = connection.execute(text("SELECT codes::text FROM second_factor")).scalar_one()
    for code in codes:
        assert code.replace("-", "") not in kept


def test_programs_send_the_code_with_the_password(
    staff, visitor: TestClient, office: Office
) -> None:
    phone, _ = enrol(staff("operator"))
    later(office, "operator")
    sent = {"username": "operator", "password": DEMO}
    assert visitor.post("/api/v1/session", json=sent).json()["code"] == LoginFailed.code
    assert visitor.post("/api/v1/session", json=sent | {"code": phone.now()}).status_code == 201


def test_delicate_acts_ask_for_a_fresh_code(staff, visitor: TestClient, office: Office) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    client = staff("operator")
    client.headers["Accept"] = "text/html"
    phone, _ = enrol(client)
    path = f"/tickets/{number}"
    assert "0917-3000001" in client.post(f"{path}/unmask", data={"reason": "回访"}).text
    stale(office)
    asked = client.post(f"{path}/unmask", data={"reason": "回访"})
    assert asked.url.path == "/me/factor/again"
    assert "0917-3000001" not in asked.text
    back = {"back": path}
    assert client.post("/me/factor/again", data=back | {"code": "000000"}).status_code == 422
    later(office, "operator")
    shown = client.post("/me/factor/again", data=back | {"code": phone.now()})
    assert shown.url.path == path
    assert "0917-3000001" in client.post(f"{path}/unmask", data={"reason": "回访"}).text


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
def test_the_question_leads_nowhere_outside(staff, back: str) -> None:
    client = staff("operator")
    enrol(client)
    page = client.get("/me/factor/again", params={"next": back}).text
    assert "evil.example" not in page


def test_named_roles_must_have_it_once_their_password_is_their_own(
    staff, newcomer, office: Office
) -> None:
    client = newcomer("secadmin", DEMO)
    assert client.get("/people").url.path == "/people"
    client.post("/me/password", data={"old": DEMO, "password": OWN, "again": OWN})
    assert client.get("/people").url.path == "/me/factor"
    assert client.get("/api/v1/tickets").json()["code"] == "factor_due"
    assert client.post("/people/operator/roles", data={"roles": "office"}).url.path == "/me/factor"
    enrol(client)
    assert client.get("/people").url.path == "/people"
    assert client.post("/me/factor/off").status_code == 200
    assert client.get("/people").url.path == "/me/factor"


def test_the_security_administrator_resets_and_the_log_says_so(
    staff, newcomer, office: Office
) -> None:
    client = newcomer("operator", DEMO)
    enrol(client)
    sysadmin, secadmin = staff("sysadmin"), staff("secadmin")
    assert sysadmin.post("/people/operator/factor").status_code == 403
    assert secadmin.post("/people/secadmin/factor").status_code == 403
    assert secadmin.post("/people/dispatcher/factor").status_code == 404
    assert "重置登录验证码" in secadmin.get("/people/operator?lang=zh").text
    assert secadmin.post("/people/operator/factor").status_code == 200
    assert client.get("/console").status_code == 401
    assert newcomer("operator", DEMO).get("/console").status_code == 200
    log = staff("auditor").get("/people/operator?lang=zh").text
    assert "启用登录验证码" in log
    assert "重置登录验证码" in log


def test_recovery_codes_are_replaced_and_the_old_ones_end(staff, office: Office) -> None:
    client = staff("operator")
    _, codes = enrol(client)
    fresh = codes_of(client.post("/me/factor/codes").text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert client.post("/me/factor/start").status_code == 409


def test_the_secret_is_sealed_and_bound_to_its_row(staff, office: Office, house: House) -> None:
    phone, _ = enrol(staff("operator"))
    with Session(office.engine) as session:
        row = session.exec(select(SecondFactor)).one()
        assert phone.secret.encode() not in row.secret
        assert factors.opened(house.keys, row) == phone.secret
        row.staff_id = staff_of(office, "dispatcher").id
        with pytest.raises(ValueError, match="moved"):
            factors.opened(house.keys, row)
        session.rollback()


def test_one_other_login_is_ended_by_itself(newcomer) -> None:
    here, there = newcomer("operator", DEMO), newcomer("operator", DEMO)
    third = newcomer("operator", DEMO)
    handles = re.findall(r'action="/me/sessions/([0-9a-f]+)"', here.get("/me").text)
    assert len(handles) == 2
    assert here.post(f"/me/sessions/{handles[0]}").status_code == 200
    assert sorted(c.get("/console").status_code for c in (there, third)) == [200, 401]
    assert here.post("/me/sessions/0000000000000000").status_code == 404
    # somebody else's handle is nothing to me
    assert newcomer("dispatcher", DEMO).post(f"/me/sessions/{handles[1]}").status_code == 404


def test_a_role_nobody_has_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError):
        Settings(second_factor_roles="sysadmin,pope")


def test_logging_in_is_closed_while_nobody_counts_and_filing_is_not(house: House, visitor) -> None:
    dead = RateLimits("redis://127.0.0.1:1/0", "on")
    object.__setattr__(visitor.app.state.house, "limits", dead)
    sent = {"username": "operator", "password": DEMO}
    assert visitor.post("/api/v1/session", json=sent).status_code == 503
    assert visitor.post("/api/v1/tickets", json=GOOD).status_code == 201
    assert visitor.get("/track").status_code == 200


def test_what_is_over_or_was_only_begun_is_forgotten(staff, office: Office, monkeypatch) -> None:
    enrol(staff("operator"))
    begun = staff("dispatcher")
    begun.post("/me/factor/start")
    for days, logins, factor_rows in ((0, 2, 2), (2, 2, 1), (5, 0, 1)):
        at = datetime.now(UTC) + timedelta(days=days)
        monkeypatch.setattr("web.security.utc_now", lambda at=at: at)
        with Session(office.engine) as session, session.begin():
            security.prune(session)
        with Session(office.engine) as session:
            assert len(session.exec(select(LoginSession)).all()) == logins
            assert len(session.exec(select(SecondFactor)).all()) == factor_rows
