"""The rulebook's pages: read, edited, brought in by spreadsheet, published by another, replayed."""

import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.permissions import SYSTEM
from core.tables import JobRow, Staff
from routing import drafts
from routing.current import in_force
from routing.tables import RulebookRow
from tests.makers import file
from web import wiring

Log = Callable[[str], TestClient]
SHIPPED = "weibin-2023-2023.1"
NEW = {"id": "t-new", "rank": "120", "category": ["qykb"], "kind": ["help"], "lead": "rsj"}
PAGES = (
    "",
    "/certificate",
    "/difference",
    "/replay",
    "/history",
    "/publish",
    "/new",
    "/rules/c-qykb",
)
OUTSIDERS = (
    "operator", "callback", "discipline", "leader", "assessor", "editor", "watcher", "sysadmin",
    "secadmin", "auditor", "privacy", "xzspj", "xzspj.head",
)  # fmt: skip


@pytest.fixture
def author(staff: Log) -> TestClient:
    """The dispatcher, with a draft d1."""
    client = staff("dispatcher")
    assert client.post("/rulebooks", data={"version": "d1"}).status_code == 200
    return client


def row(office: Office, version: str = "d1") -> RulebookRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(RulebookRow, version)


def seen(office: Office) -> dict[str, str]:
    return {"seen": str(row(office).revision)}


def rule(office: Office, name: str) -> dict | None:
    return next((r for r in row(office).body["rules"] if r["id"] == name), None)


def said(answer) -> str:
    """What a page says, without its tags."""
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def work_off(office: Office) -> None:
    """What the worker would do."""
    with Session(office.engine) as session:
        waiting = session.exec(select(JobRow.id).where(JobRow.state == "waiting")).all()
    for job in waiting:
        jobs.run(office, wiring.WORKS, job)


@pytest.mark.parametrize("username", OUTSIDERS)
def test_an_outsider_of_every_role_neither_reads_nor_changes(
    staff: Log, office: Office, username: str
) -> None:
    with Session(office.engine) as session:
        assert session.exec(select(Staff).where(Staff.username == username)).one()
    with office.desk(SYSTEM) as desk:
        drafts.start(desk, version="d1")
    client = staff(username)
    for path in ("/rulebooks", *(f"/rulebooks/d1{page}" for page in (*PAGES, "/sheet"))):
        assert client.get(path).status_code == 403, path
    for path, data in (
        ("", {"version": "d2"}),
        ("/d1/new", NEW | {"seen": "0"}),
        ("/d1/rules/c-qykb", NEW | {"seen": "0"}),
        ("/d1/rules/c-qykb/delete", {"seen": "0"}),
        ("/d1/rules/c-qykb/move", {"seen": "0", "rank": "1"}),
        ("/d1/plan", {"seen": "0", "plan": "weibin-2023"}),
        ("/d1/discard", {"seen": "0"}),
        ("/d1/sheet", {"seen": "0"}),
        ("/d1/replay", {}),
        ("/d1/publish", {"seen": "0", "day": "2026-11-18"}),
        ("/d1/withdraw", {"reason": "因为"}),
    ):
        assert client.post(f"/rulebooks{path}", data=data).status_code == 403, path
    assert (row(office).state, row(office).revision) == ("draft", 0)


def test_a_visitor_is_asked_to_log_in(visitor: TestClient) -> None:
    for path in ("/rulebooks", "/rulebooks/d1", "/jobs/00000000-0000-0000-0000-000000000000"):
        assert visitor.get(path).status_code == 401


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_a_version_opens_in_both_languages(author: TestClient, language: str) -> None:
    author.cookies.set("jiesu_lang", language)
    for version in ("d1", SHIPPED):
        for path in PAGES:
            answer = author.get(f"/rulebooks/{version}{path}")
            assert answer.status_code == 200, path
            assert not re.search(r"[\u4e00-\u9fff]\{", said(answer))
    assert author.get("/rulebooks/nosuch").status_code == 404


def test_rules_are_sifted_by_category_unit_ground_and_words(author: TestClient) -> None:
    def found(query: str) -> set[str]:
        return set(re.findall(r'<tr id="rule-([^"]+)"', author.get(f"/rulebooks/d1?{query}").text))

    assert found("q=爆炸") == {"n-emergency-words"}
    assert found("q=拖欠一百万") == {"t-arrears-large"}
    assert {"n-petition-words", "n-caution-xffy"} <= found("ground=RJ03")
    assert "c-qykb" not in found("ground=RJ03")
    of_category = found("category=qykb")
    assert "c-qykb" in of_category
    assert "c-qyzx" not in of_category
    assert "n-critical" in of_category
    assert "c-qykb" in found("unit=xzspj")
    assert "n-critical" not in found("unit=xzspj")
    assert found("q=没有这样的规则") == set()
    assert len(found("")) == 100
    assert len(found("start=100")) == 27


