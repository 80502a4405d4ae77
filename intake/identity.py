"""Identity: unified social credit codes (GB 32100-2015) and telephone numbers, normal or refused.

Normalising is harmless by construction: width, case, spaces and hyphens. Nothing is guessed: a
letter O is never read as a zero, because the check character would then vouch for a guess.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.ids import ALPHABET
from core.texts import BIDI, INVISIBLE, half_width

LENGTH = 18
AREA = slice(2, 8)
WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
ORGANISATION = slice(8, 16)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# letters the alphabet leaves out, because they are taken for 1, 0, 2, 5 and U
NEVER_USED = "IOZSV"
HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"
JOINERS = "\u200c\u200d"
_DROPPED = {**INVISIBLE, **dict.fromkeys(map(ord, HYPHENS + JOINERS))}
# only ASCII letters rise: str.upper would turn ß into SS and a dotless ı into I
_UPPER = {ord(char): char.upper() for char in "abcdefghijklmnopqrstuvwxyz"}
_DIGITS = frozenset("0123456789")

# the last part of a key is the reason told to machines
TEXTS: Mapping[str, str] = {
    "type": "应为文字",
    "empty": "没有填写",
    "bidi": "第{position}个字符会改变文字显示方向，请删除",
    "never.character": (
        "第{position}位“{char}”有误：统一社会信用代码不使用字母 I、O、Z、S、V，请对照执照核对"
    ),
    "character": "第{position}位“{char}”不是统一社会信用代码用字（只用数字和大写字母）",
    "length": "统一社会信用代码应为18位，现有{length}位",
    "area": "第{position}位“{char}”应为数字：第3至8位是行政区划码",
    "placeholder": "全部为零，不是真实的统一社会信用代码",
    "check": "校验码不符，请对照执照逐位核对",
    "phone.character": "第{position}个字符“{char}”不能出现在电话号码中",
    "phone.country": "只接受中国大陆号码（+86）",
    "phone.no_area": "固定电话请加区号，例如 0917-3261234",
    "mobile.length": "手机号码应为11位，现有{length}位",
    "mobile.prefix": "手机号码应以13至19开头",
    "landline.length": "固定电话位数不对：区号后应为7或8位号码",
    "landline.prefix": "没有这样的区号或号码，请核对，例如 0917-3261234",
    "phone.length": "电话号码位数不对，现有{length}位",
    "phone.prefix": "不是可拨打的手机、固定电话、400 或 95 号码",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A code or number after checking: its one normal form, or the reason against it.

    `reason` is a stable code; `message` is a msgid, filled from `params` after translation.
    """

    normal: str | None = None
    reason: str | None = None
    message: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.reason is None

    @property
    def sentence(self) -> str:
        """The reason in words, in the source language."""
        return self.message.format(**self.params)


def _refused(key: str, **params: str | int) -> Checked:
    return Checked(reason=key.rpartition(".")[2], message=TEXTS[key], params=params)


def normal_code(text: str) -> str:
    """Half-width, upper case, without spaces, hyphens and invisible characters."""
    return "".join(half_width(text).translate(_DROPPED).split()).translate(_UPPER)


def check_uscc(text: object) -> Checked:
    """A unified social credit code. What cannot be sourced warns; only real rules refuse."""
    if not isinstance(text, str):
        return _refused("type")
    bidi = next((place for place, char in enumerate(text, 1) if char in BIDI), None)
    if bidi is not None:
        return _refused("bidi", position=bidi)
    code = normal_code(text)
    return _structure(code) or Checked(normal=code, warnings=tuple(_warnings(code)))


def _structure(code: str) -> Checked | None:
    if not code:
        return _refused("empty")
    strange = _strange(code)
    if strange or len(code) != LENGTH:
        return strange or _refused("length", length=len(code))
    for position, char in enumerate(code[AREA], AREA.start + 1):
        if char not in _DIGITS:
            return _refused("area", position=position, char=char)
    if not code.strip("0"):
        return _refused("placeholder")  # eighteen zeros satisfy the sum
    return None if check_character(code[:-1]) == code[-1] else _refused("check")


def _strange(code: str) -> Checked | None:
    for position, char in enumerate(code, 1):
        if char in NEVER_USED:
            return _refused("never.character", position=position, char=char)
        if char not in ALPHABET:
            return _refused("character", position=position, char=_shown(char))
    return None


def check_character(body: str) -> str:
    """The eighteenth character that belongs to the first seventeen."""
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def _warnings(code: str) -> Iterator[str]:
    # not every issued code keeps the inner rule, so it may only make somebody look twice
    if organisation_check(code[ORGANISATION]) != code[ORGANISATION.stop]:
        yield "organisation_check"


