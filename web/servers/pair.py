"""The two servers as one thing: started together, mended together, stopped together."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from web.servers import account, postgres, processes, valkey
from web.servers.errors import ServersError
from web.servers.folder import Folder
from web.servers.postgres import Postgres
from web.servers.valkey import Valkey

Say = Callable[[str], None]


def _silent(_words: str) -> None:
    return None


@dataclass(slots=True)
class Servers:
    """Addresses of PostgreSQL and Redis, and the servers behind those that are our own."""

    database_url: str
    redis_url: str
    own: tuple[Postgres | Valkey, ...] = ()
    say: Say = _silent
    _held: ExitStack = field(default_factory=ExitStack)

    def mend(self) -> tuple[str, ...]:
        """Start again what died; the addresses stay. Names of what was started."""
        dead = [server for server in self.own if not server.alive()]
        for server in dead:
            self.say(f"{server.name} ended unexpectedly; starting it again")
            server.start()
        return tuple(server.name for server in dead)

    def stop(self) -> None:
        """Stop our own servers and give the data folder free. Twice does no harm."""
        self._held.close()


def start(
    data_dir: Path,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    say: Say = _silent,
    settings: Mapping[str, str] | None = None,
) -> Servers:
    """Start what no address is given for; an address always wins.

    `settings` are further PostgreSQL settings. Raises Occupied when another process runs
    servers on this folder, ServersError for everything else that keeps them from running.
    """
    if database_url and redis_url:
        return Servers(database_url, redis_url, say=say)
    folder = Folder(data_dir.resolve())
    folder.create()
    with ExitStack() as held:
        held.enter_context(folder.locked())
        stop_leftovers(folder.children, say)
        user = account.choose(folder.cluster, folder.queue)
        folder.furnish(user)
        own: list[Postgres | Valkey] = []
        if not database_url:
            own.append(Postgres(folder, user, say, settings or {}))
        if not redis_url:
            own.append(Valkey(folder, user, say))
        for server in own:
            held.callback(server.stop)
            server.start()
        return Servers(
            database_url or postgres.address(folder),
            redis_url or valkey.address(folder),
            tuple(own),
            say,
            held.pop_all(),
        )


@contextmanager
def embedded(
    data_dir: Path,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    say: Say = _silent,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Servers]:
    """`start`, and `stop` at the end however it comes."""
    servers = start(
        data_dir, database_url=database_url, redis_url=redis_url, say=say, settings=settings
    )
    try:
        yield servers
    finally:
        servers.stop()


def attach(data_dir: Path) -> Servers | None:
    """The servers another process runs on this folder; stopping them is that one's matter."""
    folder = Folder(data_dir.resolve())
    if not folder.occupied():
        return None
    return Servers(postgres.address(folder), valkey.address(folder))


def stop_leftovers(record: Path, say: Say = _silent) -> None:
    """End the children of a process tree whose supervisor was killed hard."""
    for being in processes.remembered(record):
        say(f"Process {being.pid} was left running; stopping it first")
        if not processes.end(being, (signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            raise ServersError(f"Process {being.pid} does not stop; end it by hand")
        processes.sweep_group(being.pid)
    with suppress(FileNotFoundError):
        record.unlink()
