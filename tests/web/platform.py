"""A small upper platform on the loopback: it keeps its own list, and fails when it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from notify.transports.partner import signature

SECRET = "a secret of two"
TOKEN = "the platform's own token"


@dataclass
class Platform:
    """What it was told, what it knows, and how it behaves."""

    port: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)  # as they came, repeats included
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    unsigned: int = 0
    asked: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    answer: int = 200  # to reports
    lists: int = 200
    drop_after: bool = False  # takes the report, and dies before it says so
    page: int = 100

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/up"

    @property
    def known(self) -> list[dict[str, Any]]:
        """Reports as a platform counts them: by identifier, once."""
        return list({report["id"]: report for report in self.got}.values())

    def take(self, report: dict[str, Any]) -> None:
        fresh = report["id"] not in {one["id"] for one in self.got}
        self.got.append(report)
        if fresh:
            self.states[report["upper_number"]] = report["state"]


def handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.check(body)
            if platform.answer == 200:
                platform.take(json.loads(body))
            if platform.drop_after:
                self.close_connection = True
                return
            self.say(platform.answer, {})

        def do_GET(self) -> None:
            self.check(b"")
            platform.asked.append(self.path)
            if platform.lists != 200:
                self.say(platform.lists, {})
                return
            name, _, query = self.path.partition("?")
            if name == "/up/cases":
                self.say(200, self.listed(query))
            else:
                case = platform.cases.get(name.rpartition("/")[2])
                self.say(200 if case else 404, case or {})

        def listed(self, query: str) -> dict[str, Any]:
            after = dict(part.split("=") for part in query.split("&")).get("after", "")
            names = sorted(name for name in platform.states if name > after)
            page = names[: platform.page]
            rows = [
                {
                    "upper_number": n,
                    "state": platform.states[n],
                    "updated_at": "2026-11-18T10:00:00+08:00",
                }
                for n in page
            ]
            return {"cases": rows, "next": page[-1] if len(names) > len(page) else None}

        def check(self, body: bytes) -> None:
            platform.hosts.add(self.headers["Host"])
            name, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
            right = f"v1,{signature(SECRET.encode(), name, at, body)}"
            platform.unsigned += self.headers["webhook-signature"] != right

        def say(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{platform.port}/elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def running(port: int = 0, platform: Platform | None = None) -> Iterator[Platform]:
    """The platform, listening; it may come back on the port it had, knowing what it knew."""
    found = platform or Platform()
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(found))
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
