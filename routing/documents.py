"""Opens plan documents: .docx to the text the importer reads, tables as tabbed lines."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from routing.plan import LIMIT, PlanRefused, decode
from routing.plan.names import unit_like

_UNPACKED_LIMIT = 60 * 1024 * 1024
_HAN = "零一二三四五六七八九十"
_COUNTING = {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"}


def document_text(name: str, data: bytes) -> str:
    """The text of a plan file by its name and bytes; raises PlanRefused."""
    if name.lower().endswith(".docx") or _is_word(data):
        return _word_text(data)
    return decode(data)


def _is_word(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04") and b"word/" in data


def _word_text(data: bytes) -> str:
    if len(data) > LIMIT * 4:
        raise PlanRefused("too_large", "文件超过 20 MB，方案文本不应这样大")
    document = _opened(data)
    numbers = _Numbering(document)
    lines = [line for block in document.iter_inner_content() for line in _lines(block, numbers)]
    return "\n".join(lines)


def _opened(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        document = Document(BytesIO(data)) if unpacked <= _UNPACKED_LIMIT else None
    except Exception as wrong:
        # python-docx lets through whatever its zip and XML readers raise on a broken file
        raise PlanRefused("binary", "无法打开 .docx 文件，文件可能已损坏") from wrong
    if document is None:
        raise PlanRefused("too_large", "文件解压后过大，方案文本不应这样大")
    return document


def _lines(block: Paragraph | Table, numbers: "_Numbering") -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield numbers.label(block) + block.text
        return
    width = max((len(row.cells) for row in block.rows), default=0)
    for row in block.rows:
        cells = [_cell(cell.text) for cell in row.cells]
        merged = len(set(cells)) == 1
        # two tabs at least, so that the reader sees a table's line
        yield cells[0] if merged or width < 2 else "\t".join([*cells, ""])


def _cell(text: str) -> str:
    """A cell on one line; units that stand under one another become a list."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    listed = len(lines) > 1 and all(unit_like(line) for line in lines)
    return ("、" if listed else "").join(lines)


class _Numbering:
    """Word keeps list numbers out of the text: counts them as Word would print them."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        abstract = {a.get(qn("w:abstractNumId")): a for a in root.findall(qn("w:abstractNum"))}
        for num in root.findall(qn("w:num")):
            link = num.find(qn("w:abstractNumId"))
            definition = abstract.get(link.get(qn("w:val"))) if link is not None else None
            for level in definition.findall(qn("w:lvl")) if definition is not None else ():
                key = (num.get(qn("w:numId")), int(level.get(qn("w:ilvl"))))
                shape = [_value(level, tag) for tag in ("w:lvlText", "w:numFmt", "w:start")]
                self._levels[key] = (shape[0], shape[1], int(shape[2] or 1))

    def label(self, paragraph: Paragraph) -> str:
        """What Word prints before the paragraph, if it numbers it."""
        place = self._place(paragraph)
        if place is None or place not in self._levels or not paragraph.text.strip():
            return ""
        number, level = place
        text, shape, start = self._levels[place]
        if shape in {"bullet", "none"}:
            return ""
        counts = self._counts[number]
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [key for key in counts if key > level]:
            del counts[deeper]
        return re.sub(r"%(\d)", lambda m: self._printed(number, int(m[1]) - 1), text)

    def _printed(self, number: str, level: int) -> str:
        _, shape, start = self._levels.get((number, level), ("", "decimal", 1))
        count = self._counts[number].get(level, start)
        return _han(count) if shape in _COUNTING else str(count)

    def _place(self, paragraph: Paragraph) -> tuple[str, int] | None:
        style: Any = paragraph.style
        # python-docx has no public way to a paragraph's numbering
        own: Any = paragraph._p.pPr  # noqa: SLF001 - see above
        for properties in (own, style.element.pPr if style is not None else None):
            found = properties.numPr if properties is not None else None
            if found is not None and found.numId is not None:
                return str(found.numId.val), found.ilvl.val if found.ilvl is not None else 0
        return None


def _value(level: Any, tag: str) -> str:
    found = level.find(qn(tag))
    return found.get(qn("w:val")) or "" if found is not None else ""


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return _HAN[ones]
    return (_HAN[tens] if tens > 1 else "") + "十" + (_HAN[ones] if ones else "")
