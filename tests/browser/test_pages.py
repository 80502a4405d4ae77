"""Every page of the running product in Chromium: no complaint, no overflow, a picture of each."""

import threading
from collections.abc import Iterator
from datetime import date
from time import sleep
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from core.desk import Office
from core.settings import Settings
from sla import standard_drafts
from tests.browser.chromium import ARTEFACTS, chromium
from tests.cast import DISPATCHER
from web.app import create_app
from web.deps import House
from web.security import RateLimits
from web.seed import PASSWORD
from web.seed.tickets import seed_tickets

pytestmark = pytest.mark.browser
PUBLIC = ("/", "/help", "/help?q=停电", "/file", "/track", "/login", "/patterns", "/nosuch")
PLACES = {
    "operator": ("/console", "/inbox", "/plan", "/tickets/{number}"),
    "dispatcher": (
        "/triage", "/imports", "/relay", "/tickets/{triage}", "/search?q=登记", "/limits/drafts/{draft}",
        "/limits/drafts/{draft}/policies/resolve.complaint.normal",
        "/limits/drafts/{draft}/calendars", "/limits/drafts/{draft}/what-if",
        "/limits/what-if",
        "/limits/drafts/{draft}/publish",
    ),
    "editor": (
        "/knowledge", "/knowledge?show=due", "/knowledge/3", "/knowledge/3/edit", "/phrases",
    ),
    "callback": ("/callbacks", "/phrases"),
    "supervisor": (
        "/oversight", "/bulletins", "/bulletins/2026-11", "/tickets/{late}", "/limits",
        "/supervision", "/oversight/blame?period=2026-11", "/tickets/{late}/deadlines",
    ),
    "privacy": ("/privacy", "/privacy/retention", "/privacy/record", "/privacy/paper", "/exports"),
    "secadmin": ("/clients", "/clients/new"),
    "sysadmin": (
        "/inbox", "/console", "/people", "/mailbox", "/people/operator", "/people/new", "/me",
        "/me/factor",
    ),
}  # fmt: skip
# what a page answers when it is no page for this person, and rightly so
ANSWERS = {"/nosuch": 404, "sysadmin/console": 403}
SIZES = {"phone": (390, 844), "desk": (1280, 900)}


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    """The product on a port of the loopback, with thirty tickets told."""
    seed_tickets(office, area="610302", count=30)
    app = create_app(House(Settings(), office, RateLimits(None, "off")))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def numbers(office: Office, address: str) -> dict[str, str]:
    """Ticket numbers the walk needs: a busy one, one that broke a promise, one to be sorted."""
    wanted = {
        "number": "SELECT number FROM ticket ORDER BY entries DESC, number LIMIT 1",
        "late": "SELECT number FROM ticket ORDER BY breached_at NULLS LAST, number LIMIT 1",
        "triage": "SELECT number FROM ticket ORDER BY lead NULLS FIRST, number LIMIT 1",
        "unit": "SELECT department FROM work_order GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    }
    with office.engine.connect() as connection:
        found = {name: connection.execute(text(sql)).scalar_one() for name, sql in wanted.items()}
        own = "SELECT t.number FROM ticket t JOIN work_order o ON o.ticket_id = t.id WHERE o.department = :unit LIMIT 1"
        found["draft"] = str(_draft(office))
        found["own"] = connection.execute(text(own), found).scalar_one()
    return found


def _draft(office: Office) -> UUID:
    """A draft of the limits with a day off in it."""
    with office.desk(DISPATCHER) as desk:
        made = standard_drafts.start(desk, note="按新办法调整时限")
        off = {"day": date(2026, 11, 24), "working": False, "reason": "暴雪停工"}
        standard_drafts.set_day(desk, made.id, 1, "office", **off)
    return made.id


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


class Walk:
    """One person at one screen, noting whatever the browser complains about."""

    def __init__(self, browser: Browser, address: str, size: str, scheme: str, lang: str) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale={"zh": "zh-CN", "en": "en-GB"}[lang],
        )
        self.page: Page = self.context.new_page()
        self.tail = f"{lang}-{size}-{scheme}"
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, said: object) -> None:
        # a page that is rightly refused is told of as a failed resource: its own address
        refused = "the server responded with a status of" in said.text
        if said.type in {"error", "warning"} and not refused:
            self.troubles.append(said.text)

    def log_in(self, username: str) -> None:
        self.context.clear_cookies()
        self.page.goto("/login")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form[action='/login'] button")
        self.page.wait_for_url(lambda url: urlsplit(url).path != "/login")

    def look(self, path: str, picture: str, status: int = 200) -> None:
        answer = self.page.goto(path)
        assert answer.status == status, path
        self.check(picture)

    def check(self, picture: str) -> None:
        self.page.wait_for_load_state("networkidle")
        name = f"page-{picture}-{self.tail}.png"
        self.page.screenshot(path=ARTEFACTS / name, full_page=True)
        wide, room = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= room, f"{picture}: {wide} wide in {room}"
        assert self.troubles == [], picture


@pytest.fixture(
    params=[
        ("phone", "light", "zh"),
        ("desk", "dark", "en"),
        ("desk", "light", "zh"),
        ("phone", "dark", "en"),
    ],
    ids="-".join,
)
def walk(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Walk]:
    ARTEFACTS.mkdir(exist_ok=True)
    made = Walk(browser, address, *request.param)
    yield made
    made.context.close()


def test_every_public_page_stands_on_every_screen(walk: Walk) -> None:
    for path in PUBLIC:
        walk.look(path, f"public{path.replace('/', '-').rstrip('-')}", ANSWERS.get(path, 200))


def test_a_business_files_and_follows_on_every_screen(walk: Walk) -> None:
    page = walk.page
    send = "form[data-draft=file] button[type=submit]"
    page.goto("/file")
    page.click(send)
    walk.check("file-faults")
    page.fill("#f-content", "公司设立登记提交后卡了两周，请尽快办理。")
    page.fill("#f-company_name", "渭滨石鼓新材料有限公司")
    page.fill("#f-contact_phone", "0917-3000001")
    page.check("[name=consent]")
    page.click(send)
    page.wait_for_url("**/filed/**")
    walk.check("filed")
    page.click("main a[href^='/track/']")
    page.wait_for_url("**/track/**")
    walk.check("own-ticket")


def test_every_place_of_the_staff_stands_on_every_screen(
    walk: Walk, numbers: dict[str, str]
) -> None:
    places = PLACES | {numbers["unit"]: ("/board", "/tickets/{own}")}
    for username, paths in places.items():
        walk.log_in(username)
        who = "unit" if username == numbers["unit"] else username
        for path in paths:
            status = ANSWERS.get(path, ANSWERS.get(f"{username}{path}", 200))
            name = (
                path.partition("?")[0]
                .strip("/")
                .replace("/", "-")
                .translate({123: None, 125: None})
            )
            walk.look(path.format(**numbers), f"{who}-{name}", status)
