"""The rulebook's pages in Chromium: a draft begun, edited, tried, proved and published."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.tables import JobRow
from tests.browser.chromium import ARTEFACTS, chromium
from tests.browser.test_pages import Walk, address  # noqa: F401 - a fixture
from web import wiring

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("desk", "light", "zh"), ("phone", "light", "zh"), ("desk", "dark", "en")]
)  # fmt: skip
def test_a_draft_goes_from_its_first_word_to_law(
    browser: Browser,
    address: str,  # noqa: F811 - the fixture above
    office: Office,
    size: str,
    scheme: str,
    language: str,
) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    walk = Walk(browser, address, size, scheme, language)
    page = walk.page
    walk.log_in("dispatcher")
    page.goto("/rulebooks")
    page.fill("#f-version", "d1")
    page.click("form[action='/rulebooks'] button")
    page.wait_for_url("**/rulebooks/d1")
    walk.check("rulebook-draft")
    page.goto("/rulebooks/d1/new")
    page.fill("#f-id", "t-new")
    page.fill("#f-rank", "soon")
    page.check("[name=kind][value=help]")
    page.select_option("#f-lead", "rsj")
    page.click("main form .actions button")
    page.wait_for_selector("#f-rank-fault")
    walk.check("rulebook-rule-faults")
    page.fill("#f-rank", "90")
    page.click("main form .actions button")
    page.wait_for_url("**/rulebooks/d1#rule-t-new")
    walk.look("/rulebooks/d1/rules/n-emergency-words", "rulebook-rule")
    page.goto("/rulebooks/d1?q=t-new")
    walk.check("rulebook-sifted")
    page.click("main details.more > summary")
    page.set_input_files("#f-sheet", {"name": "r.xlsx", "mimeType": "text/plain", "buffer": b"no"})
    page.click("form[enctype] button")
    page.wait_for_selector("[data-faults]")
    walk.check("rulebook-sheet-faults")
    for path in ("certificate", "difference", "history", "publish"):
        walk.look(f"/rulebooks/d1/{path}", f"rulebook-{path}")
    page.goto("/rulebooks/d1/replay")
    page.click("form[action$='/replay'] button")
    page.wait_for_url("**/jobs/*")
    walk.check("rulebook-job")
    with Session(office.engine) as session:
        [job] = session.exec(select(JobRow.id)).all()
    jobs.run(office, wiring.WORKS, job)
    # the piece of the page asks after itself; nobody reloads
    page.click("main a[href='/rulebooks/d1/replay']")
    page.wait_for_url("**/rulebooks/d1/replay")
    walk.check("rulebook-replay")
    walk.log_in("supervisor")
    walk.look("/rulebooks/d1/publish", "rulebook-publish-second")
    page.click("main form[action$='/publish'] .actions button")
    page.wait_for_url("**/rulebooks/d1")
    walk.look("/rulebooks", "rulebook-list")
    walk.context.close()
