"""From lines to numbered blocks: which line opens what, and what stands under it."""

import re
from dataclasses import dataclass, field

from routing.hanzi import simplified

_NUMERAL = "[一二三四五六七八九十百零〇]{1,5}"
_LEVELS = (
    (1, re.compile(rf"^第({_NUMERAL}|\d+)(?:部分|章|篇|节)[、：:\s]*")),
    (2, re.compile(rf"^({_NUMERAL})\s*[、．.]\s*(?!\d)")),
    (3, re.compile(rf"^[（(]\s*({_NUMERAL})\s*[）)]\s*[、．.]?\s*")),
    (4, re.compile(r"^任务\s*(\d{1,3})\s*[:：、.．]?\s*(?=\D)")),
    (4, re.compile(r"^第\s*(\d{1,3})\s*(?:项|条)\s*[:：、.．]?\s*")),
    (4, re.compile(rf"^第({_NUMERAL})条\s*[:：、.．]?\s*")),
    (4, re.compile(rf"^任务({_NUMERAL})\s*[:：、.．]?\s*")),
    (4, re.compile(r"^(\d{1,3})\s*[.．、]\s*(?!\d)")),
    (
        4,
        re.compile(
            r"^(\d{1,3})[ 　](?=[\u4e00-\u9fff“《])(?!个|项|家|年|月|日|天|次|名|万|亿|小时)"
        ),
    ),
    (5, re.compile(r"^[（(]\s*(\d{1,3})\s*[）)]\s*[、．.]?\s*")),
    (6, re.compile(r"^(\d{1,3})[）)]\s*[、．.]?\s*")),
    (7, re.compile(r"^([①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳])\s*")),
)
_FIELD_LINE = re.compile(
    r"^[（(【\[]?\s*(?:牵头|责任|配合|主办|主责|承办|协办|协同|参与|参加|支持|落实|完成|办结|时间)"
    r"[\u4e00-\u9fff]{0,8}\s*[:：】]|^[（(【\[][^（）()]*(?:牵头|负责|配合)[^（）()]*[）)】\]][。；]?$"
)
_STOPS = tuple("。！？；：:;!?）)】”")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}


@dataclass(slots=True, eq=False)
class Block:
    """A heading or item with the paragraphs that follow it, up to the next heading."""

    level: int
    number: int
    label: str
    line: int
    paragraphs: list[str] = field(default_factory=list)
    parent: "Block | None" = None
    children: list["Block"] = field(default_factory=list)

    def path(self) -> tuple[str, ...]:
        """The headings above this block, outermost first, as printed."""
        above = self.parent.path() if self.parent and self.parent.level else ()
        return (*above, self.label + self.heading) if self.level else ()

    @property
    def heading(self) -> str:
        return split_title(self.paragraphs)[0] if self.paragraphs else ""

    def within(self) -> list["Block"]:
        """The block itself and everything under it, in the order of the document."""
        return [self, *(inner for child in self.children for inner in child.within())]


def outline(lines: list[tuple[int, str]]) -> Block:
    """The document as a tree; its root holds what stands before the first heading."""
    root = Block(level=0, number=0, label="", line=1)
    current = root
    for where, line in lines:
        opened = _opening(line)
        if opened is None:
            _continue(current, line)
            continue
        level, label, number, rest = opened
        parent = current
        while parent.level >= level and parent.parent is not None:
            parent = parent.parent
        current = Block(level, number, label, where, [rest] if rest else [], parent)
        parent.children.append(current)
    return root


def split_title(paragraphs: list[str]) -> tuple[str, list[str]]:
    """A block's title and what is left of its paragraphs."""
    first, rest = paragraphs[0], paragraphs[1:]
    cut = re.search(
        r"[。：；]|:(?=\D)|　+|\s{2,}|(?<=[\u4e00-\u9fff”》])[. ](?=[\u4e00-\u9fff“《])", first
    )
    if cut and 2 <= cut.start() <= 60:
        body = first[cut.end() :].strip()
        return first[: cut.start()].strip(), ([body] if body else []) + rest
    bracket = re.search(r"[（(【]", first)
    if bracket and 2 <= bracket.start() <= 60 and len(first) > 60:
        return first[: bracket.start()].strip(), [first[bracket.start() :], *rest]
    return first.strip(" 。；："), rest


def chinese_number(text: str) -> int:
    """十二 → 12, 一百零三 → 103; plain digits and circled ones too."""
    if text.isdigit() and text.isascii():
        return int(text)
    if len(text) == 1 and "①" <= text <= "⑳":
        return ord(text) - ord("①") + 1
    total, pending = 0, 0
    for char in text:
        if char in "十百":
            total += (pending or 1) * (10 if char == "十" else 100)
            pending = 0
        else:
            pending = _DIGITS[char]
    return total + pending


def _opening(line: str) -> tuple[int, str, int, str] | None:
    plain = simplified(line)
    for level, pattern in _LEVELS:
        if found := pattern.match(plain):
            rest = line[found.end() :].strip()
            return level, line[: found.end()].strip(), chinese_number(found[1]), rest
    return None


def _continue(block: Block, line: str) -> None:
    """Add a line without a number: a wrapped line is joined to the one before."""
    last = block.paragraphs[-1] if block.paragraphs else ""
    # a heading is short and bare, a wrapped line long: half a printed line tells them apart
    ended = len(last) < 25 or last.endswith(_STOPS) or _FIELD_LINE.match(simplified(line))
    if not last or (ended and not _open_bracket(last)):
        block.paragraphs.append(line)
    else:
        gap = " " if last[-1].isascii() and last[-1].isalnum() and line[0].isascii() else ""
        block.paragraphs[-1] = f"{last}{gap}{line}"


def _open_bracket(text: str) -> bool:
    tail = text[-300:]
    return sum(map(tail.count, "（(【")) > sum(map(tail.count, "）)】"))
