"""Pages: the one Jinja environment, the frame every page stands in, and `page`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core import i18n

HERE = Path(__file__).parent
STATIC = HERE / "static"


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place a person may go to."""

    href: str
    label: str
    icon: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    language: str = "zh"
    theme: str = "auto"
    large: bool = False
    csrf: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    nav: tuple[NavItem, ...] = ()
    unread: int = 0
    district: str = ""
    path: str = "/"
    demo_clock: bool = False
    now: datetime | None = None


@cache
def static(path: str) -> str:
    """The address of an asset, changing with its content so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"/static/{path}?v={digest}"


def percent(value: Decimal | str | None) -> str:
    """A share as readers expect it; a dash where there is nothing to divide."""
    return "—" if value is None else f"{Decimal(value):.1f}%"


def grouped(number: str) -> str:
    """A ticket number in groups that can be read aloud."""
    if len(number) != 22:
        return number
    return f"{number[:6]} {number[6:14]} {number[14]} {number[15:21]} {number[21]}"


@cache
def environment() -> Environment:
    """Strict: an undefined name is an error in tests, not a hole in a page."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static
    made.filters["percent"] = percent
    made.filters["grouped"] = grouped
    return made


def render(template: str, frame: Frame, context: Mapping[str, Any]) -> str:
    """A page's HTML; `_` and the filters of words are bound to the frame's language."""
    language = frame.language
    return (
        environment()
        .get_template(template)
        .render(
            frame=frame,
            _=partial(i18n.translate, language),
            instant=partial(i18n.instant, language),
            day=partial(i18n.day, language),
            duration=partial(i18n.duration, language),
            **context,
        )
    )


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The answer to a request for a page."""
    frame = getattr(request.state, "frame", None) or Frame()
    return HTMLResponse(render(template, frame, context), status)
