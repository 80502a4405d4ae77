"""Text as people send it: normalised where harmless, refused where it would deceive."""

import re
import unicodedata

# embeddings, overrides and isolates reorder what the next reader sees
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# nothing to see, so two equal texts would differ; joiners stay, they shape letters and signs
INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u3164\uffa0")
)
BREAKS = re.compile("\r\n|[\r\u2028\u2029]")
# joiners, selectors and marks alone show nothing; unassigned signs may be newer than this table
UNSEEN = frozenset({"Cf", "Mn", "Me", "Zs", "Cc"})


class UncleanText(ValueError):
    """The text holds what may not be stored. `position` counts characters from 1."""

    def __init__(self, code: str, position: int) -> None:
        self.code, self.position = code, position
        super().__init__(f"{code} at {position}")


def clean(text: str, *, lines: bool = False) -> str:
    """`text` in NFC, trimmed, without invisible characters; line breaks only where allowed.

    Rare characters beyond the basic plane and variation selectors survive. UncleanText for
    control characters, bidirectional controls and halves of surrogate pairs. Text without any
    visible sign is empty.
    """
    text = BREAKS.sub("\n", text)
    for position, char in enumerate(text, 1):
        code = _fault(char, lines=lines)
        if code:
            raise UncleanText(code, position)
    text = unicodedata.normalize("NFC", text.translate(INVISIBLE)).strip()
    return text if any(unicodedata.category(char) not in UNSEEN for char in text) else ""


def _fault(char: str, *, lines: bool) -> str | None:
    if char in BIDI:
        return "bidi"
    category = unicodedata.category(char)
    if category == "Cs":
        return "surrogate"
    if category == "Cc" and not (char in "\n\t" and lines):
        return "control"
    if ord(char) & 0xFFFE == 0xFFFE:  # XML cannot carry these, and no text holds them
        return "control"
    return None


def half_width(text: str) -> str:
    """Full-width digits, letters and punctuation as their ASCII twins; nothing else changes."""
    return "".join(
        chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else " " if char == "\u3000" else char
        for char in text
    )
