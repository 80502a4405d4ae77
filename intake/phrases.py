"""Canned wording: texts with {placeholders} from a closed list, filled strictly or not at all."""

from collections.abc import Mapping
from string import Formatter

from core.errors import Invalid

# what a text may ask for; the names are the ones people type between the braces
PLACEHOLDERS = ("编号", "企业", "单位", "类别", "答复期限", "今天", "本单位")
BODY_LIMIT = 1000
TITLE_LIMIT = 30


def asked(body: str) -> tuple[str, ...]:
    """The placeholders of a text, each once. Invalid for one nobody knows or a stray brace."""
    try:
        parts = list(Formatter().parse(body))
    except ValueError as error:
        raise Invalid.one("body", "braces", "花括号不成对") from error
    found = []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS or spec or conversion:
            allowed = "、".join(PLACEHOLDERS)
            raise Invalid.one(
                "body",
                "placeholder",
                "不认识{name}，可用的有：{allowed}",
                name=name,
                allowed=allowed,
            )
        found.append(name)
    return tuple(dict.fromkeys(found))


def filled(body: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder filled. Invalid names the first that has no value."""
    wanted = asked(body)
    for name in wanted:
        if not values.get(name):
            raise Invalid.one("body", "missing", "此处没有“{name}”可填", name=name)
    return body.format_map({name: values[name] for name in wanted})
