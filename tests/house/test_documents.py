"""The documents say what the program does."""

import re
from pathlib import Path

import pytest

from core.settings import Settings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([A-Z_]+)` \| (–|`[^`]*`) \| (.+?) \|$", re.MULTILINE)


def variables() -> dict[str, tuple[str, str]]:
    found = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias.choices[0] if alias else f"JIESU_{name.upper()}"
        default = "–" if field.default is None else f"`{field.default}`"
        found[variable] = (default, field.description)
    return found


def table(file: str) -> dict[str, tuple[str, str]]:
    rows = ROW.findall((ROOT / file).read_text(encoding="utf-8"))
    return {variable: (default, meaning) for variable, default, meaning in rows}


def test_the_settings_table_is_the_settings_class() -> None:
    assert table("README.md") == variables()


def test_the_chinese_table_has_the_same_variables_and_defaults() -> None:
    chinese = {variable: default for variable, (default, _) in table("README.zh-CN.md").items()}
    assert chinese == {variable: default for variable, (default, _) in variables().items()}


@pytest.mark.parametrize("file", ["README.md", "README.zh-CN.md"])
def test_every_picture_and_file_it_points_to_is_there(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_exists() -> None:
    from web.cli import parser

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    choices = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    named = set(re.findall(r"`jiesu ([a-z]+)", text))
    assert named <= set(choices)
    assert set(choices) <= named | {"work", "tick", "seed", "doctor", "rules", "ledger"}
