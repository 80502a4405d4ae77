"""The operator's minute, done in Chromium by keyboard alone: from the call to the next one."""

import threading
from collections.abc import Iterator
from time import sleep
from urllib.parse import parse_qs

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlmodel import Session, select

from core.desk import Office
from core.settings import Settings
from core.tables import Ticket
from tests.browser.chromium import ARTEFACTS, chromium
from tests.makers import file
from web.app import create_app
from web.deps import House
from web.security import RateLimits
from web.seed import PASSWORD

pytestmark = pytest.mark.browser
PREVIEW = "**/console/preview"
PHONE = "13800000001"
MATTER = "设立登记提交后卡了两周，窗口每次说法都不一样，企业开办到底要几天"
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    """The product on a port of the loopback, over a district without tickets."""
    app = create_app(House(Settings(), office, RateLimits(None, "off")))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    ARTEFACTS.mkdir(exist_ok=True)
    made = browser.new_context(
        base_url=address, locale="zh-CN", viewport={"width": 1280, "height": 900}
    )
    yield made
    made.close()


@pytest.fixture
def desk(context: BrowserContext) -> Iterator[Page]:
    """The operator's desk, reached without a mouse; nothing the browser minds is let pass."""
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.goto("/login")
    page.focus("[name=username]")
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")
    page.wait_for_load_state("networkidle")
    yield page
    # the two answers that tests provoke, and nothing else
    assert [told for told in troubles if "status of 4" not in told] == []


def calls(office: Office) -> list[Ticket]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(Ticket).where(Ticket.channel == "phone")))


def press(page: Page, key: str) -> None:
    page.keyboard.press(f"Alt+{'Digit' if key.isdigit() else 'Key'}{key}")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


