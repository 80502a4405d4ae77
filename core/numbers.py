"""Personal numbers inside free text: found whatever their spelling, and masked.

Full-width, circled and other scripts' digits count as digits; signs that show nothing do not
count at all. What is a number of ours, of a document, a sum or a day stays as it is written.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core import ids


class Kind(StrEnum):
    """What sort of number gives a person away."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    IDENTITY = "identity"
    CARD = "card"
    EMAIL = "email"
    PASSPORT = "passport"
    PLATE = "plate"


@dataclass(frozen=True, slots=True)
class Found:
    """A number from `start` to `end` of the text, and what may be shown of it."""

    kind: Kind
    start: int
    end: int
    shown: str


# without so many digits, an at-sign or a plate's province there is nothing to look for
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PROMISING = re.compile(
    r"(?:[\d①-⑨⓪][^\d①-⑨⓪]{0,4}){5}|[@＠]|[零〇一二三四五六七八九幺]{11}|"
    + _PROVINCE
    + "[A-Za-zＡ-Ｚａ-ｚ]"
)
_GAP = r"[ .·_-]{1,3}"
_MAYBE = r"[ .·_-]{0,3}"
_MOBILE = re.compile(
    r"(?<!\d)(?:(?:\(?\+?86\)?|0086|0)[ -]{0,3})?(?P<n>1[3-9]\d{9}"
    rf"|1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|1[3-9]\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|1[3-9]\d{_GAP}\d{{3}}{_GAP}\d{{5}}|1[3-9]\d{_GAP}\d{{8}}|1[3-9]\d{{5}}{_GAP}\d{{4}}"
    rf"|1[3-9]\d{{3}}{_GAP}\d{{6}}|1{_GAP}[3-9](?:{_GAP}\d){{9}})(?!\d)"
)
_SPOKEN = re.compile(
    r"(?<![零〇一二三四五六七八九幺])(?P<n>[一幺][三四五六七八九][零〇一二三四五六七八九幺]{9})(?![零〇一二三四五六七八九幺十百千万])"
)
_LANDLINE = re.compile(
    r"(?<![\d.])(?P<n>\(?(?:010|02\d|0[3-9]\d\d)\)?[ -]{0,3}"
    r"(?:[2-8]\d{6,7}|[2-8]\d{2,3}[ -]\d{4}))(?!\d)"
)
_LABELLED = re.compile(
    r"(?:电话|座机|固话|手机|传真|tel)[:是为 ]{0,3}(?P<n>[2-8]\d{6,7})(?!\d)", re.IGNORECASE
)
_IDENTITY = re.compile(
    rf"(?<!\d)(?P<n>\d{{6}}{_MAYBE}\d{{4}}{_MAYBE}\d{{4}}{_MAYBE}\d{{3}}[\dXx])(?!\d)"
)
_CARD = re.compile(
    rf"(?<!\d)(?P<n>[3-6]\d{{3}}(?:{_MAYBE}\d{{4}}){{3}}(?:{_MAYBE}\d{{1,3}})?)(?!\d)"
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<n>[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24})"
)
_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])(?P<n>[EGDSPHM]\d{8}(?:\d\d)?|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_PLATE = re.compile(
    rf"(?P<n>{_PROVINCE}[A-Z][ .·-]?"
    r"(?=(?:[A-Z]*\d){3})[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳][A-HJ-NP-Z0-9]?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SUM_BEFORE = re.compile(r"(?:[¥￥$]\s*|\b0\.)$")
_SUM_AFTER = re.compile(r"\s*(?:元|块|万|亿|吨|公里|公斤|千克|平方|立方|㎡|%|美元)|\.\d{1,2}(?!\d)")
_RUN_BEFORE, _RUN_AFTER = re.compile(r"[A-Za-z0-9]+$"), re.compile(r"[A-Za-z0-9]*")
_ASKED_FOR = re.compile(r"(?:身份证|身份|证件)(?:号码|号)?[:是为 ]{0,3}$")
_AS_READ = {"Mn": "", "Me": "", "Cf": "", "Zs": " ", "Pd": "-"}
_SPOKEN_DIGITS = {char: str(place) for place, char in enumerate("零一二三四五六七八九")}
_SPOKEN_DIGITS |= {"〇": "0", "幺": "1"}
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECKS = "10X98765432"
_PROVINCES = frozenset({*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47)}) | {
    *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91
}  # fmt: skip
# offices number their papers with area, day and serial: of a recent year it takes a label
_FIRST_BIRTH, _LAST_BIRTH = 1900, 2020


def find(text: str) -> tuple[Found, ...]:
    """Every personal number in `text`, in order, none overlapping another."""
    if not _PROMISING.search(text):
        return ()
    plain, places = _plain(text)
    taken: list[Found] = []
    for kind, start, end, shown in _candidates(plain):
        place = Found(kind, places[start], places[end - 1] + 1, shown)
        if not any(place.start < other.end and other.start < place.end for other in taken):
            taken.append(place)
    return tuple(sorted(taken, key=lambda found: found.start))


def masked(text: str) -> str:
    """`text` with every personal number masked."""
    parts, last = [], 0
    for found in find(text):
        parts += [text[last : found.start], found.shown]
        last = found.end
    return "".join((*parts, text[last:])) if parts else text


def _plain(text: str) -> tuple[str, list[int]]:
    """The text as it is read, one sign for each that shows, and where each one stood."""
    signs, places = [], []
    for place, char in enumerate(text):
        sign = _sign(char)
        if sign:
            signs.append(sign)
            places.append(place)
    return "".join(signs), places


def _sign(char: str) -> str:
    if char.isascii():
        return char
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if "！" <= char <= "～":
        return chr(ord(char) - 0xFEE0)
    return _AS_READ.get(unicodedata.category(char), "·" if char in "•・‧" else char)


def _candidates(plain: str) -> Iterator[tuple[Kind, int, int, str]]:
    """What looks like a number and proves to be one; the surer kinds first."""
    for kind, pattern, shown in _LOOKS:
        for match in pattern.finditer(plain):
            start, end = match.span("n")
            said = shown(match["n"])
            if said and not _other_thing(kind, plain, start, end):
                yield kind, start, end, said


# by its day and check digit, or its at-sign: these are no credit code by chance
_SURE = frozenset({Kind.EMAIL, Kind.IDENTITY})


def _other_thing(kind: Kind, plain: str, start: int, end: int) -> bool:
    """Whether the signs around say that these digits are something else."""
    if kind not in _SURE and _is_credit_code(_word(plain, start, end)):
        return True
    match kind:
        case Kind.MOBILE | Kind.LANDLINE | Kind.CARD:
            before = plain[max(start - 4, 0) : start]
            return bool(_SUM_BEFORE.search(before) or _SUM_AFTER.match(plain, end))
        case Kind.IDENTITY:
            year = int(_digits(plain[start:end])[6:10])
            labelled = _ASKED_FOR.search(plain[max(start - 12, 0) : start])
            return year > _LAST_BIRTH and not labelled
        case _:
            return False


def _digits(text: str) -> str:
    return "".join(char for char in text.upper() if char.isdigit() or char == "X")


def _is_day(digits: str) -> bool:
    """Eight digits that are a day of these two centuries."""
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2100
    except ValueError:
        return False


def _mobile(text: str) -> str:
    number = _digits(text)
    parts = [part for part in re.split(r"\D+", text) if part]
    if len(parts) == 2 and len(parts[1]) == 8 and _is_day(parts[1]):
        return ""
    return f"{number[:3]}****{number[-4:]}"


def _spoken(text: str) -> str:
    return _mobile("".join(_SPOKEN_DIGITS[char] for char in text))


def _landline(text: str) -> str:
    number = _digits(text)
    return "" if len(number) == 12 and _is_day(number[-8:]) else f"****{number[-2:]}"


def _identity(text: str) -> str:
    number = _digits(text)
    born = _is_day(number[6:14]) and int(number[6:10]) >= _FIRST_BIRTH
    if not born or int(number[:2]) not in _PROVINCES:
        return ""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return f"{number[:3]}***{number[-4:]}" if _CHECKS[total % 11] == number[17] else ""


def _card(text: str) -> str:
    number = _digits(text)
    dated = _is_day(number[6:14])
    return f"****{number[-4:]}" if _luhn(number) and not dated else ""


def _luhn(number: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _word(plain: str, start: int, end: int) -> str:
    """The whole run of letters and digits that `start` to `end` is part of."""
    before = _RUN_BEFORE.search(plain, max(start - 20, 0), start)
    after = _RUN_AFTER.match(plain, end)
    return plain[before.start() if before else start : after.end() if after else end].upper()


def _is_credit_code(word: str) -> bool:
    """A company's credit code may be nearly all digits: it is public, and no person's number."""
    return len(word) == 18 and ids.check_character(word[:17]) == word[17]


def _email(text: str) -> str:
    name, _, domain = text.partition("@")
    return f"{name[0]}***@{domain}"


def _passport(text: str) -> str:
    return "" if _is_day(text[1:]) else f"{text[0]}****{text[-2:]}"


def _plate(text: str) -> str:
    return f"{text[:2]}****"


_LOOKS: tuple[tuple[Kind, re.Pattern[str], Callable[[str], str]], ...] = (
    (Kind.EMAIL, _EMAIL, _email),
    (Kind.IDENTITY, _IDENTITY, _identity),
    (Kind.CARD, _CARD, _card),
    (Kind.MOBILE, _MOBILE, _mobile),
    (Kind.MOBILE, _SPOKEN, _spoken),
    (Kind.LANDLINE, _LANDLINE, _landline),
    (Kind.LANDLINE, _LABELLED, _landline),
    (Kind.PASSPORT, _PASSPORT, _passport),
    (Kind.PLATE, _PLATE, _plate),
)