def test_a_rule_is_added_changed_and_deleted_in_the_browser(
    author: TestClient, office: Office
) -> None:
    answer = author.post("/rulebooks/d1/new", data=NEW | seen(office) | {"words": "招工\n培训"})
    assert answer.url.path == "/rulebooks/d1"
    assert rule(office, "t-new")["when"] == {
        "category": ["qykb"], "kind": ["help"], "words": ["招工", "培训"],
    }  # fmt: skip
    shown = author.get("/rulebooks/d1/rules/t-new").text
    assert '<option value="rsj" selected>' in shown
    changed = NEW | {"lead": "", "task": "2", "co_handlers_nobody": "on"} | seen(office)
    author.post("/rulebooks/d1/rules/t-new", data=changed)
    assert rule(office, "t-new")["then"] == {"co_handlers": [], "task": 2}
    assert "没有协办单位" in author.get("/rulebooks/d1/rules/t-new").text
    author.post("/rulebooks/d1/rules/t-new/move", data=seen(office) | {"rank": "90"})
    assert rule(office, "t-new")["rank"] == 90
    author.post("/rulebooks/d1/rules/t-new/delete", data=seen(office))
    assert rule(office, "t-new") is None
    story = said(author.get("/rulebooks/d1/history"))
    for word in ("起草", "新增规则", "修改规则", "调整次序", "删除规则", "派单审核员"):
        assert word in story


def test_a_wrong_cell_is_told_beside_its_field_and_what_was_typed_stays(
    author: TestClient, office: Office
) -> None:
    wrong = NEW | {"rank": "first", "reason": "我写的说明"} | seen(office)
    answer = author.post("/rulebooks/d1/new", data=wrong)
    assert answer.status_code == 422
    assert 'id="f-rank-fault"' in answer.text
    assert "不是整数：first" in said(answer)
    assert 'value="我写的说明"' in answer.text
    assert rule(office, "t-new") is None


def test_who_saves_late_sees_what_the_other_changed_and_keeps_his_own_words(
    author: TestClient, staff: Log, office: Office
) -> None:
    other = staff("supervisor")
    old = seen(office)
    form = {"rank": "500", "category": ["qykb"], "task": "2"}
    other.post("/rulebooks/d1/rules/c-qykb", data=form | old | {"reason": "别人写的"})
    late = author.post("/rulebooks/d1/rules/c-qykb", data=form | old | {"reason": "我写的"})
    assert late.status_code == 409
    assert "区政府办督办岗" in said(late)
    assert "别人写的" in said(late)
    assert 'value="我写的"' in late.text
    assert rule(office, "c-qykb")["reason"] == "别人写的"
    again = re.search(r'name="seen" value="(\d+)"', late.text)
    author.post("/rulebooks/d1/rules/c-qykb", data=form | {"seen": again[1], "reason": "我写的"})
    assert rule(office, "c-qykb")["reason"] == "我写的"
    gone = author.post("/rulebooks/d1/rules/c-qykb/delete", data=old)
    assert gone.status_code == 409
    assert "已被改动过" in said(gone)


def test_a_spreadsheet_goes_out_is_edited_and_comes_in_again(
    author: TestClient, office: Office
) -> None:
    answer = author.get("/rulebooks/d1/sheet")
    assert answer.headers["content-disposition"].endswith('"rulebook-d1.xlsx"')
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book["规则"]
    place = next(cell.row for cell in sheet["A"] if cell.value == "c-qykb")
    sheet.cell(place, 3, "改过的说明")
    out = io.BytesIO()
    book.save(out)
    took = author.post(
        "/rulebooks/d1/sheet", data=seen(office), files={"sheet": ("r.xlsx", out.getvalue())}
    )
    assert took.url.path == "/rulebooks/d1/difference"
    assert "改过的说明" in said(took)
    assert rule(office, "c-qykb")["reason"] == "改过的说明"
    assert "新增 0，修改 1，删除 0" in said(author.get("/rulebooks/d1/history"))
    sheet.cell(place, 2, "=1+1")
    sheet.cell(place + 1, 18, "没有这个局")
    out = io.BytesIO()
    book.save(out)
    refused = author.post(
        "/rulebooks/d1/sheet", data=seen(office), files={"sheet": ("r.xlsx", out.getvalue())}
    )
    assert refused.status_code == 422
    assert f"规则 B{place} （c-qykb）：单元格里是公式" in said(refused)
    assert f"规则 R{place + 1}" in said(refused)
    assert row(office).revision == 1


def test_a_file_that_is_none_or_no_file_at_all_is_refused(
    author: TestClient, office: Office
) -> None:
    for files in ({"sheet": ("r.xlsx", b"id,rank")}, {"sheet": ("r.xlsx", b"")}, {}):
        answer = author.post("/rulebooks/d1/sheet", data=seen(office), files=files or None)
        assert answer.status_code == 422
        assert "无法读取" in said(answer)


