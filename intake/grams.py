"""Words for finding text that writes no spaces: pairs of characters, and whole words of others.

Two characters are the shortest word people look for in Chinese, so every pair is indexed; a
longer word is all its pairs, and is looked at once more where they were found. Pure.
"""

import re
import unicodedata

# ideographs with their extensions, kana and hangul: what is written without spaces
RANGES = (
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
SCRIPT = "".join(f"{chr(first)}-{chr(last)}" for first, last in RANGES)
RUNS = re.compile(f"[{SCRIPT}]+|[0-9a-z]+")
IDEOGRAPH = re.compile(f"[{SCRIPT}]")
PAIR = 2
LONGEST_WORD = 40


def plain(text: str) -> str:
    """Full-width and capital letters as the ordinary small ones."""
    return unicodedata.normalize("NFKC", text).casefold()


def grams(*texts: str | None) -> list[str]:
    """Every pair and every word of the texts, each once, in order."""
    found = {
        gram for text in texts if text for run in RUNS.findall(plain(text)) for gram in _of(run)
    }
    return sorted(found)


def words(query: str) -> list[str]:
    """The runs that a query looks for; a single ideograph is no word."""
    return [run for run in RUNS.findall(plain(query)) if _of(run)]


def _of(run: str) -> list[str]:
    if not IDEOGRAPH.match(run):
        return [run[:LONGEST_WORD]]
    return [run[at : at + PAIR] for at in range(len(run) - 1)]
