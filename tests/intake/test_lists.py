"""Lists from outside: every encoding and delimiter, and every file that is a trap."""

import io
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from core.errors import Invalid
from core.texts import half_width
from intake import lists, old_cases, old_words, workbook_lists

MAY = datetime(2023, 5, 1)  # noqa: DTZ001 - a cell has no zone
HEADS = ("原编号", "状态", "受理时间", "内容")


def read(body: bytes, name: str = "a.csv") -> lists.Sheet:
    return workbook_lists.read(name, body, old_cases.known_heads)


def code_of(body: bytes, name: str = "a.csv") -> str:
    with pytest.raises(Invalid) as refused:
        old_cases.columns(read(body, name))
    [fault] = refused.value.faults
    assert fault.field == "file"
    assert fault.message.format(**fault.params)
    return fault.code


def book(*rows: list) -> bytes:
    made, out = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，"])
def test_a_list_is_read_in_every_encoding_with_every_delimiter(encoding, delimiter) -> None:
    rows = ["历史工单", "", delimiter.join(HEADS), "", delimiter.join(["𠮷1", "办结", "2023", "x"])]
    sheet = read("\r\n".join(rows).encode(encoding))
    assert sheet.heads == HEADS
    assert [(line.number, line.cells[0]) for line in sheet.lines] == [(5, "𠮷1")]
    assert (sheet.encoding, sheet.delimiter) == (encoding, delimiter)


def test_a_workbook_keeps_its_row_numbers_and_names_its_formulas() -> None:
    sheet = read(book(["标题"], [], list(HEADS), [], ["1", "办结", MAY, "=NOW()"]))
    [line] = sheet.lines
    assert (line.number, line.formulas) == (5, {3})
    assert line.cells[2] == MAY


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b\n1,2", "no_heads"),
        ("原编号,状态,受理时间,内容\n".encode(), "no_rows"),
        ("原编号,状态,受理时间\n1,2,3".encode(), "missing_column"),
        ("原编号,状态,受理时间,内容,诉求内容\n1,2,3,4,5".encode(), "same_column"),
        ('原编号,内容\n"1,2\n3,4'.encode(), "quotes"),
        (b"\xff\xff\x80\x81", "encoding"),
        ("编号\0,内容".encode(), "encoding"),
        (b"%PDF-1.7\n\x00\x01", "encoding"),
        (("编号,内容\n" + "1,2\n" * 20_020).encode(), "too_many_rows"),
        (("编号" + "," * 150 + "\n1").encode(), "too_many_columns"),
        (("编号,内容\n1," + "长" * 33_000).encode(), "cell_too_long"),
        (b"x" * (lists.FILE_LIMIT + 1), "too_large"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "encrypted"),
        (b"PK\x03\x04nothing", "not_xlsx"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_clear_sentence(body, code) -> None:
    assert code_of(body) == code


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, body in parts.items():
            pack.writestr(name.replace("__", "/") + ".xml", body)
    return out.getvalue()


def test_bombs_macros_and_entities_are_refused_before_they_are_unpacked() -> None:
    assert code_of(zipped(a=b"\0" * (workbook_lists.UNPACKED + 1))) == "bomb"
    assert code_of(zipped(**{f"p{n}": b"" for n in range(400)})) == "bomb"
    assert code_of(zipped(xl__vbaProject=b"x")) == "macros"
    assert code_of(zipped(a=b'<!DOCTYPE x [<!ENTITY a "b">]>')) == "not_xlsx"
    assert code_of(zipped(a=b"<x/>")) == "not_xlsx"


def test_a_workbook_of_too_many_rows_or_columns_is_refused() -> None:
    assert code_of(book(list(HEADS), *([["1", "2"]] * 20_020))) == "too_many_rows"
    assert code_of(book(list(HEADS), ["x"] * 150)) == "too_many_columns"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_no_written_cell_begins_as_a_formula_and_each_reads_back_as_it_was(value: str) -> None:
    sheet = lists.Sheet("csv", HEADS, ())
    written = lists.neutral(value)
    assert not half_width(written).lstrip().startswith(("=", "+", "-", "@"))
    body = lists.write_text(sheet, [HEADS, ("1", "办结", "2023", value)])
    [line] = read(body).lines
    # only an apostrophe that stood before a sign already is not told from ours
    assert line.cells[3] == value or half_width(value).lstrip("'").lstrip() != half_width(value)


def test_a_written_workbook_holds_no_formula() -> None:
    sheet = lists.Sheet("xlsx", HEADS, ())
    body = workbook_lists.write(sheet, [("=1+1", "@x", 5, None, "a\x07b")])
    row = next(load_workbook(io.BytesIO(body)).active.iter_rows())
    assert [cell.data_type for cell in row] == ["s", "s", "n", "n", "s"]
    assert [cell.value for cell in row] == ["=1+1", "@x", 5, None, "ab"]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2023-5-1", (2023, 5, 1)),
        ("2023/05/01 9:30", (2023, 5, 1, 9, 30)),
        ("２０２３年５月１日 ９时３０分", (2023, 5, 1, 9, 30)),
        ("2023年5月1日9点", (2023, 5, 1, 9)),
        ("20230501", (2023, 5, 1)),
        ("2023.5.1 09:30:15", (2023, 5, 1, 9, 30, 15)),
        ("2023-05-01T09:30:15.000", (2023, 5, 1, 9, 30, 15)),
        ("45047", (2023, 5, 1)),
        (45047.5, (2023, 5, 1, 12)),
        (MAY, (2023, 5, 1)),
    ],
)
def test_days_are_read_in_every_fashion_as_local_time(cell, wanted) -> None:
    local = datetime(*wanted, tzinfo=old_words.SHANGHAI)  # type: ignore[arg-type,misc]
    assert old_words.instant(cell) == local.astimezone(UTC)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2023-02-30", "date"), ("2023-13-01", "date"), ("昨天", "date"), ("2023-05-01 25:00", "date"),
        ("1/5/2023", "date_order"), ("01-05-23", "date_order"), ("123", "date"), (True, "date"),
        ("0000-01-01", "date"), ("99999", "date"),
    ],
)  # fmt: skip
def test_what_is_no_certain_day_is_not_guessed(cell, code) -> None:
    with pytest.raises(old_words.NoDate) as wrong:
        old_words.instant(cell)
    assert wrong.value.code == code


