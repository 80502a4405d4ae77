"""Old cases from a list: a thousand messy rows, mended and sent again; killed midway; history."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid
from core.moments import SHANGHAI
from core.permissions import SYSTEM
from core.tables import Contact, OutboxRow, Ticket
from intake import imports, lists, old_cases, workbook_lists
from intake.tables import ImportRow, OldCaseRow
from sla.tables import ClockRow
from tests import makers
from tests.cast import DISPATCHER, OPERATOR, SUPERVISOR
from tests.makers import AREA
from web import wiring

HEADS = [
    "工单号",
    "状态",
    "受理时间",
    "办结时间",
    "办理结果",
    "承办单位",
    "诉求类别",
    "诉求内容",
    "联系电话",
    "备注",
]


def good(number: int, dice: random.Random, *, closed: bool = True) -> list:
    """A row as offices write them: dates and telephones in every fashion."""
    day = datetime(2023, 1, 1, tzinfo=SHANGHAI) + timedelta(
        days=dice.randrange(600), minutes=dice.randrange(600)
    )
    fashions = ["%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y年%m月%d日", "%Y%m%d", "%Y.%m.%d"]
    phone = f"138{number:08d}"
    phones = [
        phone,
        f"+86 {phone}",
        "".join(chr(ord(c) + 0xFEE0) for c in phone),
        f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
    ]
    return [
        f"旧{number}",
        dice.choice(["已办结", "办结", "closed"]) if closed else dice.choice(["在办", "办理中"]),
        day.strftime(dice.choice(fashions)),
        (day + timedelta(days=9)).strftime("%Y-%m-%d") if closed else "",
        dice.choice(["已解决", "未解决", ""]),
        "",
        "qykb",
        f"设立登记提交后第{number}次仍没有结果，请核实",
        dice.choice(phones),
        dice.choice(["", " 原样保留  ", "-5", "O'Neil"]),
    ]  # fmt: skip


# what is spoilt, how, and the fault it must be told as
SPOILS = [
    ("工单号", "", "required"),
    ("状态", "天知道", "unknown"),
    ("受理时间", "2023-02-30", "date"),
    ("受理时间", "05/06/2023", "date_order"),
    ("受理时间", "2099-01-01", "future"),
    ("办结时间", "2001-01-01", "before_received"),
    ("承办单位", "没有这个局", "unknown"),
    ("诉求类别", "没有这一类", "unknown"),
    ("诉求内容", "短", "too_short"),
    ("联系电话", "1.38E+10", "scientific"),
    ("联系电话", "12345", None),
    ("备注", "=HYPERLINK(1)", "formula"),
    ("诉求内容", "反向\u202e文字不可以保存", "bidi"),
]


def planted(
    rows: int, share: float = 0.2
) -> tuple[list[list], dict[int, tuple[str, str | None, list]]]:
    """Messy rows, and by their number in the file what was spoilt and how it should read."""
    dice = random.Random(20261124)
    made, faults = [], {}
    for number in range(rows):
        row = good(number, dice, closed=dice.random() < 0.8)
        if dice.random() < share:
            head, value, code = dice.choice(SPOILS)
            right = list(row)
            row[HEADS.index(head)] = value
            faults[number + 2] = (head, code, right)
        made.append(row)
    return made, faults


def packed(rows: list[list], kind: str) -> bytes:
    sheet = lists.Sheet("xlsx" if kind == "xlsx" else "csv", (), (), encoding=kind, delimiter=",")
    return workbook_lists.write(sheet, [HEADS, *rows])


def handed_in(office: Office, body: bytes, name: str = "旧系统.csv") -> ImportRow:
    with office.desk(DISPATCHER) as desk:
        return imports.receive(desk, name=name, body=body, source="旧热线")


def begun(office: Office, row: ImportRow):
    with office.desk(DISPATCHER) as desk:
        return imports.begin(desk, row.id, area=AREA)


def worked(office: Office, row: ImportRow) -> ImportRow:
    assert jobs.run(office, wiring.WORKS, begun(office, row))
    return stored(office, row)


def stored(office: Office, row: ImportRow) -> ImportRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(ImportRow, row.id)


def taken_in(office: Office, rows: list[list], kind: str = "utf-8") -> ImportRow:
    return worked(office, handed_in(office, packed(rows, kind)))


def error_rows(office: Office, row: ImportRow) -> lists.Sheet:
    with Session(office.engine) as session:
        name, body = imports.errors(session, office.keys, DISPATCHER, row.id)
    return workbook_lists.read(name, body, old_cases.known_heads)


def numbers(office: Office) -> Counter[str]:
    with Session(office.engine) as session:
        return Counter(session.exec(select(OldCaseRow.number)).all())


@pytest.mark.parametrize("kind", ["utf-8", "gb18030", "xlsx"])
def test_a_thousand_messy_rows_come_back_cell_by_cell_and_mended_are_all_in_once(
    office: Office, kind: str
) -> None:
    count, share = (1000, 0.2) if kind == "utf-8" else (160, 0.5)
    rows, faults = planted(count, share)
    assert {code for _, code, _ in faults.values()} == {code for *_, code in SPOILS}
    looked_at = handed_in(office, packed(rows, kind))
    assert (looked_at.rows, looked_at.bad, looked_at.known) == (count, len(faults), 0)
    assert makers.count(office, Ticket) == 0
    done = worked(office, looked_at)
    assert (done.taken, done.bad, done.body) == (count - len(faults), len(faults), None)

    back = error_rows(office, done)
    assert back.heads == (*HEADS, lists.FAULTS_HEAD)
    assert [*map(lists.text_of, [c for line in back.lines for c in line.cells[:10]])] == [
        cell for place in faults for cell in rows[place - 2]
    ]
    for line, (head, _, _) in zip(back.lines, faults.values(), strict=True):
        assert str(line.cells[10]).startswith(f"{head}："), line
        assert "；" not in str(line.cells[10])
    shown = [(f["row"], f["column"]) for f in done.faults]
    assert shown == [(place, head) for place, (head, *_) in faults.items()][: imports.SHOWN]
    assert all(
        f["code"] == faults[f["row"]][1] for f in done.faults if faults[f["row"]][1] is not None
    )

    mended = [[*right, "旧的说明"] for *_, right in faults.values()]
    sheet = lists.Sheet(back.format, (), (), encoding=back.encoding)
    again = worked(office, handed_in(office, workbook_lists.write(sheet, [back.heads, *mended])))
    assert (again.taken, again.bad, again.known) == (len(faults), 0, 0)
    assert numbers(office) == Counter({f"旧{n}": 1 for n in range(count)})
    assert makers.count(office, Ticket) == count
    third = taken_in(office, [right for *_, right in faults.values()])
    assert (third.taken, third.bad, third.known) == (0, 0, len(faults))
    assert makers.count(office, Ticket) == count


def test_killed_midway_it_goes_on_and_takes_no_case_twice(office: Office, monkeypatch) -> None:
    rows, faults = planted(220)
    row = handed_in(office, packed(rows, "utf-8"))
    job = begun(office, row)
    batches, take = [], imports._take

    def dies(*arguments) -> None:
        batches.append(1)
        take(*arguments)
        if len(batches) == 2:
            raise SystemExit  # in the middle of a batch: nothing of it is written

    with monkeypatch.context() as patch:
        patch.setattr(imports, "_take", dies)
        with pytest.raises(SystemExit):
            jobs.run(office, wiring.WORKS, job)
    assert 0 < sum(numbers(office).values()) == imports.BATCH
    assert stored(office, row).state == "working"
    office.now.move(minutes=5)  # the reconciler finds the worker silent
    with office.desk(SYSTEM) as desk:
        jobs.resend_due(desk)
    assert jobs.run(office, wiring.WORKS, job)
    done = stored(office, row)
    assert (done.state, done.taken, done.bad) == ("done", 220 - len(faults), len(faults))
    assert done.known == 0
    assert set(numbers(office).values()) == {1}
    assert sum(numbers(office).values()) == done.taken == makers.count(office, Ticket)
    assert len(error_rows(office, done).lines) == len(faults)
    assert makers.whole(office)


def test_what_is_over_is_history_without_clocks_or_letters_and_keeps_its_own_times(
    office: Office,
) -> None:
    row = [
        "7",
        "办结",
        "2023-05-01 09:30",
        "2023-05-09",
        "已解决",
        "rsj",
        "qykb",
        "拖欠工资问题请求协调",
        "",
        "",
    ]
    assert taken_in(office, [row]).taken == 1
    with Session(office.engine, expire_on_commit=False) as session:
        [ticket] = session.exec(select(Ticket)).all()
        posted = {row.actor for row in session.exec(select(OutboxRow))}
    assert (ticket.status, ticket.result, ticket.lead, ticket.units) == (
        "archived", "solved", "rsj", ["rsj"],
    )  # fmt: skip
    assert ticket.received_at == datetime(2023, 5, 1, 9, 30, tzinfo=SHANGHAI)
    assert ticket.closed_at == datetime(2023, 5, 9, tzinfo=SHANGHAI)
    assert makers.kinds(office, ticket.id) == ["ticket.imported"]
    [entry] = makers.entries(office, ticket.id)
    assert entry.at == office.now()
    assert datetime.fromisoformat(entry.facts["received_at"]) == ticket.received_at
    assert makers.count(office, ClockRow) == 0
    assert "notify.plan" not in posted
    assert makers.whole(office)


def test_what_is_open_is_routed_as_any_and_its_promises_run_from_today(office: Office) -> None:
    row = [
        "8",
        "在办",
        "2023-05-01",
        "",
        "",
        "",
        "qykb",
        "设立登记提交后卡了两周",
        "13800000001",
        "",
    ]
    assert taken_in(office, [row]).taken == 1
    with Session(office.engine, expire_on_commit=False) as session:
        [ticket] = session.exec(select(Ticket)).all()
        assert session.get(Contact, ticket.id).phone_tail == "0001"
    assert ticket.status == "in_handling"
    assert ticket.channel == "import"
    assert ticket.received_at == office.now()
    assert ticket.due_at > office.now()
    received = makers.entries(office, ticket.id)[0]
    first = datetime.fromisoformat(received.facts["first_received_at"])
    assert first == datetime(2023, 5, 1, tzinfo=SHANGHAI).astimezone(UTC)
    assert makers.whole(office)


def test_the_same_number_with_another_text_is_told_and_not_dropped(office: Office) -> None:
    rows, _ = planted(3, share=0)
    taken_in(office, rows)
    rows[1][7] = "换了一种说法的诉求内容"
    again = taken_in(office, rows)
    assert (again.taken, again.known, again.bad) == (0, 2, 1)
    assert [(f["row"], f["column"], f["code"]) for f in again.faults] == [(3, "工单号", "changed")]


def test_another_source_may_use_the_same_numbers(office: Office) -> None:
    rows, _ = planted(2, share=0)
    taken_in(office, rows)
    with office.desk(DISPATCHER) as desk:
        other = imports.receive(desk, name="b.csv", body=packed(rows, "utf-8"), source="另一系统")
    assert worked(office, other).taken == 2


def test_two_files_at_once_take_no_case_twice(office: Office) -> None:
    rows, _ = planted(60, share=0)
    jobs_asked = [begun(office, handed_in(office, packed(rows, "utf-8"))) for _ in range(2)]
    ran = makers.together(2, lambda place: jobs.run(office, wiring.WORKS, jobs_asked[place]))
    assert ran == [True, True]
    assert makers.count(office, Ticket) == 60
    assert set(numbers(office).values()) == {1}


def test_only_the_dispatch_desk_and_the_office_may_and_each_file_once(office: Office) -> None:
    rows, _ = planted(1, share=0)
    body = packed(rows, "utf-8")
    with office.desk(OPERATOR) as desk, pytest.raises(Forbidden):
        imports.receive(desk, name="a.csv", body=body, source="旧热线")
    with office.desk(SUPERVISOR) as desk:
        row = imports.receive(desk, name="a.csv", body=body, source="旧热线")
    with office.desk(DISPATCHER) as desk:
        imports.discard(desk, row.id)
    with pytest.raises(Conflict):
        begun(office, row)


@pytest.mark.parametrize("source", ["", "  ", "长" * 61, "反\u202e向"])
def test_a_source_must_be_a_name(office: Office, source: str) -> None:
    with office.desk(DISPATCHER) as desk, pytest.raises(Invalid):
        imports.receive(desk, name="a.csv", body=b"x", source=source)


def test_the_file_lies_sealed_and_nobody_coming_for_it_destroys_it(office: Office) -> None:
    rows, _ = planted(3, share=0)
    row = handed_in(office, packed(rows, "utf-8"))
    assert rows[0][7].encode() not in stored(office, row).body
    faulty = taken_in(office, [["", *rows[0][1:]]])
    assert faulty.errors is not None
    assert imports.expire_due(office) == 0
    office.now.move(days=31)
    assert imports.expire_due(office) == 2
    assert (stored(office, row).state, stored(office, row).body) == ("expired", None)
    assert stored(office, faulty).errors is None
    assert imports.expire_due(office) == 0
