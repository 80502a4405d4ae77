"""Words in the reader's language: Chinese is the source, English a catalogue."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

from core.moments import SHANGHAI

LANGUAGES = ("zh", "en")
SOURCE = LANGUAGES[0]
CATALOGUES = Path(__file__).parent / "locale"
MOMENTS = {"zh": "y年M月d日 HH:mm（EEEE）", "en": "EEE d MMM y, HH:mm"}
DAYS = {"zh": "y年M月d日", "en": "d MMM y"}


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


def translate(language: str, msgid: str, **params: object) -> str:
    """The sentence in the language, its {gaps} filled; an untranslated one stays Chinese."""
    text = catalogue(language).get(msgid, msgid)
    return text.format(**params) if params else text


def negotiate(accept: str | None, chosen: str | None) -> str:
    """The language somebody chose, else the browser's first that we have, else Chinese."""
    if chosen in LANGUAGES:
        return str(chosen)
    for part in (accept or "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return SOURCE


@cache
def _locale(language: str) -> Locale:
    return Locale.parse("zh_CN" if language == "zh" else "en_GB")


def instant(language: str, moment: datetime) -> str:
    """An instant in Shanghai's time, with its weekday."""
    local = moment.astimezone(SHANGHAI)
    return format_datetime(local, MOMENTS[language], tzinfo=SHANGHAI, locale=_locale(language))


def day(language: str, when: date) -> str:
    """A calendar day; an instant is taken in Shanghai."""
    if isinstance(when, datetime):
        when = when.astimezone(SHANGHAI).date()
    return format_date(when, DAYS[language], locale=_locale(language))


def duration(language: str, length: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = abs(int(length.total_seconds()))
    units = ((86400, "天", " d"), (3600, "小时", " h"), (60, "分钟", " min"))
    parts: list[str] = []
    for size, chinese, english in units:
        count, seconds = divmod(seconds, size)
        if count and len(parts) < 2:
            parts.append(f"{count}{english if language == 'en' else chinese}")
    if not parts:
        return "under 1 min" if language == "en" else "不到1分钟"
    return (" " if language == "en" else "").join(parts)
