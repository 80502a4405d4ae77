"""Valkey (or Redis) of our own: what is queued is on disk within a second."""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from web.servers import binaries, processes
from web.servers.account import Account
from web.servers.errors import ServersError
from web.servers.folder import Folder

Say = Callable[[str], None]

PATIENCE = 60.0  # reading a long append-only file back
STOPPING = ((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0))
LARGEST_LOG = 10 * 1024 * 1024


@dataclass(slots=True)
class Valkey:
    """One server on one folder, reached over a socket in a private folder, with a password."""

    folder: Folder
    account: Account
    say: Say
    process: "subprocess.Popen[bytes] | None" = None
    name = "Valkey"

    @property
    def url(self) -> str:
        return address(self.folder)

    def start(self) -> None:
        """Returns when commands are answered; ServersError otherwise."""
        program = binaries.valkey(self.account, self.folder.programs)
        self._stop_leftover()
        conf = self._configure()
        early = self.folder.early("valkey")
        with early.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, our own words
                [str(program), str(conf)],
                cwd="/",
                env=binaries.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal is for the supervisor alone
                **self.account.popen(),  # type: ignore[call-overload]
            )
        self._wait(self.process, early)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """SIGTERM: the append-only file is synced before the end."""
        if self.process is None:
            return
        for number, patience in STOPPING:
            if self.process.poll() is None:
                self.process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(patience)
        self.process = None

    def _stop_leftover(self) -> None:
        left = processes.holder(self.folder.queue / "valkey.pid", str(self.folder.conf))
        if left:
            self.say(f"Valkey (process {left.pid}) was left running; stopping it first")
            if not processes.end(left, *STOPPING):
                raise ServersError(f"Valkey (process {left.pid}) does not stop; end it by hand")
        self._socket.unlink(missing_ok=True)

    @property
    def _socket(self) -> Path:
        return self.folder.run / "valkey.sock"

    def _configure(self) -> Path:
        """A file, as a password on the command line would be there for all to read."""
        lines = {
            "port": "0",
            "unixsocket": _quoted(self._socket),
            "unixsocketperm": "700",
            "dir": _quoted(self.folder.queue),
            "pidfile": _quoted(self.folder.queue / "valkey.pid"),
            "logfile": _quoted(self._log()),
            "requirepass": self.folder.secret("valkey"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "set-proc-title": "no",  # a leftover is known by its command line
            "daemonize": "no",
        }
        conf = self.folder.conf
        conf.unlink(missing_ok=True)
        conf.touch(0o600)
        conf.write_text("".join(f"{k} {v}\n" for k, v in lines.items()), encoding="utf-8")
        self.account.own(conf, 0o600)
        return conf

    def _log(self) -> Path:
        """It opens its log anew for every line, so a large one can simply be set aside."""
        log = self.folder.log / "valkey.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _wait(self, process: "subprocess.Popen[bytes]", early: Path) -> None:
        deadline = time.monotonic() + PATIENCE
        told = time.monotonic() + 2
        while process.poll() is None:
            if self._answers():
                return
            now = time.monotonic()
            if now > deadline:
                self.stop()
                raise ServersError(f"Valkey did not get ready; see {self.folder.log}")
            if now > told:
                told = now + 5
                self.say(f"Valkey is reading its file ({deadline - now:.0f} s left)")
            time.sleep(0.03)
        words = early.read_text(encoding="utf-8", errors="replace").strip()
        raise ServersError(f"Valkey did not start: {words or f'see {self.folder.log}/valkey.log'}")

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=5)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False  # no socket yet, or still loading
        finally:
            client.close()


def address(folder: Folder) -> str:
    """redis-py's address of the server in this folder, running or not."""
    socket = quote(str(folder.run / "valkey.sock"), safe="/")
    return f"unix://:{folder.secret('valkey')}@{socket}?db=0"


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
