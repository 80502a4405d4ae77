"""The doctor's examination: what is wrong with an installation, and how to mend it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from core.database import APP_ROLE, psycopg_url
from core.moments import utc_now
from core.settings import Settings
from intake.clamd import Clamd, ScannerDown

LEAST_FREE = 1 * 2**30
OLDEST_POSTGRES = 150000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, whether it is well, and what to do when it is not."""

    what: str
    well: bool
    mend: str = ""

    def __str__(self) -> str:
        return f"ok    {self.what}" if self.well else f"WRONG {self.what}\n      → {self.mend}"


def examine(settings: Settings, folder: Path) -> list[Finding]:
    """Look at everything an installation needs; nothing is changed."""
    found = [*_folder(folder), *_secret(settings, folder)]
    if settings.clamd is not None:
        found.append(_scanner(settings.clamd))
    addresses = _addresses(settings, folder)
    if addresses is None:
        found.append(
            Finding("no servers are running here", True)
            if settings.database_url is None
            else Finding("REDIS_URL is not set", False, "set REDIS_URL, or unset DATABASE_URL too")
        )
        return found
    return [*found, *_database(addresses[0]), _redis(addresses[1])]


def _addresses(settings: Settings, folder: Path) -> tuple[str, str] | None:
    from web.servers import attach  # noqa: PLC0415 - not there on platforms without wheels

    if settings.database_url and settings.redis_url:
        return settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    running = attach(folder) if folder.is_dir() else None
    return (running.database_url, running.redis_url) if running else None


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield Finding(f"data folder {folder} will be made at the first start", True)
        return
    free = shutil.disk_usage(folder).free
    yield Finding(
        f"data folder {folder}: {free // 2**20} MiB free",
        free > LEAST_FREE,
        "free at least 1 GiB, or set JIESU_DATA_DIR to a folder on a larger disk",
    )


def _secret(settings: Settings, folder: Path) -> Iterator[Finding]:
    generated = (folder / "master.secret").exists()
    external = settings.database_url is not None
    given = settings.secret_key
    if given is not None:
        yield Finding(
            "JIESU_SECRET_KEY is set",
            len(given.get_secret_value()) >= 32,
            "use at least 32 random characters, for example from `openssl rand -hex 32`",
        )
    elif external and not generated:
        yield Finding(
            "no JIESU_SECRET_KEY beside an external database",
            False,
            "set the same JIESU_SECRET_KEY on every host: data sealed with it is lost without it",
        )


def _database(url: str) -> Iterator[Finding]:
    engine = create_engine(psycopg_url(url))
    try:
        with engine.connect() as connection:
            version = int(connection.scalar(text("SHOW server_version_num")) or 0)
            yield Finding(
                f"PostgreSQL answers ({version // 10000})",
                version >= OLDEST_POSTGRES,
                "PostgreSQL 15 or newer is needed",
            )
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Finding(
            f"PostgreSQL does not answer: {reason}", False, "start it, or correct DATABASE_URL"
        )
        return
    for look in (_schema, _role, _locale, _time):
        yield _looked(engine, look)
    engine.dispose()


def _looked(engine: Engine, look: Callable[[Engine], Finding]) -> Finding:
    return look(engine)


def _schema(engine: Engine) -> Finding:
    from web import schema  # noqa: PLC0415 - alembic is slow to import and only needed here

    stands, wanted = schema.current(engine), schema.wanted()
    return Finding(f"schema at {stands}", stands == wanted, f"run `jiesu migrate` (to {wanted})")


def _role(engine: Engine) -> Finding:
    query = text(
        "SELECT count(*) FROM pg_roles WHERE rolname = :role AND pg_has_role(rolname, 'MEMBER')"
    )
    with engine.connect() as connection:
        member = bool(connection.scalar(query, {"role": APP_ROLE}))
    return Finding(
        f"the application works as {APP_ROLE}, which cannot rewrite the timeline",
        member,
        "as a database administrator: CREATE ROLE jiesu_app; GRANT jiesu_app TO the owner; then"
        " `jiesu migrate` (until then the timeline is guarded by its trigger alone)",
    )


def _locale(engine: Engine) -> Finding:
    with engine.connect() as connection:
        encoding = connection.scalar(text("SHOW server_encoding"))
    return Finding(
        f"database encoding {encoding}", encoding == "UTF8", "create the database with UTF8"
    )


def _time(engine: Engine) -> Finding:
    with engine.connect() as connection:
        apart = abs(
            (connection.scalar(text("SELECT clock_timestamp()")) - utc_now()).total_seconds()
        )
    return Finding(
        f"clocks of this machine and the database are {apart:.1f} s apart",
        apart < 5,
        "synchronise both with NTP: promises are counted in seconds",
    )


def _scanner(address: str) -> Finding:
    try:
        Clamd(address, timeout=5).ping()
    except (ScannerDown, ValueError) as error:
        return Finding(
            f"the virus scanner does not answer: {error}",
            False,
            "start clamd, or correct JIESU_CLAMD: files wait for it and are not handed out",
        )
    return Finding("the virus scanner answers", True)


def _redis(url: str) -> Finding:
    try:
        policy = redis.Redis.from_url(url).config_get("maxmemory-policy")
    except redis.RedisError as error:
        return Finding(f"Redis does not answer: {error}", False, "start it, or correct REDIS_URL")
    value = str(dict(policy).get("maxmemory-policy"))
    return Finding(
        f"Redis answers (maxmemory-policy {value})",
        value == "noeviction",
        "set maxmemory-policy noeviction: an evicted message is a letter sent late",
    )
