"""Single sign-on against a real server on the loopback: who gets in, and every lie that does not."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from core.desk import Office
from core.permissions import Role
from core.settings import Settings
from core.tables import Staff
from tests.web.provider import CLIENT, SECRET, Provider, running
from tests.web.test_factor import enrol, later, second_step
from web.app import create_app
from web.deps import House
from web.linking import role_map
from web.security import RateLimits
from web.tables import AccountEvent, LoginSession

DEMO = "weibin-demo-2026"


@pytest.fixture(scope="module")
def _server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(_server: Provider) -> Provider:
    _server.claims, _server.lie = {}, ""
    return _server


Arrange = Callable[..., TestClient]


@pytest.fixture
def browser(office: Office, provider: Provider) -> Iterator[Arrange]:
    """A browser of an installation that has this sign-on server."""
    made: list[TestClient] = []

    def arrange(**settings: str) -> TestClient:
        given = {
            "oidc_issuer": provider.address,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
            "oidc_username_claim": "preferred_username",
            "public_url": "http://testserver",
        } | settings
        home = House(Settings(**given), office, RateLimits(None, "off"))
        client = TestClient(create_app(home), headers={"accept": "text/html"})
        made.append(client)
        return client

    yield arrange
    for client in made:
        client.close()


def sent_back(client: TestClient, **changed: str) -> str:
    """Out to the server and back as far as our own door; some of the answer changed on the way."""
    out = client.get("/login/sso", follow_redirects=False)
    assert out.status_code == 303, out.text
    answer = httpx.get(out.headers["location"])
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == "http://testserver/login/sso/back"
    query = {name: values[0] for name, values in parse_qs(there.query).items()} | changed
    return str(httpx.URL(there.path, params={k: v for k, v in query.items() if v}))


def through(client: TestClient, **changed: str):
    return client.get(sent_back(client, **changed))


def inside(client: TestClient) -> bool:
    return client.get("/me", follow_redirects=False).status_code == 200


def test_a_named_account_is_linked_at_the_first_sign_on_and_known_by_subject_then(
    browser: Arrange, provider: Provider, office: Office
) -> None:
    client = browser()
    assert "/login/sso" in client.get("/login").text
    provider.claims = {"preferred_username": "operator"}
    assert through(client).url.path == "/console"
    # the name there changes; the subject does not
    provider.claims = {"preferred_username": "dispatcher"}
    again = browser()
    assert through(again).url.path == "/console"
    with Session(office.engine) as session:
        assert [one.way for one in session.exec(select(LoginSession))] == ["oidc", "oidc"]
        what = [(one.username, one.what) for one in session.exec(select(AccountEvent))]
    assert what == [("operator", "linked")]


def test_without_a_trusted_claim_an_administrator_links(
    browser: Arrange, provider: Provider, staff
) -> None:
    client = browser(oidc_username_claim="")
    provider.claims = {"preferred_username": "operator", "sub": "subject-7"}
    refused = through(client)
    assert refused.status_code == 400
    assert "subject-7" in refused.text
    assert not inside(client)
    admin = browser()
    sent = {"username": "sysadmin", "password": DEMO}
    admin.headers["X-CSRF-Token"] = admin.post("/api/v1/session", json=sent).json()["csrf"]
    linked = admin.post("/people/operator/subject", data={"subject": "subject-7"})
    assert linked.status_code == 200
    assert "subject-7" in linked.text
    taken = admin.post("/people/dispatcher/subject", data={"subject": "subject-7"})
    assert taken.status_code == 409
    assert through(client).url.path == "/console"
    # unlinked: out at once, and not in again
    assert admin.post("/people/operator/subject", data={"subject": ""}).status_code == 200
    assert not inside(client)
    assert through(client).status_code == 400
    assert staff("secadmin").post(
        "/people/operator/subject", data={"subject": "x"}
    ).status_code in {
        403,
        404,
    }


def test_an_unverified_address_names_nobody(browser: Arrange, provider: Provider) -> None:
    client = browser(oidc_username_claim="email")
    provider.claims = {"email": "operator", "email_verified": False}
    assert through(client).status_code == 400
    provider.claims = {"email": "operator", "email_verified": True}
    assert through(client).url.path == "/console"


@pytest.mark.parametrize(
    "lie", ["none", "secret", "stranger", "changed", "issuer", "plain"], ids=str
)
def test_a_token_that_only_looks_right_opens_nothing(
    browser: Arrange, provider: Provider, lie: str
) -> None:
    client = browser()
    provider.claims, provider.lie = {"preferred_username": "operator"}, lie
    answer = client.get("/login/sso") if lie == "issuer" else through(client)
    assert answer.status_code == 400
    assert 'name="password"' in answer.text
    assert not inside(client)


HOUR = 3600


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["a", "b"]},
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": CLIENT, "azp": "another"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 9_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_claim_that_is_not_ours_opens_nothing(
    browser: Arrange, provider: Provider, claims: dict
) -> None:
    client = browser()
    provider.claims = {"preferred_username": "operator"} | claims
    assert through(client).status_code == 400
    assert not inside(client)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "forged"},
        {"state": ""},
        {"code": ""},
        {"code": "forged"},
        {"iss": "https://mixed-up.example"},
        {"error": "access_denied"},
    ],
    ids=str,
)
def test_a_changed_answer_opens_nothing(browser: Arrange, provider: Provider, changed) -> None:
    client = browser()
    provider.claims = {"preferred_username": "operator"}
    assert through(client, **changed).status_code == 400
    assert not inside(client)


def test_an_answer_is_good_once_and_in_its_own_browser(
    browser: Arrange, provider: Provider
) -> None:
    client, other = browser(), browser()
    provider.claims = {"preferred_username": "operator"}
    address = sent_back(client)
    cookie = client.cookies["jiesu_sign_on"]
    # in another's browser: somebody is being logged in as somebody else
    assert other.get(address).status_code == 400
    other.get("/login/sso", follow_redirects=False)
    assert other.get(address).status_code == 400
    assert client.get(address).url.path == "/console"
    assert "jiesu_sign_on" not in client.cookies
    # replayed, cookie and all: the server knows the code no more
    thief = browser()
    thief.cookies.set("jiesu_sign_on", cookie)
    assert thief.get(address).status_code == 400
    assert not inside(thief)


def test_a_journey_too_long_is_over(browser: Arrange, provider: Provider, monkeypatch) -> None:
    from datetime import timedelta

    from core.moments import utc_now

    client = browser()
    address = sent_back(client)
    monkeypatch.setattr("web.signon.utc_now", lambda: utc_now() + timedelta(minutes=11))
    assert client.get(address).status_code == 400


def test_new_keys_of_the_server_are_fetched_when_they_are_met(
    browser: Arrange, provider: Provider
) -> None:
    client = browser()
    provider.claims = {"preferred_username": "operator"}
    assert through(client).url.path == "/console"
    provider.rotate()
    assert through(client).url.path == "/console"


def test_a_server_that_does_not_answer_is_told_of_and_passwords_still_work(
    browser: Arrange,
) -> None:
    client = browser(oidc_issuer="http://127.0.0.1:1")
    answer = client.get("/login/sso")
    assert answer.status_code == 503
    assert 'name="password"' in answer.text
    assert client.get("/login/sso/back?code=x&state=y").status_code == 400


def test_without_a_server_there_is_no_such_way(visitor: TestClient) -> None:
    assert visitor.get("/login/sso").status_code == 404
    assert visitor.get("/login/sso/back").status_code == 404
    assert "/login/sso" not in visitor.get("/login", headers={"accept": "text/html"}).text


def test_who_has_a_second_factor_is_asked_for_it_here_too(
    browser: Arrange, provider: Provider, staff, office: Office
) -> None:
    phone, _ = enrol(staff("operator"))
    later(office, "operator")
    client = browser()
    provider.claims = {"preferred_username": "operator"}
    asked = through(client)
    assert not inside(client)
    token = asked.text.split('name="csrf" value="')[1].split('"')[0]
    client.headers["X-CSRF-Token"] = token
    assert second_step(client, asked.text, phone.now()).status_code == 303
    assert inside(client)


def test_a_closed_account_stays_closed(browser: Arrange, provider: Provider, staff) -> None:
    staff("sysadmin").post("/people/operator/active", data={"active": "no"})
    provider.claims = {"preferred_username": "operator"}
    client = browser()
    assert through(client).status_code == 400
    assert not inside(client)


def roles_of(office: Office, username: str) -> list[str]:
    with Session(office.engine) as session:
        return session.exec(select(Staff.roles).where(Staff.username == username)).one()


def test_groups_bring_roles_only_where_that_is_set_up(
    browser: Arrange, provider: Provider, office: Office
) -> None:
    groups = ["cn=审核", "everybody"]
    provider.claims = {"preferred_username": "operator", "groups": groups}
    through(browser())
    assert roles_of(office, "operator") == ["operator"]
    mapped = browser(oidc_role_claim="groups", oidc_role_map="cn=审核=dispatcher, boss=office")
    assert through(mapped).url.path == "/triage"
    assert roles_of(office, "operator") == ["dispatcher"]
    provider.claims["groups"] = []
    through(mapped)
    assert roles_of(office, "operator") == []


def test_groups_cannot_bring_the_administrations_together(
    browser: Arrange, provider: Provider, office: Office
) -> None:
    provider.claims = {"preferred_username": "operator", "groups": ["a", "b"]}
    client = browser(oidc_role_claim="groups", oidc_role_map="a=sysadmin,b=auditor")
    assert through(client).status_code == 400
    assert roles_of(office, "operator") == ["operator"]


def test_a_mapping_that_is_none_is_refused() -> None:
    assert role_map(" a = office ,b=auditor,") == {"a": Role.OFFICE, "b": Role.AUDITOR}
    for wrong in ("office", "a=pope", "a=system", "=office"):
        with pytest.raises(ValueError):
            role_map(wrong)


def test_going_out_tells_where_the_other_login_is_ended(
    browser: Arrange, provider: Provider
) -> None:
    client = browser()
    provider.claims = {"preferred_username": "operator"}
    page = through(client).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    out = client.post("/logout", data={"csrf": csrf})
    assert out.url.path == "/login/sso/out"
    assert f"{provider.address}/logout" in out.text
    assert not inside(client)
