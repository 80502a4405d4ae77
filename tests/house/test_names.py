"""Plain top-level names are safe only while nobody else in the environment uses them."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("core", "intake", "routing", "sla", "notify", "web")


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    owners = packages_distributions()
    for package in OURS:
        assert set(owners.get(package, ["jiesu"])) == {"jiesu"}, package


def test_the_floors_hold() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-3000:]
