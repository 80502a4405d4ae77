"""Pages: the one Jinja environment, the frame every page stands in, and `page`."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core import i18n
from core.numbers import masked

HERE = Path(__file__).parent
STATIC = HERE / "static"
# in the order they build on one another; a bulletin sent as a file carries the same
STYLES = (
    "vendor/pico-2.1.1/pico.min.css",
    *(
        f"css/{name}.css"
        for name in ("tokens", "base", "frame", "parts", "forms", "figures", "plan", "print")
    ),
)


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


def mark(text: str, wanted: str) -> Markup:
    """`text` with every place of `wanted` marked, both escaped: for lists of things found."""
    if not wanted:
        return escape(text)
    parts = re.split(f"({re.escape(wanted)})", text, flags=re.IGNORECASE)
    pieces = [
        Markup("<mark>{}</mark>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts)
    ]
    return Markup("").join(pieces)


@cache
def environment(language: str = i18n.SOURCE) -> Environment:
    """Words and times bound to a language; strict: an undefined name is an error, not a hole."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static
    made.globals["styles"] = STYLES
    for name, function in WORDED.items():
        made.globals[name] = partial(function, language)
    made.globals["language"] = language
    made.filters.update(FILTERS)
    return made


WORDED: Mapping[str, Callable[..., str]] = {
    "_": i18n.translate,
    "instant": i18n.instant,
    "short_instant": i18n.short_instant,
    "day": i18n.day,
    "ago": i18n.ago,
    "duration": i18n.duration,
    "working": i18n.working,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "percent": percent,
    "grouped": grouped,
    "mark": mark,
    "masked": masked,
}


def render(template: str, frame: Frame, context: Mapping[str, Any]) -> str:
    """A page's HTML in the frame's language."""
    return environment(frame.language).get_template(template).render(frame=frame, **context)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The answer to a request for a page."""
    frame = getattr(request.state, "frame", None) or Frame()
    return HTMLResponse(render(template, frame, context), status)
