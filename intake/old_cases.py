"""Cases of another system: what a row of a list says, and every fault it has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from core.errors import Fault, Invalid
from core.i18n import N_
from core.ledger import canonical
from core.texts import UncleanText, clean, half_width
from intake import draft, old_words
from intake.draft import Draft
from intake.lists import Cell, Line, Sheet, refused, text_of
from intake.old_words import COLUMNS, NEEDED, NUMBERS, NoDate, spoilt

NUMBER_LIMIT, REPLY_LIMIT = 60, 5000
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
DATE_WORDS = {
    "date": N_("无法识别为日期，请写成 2023-05-01 或 2023-05-01 09:30"),
    "date_order": N_("日月先后不明，请写成 2023-05-01 的样子"),
}
# fields that the draft checks; the rest belong to the old case
OF_DRAFT = (
    "title", "content", "company_name", "uscc", "contact_name", "contact_phone", "contact_email",
    "place",
)  # fmt: skip
CHOICES = ("kind", "urgency", "anonymous", "confidential")


@dataclass(frozen=True, slots=True)
class Names:
    """What categories and units are called, by the code they have here."""

    categories: Mapping[str, str]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OldCase:
    """A row that can be taken in: the request, and what became of it elsewhere."""

    number: str
    draft: Draft
    received_at: datetime
    closed: bool
    closed_at: datetime | None = None
    result: str = "not_rated"
    reply: str | None = None
    unit: str | None = None

    @property
    def content(self) -> str:
        """Everything it says, in one writing: two rows that say the same are the same case."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["draft"] = {
            name: getattr(self.draft, name)
            for name in (*OF_DRAFT, "request", "category", "urgency")
        }
        for name in ("received_at", "closed_at"):
            values[name] = values[name].isoformat() if values[name] else None
        return canonical(values).decode()


@dataclass(frozen=True, slots=True)
class Read:
    """A row and what was made of it: a case, or its faults (`field` is the column's head)."""

    line: Line
    case: OldCase | None = None
    faults: tuple[Fault, ...] = ()
    number_head: str = ""


def known_heads(heads: Sequence[str]) -> int:
    """How many of these are names of columns."""
    return len({old_words.field_of(head) for head in heads} - {None})


def columns(sheet: Sheet) -> dict[str, int]:
    """Which column holds which field. Invalid when one is missing, or two hold the same."""
    found: dict[str, int] = {}
    for place, head in enumerate(sheet.heads):
        name = old_words.field_of(head)
        if name is None:
            continue
        if name in found:
            first = sheet.heads[found[name]]
            message = "“{first}”与“{second}”是同一项内容，请只留一列"
            raise refused("same_column", message, first=first, second=head)
        found[name] = place
    missing = [COLUMNS[name][0] for name in NEEDED if name not in found]
    if missing:
        raise refused("missing_column", "缺少必需的列：{columns}", columns="、".join(missing))
    return found


def read(sheet: Sheet, names: Names, now: datetime) -> list[Read]:
    """Every row of the list: a case or its faults; a number that stood before is a fault."""
    places = columns(sheet)
    seen: dict[str, int] = {}
    return [_Row(sheet, places, names, now, line).read(seen) for line in sheet.lines]


