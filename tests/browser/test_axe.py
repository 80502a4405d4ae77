"""WCAG 2.1 AA by axe-core, on every page that anybody may see, in both themes; large text too."""

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.test_pages import PLACES, PUBLIC, SIZES
from tests.web.test_access import PAGES
from web.seed import PASSWORD

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# beyond the law's letters: one landmark of each kind, one first heading, nothing outside of them
ALSO = ["page-has-heading-one", "landmark-one-main", "region", "heading-order", "skip-link"]
FULL = {
    "runOnly": TAGS,
    "rules": {rule: {"enabled": True} for rule in ALSO},
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
VISIT = {"contact_phone": "0917-3000001", "kind": "complaint", "category": "qykb"}
# where the keyboard stands after so many presses; a trap would never come round again
STOPS = """() => {
  const at = document.activeElement;
  return at === document.body ? "" : [...document.querySelectorAll("*")].indexOf(at).toString();
}"""

# what a judgement depends on: the elements, their attributes, which of them say nothing
SHAPE = """() => [...document.querySelectorAll("main *")].map((at) => [
  at.tagName, at.className.baseVal ?? at.className, at.textContent.trim() === "",
  ...[...at.attributes].map((a) => a.name + (/^(role|type|aria|scope|lang)/.test(a.name) ? a.value
    : a.value === "")),
].join(" ")).join()"""


class Reader:
    """Somebody who goes from page to page and has each one judged."""

    def __init__(self, browser: Browser, address: str, size: str, lang: str) -> None:
        width, height = SIZES[size]
        self.context: BrowserContext = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            locale={"zh": "zh-CN", "en": "en-GB"}[lang],
            # a colour on its way to another is neither
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.found: list[str] = []
        self.judged: set[int] = set()

    def log_in(self, username: str) -> None:
        self.context.clear_cookies(name="jiesu_session")
        sent = {"username": username, "password": PASSWORD}
        assert self.context.request.post("/api/v1/session", data=sent).status == 201

    def large(self) -> None:
        url = self.context.request.get("/").url
        self.context.add_cookies([{"name": "jiesu_large", "value": "1", "url": url}])

    def judge(
        self, path: str, who: str = "", *, schemes: tuple[str, ...], anew: bool = True
    ) -> None:
        self.page.goto(path)
        if self.page.evaluate("document.doctype === null"):
            return  # a piece that another page takes in
        self.page.evaluate("document.querySelectorAll('details').forEach((at) => at.open = true)")
        shape = hash(self.page.evaluate(SHAPE))
        if not anew and shape in self.judged:
            return  # another role sees the very same on it
        self.judged.add(shape)
        self.page.evaluate(AXE_SCRIPT)
        options: dict[str, Any] = FULL
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme)
            self._axe(f"{who}{path} {scheme}", options)
            options = COLOURS

    def _axe(self, where: str, options: dict[str, Any]) -> None:
        result = self.page.evaluate("(options) => axe.run(document, options)", options)
        self.found += [
            f"{where}: {broken['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
            for broken in result["violations"]
            for node in broken["nodes"][:3]
        ]

    def overflow(self, path: str) -> None:
        self.page.goto(path)
        if self.page.evaluate("document.doctype === null"):
            return
        wide, room = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        if wide > room:
            self.found.append(f"{path}: {wide} wide in {room}")


def everything(numbers: dict[str, str]) -> dict[str, list[str]]:
    """Who looks at what: the walk's list, and the access table's."""
    seen: dict[str, list[str]] = {
        user: [path.format(**numbers) for path in paths] for user, paths in PLACES.items()
    }
    seen[numbers["unit"]] = ["/board", f"/tickets/{numbers['own']}"]
    for path, allowed in PAGES.items():
        for username in sorted(allowed):
            if "." not in path:  # a file is no page
                seen.setdefault(username, []).append(path)
    return {user: list(dict.fromkeys(paths)) for user, paths in seen.items()}


@pytest.fixture
def reader(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Reader]:
    made = Reader(browser, address, *request.param)
    yield made
    made.context.close()


def told(found: list[str]) -> str:
    return "\n" + "\n".join(sorted(set(found)))


@pytest.mark.parametrize("reader", [("desk", "zh")], ids="-".join, indirect=True)
def test_every_page_of_the_staff_is_clean_in_both_themes(
    reader: Reader, numbers: dict[str, str]
) -> None:
    for username, paths in everything(numbers).items():
        reader.log_in(username)
        for place, path in enumerate(paths):
            # the first page of each with his own frame around it
            reader.judge(path, username, schemes=("light", "dark"), anew=place == 0)
    assert reader.found == [], told(reader.found)


