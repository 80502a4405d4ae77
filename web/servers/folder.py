"""The data folder: where things lie in it, its secrets, and the lock that says it is in use."""

import fcntl
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from web.servers.account import Account
from web.servers.errors import Occupied, ServersError

LONGEST_RUN = 80  # a socket's path may have 103 bytes on macOS, 107 on Linux, name included


def default_data_dir() -> Path:
    """JIESU_DATA_DIR; else the user's data home; for root a place lesser users can reach."""
    if chosen := os.environ.get("JIESU_DATA_DIR"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/jiesu")
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "jiesu"


@dataclass(frozen=True, slots=True)
class Folder:
    """Names of what lies in a data folder."""

    root: Path

    @property
    def cluster(self) -> Path:
        return self.root / "postgres"

    @property
    def queue(self) -> Path:
        return self.root / "valkey"

    @property
    def log(self) -> Path:
        return self.root / "log"

    def early(self, server: str) -> Path:
        """What a server says before it has its log. Not in `log`: whoever owns that folder
        could lay a link there for root to write through.
        """
        path = self.root / f"{server}-start.log"
        path.unlink(missing_ok=True)
        return path

    @property
    def conf(self) -> Path:
        """Valkey's settings; beside its folder for the same reason."""
        return self.root / "valkey.conf"

    @property
    def programs(self) -> Path:
        return self.root / "programs"

    @property
    def lock(self) -> Path:
        return self.root / "jiesu.lock"

    @property
    def children(self) -> Path:
        """Where the process tree notes its children (see `tree.run`)."""
        return self.root / "children.json"

    @property
    def run(self) -> Path:
        """Sockets: here, or under a short name in the temporary folder when this is too deep."""
        here = self.root / "run"
        if len(os.fsencode(here)) <= LONGEST_RUN:
            return here
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"jiesu-{digest}"

    def secret(self, name: str) -> str:
        """A password made the first time it is asked for, readable by its owner only."""
        path = self.root / f"{name}.secret"
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            made = secrets.token_hex(24)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        return made

    def create(self) -> None:
        """The folder itself. One that was there already keeps its mode, unless it is empty."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not any(self.root.iterdir()):
                self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise ServersError(
                f"The data folder {self.root} cannot be used: {error.strerror}. "
                "Name another one in JIESU_DATA_DIR."
            ) from error

    def furnish(self, account: Account) -> None:
        """The folders inside, handed to the user the servers run as."""
        if not account.reaches(self.root):
            raise ServersError(
                f"PostgreSQL does not run as root, and the user {account.name}, who runs it "
                f"instead, cannot enter {self.root}. Name a folder open to that user in "
                "JIESU_DATA_DIR (without it, /var/lib/jiesu is used), or start as that user."
            )
        account.folder(self.queue)
        account.folder(self.log)
        account.folder(self.run)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Ours alone until the end, or the end of this process however it comes."""
        descriptor = self._open_lock(os.O_CREAT)
        try:
            _seize(descriptor, self.root, tries=10)  # `occupied` may hold it for an instant
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def _open_lock(self, extra: int = 0) -> int:
        try:
            return os.open(self.lock, os.O_RDWR | extra, 0o600)
        except OSError as error:
            raise ServersError(
                f"The data folder {self.root} cannot be used: {error.strerror}. Start as its "
                "owner, or name another one in JIESU_DATA_DIR."
            ) from error

    def occupied(self) -> bool:
        """Whether some process runs servers here now."""
        if not self.lock.exists():
            return False
        descriptor = self._open_lock()
        try:
            _seize(descriptor, self.root, tries=1)
        except Occupied:
            return True
        else:
            return False
        finally:
            os.close(descriptor)


def _seize(descriptor: int, root: Path, *, tries: int) -> None:
    for _ in range(tries):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.05)
    pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
    raise Occupied(
        f"Another jiesu (process {pid}) is already running on {root}. Stop that one "
        "first, or give this one a folder of its own with JIESU_DATA_DIR."
    )
