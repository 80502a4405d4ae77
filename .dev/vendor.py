# ruff: noqa: INP001 - scripts for developers, not a package
"""Fetches the vendored browser assets anew, by exact version, and writes their checksums.

    .venv/bin/python .dev/vendor.py

Needs npm, for `npm pack` only: nothing is installed and nothing of node runs in the product.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parent.parent / "web/static/vendor"
CHECKSUMS = VENDOR / "checksums.txt"
# package, version, folder, files to keep: path in the package -> name here
ASSETS = (
    ("htmx.org", "4.0.1", "htmx", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    (
        "@picocss/pico",
        "2.1.1",
        "pico",
        {"css/pico.min.css": "pico.min.css", "LICENSE.md": "LICENSE"},
    ),
)


def checksum(path: Path) -> str:
    """SHA-384, as in subresource integrity."""
    return hashlib.sha384(path.read_bytes()).hexdigest()


def vendored() -> list[Path]:
    """Every vendored file, in a fixed order."""
    return sorted(path for path in VENDOR.glob("*/*") if path.is_file())


def checksums() -> str:
    """The content of checksums.txt for what lies there now."""
    lines = [f"{checksum(path)}  {path.relative_to(VENDOR)}" for path in vendored()]
    return "".join(line + "\n" for line in lines)


def fetch(package: str, version: str, folder: Path, names: dict[str, str]) -> None:
    """Unpack the named files of one package."""
    with tempfile.TemporaryDirectory() as scratch:
        packed = subprocess.run(  # noqa: S603 - a fixed command on fixed names
            ["npm", "pack", "--silent", f"{package}@{version}"],  # noqa: S607 - npm of the PATH
            cwd=scratch,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(Path(scratch, packed)) as archive:
            for inside, name in names.items():
                member = archive.extractfile(f"package/{inside}")
                assert member is not None
                (folder / name).write_bytes(member.read())


def main() -> int:
    """Fetch all, write the checksums."""
    for package, version, folder, names in ASSETS:
        sys.stdout.write(f"{package} {version}\n")
        fetch(package, version, VENDOR / f"{folder}-{version}", names)
    CHECKSUMS.write_text(checksums(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
