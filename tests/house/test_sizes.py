"""The talk about a module happens at line 401, not at line 4,000."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "intake", "routing", "sla", "notify", "web")
MODULE = 400
FUNCTION = 40
LONG_BY_NATURE = {
    "core/events.py": "the list of every fact there is, one dataclass each",
}


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    if text.strip():
        assert ast.get_docstring(tree), "opens without saying what it is for"
    if name(path) not in LONG_BY_NATURE:
        assert len(text.splitlines()) <= MODULE


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_function_fits_a_glance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION, f"{node.name} has {length} lines"


def test_core_admits_only_the_files_it_was_asked_to() -> None:
    files = {path.stem for path in (ROOT / "core").glob("*.py")} - {"__init__"}
    assert files == {
        # pure
        "errors", "events", "states", "permissions", "ids", "moments", "ledger", "texts", "numbers",
        # means
        "settings", "database", "tables", "people", "desk", "timeline", "projection", "outbox",
        "sealing", "privacy", "i18n", "logs", "jobs", "bulk",
    }  # fmt: skip