def picture(page: Page, name: str) -> None:
    """What it looks like on a desk and on a phone; nothing sticks out at the side."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=ARTEFACTS / f"console-{name}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, size
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_call_is_taken_and_saved_by_keyboard_alone(desk: Page, office: Office) -> None:
    file(office, contact_name="王小明")
    assert focused(desk) == "f-contact_phone"
    desk.keyboard.type(PHONE)
    desk.wait_for_selector("#caller >> text=王**")
    press(desk, "C")  # the company of his last request
    assert desk.input_value("#f-company_name") == "渭滨石鼓新材料有限公司"
    press(desk, "3")
    desk.keyboard.type("窗口一直不给发票，税务发票申领等了一个月没有答复")
    desk.wait_for_selector("[data-choose=f-category]")
    press(desk, "6")  # the first category suggested
    assert desk.input_value("#f-category") != ""
    desk.wait_for_selector("#preview-due")
    lead = desk.inner_text("#preview-lead")
    picture(desk, "typing")
    press(desk, "S")
    desk.wait_for_selector("#receipt")
    receipt = desk.inner_text("#receipt")
    [ticket] = calls(office)
    assert lead in receipt
    assert ticket.number in desk.get_attribute("#saved", "href")
    assert len(desk.inner_text("#code")) >= 6
    # the next caller finds an empty form under the cursor
    assert focused(desk) == "f-contact_phone"
    assert desk.input_value("#f-contact_phone") == ""
    assert desk.input_value("#f-content") == ""
    assert desk.is_hidden("[data-restored]")
    picture(desk, "saved")


def test_a_company_chosen_by_name_brings_its_code_and_the_other_way_round(
    desk: Page, office: Office
) -> None:
    file(office, uscc="91610302MA6XN0P29A")
    press(desk, "2")
    desk.keyboard.type("石鼓新材")
    desk.wait_for_selector("#companies option", state="attached")
    desk.keyboard.press("Control+A")
    desk.keyboard.type("渭滨石鼓新材料有限公司")  # what choosing from the list writes
    assert desk.input_value("#f-uscc") == "91610302MA6XN0P29A"
    desk.keyboard.press("Control+A")
    desk.keyboard.press("Delete")
    desk.wait_for_selector("#company >> text=渭滨石鼓新材料有限公司")
    press(desk, "C")
    assert desk.input_value("#f-company_name") == "渭滨石鼓新材料有限公司"


def test_a_question_is_answered_at_once_from_a_card(desk: Page, office: Office) -> None:
    desk.keyboard.type(PHONE)
    press(desk, "3")
    desk.keyboard.type(MATTER)
    desk.wait_for_selector("#cards >> text=企业开办需要几天")
    press(desk, "A")
    desk.wait_for_selector("#receipt >> text=已答复")
    [ticket] = calls(office)
    assert (ticket.status, ticket.lead) == ("answered", None)


def test_a_call_about_an_open_matter_is_filed_and_sent_to_be_merged_with_one_key(
    desk: Page, office: Office
) -> None:
    before = file(office).ticket
    desk.keyboard.type(PHONE)
    press(desk, "3")
    desk.keyboard.type(MATTER)
    desk.wait_for_selector("#likely >> text=同一号码")
    picture(desk, "likely")
    with desk.expect_request("**/tickets/*/merge") as sent:
        press(desk, "M")
    [ticket] = calls(office)
    assert sent.value.method == "POST"
    assert f"/tickets/{ticket.number}/merge" in sent.value.url
    assert parse_qs(sent.value.post_data)["into"] == [before.number]


def test_shortcuts_are_silent_while_an_input_method_composes(desk: Page, office: Office) -> None:
    desk.keyboard.type(PHONE)
    press(desk, "3")
    desk.evaluate(
        "addEventListener('keydown', (e) => { (window.seen ??= []).push(e.isComposing); }, true)"
    )
    method = desk.context.new_cdp_session(desk)
    composed = {"text": "qi ye kai ban", "selectionStart": 13, "selectionEnd": 13}
    method.send("Input.imeSetComposition", composed)
    for key in ("S", "1", "Slash"):
        code = {"S": "KeyS", "1": "Digit1", "Slash": "Slash"}[key]
        event = {"key": "Process", "code": code, "modifiers": 1, "windowsVirtualKeyCode": 229}
        method.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
        method.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    # the browser itself says that a composition was going on
    assert desk.evaluate("seen") == [True, True, True]
    assert focused(desk) == "f-content"
    assert not desk.evaluate("document.getElementById('keys').open")
    assert "/console" in desk.url
    assert calls(office) == []
    method.send("Input.insertText", {"text": "企业开办要几天，卡在窗口两周了"})
    desk.wait_for_selector("#cards >> text=企业开办需要几天")
    assert desk.input_value("#f-content") == "企业开办要几天，卡在窗口两周了"
    press(desk, "S")
    desk.wait_for_selector("#receipt")
    assert len(calls(office)) == 1


def test_the_keys_of_the_page_are_listed_and_the_list_closes_again(desk: Page) -> None:
    desk.keyboard.press("Alt+Slash")
    told = desk.inner_text("#keys")
    assert "Alt+S" in told
    assert "保存，接下一个" in told
    desk.screenshot(path=ARTEFACTS / "console-keys.png")
    desk.keyboard.press("Escape")
    assert focused(desk) == "f-contact_phone"
    desk.keyboard.type("?")  # in a field it is a sign like any other
    assert desk.input_value("#f-contact_phone") == "?"
    desk.evaluate("document.activeElement.blur()")
    desk.keyboard.press("?")
    assert desk.evaluate("document.getElementById('keys').open")


def test_an_answer_that_comes_late_does_not_replace_what_is_newer(desk: Page) -> None:
    held: list[Route] = []

    def slow(route: Route) -> None:
        if "%E5%81%9C%E7%94%B5" in (route.request.post_data or ""):  # 停电
            held.append(route)
        else:
            route.continue_()

    desk.route(PREVIEW, slow)
    press(desk, "3")
    with desk.expect_request(PREVIEW):
        desk.keyboard.type("厂里这个月停电三次")
    desk.wait_for_timeout(600)
    assert held
    desk.keyboard.press("Control+A")
    desk.keyboard.type("公司注销清税证明交了三周还没有结果")
    desk.wait_for_selector("#preview-lead >> text=区行政审批局")
    late = desk.request.post(
        "/console/preview",
        form={"content": "厂里这个月停电三次"},
        headers={"X-CSRF-Token": desk.input_value("#desk [name=csrf]")},
    )
    assert "区发改局" in late.text()
    for route in held:
        route.fulfill(body=late.text(), content_type="text/html")
    desk.wait_for_timeout(500)
    assert desk.inner_text("#preview-lead") == "区行政审批局"
    assert desk.locator("#cards >> text=企业注销要多久").count() == 1


def test_a_draft_outlives_its_tab_without_the_callers_name_and_number(
    desk: Page, context: BrowserContext
) -> None:
    desk.keyboard.type(PHONE)
    desk.keyboard.press("Tab")
    desk.keyboard.type("王小明")
    press(desk, "3")
    desk.keyboard.type(MATTER)
    kept = desk.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert MATTER in kept
    assert PHONE not in kept
    assert "王小明" not in kept
    desk.close()
    again = context.new_page()
    again.goto("/console")
    again.wait_for_selector("[data-restored]:visible")
    assert again.input_value("#f-content") == MATTER
    assert again.input_value("#f-contact_phone") == ""
    again.wait_for_selector("#cards >> text=企业开办需要几天")
    again.click("[data-discard]")
    again.wait_for_selector("#cards", state="detached")
    again.reload()
    assert again.input_value("#f-content") == ""
    assert again.is_hidden("[data-restored]")


@pytest.mark.parametrize(
    ("path", "tick", "restored"),
    [("/file", False, True), ("/file", True, False), ("/file?kiosk=1", False, False)],
)
def test_the_public_form_keeps_nobodys_name_and_on_a_shared_machine_nothing(
    context: BrowserContext, path: str, tick: bool, restored: bool
) -> None:
    page = context.new_page()
    page.goto(path)
    if tick:
        page.fill("#f-contact_phone", PHONE)
        page.check("#f-shared")
    page.fill("#f-content", MATTER)
    page.fill("#f-contact_phone", PHONE)
    store = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert PHONE not in store
    page.reload()  # a reload loses nothing else, wherever one sits
    assert page.input_value("#f-content") == MATTER
    assert page.input_value("#f-contact_phone") == ""
    page.close()
    again = context.new_page()
    again.goto(path)
    assert (again.input_value("#f-content") == MATTER) is restored


def test_wording_is_picked_by_keyboard_and_filled_for_the_ticket(
    desk: Page, office: Office
) -> None:
    number = file(office).ticket.number
    desk.goto(f"/tickets/{number}")
    press(desk, "W")
    desk.wait_for_selector("#phrases[open] [role=option]")
    desk.screenshot(path=ARTEFACTS / "console-phrases.png")
    desk.keyboard.type("登记")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("Enter")
    assert not desk.evaluate("document.getElementById('phrases').open")
    written = desk.evaluate("document.activeElement.value")
    assert f"编号{number}" in written
    assert "区行政审批局" in written
    assert "{" not in written
