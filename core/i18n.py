"""Words in the reader's language: Chinese is the source, English a catalogue."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.pofile import read_po

from core.moments import SHANGHAI

LANGUAGES = ("zh", "en")
SOURCE = LANGUAGES[0]
CATALOGUES = Path(__file__).parent / "locale"
MOMENTS = {"zh": "y年M月d日 HH:mm（EEEE）", "en": "EEE d MMM y, HH:mm"}
SHORT_MOMENTS = {"zh": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
DAYS = {"zh": "y年M月d日", "en": "d MMM y"}
HOUR, MINUTE = 3600, 60
DAY = 24 * HOUR
WORKING_DAY = timedelta(hours=7)  # the default sessions, 09:00-12:00 and 13:00-17:00


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    """Marks words that are translated where they are shown."""
    return text


@cache
def catalogue(language: str) -> dict[str, str]:
    """Chinese sentence to the language's; empty for the source language."""
    path = CATALOGUES / f"{language}.po"
    if language == SOURCE or not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=language)
    return {str(found.id): str(found.string) for found in messages if found.id and found.string}


def translate(language: str, msgid: str, /, **params: object) -> str:
    """The sentence in the language, its {gaps} filled; an untranslated one stays Chinese."""
    text = catalogue(language).get(msgid, msgid)
    return text.format(**params) if params else text


def negotiate(accept: str | None, chosen: str | None) -> str:
    """The language somebody chose, else the one his browser likes best, else Chinese."""
    if chosen in LANGUAGES:
        return str(chosen)
    liked = [(_liking(part), part.strip()[:2].lower()) for part in (accept or "").split(",")]
    liked.sort(key=lambda item: item[0], reverse=True)
    return next((code for q, code in liked if q > 0 and code in LANGUAGES), SOURCE)


def _liking(part: str) -> float:
    """The q of one part of Accept-Language; what cannot be read is liked least."""
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


@cache
def _locale(language: str) -> Locale:
    return Locale.parse("zh_CN" if language == "zh" else "en_GB")


def _shown(language: str, moment: datetime, pattern: str) -> str:
    return format_datetime(moment, pattern, tzinfo=SHANGHAI, locale=_locale(language))


def instant(language: str, moment: datetime) -> str:
    """An instant in Shanghai's time, with its weekday."""
    return _shown(language, moment, MOMENTS[language])


def short_instant(language: str, moment: datetime) -> str:
    """An instant for narrow places: month, day and time; the full one belongs in its title."""
    return _shown(language, moment, SHORT_MOMENTS[language])


def day(language: str, when: date) -> str:
    """A calendar day; an instant is taken in Shanghai."""
    if isinstance(when, datetime):
        when = when.astimezone(SHANGHAI).date()
    return format_date(when, DAYS[language], locale=_locale(language))


def ago(language: str, moment: datetime, now: datetime) -> str:
    """How long ago, or how far ahead, in one unit."""
    return format_timedelta(moment - now, add_direction=True, locale=_locale(language))


def duration(language: str, length: timedelta) -> str:
    """A length of time by the wall clock, in its two largest units."""
    return _counted(language, length, (DAY, "天", " d"))


def working(language: str, length: timedelta, day: timedelta = WORKING_DAY) -> str:
    """A length of working time, in working days and hours; `day` is how long one of them is."""
    return _counted(language, length, (int(day.total_seconds()), "个工作日", " working d"))


def _counted(language: str, length: timedelta, days: tuple[int, str, str]) -> str:
    seconds = abs(int(length.total_seconds()))
    parts: list[str] = []
    for size, chinese, english in (days, (HOUR, "小时", " h"), (MINUTE, "分钟", " min")):
        count, seconds = divmod(seconds, size)
        if count and len(parts) < 2:
            parts.append(f"{count}{english if language == 'en' else chinese}")
    if not parts:
        return "under 1 min" if language == "en" else "不到1分钟"
    return (" " if language == "en" else "").join(parts)
