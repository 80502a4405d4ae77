"""The supervisor's board in a browser: it renews itself, but not under a choosing hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from core.desk import Office
from tests.browser.chromium import chromium
from tests.browser.test_pages import address
from web.seed import PASSWORD

pytestmark = pytest.mark.browser
__all__ = ["address"]
LIVE = "**/oversight/live**"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def board(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, locale="zh-CN")
    page = context.new_page()
    page.clock.install()
    page.goto("/login")
    page.fill("[name=username]", "supervisor")
    page.fill("[name=password]", PASSWORD)
    page.click("form[action='/login'] button")
    page.goto("/oversight")
    yield page
    context.close()


def test_the_board_renews_itself_unless_somebody_is_choosing(board: Page, office: Office) -> None:
    before = board.locator("#live .tile").first.inner_text()
    with office.engine.begin() as connection:
        connection.execute(text("UPDATE ticket SET closed_at = now() WHERE closed_at IS NULL"))
    with board.expect_response(LIVE):
        board.clock.run_for(16_000)
    board.wait_for_function(
        "before => document.querySelector('#live .tile').innerText !== before", arg=before
    )
    box = board.locator("#live input[name=clock]").first
    box.check()
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url))
    board.clock.run_for(60_000)
    assert not [url for url in asked if "/oversight/live" in url]
    assert box.is_checked()


def test_all_are_chosen_with_one_press_and_reminded_with_another(board: Page) -> None:
    boxes = board.locator("#live input[name=clock]")
    count = boxes.count()
    assert count > 1
    board.click("[data-pick=clock]")
    assert board.locator("#live input[name=clock]:checked").count() == count
    board.click("[data-pick=clock]")
    assert board.locator("#live input[name=clock]:checked").count() == 0
    board.click("[data-pick=clock]")
    board.click("button.remind")
    board.wait_for_url("**/oversight?**reminded=**")
    assert "今日已催办" in board.content()


def test_a_demand_is_one_press_and_one_answer_away(board: Page) -> None:
    board.locator("#live button.supervise").first.click()
    board.click("dialog#ask button[value=yes]")
    board.wait_for_url("**/tickets/**")
    assert "督办〔" in board.inner_text("#supervision")