def organisation_check(body: str) -> str:
    """The ninth character of an organisation code (GB 11714) for its first eight."""
    total = sum(
        int(char, 36) * weight for char, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def _shown(char: str) -> str:
    # what cannot be seen or sent is named by its number
    return char if char.isprintable() else f"U+{ord(char):04X}"


MOBILE = re.compile(r"1[3-9]\d{9}")
# three-figure areas have eight digits, four-figure ones seven or eight, none begins with 0
LANDLINE = re.compile(r"(010|02\d)([1-9]\d{7})|(0[3-9]\d\d)([1-9]\d{6,7})")
SERVICE = re.compile(r"(?:400|800)\d{7}|95\d{3}(?:\d|\d{3})?")
LOCAL = re.compile(r"[2-9]\d{6,7}")
AREA_CODE = re.compile(r"(?:010|02\d|0[3-9]\d\d)(?P<rest>\d*)")
SUBSCRIBER_LENGTH = re.compile(r"\d{7,8}")
MOBILE_LENGTH = 11
# 95588, 951010, 95105555 and the ten digits of 400-123-4567
SERVICE_LENGTHS = (5, 6, 8, 10)
EXTENSION = re.compile(r"(?:转|分机|[#xX*]|[eE][xX][tT]\.?|-)+(?P<inside>\d{1,6})$")
COUNTRY = re.compile(r"(?:\+|00)(86)?|(?P<bare>86)(?=-?1[3-9][\d-]{9,}$)")
_PHONE_DROPPED = re.compile(r"[\s().·]+")
_PHONE_KNOWN = re.compile(r"[\d\s()+.·#*转分机xX-]|[eE](?=[xX][tT])|(?<=[xX])[tT]")


def check_phone(text: object) -> Checked:
    """A mainland mobile, landline, 400/800 or 95 number in the form it is dialled."""
    if not isinstance(text, str):
        return _refused("type")
    typed = re.sub(f"[{HYPHENS}]", "-", half_width(text).translate(INVISIBLE)).strip()
    if not typed:
        return _refused("empty")
    for place in range(len(typed)):
        char = typed[place]
        if not (char.isascii() or not char.isdigit()) or not _PHONE_KNOWN.match(typed, place):
            return _refused("phone.character", position=place + 1, char=_shown(char))
    return _dialled(_PHONE_DROPPED.sub("", typed))


def _dialled(typed: str) -> Checked:
    country = COUNTRY.match(typed)
    if country and not (country[1] or country["bare"]):
        return _refused("phone.country")
    abroad = typed[country.end() :].lstrip("-") if country else typed
    inner = EXTENSION.search(abroad)
    if inner:
        # before the whole: 0917-3261234-8 is an extension, not an eighth figure
        number = _number(abroad[: inner.start()], country=bool(country), mobile=False)
        if number:
            return Checked(normal=f"{number}-{inner['inside']}")
    number = _number(abroad, country=bool(country))
    return Checked(normal=number) if number else _phone_fault(abroad.replace("-", ""))


def _number(typed: str, *, country: bool, mobile: bool = True) -> str | None:
    digits = typed.replace("-", "")
    if (mobile and MOBILE.fullmatch(digits)) or SERVICE.fullmatch(digits):
        return digits
    # after +86 the area goes without its zero
    found = LANDLINE.fullmatch(digits) or (LANDLINE.fullmatch(f"0{digits}") if country else None)
    return f"{found[1] or found[3]}-{found[2] or found[4]}" if found else None


def _phone_fault(digits: str) -> Checked:
    if LOCAL.fullmatch(digits):
        return _refused("phone.no_area")
    if digits.startswith("1"):
        short = len(digits) != MOBILE_LENGTH
        return _refused("mobile.length", length=len(digits)) if short else _refused("mobile.prefix")
    if digits.startswith("0"):
        area = AREA_CODE.fullmatch(digits)
        short = area is not None and not SUBSCRIBER_LENGTH.fullmatch(area["rest"])
        return _refused("landline.length" if short else "landline.prefix")
    short = len(digits) not in SERVICE_LENGTHS
    return _refused("phone.length", length=len(digits)) if short else _refused("phone.prefix")


def check_lines(lines: Iterable[str]) -> Iterator[str]:
    """`jiesu identity check`: JSON lines {id, code} to {id, valid, normal, reason}.

    One answer a line, blank ones aside; a line that is no such object is `malformed`.
    """
    for line in lines:
        text = line.strip().removeprefix("\ufeff")
        if text:
            yield _json(_answer(text))


def _answer(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        return {"id": None, "valid": False, "normal": None, "reason": "malformed"}
    found = check_uscc(row.get("code"))
    return {
        "id": row.get("id"),
        "valid": found.valid,
        "normal": found.normal,
        "reason": found.reason,
    }


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _json(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in an id: only escapes can carry it
        return json.dumps(value)
    return text
