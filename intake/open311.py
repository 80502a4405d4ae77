"""GeoReport v2: what its lists ask for, what its forms say, how its answers are written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from core import ids
from core.errors import Fault, Invalid
from core.moments import SHANGHAI, aware
from core.states import ENDED, OPEN

SPAN = timedelta(days=90)
MOST = 1000
LAST_PAGE = 100_000
YEARS = range(2000, 2200)
STATUSES = {"open": OPEN, "closed": ENDED}
# what stands inside a list of that name
ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
# the form's names for what the intake calls otherwise
NAMES = {
    "content": "description",
    "title": "description",
    "contact_phone": "phone",
    "contact_name": "first_name",
    "contact_email": "email",
    "place": "address_string",
    "category": "service_code",
    "kind": "attribute[kind]",
    "company_name": "attribute[company_name]",
    "uscc": "attribute[uscc]",
    "respondent": "attribute[respondent]",
    "confidential": "attribute[confidential]",
    "attachments": "media",
}
ATTRIBUTES = tuple(name[10:-1] for name in NAMES.values() if name.startswith("attribute["))
LINK = re.compile(r"https?://[!-~]{1,480}")
POINT = re.compile(r"（?(-?\d{1,2}\.\d{5}),(-?\d{1,3}\.\d{5})）?$")
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE = re.compile("[\u2e80-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list asks for."""

    numbers: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    changed_since: datetime | None = None
    changed_until: datetime | None = None
    statuses: frozenset[str] = frozenset()
    limit: int = MOST
    offset: int = 0


def asked(params: Mapping[str, str], now: datetime) -> Asked:
    """The list's filters. Numbers override all others; nothing spans more than 90 days."""
    size = _figure(params, "page_size", MOST, MOST)
    offset = (_figure(params, "page", 1, LAST_PAGE) - 1) * size
    numbers = _listed(params, "service_request_id")
    if numbers:
        wanted = tuple(ids.normal_number(number) for number in numbers)
        return Asked(numbers=wanted, limit=size, offset=offset)
    changed = _span(params, "updated_after", "updated_before")
    made = _span(params, "start_date", "end_date")
    if made == changed == (None, None):
        made = (now - SPAN, None)
    return Asked(
        (),
        _listed(params, "service_code"),
        *made,
        *changed,
        statuses=_statuses(params),
        limit=size,
        offset=offset,
    )


def _listed(params: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in params.get(name, "").split(",") if part.strip())
    if len(found) > MOST:
        raise Invalid.one(name, "too_many", "最多{most}项", most=MOST)
    # a NUL or half a character is in no code of ours, and no query may hold it
    return tuple(part for part in found if part.isprintable())


def _statuses(params: Mapping[str, str]) -> frozenset[str]:
    named = _listed(params, "status")
    if not set(named) <= set(STATUSES):
        raise Invalid.one("status", "unknown", "不在可选范围内：{allowed}", allowed="open, closed")
    return frozenset(status.value for name in named for status in STATUSES[name])


def _figure(params: Mapping[str, str], name: str, default: int, most: int) -> int:
    given = params.get(name, "")
    if not given:
        return default
    # other writings have figures too, some of which are no numbers
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given[:9]) <= most:
        raise Invalid.one(name, "range", "请填写{least}至{most}的整数", least=1, most=most)
    return int(given)


def _span(
    params: Mapping[str, str], first: str, last: str
) -> tuple[datetime | None, datetime | None]:
    """A range with both its ends as soon as one was given."""
    since, until = _moment(params, first), _moment(params, last)
    if since is None and until is None:
        return None, None
    if since is None:
        since = until - SPAN if until else None
    elif until is None:
        until = since + SPAN
    if since and until and not timedelta() <= until - since <= SPAN:
        raise Invalid.one(last, "span", "时间范围须先后有序，且不超过90天")
    return since, until


def _moment(params: Mapping[str, str], name: str) -> datetime | None:
    given = params.get(name, "").strip()
    if not given:
        return None
    try:
        # an unescaped plus arrives as a space
        found = datetime.fromisoformat(re.sub(r" (?=\d\d:?\d\d$)", "+", given))
    except ValueError as error:
        raise Invalid.one(name, "format", "时间应为带时区的 ISO 8601 格式") from error
    if found.year not in YEARS:
        raise Invalid.one(name, "format", "时间应为带时区的 ISO 8601 格式")
    return aware(found if found.tzinfo else found.replace(tzinfo=SHANGHAI))


def values_of(form: Mapping[str, str]) -> dict[str, Any]:
    """A posted form in the intake's own names. Invalid for what the standard asks and it lacks."""
    own = {name: form.get(f"attribute[{name}]", "") for name in ATTRIBUTES}
    phone, email = form.get("phone", ""), form.get("email", "")
    return own | {
        "category": form.get("service_code", ""),
        "content": _content(form),
        "place": _place(form),
        "contact_name": _name(
            form.get("first_name", "").strip(), form.get("last_name", "").strip()
        ),
        "contact_phone": phone,
        "contact_email": email,
        # the standard asks nobody who he is
        "anonymous": not phone.strip() and not email.strip(),
    }


def unknown_attributes(form: Mapping[str, str]) -> list[Fault]:
    """Attributes that no definition of ours has."""
    known = {f"attribute[{name}]" for name in ATTRIBUTES}
    given = {name for name in form if name.startswith("attribute[")}
    return [Fault(name[:80], "unknown", "没有这一项") for name in sorted(given - known)]


def _content(form: Mapping[str, str]) -> str:
    text, link = form.get("description", ""), form.get("media_url", "").strip()
    if link and not LINK.fullmatch(link):
        raise Invalid.one("media_url", "invalid", "格式不正确")
    return f"{text}\n{link}" if link else text


def _name(first: str, last: str) -> str:
    if _WIDE.search(first + last):
        return last + first
    return f"{first} {last}".strip()


def _place(form: Mapping[str, str]) -> str:
    """Where it is: in words, by number, by coordinates; one of them is asked for."""
    words = (form.get("address_string", "") or form.get("address_id", "")).strip()
    lat, long = form.get("lat", "").strip(), form.get("long", "").strip()
    if not lat and not long:
        if not words:
            raise Invalid.one(
                "lat", "required", "请用 lat 和 long、address_string 或 address_id 说明位置"
            )
        return words
    point = f"{_degrees('lat', lat, 90):.5f},{_degrees('long', long, 180):.5f}"
    return f"{words}（{point}）" if words else point


def _degrees(name: str, given: str, most: int) -> float:
    if not re.fullmatch(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", given) or abs(float(given)) > most:
        raise Invalid.one(name, "range", "坐标不正确")
    return float(given)


def place_of(place: str | None) -> tuple[str | None, float | None, float | None]:
    """Address, latitude and longitude of a place as it is kept."""
    point = POINT.search(place or "")
    if place is None or point is None:
        return place, None, None
    return place[: point.start()] or None, float(point[1]), float(point[2])


def xml(root: str, value: Any) -> bytes:
    """The answer as the standard's XML: lists in elements of their own, instants as ISO 8601."""
    return bytes(ET.tostring(_element(root, value), encoding="utf-8", xml_declaration=True))


def _element(tag: str, value: Any) -> ET.Element:
    made = ET.Element(tag)
    if isinstance(value, Mapping):
        made.extend(_element(name, inner) for name, inner in value.items())
    elif isinstance(value, list):
        made.extend(_element(ITEMS[tag], inner) for inner in value)
    elif isinstance(value, bool):
        made.text = str(value).lower()
    elif value is not None:
        made.text = _UNWRITABLE.sub("", str(value))
    return made
