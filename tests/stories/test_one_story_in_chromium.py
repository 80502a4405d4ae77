"""The one true story as people live it: in a browser, with pictures kept as artefacts."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import ARTEFACTS, chromium
from tests.stories.conftest import PASSWORD, Installation

pytestmark = [pytest.mark.slow, pytest.mark.browser]
CODE = "91110000600037341L"  # a published example of the standard


@pytest.fixture
def home(make_installation) -> Installation:
    return make_installation("--demo-clock")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


class Eyes:
    """Somebody at a screen: a context of his own, pictures numbered in order."""

    count = 0

    def __init__(self, browser: Browser, home: Installation, *, phone: bool = False) -> None:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        self.context: BrowserContext = browser.new_context(
            base_url=home.url, viewport=size, locale="zh-CN"
        )
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.troubles.append(message.text) if message.type == "error" else None,
        )

    def log_in(self, username: str) -> "Eyes":
        self.page.goto("/login")
        self.page.fill("#f-username", username)
        self.page.fill("#f-password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(re.compile(r"/(console|triage|board|oversight|inbox|callbacks)"))
        return self

    def picture(self, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        Eyes.count += 1
        path = ARTEFACTS / f"story-{Eyes.count:02d}-{name}.png"
        self.page.screenshot(path=path, full_page=True)


def test_the_story_in_a_browser(home: Installation, browser: Browser) -> None:
    # 1. a shopkeeper with a phone in one hand
    business = Eyes(browser, home, phone=True)
    page = business.page
    page.goto("/")
    business.picture("home-phone")
    page.click("main a[href='/file']")
    page.get_by_text("市场准入与退出").click()
    page.get_by_text("企业开办", exact=True).click()
    page.fill("#f-content", "我公司设立登记提交后卡了两周，窗口每次说法都不一样。")
    page.fill("#f-company_name", "渭滨石鼓新材料有限公司")
    page.fill("#f-uscc", CODE[:-1] + "0")
    page.fill("#f-contact_phone", "0917-3000001")
    page.check("[name=consent]")
    page.click("form[data-draft=file] button[type=submit]")
    expect(page.locator("main")).to_contain_text("校验码")
    business.picture("refused-phone")
    page.fill("#f-uscc", CODE.lower())
    page.click("form[data-draft=file] button[type=submit]")
    expect(page.locator("#lead")).to_contain_text("区行政审批局")
    number = (page.locator("#number").text_content() or "").strip()
    code = (page.locator("#query-code").text_content() or "").strip()
    assert len(code) == 8
    expect(page.locator("#due")).to_contain_text("17:00")
    business.picture("receipt-phone")

    # 2. and 3. the operator hears a second one and sees where it will go before saving
    operator = Eyes(browser, home).log_in("operator")
    desk = operator.page
    desk.fill("#f-contact_phone", "0917-3000002")
    desk.fill("#f-company_name", "渭滨云帆商贸有限公司")
    desk.fill("#f-content", "法定代表人变更材料反复补正，跑了五趟。")
    desk.select_option("#f-category", "bgdj")
    expect(desk.locator("#preview-lead")).to_contain_text("区行政审批局", timeout=15000)
    operator.picture("operator-preview")
    desk.keyboard.press("Alt+s")
    expect(desk.locator("#saved")).to_be_visible()
    ignored = desk.locator("#saved").get_attribute("href").rsplit("/", 1)[1]
    desk.click("#saved")
    expect(desk.locator("#why")).to_contain_text("c-bgdj")
    operator.picture("ticket-why")

    # 4. the department signs one and ignores the other; time passes
    handler = Eyes(browser, home).log_in("xzspj")
    handler.picture("board")
    handler.page.goto(f"/tickets/{number}")
    handler.page.click("button.sign")
    expect(handler.page.locator("main")).to_contain_text("提交答复")
    handler.page.click("button.contact")
    supervisor = Eyes(browser, home).log_in("supervisor")
    watch = supervisor.page
    for _ in range(25):
        watch.goto(f"/tickets/{ignored}")
        if (
            watch.locator(".timeline").get_by_text("升级督办").count()
            and watch.locator(".timeline").get_by_text("办理答复 · 红色督办").count()
        ):
            break
        watch.goto("/oversight")
        watch.click("button[value='24']")
        time.sleep(1.5)
    expect(watch.locator(".timeline")).to_contain_text("临期提醒")
    expect(watch.locator(".timeline")).to_contain_text("超过时限")
    supervisor.picture("ticket-escalated")
    head = Eyes(browser, home).log_in("xzspj.head")
    head.page.goto("/inbox")
    expect(head.page.locator("main")).to_contain_text(ignored)
    head.picture("inbox-of-the-head")

    # 5. the reply, its review, and the business's own answer
    handler.page.goto(f"/tickets/{number}")
    handler.page.check("[name=claim][value=solved]")
    handler.page.fill("#reply-text", "已当日补齐手续，执照可到窗口领取。")
    handler.page.click("button.reply")
    dispatcher = Eyes(browser, home).log_in("dispatcher")
    dispatcher.page.goto(f"/tickets/{number}")
    dispatcher.page.click("button.approve")
    page.goto("/track")
    page.fill("#f-number", number)
    page.fill("#f-query_code", code)
    page.click("main form button")
    expect(page.locator("#reply")).to_contain_text("执照可到窗口领取")
    page.check("#rate [name=contacted][value=yes]")
    page.check("#rate [name=solved][value=yes]")
    page.check("#rate [name=grade][value='1']")
    business.picture("rate-phone")
    page.click("#rate button")
    expect(page.locator("main")).to_contain_text("已办结")
    business.picture("closed-phone")

    # 6. the supervisor's page and the bulletin
    watch.goto("/oversight")
    expect(watch.locator("#late")).to_contain_text(ignored[:6])
    expect(watch.locator("#units")).to_contain_text("区行政审批局")
    expect(watch.locator("#trend svg[role=img]")).to_be_visible()
    supervisor.picture("oversight")
    watch.goto("/bulletins")
    watch.locator("main a[role=button]").first.click()
    expect(watch.locator("main")).to_contain_text("办理质量")
    supervisor.picture("bulletin")

    # 7. the books are in order
    assert home.command("ledger", "verify").returncode == 0
    assert home.command("audit").returncode == 0
    everyone = (business, operator, handler, supervisor, head, dispatcher)
    assert [trouble for eyes in everyone for trouble in eyes.troubles if "422" not in trouble] == []
