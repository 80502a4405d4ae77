"""A whole installation for a story: `jiesu up` as a person starts it, and a mail server."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import psutil
import pytest
from aiosmtpd.controller import Controller

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "artefacts"
PASSWORD = "weibin-demo-2026"
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mailbox:
    """What the mail server took."""

    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd looks for this name
        content = envelope.content  # type: ignore[attr-defined]
        self.messages.append(message_from_bytes(content, policy=policy.default))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.messages if message["To"] == address]


@dataclass
class Installation:
    """A running product: its address, its folder, its processes."""

    folder: Path
    port: int
    smtp_port: int
    mail: Mailbox
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
        return kept | {
            "JIESU_DATA_DIR": str(self.folder / "data"),
            "JIESU_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "JIESU_PUBLIC_URL": self.url,
            "JIESU_RATE_LIMITS": "off",
            "PORT": str(self.port),
        }

    def start(self) -> None:
        log = (self.folder / "up.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web", "up", *self.options],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.wait_ready()

    def wait_ready(self, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("not ready:\n" + (self.folder / "up.log").read_text()[-4000:])

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def tree(self) -> list[psutil.Process]:
        """Every process of this installation, the servers too, by its data folder."""
        found = []
        mark = str(self.folder)
        for process in psutil.process_iter():
            try:
                mine = mark in " ".join(process.cmdline()) or (
                    process.environ().get("JIESU_DATA_DIR", "").startswith(mark)
                )
            except (psutil.Error, OSError):
                continue
            if mine:
                found.append(process)
        return found

    def kill_everything(self) -> None:
        """kill -9 of every process, as a power cut would."""
        for process in self.tree():
            try:
                process.kill()
            except psutil.Error:
                continue
        if self.process is not None:
            self.process.wait(timeout=30)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "web", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@dataclass
class Person:
    """Somebody with a browser's cookies, speaking JSON and forms."""

    http: httpx.Client
    csrf: str = ""

    @classmethod
    def visitor(cls, home: Installation) -> "Person":
        client = httpx.Client(base_url=home.url, follow_redirects=True, timeout=30)
        home.clients.append(client)
        return cls(client)

    @classmethod
    def staff(cls, home: Installation, username: str) -> "Person":
        person = cls.visitor(home)
        answer = person.http.post(
            "/api/v1/session", json={"username": username, "password": PASSWORD}
        )
        if answer.status_code == 503:
            raise ConnectionError("the database is gone")
        assert answer.status_code == 201, answer.text
        person.csrf = answer.json()["csrf"]
        person.http.headers["X-CSRF-Token"] = person.csrf
        return person

    def token(self, path: str) -> str:
        """The form token of a page."""
        found = TOKEN.search(self.http.get(path).text)
        assert found is not None
        return found[1]

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.http.post(path, json=body)


@pytest.fixture
def make_installation() -> Iterator[object]:
    """Makes installations and takes them down again, whatever happened in between."""
    made: list[Installation] = []
    servers: list[Controller] = []

    def make(*options: str, bare: bool = False) -> Installation:
        folder = Path(tempfile.mkdtemp(prefix="js-", dir="/tmp"))
        folder.chmod(0o755)
        mail, port = Mailbox(), free_port()
        server = Controller(mail, hostname="127.0.0.1", port=port)
        server.start()
        servers.append(server)
        home = Installation(folder, free_port(), port, mail, options)
        made.append(home)
        if bare:
            seeded = home.command("seed", "--no-tickets")
            assert seeded.returncode == 0, seeded.stderr
        home.start()
        return home

    yield make
    for home in made:
        for client in home.clients:
            client.close()
        try:
            home.stop()
        finally:
            home.kill_everything()
            shutil.rmtree(home.folder, ignore_errors=True)
    for server in servers:
        server.stop()


def eventually(check: object, seconds: float = 40) -> object:
    """What `check` returns once it is true; an assertion error when it never is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = check()  # type: ignore[operator]
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")