@dataclass
class _Row:
    """One row: reads its cells field by field and keeps every fault."""

    sheet: Sheet
    places: Mapping[str, int]
    names: Names
    now: datetime
    line: Line
    faults: list[Fault] = field(default_factory=list)

    def read(self, seen: dict[str, int]) -> Read:
        self._formulas()
        number = self._number(seen)
        closed = self.choice("status", needed=True) == "closed"
        received, ended = self._instants(closed=closed)
        unit = self._known("unit", self.names.units, "没有这个单位，请使用本系统中的单位名称")
        result = self.choice("result") or "not_rated"
        reply = self.free("reply", REPLY_LIMIT, lines=True)
        request = self._draft(closed=closed)
        if self.faults or request is None or received is None:
            return Read(self.line, faults=self._told())
        case = OldCase(number, request, received, closed, ended, result, reply or None, unit)
        return Read(self.line, case, number_head=self.head("number"))

    def _told(self) -> tuple[Fault, ...]:
        """In the order of the columns, one a column: the first is what the others follow from."""
        order = {head: place for place, head in enumerate(self.sheet.heads)}
        first = {fault.field: fault for fault in reversed(self.faults)}
        return tuple(sorted(first.values(), key=lambda f: order.get(f.field, len(order))))

    def head(self, name: str) -> str:
        """What the file calls the column of a field."""
        return self.sheet.heads[self.places[name]] if name in self.places else COLUMNS[name][0]

    def fault(self, name: str, code: str, message: str, **params: str | int) -> None:
        self.faults.append(Fault(self.head(name), code, message, params))

    def cell(self, name: str) -> Cell:
        place = self.places.get(name, len(self.line.cells))
        return self.line.cells[place] if place < len(self.line.cells) else None

    def text(self, name: str) -> str:
        cell = self.cell(name)
        if name in NUMBERS and spoilt(cell):
            message = "号码被表格软件改成了科学计数，请把该列设为文本后重新填写"
            self.fault(name, "scientific", message)
        return text_of(cell).strip()

    def free(self, name: str, limit: int, *, lines: bool = False) -> str:
        try:
            value = clean(self.text(name), lines=lines)
        except UncleanText as error:
            self.fault(name, error.code, draft.UNCLEAN[error.code], position=error.position)
            return ""
        if len(value) > limit:
            self.fault(name, "too_long", draft.TOO_LONG, limit=limit, length=len(value))
        return value

    def choice(self, name: str, *, needed: bool = False) -> str | None:
        text = self.text(name)
        if not text:
            if needed:
                self.fault(name, "required", "必须填写")
            return None
        code = old_words.code_of(name, text)
        if code is None:
            self.fault(name, "unknown", draft.UNKNOWN, allowed=old_words.allowed(name))
        return code

    def _formulas(self) -> None:
        for place in sorted(self.line.formulas):
            heads = self.sheet.heads
            head = heads[place] if place < len(heads) else str(place + 1)
            message = "是公式，不能导入，请改为文字或数值"
            self.faults.append(Fault(head, "formula", message))

    def _number(self, seen: dict[str, int]) -> str:
        number = half_width(self.free("number", NUMBER_LIMIT)).strip()
        if not number:
            self.fault("number", "required", "必须填写")
        elif number in seen:
            message = "与第{row}行的编号相同"
            self.fault("number", "duplicate", message, row=seen[number])
        else:
            seen[number] = self.line.number
        return number

    def _instants(self, *, closed: bool) -> tuple[datetime | None, datetime | None]:
        received = self._instant("received_at", needed=True)
        ended = self._instant("closed_at", needed=closed)
        # a wrong beginning proves nothing about the end
        if received and ended and ended < received <= self.now:
            self.fault("closed_at", "before_received", "早于受理时间")
        return received, ended if closed else None

    def _instant(self, name: str, *, needed: bool) -> datetime | None:
        cell = self.cell(name)
        if not text_of(cell).strip():
            if needed:
                self.fault(name, "required", "必须填写")
            return None
        try:
            found = old_words.instant(cell).astimezone(UTC)
        except NoDate as wrong:
            self.fault(name, wrong.code, DATE_WORDS[wrong.code])
            return None
        if found > self.now:
            self.fault(name, "future", "晚于现在，请核对")
        elif found < EARLIEST:
            self.fault(name, "too_early", "早于1990年，请核对")
        return found

    def _known(self, name: str, known: Mapping[str, str], message: str) -> str | None:
        text = self.text(name)
        if not text:
            return None
        code = known.get(old_words.plain(text))
        if code is None:
            self.fault(name, "unknown", message)
        return code

    def _draft(self, *, closed: bool) -> Draft | None:
        values: dict[str, str | None] = {name: self.text(name) for name in OF_DRAFT}
        values |= {name: self.choice(name) for name in CHOICES}
        categories, units = self.names.categories, self.names.units
        values["category"] = self._known("category", categories, "没有这个诉求类别")
        values["respondent"] = self._known("respondent", units, "没有这个被反映单位")
        if closed and not values["contact_phone"] and not values["contact_email"]:
            values["anonymous"] = "on"  # it is over: nobody will call
        try:
            return draft.check(values, channels=("import",), channel="import")
        except Invalid as invalid:
            for fault in invalid.faults:
                self.faults.append(replace(fault, field=self.head(fault.field)))
            return None


def counted(rows: Sequence[Read]) -> Iterator[tuple[Line, Fault]]:
    """Every fault of the list with its row."""
    for row in rows:
        for fault in row.faults:
            yield row.line, fault