def test_the_certificate_says_what_is_proved_and_what_cannot_be(
    author: TestClient, office: Office
) -> None:
    whole = said(author.get("/rulebooks/d1/certificate"))
    assert "已证明" in whole
    assert "n-emergency-words" in whole
    author.post("/rulebooks/d1/rules/c-qykb/delete", data=seen(office))
    broken = author.get("/rulebooks/d1/certificate")
    assert "没有规则适用的情形" in said(broken)
    assert "企业开办" in said(broken)
    author.cookies.set("jiesu_lang", "en")
    english = said(author.get("/rulebooks/d1/certificate"))
    assert "Starting a company" in english


def test_the_author_is_told_to_find_another_and_another_publishes(
    author: TestClient, staff: Log, office: Office
) -> None:
    author.post("/rulebooks/d1/new", data=NEW | seen(office))
    law = {"day": "2026-11-18"}
    assert "由区政府办发布" in said(author.get("/rulebooks/d1/publish"))
    assert author.post("/rulebooks/d1/publish", data=law | seen(office)).status_code == 403
    second = staff("supervisor")
    shown = second.get("/rulebooks/d1/publish")
    assert "t-new" in said(shown)
    assert "没有问题" in said(shown)
    assert second.post("/rulebooks/d1/publish", data=law | {"seen": "0"}).status_code == 409
    past = second.post("/rulebooks/d1/publish", data={"day": "2026-11-17"} | seen(office))
    assert (past.status_code, "不能早于今天" in said(past)) == (422, True)
    assert second.post("/rulebooks/d1/publish", data=law | seen(office)).status_code == 200
    with Session(office.engine) as session:
        assert in_force(session, office.now()).book.version == "d1"
    listed = said(second.get("/rulebooks"))
    assert "现行" in listed
    assert "已失效" in listed


def test_a_gap_is_published_with_its_box_ticked_and_a_reason_only(
    author: TestClient, staff: Log, office: Office
) -> None:
    author.post("/rulebooks/d1/rules/c-qykb/delete", data=seen(office))
    second = staff("supervisor")
    shown = second.get("/rulebooks/d1/publish").text
    [key] = re.findall(r'name="accepted" value="(\w+)"', shown)
    law = {"day": "2026-11-20", "reason": "先由人派"} | seen(office)
    assert second.post("/rulebooks/d1/publish", data=law).status_code == 409
    law["accepted"] = key
    assert second.post("/rulebooks/d1/publish", data=law | {"reason": ""}).status_code == 422
    assert second.post("/rulebooks/d1/publish", data=law).status_code == 200
    assert "待生效" in said(second.get("/rulebooks/d1"))
    assert second.post("/rulebooks/d1/withdraw", data={"reason": "再看看"}).status_code == 200
    assert row(office).state == "draft"


def test_a_replay_runs_in_the_background_and_shows_what_would_move(
    author: TestClient, staff: Log, office: Office
) -> None:
    moved = file(office, request="help").ticket.number
    file(office)
    author.post("/rulebooks/d1/new", data=NEW | seen(office))
    asked = author.post("/rulebooks/d1/replay")
    assert asked.url.path.startswith("/jobs/")
    assert 'hx-trigger="every 1s"' in asked.text
    assert f'href="{asked.url.path}"' in asked.text  # and a link for those without script
    assert asked.url.path in author.get("/rulebooks/d1/replay").text
    assert staff("operator").get(asked.url.path).status_code == 404
    assert staff("sysadmin").get(asked.url.path).status_code == 200
    work_off(office)
    part = author.get(f"{asked.url.path}?part=1").text
    assert "<html" not in part
    assert "hx-trigger" not in part
    assert 'href="/rulebooks/d1/replay"' in part
    result = author.get("/rulebooks/d1/replay")
    assert moved in result.text
    words = " ".join(said(result).split())
    assert "区行政审批局 区人社局 1" in words
    assert "诉求 2" in words
    author.post("/rulebooks/d1/rules/t-new/delete", data=seen(office))
    assert "结果可能已不同" in said(author.get("/rulebooks/d1/replay"))


def test_a_sealed_example_is_counted_but_not_shown_to_whom_it_accuses(
    author: TestClient, staff: Log, office: Office
) -> None:
    # about the hotline centre itself: its own dispatcher may not read it
    accused = file(office, respondent="zhzx").ticket.number
    author.post("/rulebooks/d1/new", data=NEW | {"kind": ["complaint"]} | seen(office))
    author.post("/rulebooks/d1/replay")
    work_off(office)
    own = author.get("/rulebooks/d1/replay")
    assert accused not in own.text
    assert "另有 1 件您无权查看" in said(own)
    assert accused in staff("supervisor").get("/rulebooks/d1/replay").text
