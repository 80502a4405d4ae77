# ruff: noqa: INP001 - scripts for developers, not a package
"""Finds every word shown to people and tells which of them English lacks, or adds them empty.

    .venv/bin/python .dev/words.py           list what is missing; exit 1 when anything is
    .venv/bin/python .dev/words.py --add     add them to core/locale/en.po, to be filled by hand

In templates a word is what `_()` is given. In Python it is any Chinese literal outside
docstrings, wherever it stands: a message that nobody marked is still read by somebody.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parent.parent
ENGLISH = ROOT / "core/locale/en.po"
HAN = re.compile(r"[\u4e00-\u9fff]")
PACKAGES = ("core", "intake", "routing", "sla", "notify", "web")
# Chinese that is matter to work on or names its own thing, not words of a screen
DATA = (
    "core/i18n.py",  # date patterns and units
    "core/numbers.py",  # reads what people write
    "core/settings.py",  # the district's own name
    "notify/wording.py",  # letters have their own texts
    "routing/",  # reads a Chinese document; its few refusals are named below
    "intake/old_words.py",  # reads the heads and words of other systems' lists
    "intake/suggest/",  # reads callers' words
    "web/seed/",
    "web/commands/",
    "web/cli.py",
    "web/app.py",  # the product's name
    "web/pages/patterns.py",  # sample data
)
WORDS_AFTER_ALL = (
    "routing/service.py", "routing/queries.py", "routing/reactions.py", "routing/rulebook.py",
    "routing/cells.py", "routing/sheets.py", "routing/workbooks.py", "routing/drafts.py",
    "routing/publishing.py", "routing/unit_register.py", "routing/cooperation.py",
    "routing/proposals.py", "routing/plan_drafts.py", "routing/consequences.py",
    "routing/replaying.py",
)  # fmt: skip
OPTIONS = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "silent": "false"}
Found = tuple[int, str, str, list[str]]


def literals(file: IO[bytes], _keywords: Any, _tags: Any, options: Any) -> Iterator[Found]:
    """Babel's extraction method for Python: Chinese literals that are not docstrings or data."""
    del options
    tree = ast.parse(file.read())
    passed = {id(node) for parent in ast.walk(tree) for node in _not_words(parent)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in passed:
            continue
        if isinstance(node.value, str) and HAN.search(node.value):
            yield node.lineno, "", node.value, []


def _not_words(node: ast.AST) -> Iterator[ast.AST]:
    """The strings below `node` that nobody reads: docstrings, patterns, pieces of f-strings."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
        yield from ast.walk(node)


def words() -> dict[str, list[tuple[str, int]]]:
    """Every msgid with the places it stands in."""
    places: dict[str, list[tuple[str, int]]] = {}
    for path in _files():
        where = path.relative_to(ROOT).as_posix()
        method = babel_extract if path.suffix == ".html" else literals
        with path.open("rb") as file:
            for line, text, _comments, _context in extract(method, file, options=OPTIONS):
                places.setdefault(str(text), []).append((where, line))
    return places


def _files() -> list[Path]:
    found = [*(ROOT / "web/templates").rglob("*.html")]
    for package in PACKAGES:
        found += [path for path in (ROOT / package).rglob("*.py") if not _is_data(path)]
    return sorted(found)


def _is_data(path: Path) -> bool:
    where = path.relative_to(ROOT).as_posix()
    return where.startswith(DATA) and where not in WORDS_AFTER_ALL


def english() -> Catalog:
    """The catalogue as it stands."""
    if not ENGLISH.exists():
        return _empty()
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def _empty() -> Catalog:
    return Catalog(
        locale="en",
        header_comment="# English for Jiesu. The msgids are its Chinese; see .dev/words.py",
        project="Jiesu",
        version="1",
        msgid_bugs_address="the issue tracker",
        last_translator="Jiesu",
        language_team="Jiesu",
        fuzzy=False,
    )


def missing(places: Mapping[str, object], catalogue: Catalog) -> list[str]:
    """The words without an English sentence."""
    return [text for text in places if text not in catalogue or not catalogue[text].string]


def add(places: Mapping[str, list[tuple[str, int]]], catalogue: Catalog) -> None:
    """Write the catalogue with every word in it, the new ones empty, the unused ones gone."""
    made = _empty()
    made.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # no date: it would differ every time
    made.creation_date = made.revision_date
    for text in sorted(places, key=lambda text: (places[text][0][0], places[text][0][1])):
        known = catalogue.get(text)
        files = sorted({where for where, _ in places[text]})
        made.add(text, known.string if known else "", [(where, None) for where in files])
    ENGLISH.parent.mkdir(exist_ok=True)
    with ENGLISH.open("wb") as file:
        write_po(file, made, width=100, omit_header=False)


def main(arguments: list[str]) -> int:
    """List or add."""
    places, catalogue = words(), english()
    if "--add" in arguments:
        add(places, catalogue)
        catalogue = english()
    lacking = missing(places, catalogue)
    for text in lacking:
        where, line = places[text][0]
        sys.stdout.write(f"{where}:{line}: {text}\n")
    sys.stdout.write(f"{len(places)} words, {len(lacking)} without English\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
