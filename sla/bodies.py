"""Limits and calendars handed in as JSON by somebody else: read, or refused by field. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.errors import Invalid
from sla import limits, policies
from sla.limits import Body
from sla.worktime import PromiseRefused

PARTS = ("policies", "calendars", "calendar")
# what the readers of stored bodies raise for values that nobody stored through a form
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


def _listed(kind: type, known: tuple[str, ...] = ()) -> Callable[[object], bool]:
    def holds(value: object) -> bool:
        return isinstance(value, list) and all(
            type(item) is kind and (not known or item in known) for item in value
        )

    return holds


def _text(value: object) -> bool:
    return isinstance(value, str)


def _choice(value: object) -> bool:
    return value is None or isinstance(value, bool)


# the readers would take "complaint" for ten letters and "no" for yes, and answer wrongly
POLICY: Mapping[str, Callable[[object], bool]] = {
    "id": lambda value: _text(value) and bool(value),
    "metric": _text,
    "promise": lambda value: isinstance(value, Mapping),
    "kinds": _listed(str, limits.KINDS),
    "urgencies": _listed(str, limits.URGENCIES),
    "complex": _choice,
    "enterprise": _choice,
    "categories": _listed(str),
    "tasks": _listed(int),
    "warn_at": lambda value: value is None or (_text(value) and bool(value)),
    "warn_left": lambda value: value is None or (isinstance(value, Mapping) and bool(value)),
    "warn": _listed(str, limits.TOLD),
    "ladder": lambda value: isinstance(value, list),
    "basis": _text,
    "calendar": _text,
}
CALENDAR = ("kind", "years", "sessions", "overrides", "notices")
DAY = {"day": _text, "working": lambda value: isinstance(value, bool), "reason": _text}


def given(value: object, base: Body) -> Body:
    """A whole body from {policies?, calendars?, calendar?}; what is not said stays as in `base`.

    `calendar` alone is the office's. Invalid names the field: policies.3.promise, calendar.
    """
    if not isinstance(value, Mapping) or not value or set(value) - set(PARTS):
        raise Invalid.one("draft", "form", "草案须是含 policies、calendars 或 calendar 的JSON对象")
    body = {
        "policies": list(_policies(value["policies"])) if "policies" in value else base["policies"],
        "calendars": dict(base["calendars"]) | dict(_calendars(value)),
    }
    _stands(body)
    return body


def _policies(rows: object) -> Iterator[Any]:
    if not isinstance(rows, list) or not rows:
        raise Invalid.one("policies", "form", "policies 须是不空的列表")
    taken: set[str] = set()
    for place, row in enumerate(rows):
        at = f"policies.{place}"
        _shaped(at, row, POLICY)
        try:
            [read] = policies.from_json([row])
        except PromiseRefused as refused:
            raise Invalid.one(f"{at}.{refused.field}", "refused", "时限不正确") from refused
        except KeyError as missing:
            field = f"{at}.{missing.args[0]}"
            raise Invalid.one(field, "required", "缺少这一项") from missing
        except UNREADABLE as unreadable:
            raise Invalid.one(at, "form", "这条时限标准无法读取") from unreadable
        if read.id in taken:
            raise Invalid.one(f"{at}.id", "duplicate", "编号重复")
        taken.add(read.id)
        yield row


def _shaped(at: str, row: object, known: Mapping[str, Callable[[object], bool]]) -> None:
    """Only known fields, each of its own kind."""
    if not isinstance(row, Mapping):
        raise Invalid.one(at, "form", "须是JSON对象")
    for name, value in row.items():
        if name not in known or not known[name](value):
            raise Invalid.one(f"{at}.{name}", "form", "这一项无法读取")


def _calendars(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    named = value.get("calendars", {})
    if not isinstance(named, Mapping):
        raise Invalid.one("calendars", "form", "日历无法读取")
    yield from named.items()
    if "calendar" in value:
        yield "office", value["calendar"]


def _stands(body: Body) -> None:
    for name, stored in body["calendars"].items():
        if name not in limits.CALENDARS:
            raise Invalid.one(f"calendars.{name}", "unknown", "请选择已有的日历")
        at = f"calendars.{name}"
        _shaped(at, stored, dict.fromkeys(CALENDAR, lambda _: True))
        try:
            for place, line in enumerate(stored.get("overrides", ())):
                _shaped(f"{at}.overrides.{place}", line, DAY)
            limits.check({"policies": [], "calendars": {name: stored}})
        except UNREADABLE as unreadable:
            raise Invalid.one(at, "form", "日历无法读取") from unreadable
    limits.check(body)
