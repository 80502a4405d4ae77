"""What a text is made of for the suggester: its short runs of signs, cleaned of what only counts.

Runs of one to three signs rather than words: callers' everyday words miss the plan's words, and
their typing errors miss every dictionary, while single signs and pairs still meet.
"""

import re
import unicodedata

LONGEST = 3
# beyond this a text only repeats itself, and a guess should not cost more
READ = 1200
# numbers that say what is meant; every other number is only "a number", which also keeps
# telephone and account numbers out of what a trained model remembers
_TELLING = frozenset({"110", "119", "120", "122", "12345", "12388", "12315", "12333", "12348"})
_TELLING_LONG = re.compile(r"\d+(?:\.\d+)?")
_PIECE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+")


def normal(text: str) -> str:
    """One width, small letters, numbers without their value."""
    plain = unicodedata.normalize("NFKC", text[:READ]).lower()
    return _TELLING_LONG.sub(lambda n: n[0] if n[0] in _TELLING else "0", plain)


def grams(text: str) -> list[str]:
    """The distinct runs of a text, in order of first appearance."""
    found: dict[str, None] = {}
    for piece in _PIECE.findall(normal(text)):
        if piece[0].isascii():
            found[piece] = None
            continue
        for size in range(1, LONGEST + 1):
            for start in range(len(piece) - size + 1):
                found[piece[start : start + size]] = None
    return list(found)
