"""Where a task says who answers for it: brackets, field lines, a closing sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from routing.hanzi import simplified
from routing.plan.duties import has_label, looks_like_duty, names_only

_PAIRS = {"（": "）)", "(": ")）", "【": "】", "〔": "〕", "[": "]", "［": "］"}
_LONGEST = 800
_CLOSERS = set("".join(_PAIRS.values()))
_AFTER = re.compile(r"^\s*(?:$|[。；;，,、.！（(【\n])")
_BOXED_LABEL = re.compile(
    r"[【\[［〔]((?:牵头|责任|配合|主办|主责|承办|协办|参与|参加|支持|完成|办结)"
    r"(?:单位|部门|时限|时间|责任单位))[】\]］〕]\s*[:：]?"
)
_INLINE_FIELD = re.compile(
    r"(?:^|(?<=[。；;！\s]))\s*(?:牵头|责任|配合|主办|主责|承办|协办|参与|参加|支持|完成|办结)"
    r"(?:责任|配合)?(?:单位|部门|时限|时间)(?:及[^：:]{2,6})?\s*[:：]"
)
_PERSON = (
    r"(?:责任|牵头|分管|包抓|联系|主管|[市区县]级)*(?:领导|负责人|责任人|联系人|联系电话)\s*[:：]"
)
_PERSON_LINE = re.compile(rf"^\s*{_PERSON}")
_NOT_ALONE = re.compile(
    rf"^(?:(?:完成|办结|整改|落实)?(?:时限|期限|时间|时间要求|时间节点)\s*[:：]|{_PERSON}[^；;]*$)"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The words of one responsibility mark, and the paragraph it closes."""

    words: str
    paragraph: int
    aside: bool = False  # a date or a person's name: says nothing of who answers


@dataclass(frozen=True, slots=True)
class Marked:
    """A block's paragraphs without their marks, and the marks."""

    paragraphs: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def answers(self) -> bool:
        return any(not mark.aside for mark in self.marks)


def find_marks(paragraphs: list[str]) -> Marked:
    """Take every bracket and field line that names who answers out of the paragraphs."""
    kept: list[str] = []
    marks: list[Mark] = []
    for index, original in enumerate(paragraphs):
        text = _BOXED_LABEL.sub(lambda found: f"{found[1]}：", original)
        spans = sorted(_spans(text))
        for start, end in spans:
            words = _stripped(text[start:end])
            marks.append(Mark(words, index, bool(_NOT_ALONE.match(simplified(words)))))
        left = _without(text, spans).strip()
        kept.append("" if not left.strip("。；;，,.、 ") else left)
    return Marked(tuple(kept), tuple(marks))


def closing_sentence(paragraphs: list[str]) -> Marked | None:
    """The last words when they say who answers without the usual form: a sentence, bare names."""
    if not paragraphs:
        return None
    if listed := _names_at_end(paragraphs[-1]):
        words, kept_text = listed
        return Marked((*paragraphs[:-1], kept_text), (Mark(words, len(paragraphs) - 1),))
    *before, last = re.split(r"(?<=[。；;！])", paragraphs[-1].strip().rstrip("。；;")) or [""]
    words = re.sub(r"^(?:本项工作|该项工作|此项工作)?由", "", last.strip())
    if not words or len(words) > 160 or not _pure(words):
        return None
    kept = (*paragraphs[:-1], "".join(before))
    return Marked(kept, (Mark(words, len(paragraphs) - 1),))


def _names_at_end(text: str) -> tuple[str, str] | None:
    """A bracket at the very end with only units in it, and the text before it."""
    bare = text.rstrip("。；; 　")
    for start, end in _brackets(bare):
        words = _stripped(bare[start:end])
        if end == len(bare) and names_only(words):
            return words, bare[:start].rstrip()
    return None


def _pure(words: str) -> bool:
    first = re.split(r"[、，,]", words)[0]
    return looks_like_duty(words) and looks_like_duty(f"{first.split('牵头')[0]}牵头")


def _spans(text: str) -> Iterator[tuple[int, int]]:
    taken = -1
    for start, end in _brackets(text):
        if start < taken or not _is_duty(text, start, end):
            continue
        taken = end
        yield start, end
    plain = simplified(text)
    line = _PERSON_LINE.match(plain) or _INLINE_FIELD.search(plain, max(taken, 0))
    if line and line.start() >= taken:
        yield line.start(), len(text)


def _is_duty(text: str, start: int, end: int) -> bool:
    words = _stripped(text[start:end])
    if has_label(words):
        return True
    return bool(_AFTER.match(text[end:])) and looks_like_duty(words)


def _brackets(text: str) -> list[tuple[int, int]]:
    """Every bracketed span, outer before inner; one never closed runs to the end."""
    open_at: list[int] = []
    found: list[tuple[int, int]] = []
    for index, char in enumerate(text):
        if char in _PAIRS:
            open_at.append(index)
        elif char in _CLOSERS and open_at and char in _PAIRS[text[open_at[-1]]]:
            found.append((open_at.pop(), index + 1))
    found.extend((start, len(text)) for start in open_at)
    # nobody's responsibilities fill a page; a longer span is a slip, or an attack on our time
    found = [span for span in found if span[1] - span[0] <= _LONGEST]
    return sorted(found, key=lambda span: (span[0], -span[1]))


def _stripped(words: str) -> str:
    words = words.strip()
    if words[:1] in _PAIRS:
        words = words[1:]
        words = words[:-1] if words[-1:] in _CLOSERS and _balance(words) < 0 else words
    return words.strip(" 　。；;，,")


def _balance(text: str) -> int:
    return sum(char in _PAIRS for char in text) - sum(char in _CLOSERS for char in text)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start].rstrip() + re.sub(r"^[。；;，,.]+", "", text[end:])
    return text
