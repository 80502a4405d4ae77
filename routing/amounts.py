"""How much money a text speaks of: figures and Chinese numerals, in whole yuan."""

import re
from decimal import Decimal

from routing.hanzi import simplified

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_FIGURES = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMERALS = r"[零〇一二两三四五六七八九十百千万亿]+"
# 「三百多万」 and 「12万余元」: the vague word adds nothing that could be counted
_VAGUE = r"[多余来几]?"
# 万 alone is money unless what is counted follows: 万人, 万平方米, 万一
_COUNTED = r"(?![一二三四五六七八九十百千万亿\d]|[人户家吨件个亩米只台步平立次条棵斤公里度])"
_MONEY = re.compile(
    rf"(?P<figure>{_FIGURES})\s*{_VAGUE}(?P<scale>千万|百万|十万|亿|万|千|百)?{_VAGUE}"
    rf"(?:(?P<yuan>元|块(?!地|钢|板|砖)|圆|人民币)|(?P<bare>{_COUNTED}))"
    rf"|(?P<words>{_NUMERALS}){_VAGUE}(?P<more>[万亿])?{_VAGUE}"
    rf"(?:(?P<yuan_too>元|块(?!地|钢|板|砖)|圆|人民币)|(?P<bare_too>{_COUNTED}))"
)
_SCALES = {"百": 100, "千": 1000, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7} | {
    "亿": 10**8
}
MOST = 10**12  # beyond this a run of digits is a number of something, not money


def largest(text: str) -> int | None:
    """The largest amount of money the text names, in yuan; None when it names none."""
    found = [value for match in _MONEY.finditer(simplified(text)) if (value := _value(match))]
    return max((value for value in found if value < MOST), default=None)


def _value(found: re.Match[str]) -> int | None:
    """Without the word yuan only what is counted in 万 or 亿 is taken for money."""
    if figure := found["figure"]:
        scale = found["scale"] or ""
        if not found["yuan"] and not scale.endswith(("万", "亿")):
            return None
        plain = Decimal(figure.replace(",", "").replace("，", ""))
        return int(plain * _SCALES.get(scale, 1))
    words = found["words"] + (found["more"] or "")
    if not found["yuan_too"] and not (words.endswith(("万", "亿")) and len(words) > 1):
        return None
    return _counted(words)


def _counted(words: str) -> int:
    """三百二十万 → 3,200,000; a last digit after a scale counts its tenth: 两万八 → 28,000."""
    total = section = digit = 0
    unit = 1
    for char in words:
        if char in _LARGE:
            total = (total + section + digit or 1) * _LARGE[char]
            section = digit = 0
            unit = _LARGE[char]
        elif char in _TENS:
            section += (digit or 1) * _TENS[char]
            digit, unit = 0, _TENS[char]
        elif char in "零〇":
            unit = 1
        else:
            digit = _DIGITS[char]
            continue
    return total + section + digit * (unit // 10 if unit > _TENS["十"] else 1)
