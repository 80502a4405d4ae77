"""What a letter says: templates per kind, channel and language, filled strictly.

Templates lie in templates/<kind>/<channel>.<language>.txt, subject on the first line.
`any` stands for every channel that has no wording of its own. What is the same in all letters
of a channel, such as greeting and signature, is templates/layout/<channel>.<language>.txt.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from babel.dates import format_datetime
from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.moments import SHANGHAI
from core.privacy import Keys

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = ("zh", "en")
MOMENTS = {"zh": "y年M月d日 HH:mm", "en": "d MMMM y, HH:mm '(Beijing time)'"}
UNITS = ("lead", "department", "suggested", "target")


@dataclass(frozen=True, slots=True)
class Site:
    """The installation as letters speak of it: the address people reach it at, the district."""

    public_url: str
    district: str
    mailbox: str | None = None  # where e-mail is read, so that letters can be answered


@dataclass(frozen=True, slots=True)
class Said:
    """A letter in words."""

    subject: str
    text: str


class Written(Protocol):
    """What wording must know of a letter; the stored row has it all."""

    kind: str
    recipient: str
    channel: str
    language: str
    params: dict[str, Any]


def render(
    letter: Written, site: Site, keys: Keys, names: Mapping[str, str], *, query_code: str = ""
) -> Said:
    """Subject and text of a letter in its language. UndefinedError when a value is missing.

    `names` are units by code; a code without a name stands for itself. `query_code` is for the
    complainant's own letters.
    """
    language = letter.language if letter.language in LANGUAGES else LANGUAGES[0]
    environment = _environment(language)
    values: dict[str, Any] = {
        **letter.params,
        **{key: names.get(code, code) for key, code in _codes(letter.params)},
        "link": link(letter, site, keys),
        "district": site.district,
        "complainant": letter.recipient.startswith("business:"),
        "query_code": query_code,
        "answerable": reply_address(letter, site, keys) is not None,
    }
    template = environment.select_template(
        [f"{letter.kind}/{channel}.{language}.txt" for channel in (letter.channel, "any")]
    )
    subject, _, body = template.render(values).partition("\n")
    return Said(" ".join(subject.split()), _laid_out(letter.channel, language, values, body))


def _laid_out(channel: str, language: str, values: dict[str, Any], body: str) -> str:
    try:
        layout = _environment(language).get_template(f"layout/{channel}.{language}.txt")
    except TemplateNotFound:
        return body.strip()
    return layout.render(values, body=body.strip()).strip() + "\n"


def link(letter: Written, site: Site, keys: Keys) -> str:
    """Where the letter leads: staff to the ticket, the complainant to his own signed page.

    The signed page is /track/<number>?k=<signature of "track:<number>">: whoever holds the
    link is the complainant, so it is made for no other recipient, and only as it is sent.
    """
    number = letter.params["number"]
    base = site.public_url.rstrip("/")
    if letter.recipient == f"business:{number}":
        return f"{base}/track/{number}?k={keys.sign(f'track:{number}')}"
    return f"{base}/tickets/{number}"


def reply_address(letter: Written, site: Site, keys: Keys) -> str | None:
    """Where the complainant's answer goes: our mailbox, with a signature that is for him alone."""
    number = letter.params["number"]
    if site.mailbox is None or letter.recipient != f"business:{number}":
        return None
    name, _, domain = site.mailbox.rpartition("@")
    return f"{name}+{number.lower()}.{answer_signature(keys, number)}@{domain}"


def answer_signature(keys: Keys, number: str) -> str:
    """What an answer's address carries: twenty hexadecimal digits, as mail forgets about case."""
    return hashlib.sha256(keys.sign(f"mail:{number}").encode()).hexdigest()[:20]


def units_in(params: Mapping[str, Any]) -> set[str]:
    """The codes of units that these values speak of."""
    return {code for _, code in _codes(params)}


def _codes(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, params[key]) for key in UNITS if params.get(key)]


@cache
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # plain text: there is nothing to escape for
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = partial(_moment, language)
    environment.filters["called"] = partial(_called, _words(language))
    return environment


@cache
def _words(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((TEMPLATES / f"words.{language}.toml").read_text(encoding="utf-8"))


def _moment(language: str, instant: str) -> str:
    local = datetime.fromisoformat(instant).astimezone(SHANGHAI)
    return format_datetime(local, MOMENTS[language], locale=language)


def _called(words: dict[str, dict[str, str]], code: str, vocabulary: str) -> str:
    """The word for a code; a code that came later than its word falls back to the general one."""
    known = words[vocabulary]
    return known.get(code, known["other"])
