"""The command line over a real district: plans, rules and suggestions as its operator types them."""

import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from routing import drafts, queries, sheets, versions
from routing.data import district
from tests.cast import DISPATCHER
from tests.makers import file, step
from web import rulewords

SHIPPED = "weibin-2023-2023.1"
PLAN = (
    "渭滨区优化营商环境2027年实施方案\n一、主要任务\n"
    "1.优化企业开办。推行一网通办。（区行政审批局牵头，区税务局配合）\n"
    "2.优化企业注销。推行简易注销。（区市场监管局牵头）\n"
)


def test_the_shipped_rulebook_is_proved(run) -> None:
    code, out, _ = run("rules", "check", "--json")
    assert code == 0
    assert json.loads(out)["proved"] is True


def test_why_a_ticket_went_where_it_went_is_told_rule_by_rule(run, office) -> None:
    ticket = file(office).ticket
    code, out, _ = run("rules", "explain", ticket.number)
    assert code == 0
    assert "held" in out
    assert "xzspj" in out


def test_a_draft_is_tried_on_past_tickets(run, office) -> None:
    file(office, category="qykb")
    file(office, category="yd")
    draft = step(office, DISPATCHER, drafts.start, version="d1")
    cells = {"id": ("t-all",), "rank": ("1",), "category": ("qykb",), "lead": ("rsj",)}
    step(office, DISPATCHER, drafts.add, "d1", draft.revision, cells)
    code, out, _ = run("rules", "replay", "d1", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["tickets"], found["moved"], found["against"]) == (2, 1, SHIPPED)
    assert found["pairs"][0]["to"] == "rsj"
    assert run("rules", "replay", "nothing")[0] == 2


def test_an_edited_spreadsheet_is_tried_and_a_wrong_one_is_refused_by_cell(
    run, office, tmp_path: Path
) -> None:
    file(office, category="qykb")
    with Session(office.engine) as session:
        row = versions.find(session, SHIPPED)
        lexicon = versions.lexicon(session, row, rulewords.labels(session, "zh"))
        book = load_workbook(io.BytesIO(sheets.write(versions.rules_of(row), lexicon)))
    sheet = book[sheets.RULES]
    heads = {cell.value: cell.column for cell in sheet[1]}
    same = tmp_path / "same.xlsx"
    book.save(same)
    code, out, _ = run("rules", "replay", str(same), "--json")
    assert (code, json.loads(out)["moved"]) == (0, 0)
    sheet.cell(2, heads[sheets.HEADS["rank"]]).value = "=1+1"
    wrong = tmp_path / "wrong.xlsx"
    book.save(wrong)
    code, _, err = run("rules", "replay", str(wrong))
    assert code == 2
    assert "B2" in err


def test_a_newer_plan_is_read_first_and_stored_whole_or_not_at_all(
    run, office, tmp_path: Path
) -> None:
    document = tmp_path / "plan.txt"
    document.write_text(PLAN, encoding="utf-8")
    code, out, _ = run("plan", "import", str(document), "--dry-run", "--json")
    assert (code, [task["number"] for task in json.loads(out)]) == (0, [1, 2])
    code, _, err = run("plan", "import", str(document))
    assert code == 0
    assert "79 removed" in err
    with Session(office.engine) as session:
        assert len(queries.plans(session)) == 2
    document.write_text(PLAN.replace("（区市场监管局牵头）", ""), encoding="utf-8")
    code, _, err = run("plan", "import", str(document))
    assert code == 1
    with Session(office.engine) as session:
        assert len(queries.plans(session)) == 2


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4", b"\x00" * 400, "没有任务".encode()])
def test_what_is_no_plan_is_refused_in_one_line(run, tmp_path: Path, body: bytes) -> None:
    document = tmp_path / "plan.txt"
    document.write_bytes(body)
    code, out, err = run("plan", "import", str(document), "--dry-run")
    assert (code, out) == (2, "")
    assert err.startswith("jiesu: plan refused")


def test_suggestions_are_json_lines_that_carry_their_ids(run, monkeypatch) -> None:
    lines = '{"id": 7, "text": "执照递上去五天了还没批"}\nnonsense\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode()), encoding="utf-8"))
    code, out, _ = run("suggest")
    first, second = map(json.loads, out.splitlines())
    assert code == 0
    assert (first["id"], first["lead"]) == (7, ["区行政审批局"])
    assert second["error"] == "not JSON"


def test_the_shipped_plan_reads_as_eighty_tasks_without_a_database(run, tmp_path: Path) -> None:
    document = tmp_path / "weibin.txt"
    document.write_bytes(district("weibin").plan_bytes)
    code, out, _ = run("plan", "import", str(document), "--dry-run", "--json")
    assert (code, len(json.loads(out))) == (0, 80)
