"""The plan's pages: brought in by one, its doubts settled, put in force by another."""

import zipfile
from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import text
from sqlmodel import Session

from core.moments import local_day
from routing import queries
from routing.data import district
from tests.web.test_filing import GOOD

READERS = ("operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj")
EDITORS = ("dispatcher", "supervisor")
OTHERS = (
    "operator",
    "callback",
    "xzspj",
    "xzspj.head",
    "leader",
    "assessor",
    "sysadmin",
    "auditor",
)
PLAN = district("weibin").plan_bytes.decode()
SMALL = (
    "渭滨区优化营商环境2027年实施方案\n一、主要任务\n"
    "1.优化企业开办。推行一网通办。（区行政审批局牵头，区税务局、区帐政局配合）\n"
    "2.优化企业注销。推行简易注销。（区市场监管局牵头）\n"
)


def bring(client, words=SMALL, **more):
    answer = client.post("/plan/import", data={"text": words}, follow_redirects=False, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def count(office, table):
    with office.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def keys_of(page):
    return [
        part.split('"')[0]
        for part in page.text.split('id="d-')[1:]
        if "-fault" not in part.split('"')[0]
    ]


def digest_of(page):
    return page.text.split('name="digest" value="')[1].split('"')[0]


@pytest.mark.parametrize("username", OTHERS)
def test_nobody_else_may_bring_a_plan_in_or_look_at_a_draft(staff, username) -> None:
    address = bring(staff("dispatcher"))
    client = staff(username)
    assert client.get("/plan/import").status_code == 403
    assert client.post("/plan/import", data={"text": SMALL}).status_code == 403
    assert client.get(address).status_code == 403
    for verb in ("", "/apply", "/discard"):
        sent = {"effective_from": "2027-01-01", "digest": "x"}
        assert client.post(address + verb, data=sent).status_code == 403, verb


def test_a_plan_is_read_reviewed_and_put_in_force_by_another_person(staff, office) -> None:
    first, second = staff("dispatcher"), staff("supervisor")
    address = bring(first)
    assert count(office, "plan") == 1
    page = first.get(address)
    assert "区帐政局" in page.text
    assert "<mark>区帐政局</mark>" in page.text
    assert "/apply" not in page.text
    (key,) = keys_of(page)
    first.post(address, data={f"doubt-{key}": "区财政局"})
    shown = second.get(address)
    sent = {"effective_from": "2026-12-01", "digest": digest_of(shown)}
    assert first.post(f"{address}/apply", data=sent).status_code == 403
    answer = second.post(f"{address}/apply", data=sent, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    with Session(office.engine) as session:
        newest = queries.plan(session)
        task = queries.task(session, 1, newest.version)
        assert task.supports == ["区税务局", "区财政局"]
    # and the name is settled for the next plan
    again = first.get(bring(first, SMALL.replace("推行一网通办", "推行一件事办理")))
    assert keys_of(again) == []


def test_an_unconfirmed_misspelling_stays_as_written_and_is_said_so(staff, office) -> None:
    first, second = staff("dispatcher"), staff("supervisor")
    address = bring(first)
    page = second.get(address)
    assert "处存疑没有处理" in page.text
    second.post(
        f"{address}/apply", data={"effective_from": "2026-12-01", "digest": digest_of(page)}
    )
    with Session(office.engine) as session:
        task = queries.task(session, 1, queries.plan(session).version)
        assert task.supports == ["区税务局", "区帐政局"]
        assert any("疑为" in note for note in task.notes)


def test_a_task_without_a_bracket_blocks_until_somebody_says_who_leads(staff, office) -> None:
    first, second = staff("dispatcher"), staff("supervisor")
    address = bring(first, SMALL + "3.优化服务。推进一件事。\n4.加强宣传。广泛宣传政策。\n")
    assert "/apply" not in second.get(address).text
    page = first.get(address)
    lead, drop = [key for key in keys_of(page) if f'name="unit-{key}"' in page.text][:2]
    first.post(
        address,
        data={f"doubt-{lead}": "unit", f"unit-{lead}": "区财政局", f"doubt-{drop}": "-"},
    )
    page = second.get(address)
    answer = second.post(
        f"{address}/apply",
        data={"effective_from": "2026-12-01", "digest": digest_of(page)},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    with Session(office.engine) as session:
        rows = queries.tasks(session, queries.plan(session).version)
        assert [(row.number, row.leads) for row in rows][2:] == [(3, ["区财政局"])]


def test_a_wrong_answer_is_told_at_its_doubt_and_nothing_is_stored(staff, office) -> None:
    client = staff("dispatcher")
    address = bring(client)
    (key,) = keys_of(client.get(address))
    answer = client.post(address, data={f"doubt-{key}": "没有这个局"})
    assert answer.status_code == 422
    assert f"d-{key}-fault" in answer.text
    assert client.post(address, data={"doubt-nosuch": "ok"}).status_code == 404


def test_what_changed_under_the_reviewer_is_not_applied(staff) -> None:
    first, second = staff("dispatcher"), staff("supervisor")
    address = bring(first)
    seen = digest_of(second.get(address))
    (key,) = keys_of(first.get(address))
    first.post(address, data={f"doubt-{key}": "区财政局"})
    sent = {"effective_from": "2026-12-01", "digest": seen}
    assert second.post(f"{address}/apply", data=sent).status_code == 409


@pytest.mark.parametrize("day", ["", "昨天", "2026-11-17", "2020-01-01", "9999-99-99"])
def test_a_plan_begins_neither_in_the_past_nor_on_no_day(staff, day) -> None:
    address = bring(staff("dispatcher"))
    second = staff("supervisor")
    sent = {"effective_from": day, "digest": digest_of(second.get(address))}
    answer = second.post(f"{address}/apply", data=sent)
    assert answer.status_code == 422
    assert "f-effective_from-fault" in answer.text


def test_the_difference_names_what_the_rulebook_in_force_would_feel(staff) -> None:
    lines = PLAN.splitlines()
    tasks = [n for n, line in enumerate(lines) if line.startswith(("1.", "2."))][-2:]
    newer = "\n".join(lines[: tasks[0]] + lines[tasks[1] :])
    client = staff("dispatcher")
    shown = client.get(bring(client, newer)).text
    assert "任务没有了" in shown
    assert "企业开办" in shown


def docx_of(*lines):
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("plan.txt", SMALL.encode("gbk"), None),
        ("plan.txt", SMALL.encode("utf-16"), None),
        ("plan.txt", SMALL.encode("utf-8-sig"), None),
        ("plan.docx", docx_of(*SMALL.splitlines()), None),
        ("plan.docx", docx_of(), "扫描"),
        ("plan.pdf", b"%PDF-1.7 \x00\x00", "PDF"),
        ("plan.doc", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, ".doc"),
        ("plan.docx", b"PK\x03\x04 broken", "损坏"),
        ("empty.txt", b"", "没有文字"),
        ("plan.txt", b"x" * (6 * 2**20), "MB"),
        (
            "plan.txt",
            "青原县方案\n1.甲项服务。（县财政局牵头）\n1.乙项服务。（县财政局牵头）\n".encode() * 1,
            "第 3 行",
        ),
    ],
    ids=[
        "gbk",
        "utf16",
        "bom",
        "docx",
        "pictures",
        "pdf",
        "doc",
        "broken",
        "empty",
        "large",
        "twice",
    ],
)
def test_a_file_is_read_or_refused_with_its_reason_and_nothing_is_kept(
    staff, office, name, body, words
) -> None:
    client = staff("dispatcher")
    answer = client.post("/plan/import", files={"file": (name, body)}, follow_redirects=False)
    if words is None:
        assert answer.status_code == 303, answer.text
        assert count(office, "plan_draft") == 1
    else:
        assert answer.status_code == 422
        assert words in answer.text
        assert count(office, "plan_draft") == 0
    assert count(office, "plan") == 1


def test_fifty_megabytes_are_refused_and_nothing_is_kept(staff, office) -> None:
    client = staff("dispatcher")
    big = b"x" * (50 * 2**20)
    assert client.post("/plan/import", files={"file": ("a.txt", big)}).status_code == 413
    assert count(office, "plan_draft") == 0


def test_the_plan_is_searched_sifted_and_read_task_by_task(staff) -> None:
    client = staff("xzspj")
    assert client.get("/plan", params={"q": "企业开办"}).text.count('<tr id="task-') >= 1
    assert client.get("/plan", params={"q": "没有这样的词"}).text.count('<tr id="task-') == 0
    mine = client.get("/plan", params={"unit": "区行政审批局"}).text
    assert 0 < mine.count('<tr id="task-') < 80
    assert client.get("/plan", params={"version": "nosuch"}).status_code == 404
    page = client.get("/plan/tasks/1")
    assert page.status_code == 200
    assert client.get("/plan/tasks/81").status_code == 404
    assert client.get(f"/plan/tasks/{10**30}").status_code == 404


def test_a_ticket_keeps_the_task_of_the_plan_it_was_dispatched_by(staff, office, clock) -> None:
    filed = staff("operator").post("/api/v1/tickets", json=GOOD).json()
    page = staff("dispatcher").get(f"/tickets/{filed['number']}?lang=zh").text
    assert "优化企业开办" in page
    address = bring(staff("dispatcher"), SMALL.replace("优化企业开办", "换了名目的任务"))
    second = staff("supervisor")
    sent = {
        "effective_from": str(local_day(clock())),
        "digest": digest_of(second.get(address)),
    }
    answer = second.post(f"{address}/apply", data=sent, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert "换了名目的任务" in second.get("/plan").text
    assert "优化企业开办" in second.get(f"/tickets/{filed['number']}?lang=zh").text


def test_a_document_that_swells_when_it_is_opened_is_refused(staff, office) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", b"<a/>" + b" " * (80 * 2**20))
    client = staff("dispatcher")
    answer = client.post("/plan/import", files={"file": ("a.docx", packed.getvalue())})
    assert answer.status_code == 422
    assert "过大" in answer.text
    assert count(office, "plan_draft") == 0
