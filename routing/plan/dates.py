"""Dates as plans write them: 2023年底前, 6月底, 上半年; ISO where the year is known."""

import re
from calendar import monthrange
from datetime import date

_YEAR = r"(?P<year>20\d\d年|今年|本年度?|当年)"
_WHEN = re.compile(
    rf"{_YEAR}?(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}}日|底|末|上旬|中旬|下旬|份)?(?:之?前|以前|内)?"
    rf"|{_YEAR.replace('year', 'half_year')}?(?P<half>上半年|下半年)(?:之?前|内)?"
    rf"|{_YEAR.replace('year', 'quarter_year')}?第?(?P<quarter>[一二三四1-4])季度[末底]?"
    r"(?:之?前|内)?"
    r"|(?P<end>20\d\d)年(?:[底末年内终])*(?:之?前|以前)?|(?P<this>今年底?|年底|年末|年内|本年度内?|全年)(?:之?前)?"
)
_DAYS = {"上旬": 10, "中旬": 20}
_QUARTERS = {
    char: number for number, chars in enumerate(("一1", "二2", "三3", "四4"), 1) for char in chars
}


def date_spans(text: str) -> list[tuple[int, int]]:
    """Where dates stand in the text."""
    return [found.span() for found in _WHEN.finditer(text)]


def date_in(text: str, year: int | None) -> str:
    """The last date of the text: ISO when its year is known, its words otherwise."""
    found = list(_WHEN.finditer(text))
    return _iso(found[-1], year) if found else ""


def plan_year(title: str, text: str) -> int | None:
    """The year the plan is for: its title's, else the one its text names most."""
    for source in (title, text):
        years = re.findall(r"(20\d\d)\s*年", source)
        if years:
            return int(max(set(years), key=lambda year: (years.count(year), year)))
    return None


def _iso(found: re.Match[str], year: int | None) -> str:
    stated = found["year"] or found["half_year"] or found["quarter_year"] or found["end"] or ""
    digits = re.sub(r"\D", "", stated)
    known = int(digits) if digits else year
    if known is None:
        return found[0]
    month, day = _month_day(found, known)
    try:
        return date(known, month, day).isoformat()
    except ValueError:
        return found[0]


def _month_day(found: re.Match[str], year: int) -> tuple[int, int]:
    if found["month"]:
        month = int(found["month"])
        if not 1 <= month <= 12:
            return 0, 0
        day = found["day"] or ""
        if day.endswith("日"):
            return month, int(day[:-1])
        return month, _DAYS.get(day, monthrange(year, month)[1])
    if found["half"]:
        return (6, 30) if found["half"] == "上半年" else (12, 31)
    if found["quarter"]:
        month = _QUARTERS[found["quarter"]] * 3
        return month, monthrange(year, month)[1]
    return 12, 31
