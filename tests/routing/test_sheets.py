"""Rulebooks as spreadsheets: out and in is the same book, and a wrong cell is named by its cell."""

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from core.texts import clean
from routing.cells import COLUMNS, Lexicon, normal, row_from
from routing.data import district
from routing.rulebook import row_of
from routing.sheets import HEADS, RULES, WORDS, joined, parted, read, write
from routing.workbooks import LARGEST, OLE, SheetRefused

HOME = district()
LABELS = {
    "category": {category.code: category.zh for category in HOME.categories},
    "kind": {"complaint": "投诉", "report": "举报", "inquiry": "咨询", "help": "求助"},
    "urgency": {"critical": "紧急", "urgent": "加急", "normal": "一般"},
    # two that share a word must not be mixed up
    "channel": {"web": "网络", "api": "网络", "phone": "电话"},
}
LEXICON = Lexicon(HOME.vocabulary, HOME.register, frozenset(range(1, 81)), LABELS)
SHIPPED = [normal(row_of(rule), HOME.register) for rule in HOME.rules]
GOOD = {"编号": "r1", "次序": 10, "诉求类别": "企业开办", "主办单位": "区人社局"}


def sheet_of(*rows: dict, heads: tuple | None = None, **cells) -> bytes:
    """A file somebody typed: heads, lines, and single cells that are otherwise."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = RULES
    heads = heads or tuple(dict.fromkeys(head for row in rows for head in row))
    sheet.append(heads)
    for row in rows:
        sheet.append([row.get(head) for head in heads])
    for place, value in cells.items():
        sheet[place] = value
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refused(data: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(SheetRefused) as error:
        read(data, LEXICON)
    for fault in error.value.faults:
        assert fault.told
        assert "{" not in fault.told
    return [(fault.cell, fault.code, fault.rule) for fault in error.value.faults]


def test_the_shipped_book_survives_the_way_out_and_in() -> None:
    assert read(write(SHIPPED, LEXICON), LEXICON) == SHIPPED


def test_it_reads_and_offers_the_words_people_know() -> None:
    book = load_workbook(io.BytesIO(write(SHIPPED, LEXICON)))
    sheet = book[RULES]
    heads = [cell.value for cell in sheet[1]]
    assert heads == [HEADS[column.key] for column in COLUMNS]
    shown = {cell.value for cell in sheet["D"]}
    assert "企业开办" in shown
    assert "qykb" not in shown
    lists = {
        str(rule.sqref).split("2:")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
    }
    leads = lists["R"].replace("$", "").partition("!")[2].split(":")
    offered = {cell.value for (cell,) in book[WORDS][leads[0] : leads[1]]}
    assert offered == {unit.name for unit in HOME.register}


TEXTS = (
    st.text(min_size=1, max_size=12)
    | st.sampled_from(
        ["=1+1", "+2", "@x", "_x000D_", "无", "a、b", '说"好"', '"', "1,5", "0012", "a;b"]
    )
).filter(lambda text: text.isprintable())


def cleaned(text: str) -> str:
    try:
        return clean(text)
    except ValueError:
        return ""


CLEAN = TEXTS.map(cleaned).filter(bool)
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1)).map(date.isoformat)
UNITS = [unit.code for unit in HOME.register]


def some(values, most: int = 3):
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=most, unique=True).map(
        tuple
    )


def ends(values):
    return st.tuples(values, values).map(sorted)


@st.composite
def cells(draw) -> dict[str, tuple[str, ...]]:
    """Any rule that can be."""
    found = {
        "rank": (str(draw(st.integers(0, 99_999))),),
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "reason": CLEAN.map(lambda text: (text,)),
                    "category": some(HOME.vocabulary.categories),
                    "kind": some(HOME.vocabulary.kinds),
                    "place": some(HOME.vocabulary.places),
                    "channel": some(HOME.vocabulary.channels),
                    "respondent": some(UNITS),
                    "enterprise": some(HOME.vocabulary.enterprises),
                    "urgency": some(HOME.vocabulary.urgencies),
                    "caution": some(HOME.vocabulary.cautions),
                    "words": st.lists(CLEAN, min_size=1, max_size=4, unique=True).map(tuple),
                    "then_urgency": some(HOME.vocabulary.urgencies, 1),
                    "route": CLEAN.map(lambda text: (text,)),
                },
            )
        ),
    }
    if draw(st.booleans()):
        low, high = draw(ends(st.integers(0, 10**9)))
        found |= {"amount_from": (str(low),), "amount_to": (str(high),)}
    if draw(st.booleans()):
        low, high = draw(ends(DAYS))
        found |= draw(
            st.sampled_from([{"day_from": (low,)}, {"day_from": (low,), "day_to": (high,)}])
        )
    if draw(st.booleans()):
        return found | {"ground": draw(some(HOME.vocabulary.grounds, 1))}
    if draw(st.booleans()):
        found |= {"task": (str(draw(st.integers(1, 80))),)}
    else:
        found |= {"lead": draw(some(UNITS, 1))}
    for helpers in ("co_handlers", "partners"):
        found |= draw(
            st.sampled_from([{}, {helpers: ("无",)}]) | some(UNITS).map(lambda u, h=helpers: {h: u})
        )
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=6))
def test_any_book_survives_the_way_out_and_in(drawn) -> None:
    rows = [row_from(given | {"id": (f"r.{n}",)}, LEXICON) for n, given in enumerate(drawn)]
    assert read(write(rows, LEXICON), LEXICON) == rows


@given(st.lists(CLEAN, max_size=5))
def test_values_in_one_cell_come_apart_as_they_were_joined(values) -> None:
    assert parted(joined(values)) == tuple(values)


def test_what_somebody_types_may_name_units_and_words_or_codes_in_any_order() -> None:
    typed = sheet_of(
        {"编号": 17, "诉求类别": "企业开办；qyzx\n", "次序": 10.0, "主办单位": "渭滨区人社局", "日期从": datetime.fromisoformat("2026-01-02")},
        {"编号": "r2", "次序": 11, "日期从": "2026-02-03", "转人工理由": "NT", "kind": None},
        heads=("编号", "诉求类别", "次序", "主办单位", "日期从", "转人工理由", "文字提到"),
    )  # fmt: skip
    assert read(typed, LEXICON) == [
        {
            "id": "17",
            "rank": 10,
            "reason": "",
            "when": {"category": ["qykb", "qyzx"], "day": ["2026-01-02", ""]},
            "then": {"lead": "rsj"},
        },
        {"id": "r2", "rank": 11, "reason": "", "when": {"day": ["2026-02-03", ""]}, "then": {"ground": "NT"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"B2": "=1+1"}, [("B2", "formula", "r1")]),
        ({"C2": "没有这类"}, [("C2", "cell", "r1")]),
        ({"D2": "没有这个局"}, [("D2", "cell", "r1")]),
        ({"A3": "r1", "B3": 11, "D3": "rsj"}, [("A3", "duplicate_id", "r1")]),
        ({"E1": "日期从", "E2": 45_000}, [("E2", "date_number", "r1")]),
        ({"E1": "日期从", "E2": datetime.fromisoformat("2026-01-02T03:04")}, [("E2", "date", "r1")]),
        ({"E1": "文字提到", "E2": datetime.fromisoformat("2026-01-02")}, [("E2", "date", "r1")]),
        ({"E1": "金额从（元）", "E2": 1.5}, [("E2", "fraction", "r1")]),
        ({"B2": True}, [("B2", "type", "r1")]),
        ({"B2": "#N/A"}, [("B2", "error_value", "r1")]),
        ({"E1": "颜色", "E2": "红"}, [("E1", "unknown_column", ""), ("E2", "no_head", "r1")]),
        ({"E1": "次序"}, [("E1", "column_twice", "")]),
        ({"H2": "写在旁边的话"}, [("H2", "no_head", "r1")]),
        ({"B1": None}, [("A1", "no_column", ""), ("B2", "no_head", "r1")]),
        ({"A2": None}, [("A2", "cell", "")]),
        ({"E1": "任务", "E2": 99}, [("E2", "cell", "r1")]),
        ({"B2": None}, [("A2", "cell", "r1")]),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(cells, found) -> None:
    assert refused(sheet_of(GOOD, **cells)) == found


def test_every_wrong_cell_is_named_at_once_and_nothing_is_taken() -> None:
    rows = [GOOD | {"编号": f"r{n}", "主办单位": "没有这个局"} for n in range(1, 40)]
    faults = refused(sheet_of(GOOD | {"编号": "r0"}, *rows))
    assert faults == [(f"D{n + 2}", "cell", f"r{n}") for n in range(1, 40)]


def test_merged_cells_are_refused_by_their_place() -> None:
    book = load_workbook(io.BytesIO(sheet_of(GOOD, GOOD | {"编号": "r2"})))
    book[RULES].merge_cells("D2:D3")
    assert ("D2", "merged", "") in refused(saved(book))


def test_a_file_without_rules_or_without_their_sheet_is_refused() -> None:
    assert refused(sheet_of(heads=("编号", "次序"))) == [("A2", "empty", "")]
    other = Workbook()
    assert refused(saved(other)) == [("", "no_sheet", "")]


def with_part(data: bytes, name: str, content: bytes, **options) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, content, **options)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """The flag that says a part is encrypted, set where the directory of the archive has it."""
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 8] + bytes([data[at + 8] | 1]) + data[at + 9 :]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_xlsx"),
        (b"id,rank\nr1,1\n", "not_xlsx"),
        (b"x" * (LARGEST + 1), "too_large"),
        (OLE + b"\0" * 500, "encrypted"),
        (encrypted(sheet_of(GOOD)), "encrypted"),
        (with_part(sheet_of(GOOD), "xl/vbaProject.bin", b"x"), "macros"),
        (with_part(sheet_of(GOOD), "xl/media/big.bin", b"\0" * 30_000_000), "bomb"),
        (sheet_of(GOOD)[:-200], "not_xlsx"),
        (
            with_part(
                sheet_of(GOOD), "xl/extra.xml", b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
            ),
            "not_xlsx",
        ),
    ],
    ids=["empty", "csv", "large", "ole", "encrypted", "macro", "bomb", "cut", "entities"],
)
def test_what_is_no_honest_spreadsheet_is_refused_before_it_is_read(data: bytes, code: str) -> None:
    assert refused(data) == [("", code, "")]


def test_an_archive_of_countless_parts_is_refused() -> None:
    out = io.BytesIO(sheet_of(GOOD))
    with zipfile.ZipFile(out, "a") as parts:
        for number in range(300):
            parts.writestr(f"xl/{number}.bin", b"")
    assert refused(out.getvalue()) == [("", "bomb", "")]


def test_a_last_row_formatted_by_hand_costs_nothing() -> None:
    book = load_workbook(io.BytesIO(sheet_of(GOOD)))
    book[RULES]["XFD1048576"].number_format = "@"
    assert [row["id"] for row in read(saved(book), LEXICON)] == ["r1"]