def test_heads_and_words_are_known_in_both_languages_and_any_dress() -> None:
    assert old_words.field_of("＊ 受理时间：") == "received_at"
    assert old_words.field_of("Received_At") == "received_at"
    assert old_words.field_of("联系电话（必填）") == "contact_phone"
    assert old_words.field_of("备注") is None
    assert old_words.code_of("kind", " 投 诉") is None
    assert old_words.code_of("kind", "Complaint") == "complaint"
    names = [name for names in old_words.COLUMNS.values() for name in names]
    assert len({old_words.plain(name) for name in names}) == len(names)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_trip(body: bytes) -> None:
    for start in (b"", b"PK\x03\x04"):
        try:
            sheet = read(start + body)
        except Invalid:
            continue
        old_cases.known_heads(sheet.heads)


cell = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.datetimes()
)


@given(st.lists(st.lists(cell, max_size=6), min_size=1, max_size=4))
def test_no_cell_makes_the_check_trip(rows: list[list]) -> None:
    heads = ("原编号", "状态", "受理时间", "内容", "电话", "信用代码")
    lines = tuple(lists.Line(n, tuple(row)) for n, row in enumerate(rows, 2))
    sheet = lists.Sheet("csv", heads, lines)
    for row in old_cases.read(sheet, old_cases.Names({}, {}), datetime(2026, 11, 24, tzinfo=UTC)):
        assert (row.case is None) == bool(row.faults)
