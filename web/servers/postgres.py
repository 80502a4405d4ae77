"""PostgreSQL of our own: made once, started, mended after a crash, stopped fast and cleanly."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from web.servers import binaries, processes
from web.servers.account import Account
from web.servers.errors import ServersError
from web.servers.folder import Folder

Say = Callable[[str], None]

USER = DATABASE = "jiesu"
PATIENCE = 60.0  # crash recovery replays what was written since the last checkpoint
# what a server says that finds its killed predecessor's backends not quite gone
STILL_DYING = ("still in use", "already in use", "another postmaster")
LAST_WORDS = 600
STOPPING = (
    (signal.SIGINT, 40.0),  # fast: roll back what is open, write a checkpoint
    (signal.SIGQUIT, 10.0),  # immediate: recover at the next start
    (signal.SIGKILL, 5.0),
)


@dataclass(slots=True)
class Postgres:
    """One cluster in one data folder, reached over a socket in a private folder."""

    folder: Folder
    account: Account
    say: Say
    settings: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    name = "PostgreSQL"

    @property
    def url(self) -> str:
        return address(self.folder)

    def start(self) -> None:
        """Returns when queries are answered; ServersError otherwise."""
        programs = binaries.postgres(self.account, self.folder.programs)
        self._stop_leftover()
        if not self.folder.cluster.exists():
            self._make(programs)
        self._check_version(programs)
        deadline = time.monotonic() + PATIENCE
        while not self._launch(programs.postgres, deadline):
            time.sleep(0.3)
        self._prepare()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Fast shutdown; harsher only when that does not end in time."""
        if self.process is None:
            return
        for number, patience in STOPPING:
            if self.process.poll() is None:
                self.process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(patience)
        self.process = None

    def _stop_leftover(self) -> None:
        """A server whose supervisor was killed hard is stopped, so that ours is our child."""
        pid_file = self.folder.cluster / "postmaster.pid"
        left = processes.holder(pid_file, str(self.folder.cluster))
        if left:
            self.say(f"PostgreSQL (process {left.pid}) was left running; stopping it first")
            if not processes.end(left, *STOPPING):
                raise ServersError(f"PostgreSQL (process {left.pid}) does not stop; end it by hand")
        elif pid_file.exists() and _names_a_stranger(pid_file):
            # PostgreSQL would take the stranger that now has this pid for a server; a backend
            # still attached is found by its shared memory all the same
            pid_file.unlink()

    def _make(self, programs: binaries.Programs) -> None:
        """A new cluster, made aside and put in place whole."""
        self.say("Creating the database")
        for abandoned in self.folder.root.glob("new-postgres-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="new-postgres-", dir=self.folder.root))
        self.account.own(fresh, 0o700)
        password = fresh.parent / f"{fresh.name}.pw"  # a real file: initdb opens it by name
        try:
            password.touch(0o600)
            password.write_text(self.folder.secret("postgres"), encoding="ascii")
            self.account.own(password, 0o600)
            self._run_initdb(programs, fresh, password)
        finally:
            password.unlink(missing_ok=True)
        fresh.rename(self.folder.cluster)

    def _run_initdb(self, programs: binaries.Programs, target: Path, password: Path) -> None:
        done = subprocess.run(  # noqa: S603 - our own program, our own words
            [
                str(programs.initdb),
                f"--pgdata={target}",
                f"--username={USER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *_locale_flags(programs.major),
                "--data-checksums",
            ],
            cwd="/",
            env=binaries.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            **self.account.popen(),  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise ServersError(f"The database could not be created: {str(done.stderr).strip()}")

    def _check_version(self, programs: binaries.Programs) -> None:
        try:
            made_by = (self.folder.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except OSError as error:
            raise ServersError(
                f"{self.folder.cluster} is not a readable PostgreSQL cluster ({error.strerror}); "
                "move it away and start again."
            ) from error
        if made_by != str(programs.major):
            raise ServersError(
                f"{self.folder.cluster} was made by PostgreSQL {made_by}, and the one found here "
                f"is {programs.major}. Install version {made_by}, or dump and restore into a "
                "fresh data folder (JIESU_DATA_DIR)."
            )

    def _launch(self, program: Path, deadline: float) -> bool:
        """Start and wait. False: it gave way to the dying backends of a crashed one; try again."""
        early = self.folder.early("postgres")
        with early.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, our own words
                [str(program), "-D", str(self.folder.cluster), *self._options()],
                cwd="/",
                env=binaries.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal is for the supervisor alone
                **self.account.popen(),  # type: ignore[call-overload]
            )
        told = time.monotonic() + 2
        while self.process.poll() is None:
            if self._answers():
                return True
            now = time.monotonic()
            if now > deadline:
                self.stop()
                raise ServersError(f"PostgreSQL did not get ready; see {self.folder.log}")
            if now > told:
                told = now + 5
                self.say(f"PostgreSQL is recovering ({deadline - now:.0f} s left)")
            time.sleep(0.03)
        words = early.read_text(encoding="utf-8", errors="replace").strip()
        time.sleep(0.2)  # its collector writes the last lines after the server is gone
        words += self._last_words()
        if any(sign in words for sign in STILL_DYING) and time.monotonic() < deadline:
            return False
        raise ServersError(f"PostgreSQL did not start: {words or f'see {self.folder.log}'}")

    def _last_words(self) -> str:
        """The end of the newest log: past its first lines a server no longer speaks to us."""
        logs = sorted(self.folder.log.glob("postgres-*.log"), key=lambda path: path.stat().st_mtime)
        if not logs:
            return ""
        return "\n" + logs[-1].read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:]

    def _options(self) -> list[str]:
        chosen = {
            "listen_addresses": "",
            "port": "5432",  # part of the socket's name only
            "unix_socket_directories": str(self.folder.run).replace('"', '""').join('""'),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "128MB",
            "jit": "off",  # compiling costs more than our short statements take
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "on",
            "log_directory": str(self.folder.log),
            "log_filename": "postgres-%a.log",  # seven files, each emptied after a week
            "log_truncate_on_rotation": "on",
            "log_rotation_age": "1d",
            "log_rotation_size": "0",
            **self.settings,
        }
        return [word for key, value in chosen.items() for word in ("-c", f"{key}={value}")]

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                self.stop()
                raise ServersError(
                    f"The password in {self.folder.root / 'postgres.secret'} is not the "
                    "database's; put the original file back."
                ) from error
            return False
        return True

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder.run),
            port=5432,
            user=USER,
            password=self.folder.secret("postgres"),
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _prepare(self) -> None:
        """Our database, and the proof that its locale knows what a Chinese letter is."""
        with self._connect("postgres") as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
            ).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            row = connection.execute(
                "SELECT datctype, pg_encoding_to_char(encoding) FROM pg_database"
                " WHERE datname = %s",
                (DATABASE,),
            ).fetchone()
        locale, encoding = (str(value) for value in row or ("", ""))
        if encoding != "UTF8" or "utf8" not in locale.lower().replace("-", ""):
            self.stop()
            raise ServersError(
                f"The database has locale {locale} and encoding {encoding}: Chinese text would "
                "silently not be indexed. Move the data folder away and start again."
            )


def address(folder: Folder) -> str:
    """SQLAlchemy's address of the cluster in this folder, running or not."""
    host, password = quote(str(folder.run), safe="/"), folder.secret("postgres")
    return f"postgresql+psycopg://{USER}:{password}@/{DATABASE}?host={host}&port=5432"


def _names_a_stranger(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text(encoding="ascii", errors="replace").split()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return False
    return True


def _locale_flags(major: int) -> list[str]:
    """Same order and letters on every machine; LC_CTYPE must be UTF-8 for pg_trgm."""
    ctype = binaries.environment()["LC_ALL"]
    if ctype != "C.UTF-8":
        return ["--locale=C", f"--lc-ctype={ctype}"]
    if major < 17:
        return ["--locale=C.UTF-8"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
