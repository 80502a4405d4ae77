"""The installation a command works on: its addresses and secrets, wherever they come from."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings, load

if TYPE_CHECKING:
    from core.desk import Office


def say(words: str) -> None:
    """A line of progress for the person at the terminal."""
    print(words, file=sys.stderr, flush=True)


def data_dir(settings: Settings) -> Path:
    from web.servers import default_data_dir

    return settings.data_dir or default_data_dir()


def secret(folder: Path) -> str:
    """The installation's master secret, made at the first start."""
    from web.servers.folder import Folder

    home = Folder(folder.absolute())
    home.create()
    return home.secret("master")


def export(database_url: str, redis_url: str, folder: Path) -> Settings:
    """Put addresses and secrets into the environment for our children, and read it again."""
    os.environ["DATABASE_URL"] = database_url
    os.environ["REDIS_URL"] = redis_url
    os.environ["JIESU_DATA_DIR"] = str(folder)
    if not os.environ.get("JIESU_SECRET_KEY") and not os.environ.get("JIESU_SECRET_KEY_FILE"):
        os.environ["JIESU_SECRET_KEY"] = secret(folder)
    return load()


@contextmanager
def installation() -> Iterator[Settings]:
    """Settings with addresses filled in: given ones, a running `jiesu up`, or servers for now."""
    from web.servers import attach, embedded

    settings = load()
    folder = data_dir(settings)
    given = (
        settings.database_url.get_secret_value() if settings.database_url else None,
        settings.redis_url.get_secret_value() if settings.redis_url else None,
    )
    running = None if all(given) else attach(folder)
    if running is not None:
        yield export(given[0] or running.database_url, given[1] or running.redis_url, folder)
        return
    with embedded(folder, database_url=given[0], redis_url=given[1], say=say) as servers:
        yield export(servers.database_url, servers.redis_url, folder)


@contextmanager
def opened_house() -> Iterator["Office"]:
    """The installation's office, its connections closed however the command ends."""
    from web import wiring

    with installation() as settings:
        office = wiring.build(settings)
        try:
            yield office
        finally:
            office.engine.dispose()
