"""Starting the product: all of it, or one of its processes."""

import argparse
import os
import signal
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from core import logs
from core.settings import Settings, load
from web.commands.place import data_dir, export, installation, say

if TYPE_CHECKING:
    from web.servers.tree import Child

STARTED = 60


def _url(settings: Settings) -> str:
    return settings.database_url.get_secret_value() if settings.database_url else ""


def up(arguments: argparse.Namespace) -> int:
    """Servers, schema, district, then HTTP, worker and ticker until Ctrl-C."""
    from web.servers import start, tree
    from web.servers.folder import Folder

    if arguments.port:
        os.environ["PORT"] = str(arguments.port)
    if arguments.demo_clock:
        os.environ["JIESU_DEMO_CLOCK"] = "on"
    settings = load()
    # letters link to where this installation is reached, unless told of a better address
    os.environ.setdefault("JIESU_PUBLIC_URL", f"http://{settings.host}:{settings.port}")
    folder = data_dir(settings)
    given = [
        url.get_secret_value() if url else None
        for url in (settings.database_url, settings.redis_url)
    ]
    say(f"Data folder: {folder}")
    servers = start(folder, database_url=given[0], redis_url=given[1], say=say)
    try:
        settings = export(servers.database_url, servers.redis_url, folder)
        _prepare(settings, empty=arguments.empty)
        return tree.run(
            _children(),
            say=say,
            on_started=lambda: _announce(settings, empty=arguments.empty),
            on_beat=servers.mend,
            stop_order=("serve", "tick", "work"),
            record=Folder(folder.absolute()).children,
        )
    finally:
        servers.stop()
        say("Stopped.")


def _prepare(settings: Settings, *, empty: bool) -> None:
    from web import schema, wiring
    from web import seed as district

    say("Bringing the database up to date …")
    schema.upgrade(_url(settings))
    office = wiring.build(settings)
    if not empty and district.is_empty(office):
        say("First start: importing the plan, rules, people and some hundred tickets …")
        district.seed(office, settings, say=say)
    office.engine.dispose()


def _children() -> "list[Child]":
    from web.servers.tree import Child

    program = [sys.executable, "-m", "web"]
    root = str(Path(__file__).parents[2])
    env = {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    return [Child(name, [*program, name], env) for name in ("serve", "work", "tick")]


def _announce(settings: Settings, *, empty: bool) -> None:
    """Wait in the background until a page is served, then say what to open."""
    threading.Thread(target=_wait_and_say, args=(settings, empty), daemon=True).start()


def _wait_and_say(settings: Settings, empty: bool) -> None:  # noqa: FBT001 - a thread's argument
    from web.seed import LOGINS, PASSWORD

    address = f"http://{settings.host}:{settings.port}"
    waited = threading.Event()
    for _ in range(STARTED * 5):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own address
                break
        except OSError:
            waited.wait(0.2)
    say(f"\n  接诉 Jiesu is ready:  {address}")
    if not empty:
        for name, who in LOGINS:
            say(f"    {name:<12} {who}")
        say(f"    demo password for all: {PASSWORD}")
    say("  Ctrl-C stops everything.\n")


def serve(_arguments: argparse.Namespace) -> int:
    """HTTP, one process or several."""
    import uvicorn

    settings = load()
    if settings.web_workers > 1:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="jiesu-metrics-"))
    uvicorn.run(
        "web.app:serve_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    return 0


def work(_arguments: argparse.Namespace) -> int:
    """Dramatiq's own command over our actors."""
    from dramatiq.cli import main as dramatiq_main
    from dramatiq.cli import make_argument_parser

    settings = load()
    os.environ["JIESU_WORKER"] = "1"
    # an idle worker looks this often (ms): its default alone would cost a letter 200 of them
    os.environ.setdefault("dramatiq_worker_timeout", "200")
    threads = str(settings.work_threads)
    arguments = ["web.worker:broker", "--processes", "1", "--threads", threads, "--skip-logging"]
    parser = make_argument_parser()  # type: ignore[no-untyped-call] # dramatiq's is untyped
    return int(dramatiq_main(parser.parse_args(arguments)) or 0)  # type: ignore[no-untyped-call] # so is this


def tick(_arguments: argparse.Namespace) -> int:
    """The ticker until SIGTERM."""
    from web import background, ticker, wiring

    settings = load()
    logs.configure(settings.log_level, "tick")
    if settings.redis_url is None:
        raise RuntimeError("REDIS_URL must be set (`jiesu up` sets it)")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    broker = background.broker(settings.redis_url.get_secret_value())
    ticker.run(wiring.build(settings), broker, stop)
    return 0


def migrate(_arguments: argparse.Namespace) -> int:
    """The schema, up to date."""
    from web import schema

    with installation() as settings:
        schema.upgrade(_url(settings))
    say(f"Schema is at {schema.wanted()}")
    return 0


def seed(arguments: argparse.Namespace) -> int:
    """The district, into an empty database only."""
    from web import schema, wiring
    from web import seed as district

    with installation() as settings:
        schema.upgrade(_url(settings))
        office = wiring.build(settings)
        if not district.is_empty(office):
            say("The database already holds a district; nothing was changed.")
            return 1
        district.seed(office, settings, say=say, tickets=not arguments.no_tickets)
        office.engine.dispose()
    return 0


def doctor(_arguments: argparse.Namespace) -> int:
    """Each finding on a line, with what to do."""
    from web import examination

    findings = examination.examine(load(), data_dir(load()))
    for finding in findings:
        print(finding)
    return 1 if any(not finding.well for finding in findings) else 0