@pytest.mark.parametrize("reader", [("desk", "zh")], ids="-".join, indirect=True)
def test_the_judge_sees_what_is_wrong(reader: Reader) -> None:
    reader.page.goto("/login")
    reader.page.evaluate(AXE_SCRIPT)
    reader.page.evaluate("document.querySelector('main label').remove()")
    reader.page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    reader._axe("/login", FULL)
    assert {line.split(": ")[1] for line in reader.found} == {"label", "color-contrast"}


@pytest.mark.parametrize("reader", [("phone", "zh"), ("desk", "en")], ids="-".join, indirect=True)
def test_what_anybody_sees_is_clean_on_a_phone_and_in_english(reader: Reader) -> None:
    for path in PUBLIC:
        reader.judge(path, schemes=("dark", "light"))
    reader.page.goto("/file")
    reader.page.click("form[data-draft=file] button[type=submit]")
    reader.page.wait_for_selector(".fault")
    reader.page.evaluate(AXE_SCRIPT)
    reader._axe("/file refused", FULL)
    made = reader.context.request.post(
        "/api/v1/tickets", data=VISIT | {"content": "设立登记卡了两周，窗口每次说法都不一样。"}
    ).json()
    own = made["url"].partition("/track/")[2]
    for place in ("filed", "track"):
        reader.judge(f"/{place}/{own}", schemes=("light", "dark"))
    assert reader.found == [], told(reader.found)


@pytest.mark.parametrize("reader", [("phone", "zh")], ids="-".join, indirect=True)
def test_setting_up_a_second_factor_is_clean_at_every_step(reader: Reader) -> None:
    page = reader.page
    reader.log_in("operator")

    def look(where: str) -> None:
        page.wait_for_load_state()
        page.evaluate(AXE_SCRIPT)
        reader._axe(where, FULL)
        page.emulate_media(color_scheme="dark")
        reader._axe(f"{where} dark", COLOURS)
        page.emulate_media(color_scheme="light")

    page.goto("/me/factor")
    page.click("button.begin")
    look("begun")
    # drawn, not refused by the content policy
    assert page.evaluate("document.querySelector('img.square').naturalWidth") > 100
    phone = pyotp.TOTP(page.inner_text("#secret").replace(" ", ""))
    page.fill("#f-code", "000000")
    page.click("form[action='/me/factor/confirm'] button")
    look("wrong code")
    page.fill("#f-code", phone.now())
    page.click("form[action='/me/factor/confirm'] button")
    look("recovery codes")
    code = page.inner_text("#recovery li >> nth=0")
    reader.judge("/me/factor/again", schemes=("light", "dark"))
    reader.judge("/me", schemes=("light",))
    reader.context.clear_cookies(name="jiesu_session")
    page.goto("/login")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.click("form[action='/login'] button")
    look("second step")
    page.fill("#f-code", code)
    page.click("form[action='/login/code'] button")
    page.wait_for_url("**/console")
    assert reader.found == [], told(reader.found)


@pytest.mark.parametrize("reader", [("phone", "en")], ids="-".join, indirect=True)
def test_large_text_fits_a_phone_and_stays_clean(reader: Reader, numbers: dict[str, str]) -> None:
    reader.large()
    for path in PUBLIC:
        reader.overflow(path)
        reader.judge(path, schemes=("light",))
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    large = reader.page.evaluate(size)
    reader.context.clear_cookies(name="jiesu_large")
    reader.page.reload()
    assert 1.2 <= large / reader.page.evaluate(size) <= 1.5
    reader.large()
    for username in ("operator", "supervisor", numbers["unit"]):
        reader.log_in(username)
        for path in everything(numbers)[username]:
            reader.overflow(path)
    assert reader.found == [], told(reader.found)


def skip(page: Page, begins: str) -> None:
    """To the skip link: the first stop, or back from the field in which the page begins."""
    assert page.evaluate("document.activeElement.id") == begins
    for _ in range(60 if begins else 1):
        page.keyboard.press("Shift+Tab" if begins else "Tab")
        if page.evaluate("document.activeElement.className") == "skip":
            return
    pytest.fail("no skip link")


@pytest.mark.parametrize("reader", [("desk", "zh")], ids="-".join, indirect=True)
def test_the_keyboard_gets_through_every_page_and_out_again(reader: Reader) -> None:
    reader.log_in("operator")
    for path in ("/console", "/plan", "/search", "/me"):
        page = reader.page
        page.goto(path)
        skip(page, "f-contact_phone" if path == "/console" else "")
        box = page.evaluate("document.activeElement.getBoundingClientRect().height")
        assert box > 20, "the skip link shows itself when it has the focus"
        seen: list[str] = []
        for _ in range(400):
            page.keyboard.press("Tab")
            stop = page.evaluate(STOPS)
            if seen and stop == seen[-1]:
                continue  # a date is one field of several stops
            if not stop or stop in seen:
                break
            seen.append(stop)
        # it came round: through the end of the page, not back into the middle of it
        assert len(seen) > 5
        assert not stop or seen.index(stop) == 0, f"{path}: caught after {len(seen)} stops"
