"""The elements in a real browser, where one rule of a style sheet can lose against another."""

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from core.moments import SHANGHAI
from tests.browser.chromium import chromium
from tests.web.test_rendering import LINE, POINTS, STATIC, own_ticket
from web.rendering import Frame, NavItem, render
from web.security import HEADERS

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 23, 15, 20, tzinfo=SHANGHAI)
LINES = [{**LINE, "title": "收到诉求"}]
CATEGORIES = [{"name": "市场准入与退出", "children": [{"code": "open", "name": "企业开办"}]}]
LETTER = {"subject": "承办单即将到期", "text": "还剩3小时", "at": NOW, "read": False, "href": "#"}
ERROR = {"code": "x", "message": "没有找到", "fields": [], "request_id": "1"}
PAGES = {
    "/home": ("citizen/home.html", {}),
    "/file": (
        "citizen/file.html",
        {"form": {}, "faults": {}, "categories": CATEGORIES, "units": [("a", "区行政审批局")]},
    ),
    "/filed": (
        "citizen/filed.html",
        {
            "number": "6103022026112300000123",
            "query_code": "40718263",
            "lead_name": "区行政审批局",
            "due_at": NOW,
            "track_url": "#",
        },
    ),
    "/track": ("citizen/track.html", {"number": "", "error": "编号或查询码不对"}),
    "/ticket": ("citizen/ticket.html", own_ticket() | {"timeline": LINES}),
    "/inbox": ("staff/inbox.html", {"letters": [LETTER], "next": "x"}),
    "/error": ("errors/error.html", {"error": ERROR}),
    "/patterns": ("patterns.html", {"lines": LINES, "points": POINTS, "now": NOW}),
}
NAV = tuple(
    NavItem(f"/{n}", label, "inbox", current=n == 4)
    for n, label in enumerate(("受理台", "派单与审核", "本单位承办", "督办看板", "通报"))
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
RING = """() => {
  const at = document.activeElement, style = getComputedStyle(at.closest(".choices label") ?? at);
  return [at.outerHTML.slice(0, 90), style.outlineStyle, style.outlineWidth, style.outlineColor];
}"""
NARROW = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((at) => !at.closest("label, .skip") && getComputedStyle(at).display !== "inline")
  .filter((at) => { const h = at.getBoundingClientRect().height; return h && h < 43.5; })
  .map((at) => at.outerHTML.slice(0, 90))"""


def answer(route: Route) -> None:
    """The pages as the product sends them, policy included, without a server."""
    address = urlsplit(route.request.url)
    if address.path.startswith("/static/"):
        path = STATIC / address.path.removeprefix("/static/")
        route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix])
        return
    if address.path not in PAGES:
        route.fulfill(status=204)
        return
    template, context = PAGES[address.path]
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    frame = Frame(
        language=asked.get("lang", "zh"),
        large="large" in asked,
        csrf="token",
        district="渭滨区",
        path=address.path,
        name=asked.get("name", ""),
        nav=NAV if "name" in asked else (),
    )
    html = render(template, frame, context)
    route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=dict(HEADERS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def screen(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a screen; whatever the browser complained about fails the test in the end."""
    contexts, troubles = [], []

    def made(width: int = 390, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url="http://jiesu.localhost",
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            locale="zh-CN",
        )
        contexts.append(context)
        context.route("**/*", answer)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda said: troubles.append(said.text) if said.type == "error" else None
        )
        return page

    yield made
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("choice", ["", "?large=1", "?lang=en", "?name=承办人"])
def test_no_page_is_wider_than_the_narrowest_phone(screen, path, choice):
    page = screen(320)
    page.goto(path + choice)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("choice", ["", "?name=承办人"])
def test_whatever_is_pressed_is_as_tall_as_a_thumb(screen, path, choice):
    page = screen()
    page.goto(path + choice)
    assert page.evaluate(NARROW) == []


@pytest.mark.parametrize("path", ["/patterns?name=承办人", "/file"])
def test_every_stop_of_the_keyboard_shows_the_same_strong_ring(screen, path):
    page = screen(1280)
    page.goto(path)
    rings = {}
    for _ in range(60):
        page.keyboard.press("Tab")
        where, *ring = page.evaluate(RING)
        if not where.startswith("<body"):
            rings[where] = tuple(ring)
    assert any(where.startswith("<summary") for where in rings)
    assert set(rings.values()) == {("solid", "3px", "rgb(11, 93, 87)")}


def test_a_dark_screen_prints_on_light_paper(screen):
    page = screen(1280, scheme="dark")
    page.goto("/filed")
    tick = page.locator(".steps .done .ball").first
    expect(tick).to_have_css("color", "rgb(8, 33, 31)")
    page.emulate_media(media="print")
    expect(tick).to_have_css("color", "rgb(255, 255, 255)")
    expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_draft_outlives_the_page_without_the_telephone_and_the_receipt_forgets_it(screen):
    page = screen()
    page.goto("/file")
    page.fill("#f-content", "办照两周没有结果")
    page.locator(".groups summary").click()
    page.locator(".groups label").click()
    page.fill("[name=contact_phone]", "13900000000")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "办照两周没有结果" in kept
    assert "13900000000" not in kept
    page.reload()
    expect(page.locator("#f-content")).to_have_value("办照两周没有结果")
    expect(page.locator(".groups input")).to_be_checked()
    expect(page.locator("[data-restored]")).to_be_visible()
    page.goto("/filed")
    page.goto("/file")
    expect(page.locator("#f-content")).to_have_value("")


def test_a_withdrawal_is_asked_about_first_and_no_sends_nothing(screen):
    page = screen()
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method) if asked.method == "POST" else None)
    page.goto("/ticket")
    page.click(".danger")
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).to_be_hidden()
    assert sent == []
    page.click(".danger")
    with page.expect_request(lambda asked: asked.method == "POST"):
        page.click("#ask [value=yes]")


def test_theme_and_large_text_are_chosen_at_once_and_kept(screen):
    page = screen()
    page.goto("/home")
    page.click("[data-act=theme]")
    page.click("[data-act=large]")
    expect(page.locator("html[data-theme=dark][data-large]")).to_be_attached()
    kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert kept == {"jiesu_theme": "dark", "jiesu_large": "1"}


def test_on_a_phone_the_current_place_is_brought_into_the_strip(screen):
    page = screen(320)
    page.goto("/inbox?name=承办人")
    expect(page.locator(".places [aria-current]")).to_be_in_viewport(ratio=0.9)
