"""Files looked into by a scanner that speaks clamd's protocol on a real socket."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker
from sqlmodel import Session, select

from core import outbox
from core.desk import Office, set_office
from core.errors import Conflict, Forbidden
from core.permissions import SYSTEM
from core.tables import OutboxRow
from intake import scanning, tasks
from intake.clamd import CHUNK, Clamd, ScannerDown
from intake.files import File
from intake.tables import Attachment
from tests.makers import file

VIRUS = b"this stands for what a scanner knows"
LIMIT = 300_000


class Daemon(socketserver.StreamRequestHandler):
    """What clamd does with INSTREAM, looking for one sentence."""

    def handle(self) -> None:
        asked = self.rfile.read(6)
        if asked == b"zPING\0":
            self.wfile.write(b"PONG\0")
            return
        assert asked + self.rfile.read(4) == b"zINSTREAM\0"
        taken = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            taken += self.rfile.read(size)
            if len(taken) > LIMIT:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.seen.append(taken)
        if taken == b"odd":
            self.wfile.write(b"COMMAND READ TIMED OUT\0")
        elif taken == b"silent":
            return
        elif VIRUS in taken:
            self.wfile.write(b"stream: Test-Signature FOUND\0")
        else:
            # in two pieces, as networks do
            self.wfile.write(b"stream:")
            self.wfile.flush()
            self.wfile.write(b" OK\0")


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads, seen = True, []


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads, seen = True, []


@contextmanager
def listening(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clamd]:
    if request.param == "tcp":
        server: socketserver.BaseServer = Tcp(("127.0.0.1", 0), Daemon)
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        path = Path(tmp_path) / "clamd"
        server, address = Unix(str(path), Daemon), f"unix://{path}"
    with listening(server):
        yield Clamd(address, timeout=5)


def attached(office: Office, body: bytes) -> UUID:
    """A request with one file. The file's id."""
    made = file(office, attachments=(File("a.pdf", "application/pdf", body),))
    with Session(office.engine) as session:
        query = select(Attachment.id).where(Attachment.ticket_id == made.ticket.id)
        return session.exec(query).one()


def row(office: Office, attachment: UUID) -> Attachment:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(Attachment, attachment)


def asked(office: Office) -> list[dict]:
    with Session(office.engine) as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.actor == "intake.scan"))
        return [one.args for one in rows]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_byte_reaches_the_scanner(scanner: Clamd, size: int) -> None:
    assert scanner.scan(b"x" * size) == "clean"
    assert scanner.scan(b"x" * size + VIRUS) == "infected"


def test_a_file_too_large_for_it_stays_unscanned(scanner: Clamd) -> None:
    assert scanner.scan(b"x" * (LIMIT + CHUNK * 3)) == "unscanned"


def test_it_says_that_it_is_there(scanner: Clamd) -> None:
    scanner.ping()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ScannerDown):
            Clamd(f"tcp://127.0.0.1:{nobody.getsockname()[1]}").ping()


@pytest.mark.parametrize("body", [b"odd", b"silent"])
def test_an_answer_that_is_none_is_no_verdict(scanner: Clamd, body: bytes) -> None:
    with pytest.raises(ScannerDown):
        scanner.scan(body)


@pytest.mark.parametrize("address", ["", "host:3310", "http://host", "unix://", "tcp://"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="scanner"):
        Clamd(address)


def test_filing_asks_for_it_and_the_verdict_stands_at_the_file(
    office: Office, scanner: Clamd
) -> None:
    clean, infected = attached(office, b"%PDF-1.7 x"), attached(office, b"%PDF-1.7 " + VIRUS)
    assert asked(office) == [{"attachment": str(clean)}, {"attachment": str(infected)}]
    for one in (clean, infected, infected):
        scanning.scan(office, scanner, one)
    assert row(office, clean).scan == "clean"
    assert row(office, infected).scan == "infected"
    scanning.check_served(row(office, clean), scanning=True)
    for configured in (True, False):
        with pytest.raises(Forbidden):
            scanning.check_served(row(office, infected), scanning=configured)


def test_without_a_scanner_a_file_is_marked_as_seen_by_nobody(office: Office) -> None:
    one = attached(office, b"%PDF-1.7 x")
    scanning.check_served(row(office, one), scanning=False)
    scanning.scan(office, None, one)
    assert row(office, one).scan == "unscanned"


def test_a_scanner_that_is_down_is_asked_again_later(office: Office, clock) -> None:
    one = attached(office, b"%PDF-1.7 x")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dead = Clamd(f"tcp://127.0.0.1:{nobody.getsockname()[1]}")
        scanning.scan(office, dead, one)
    assert row(office, one).scan == "pending"
    with pytest.raises(Conflict):
        scanning.check_served(row(office, one), scanning=True)
    with office.desk(SYSTEM) as desk:
        assert scanning.resend_due(desk) == 0
    clock.move(minutes=11)
    with office.desk(SYSTEM) as desk:
        assert scanning.resend_due(desk) == 1
    assert len(asked(office)) == 2


def test_a_file_that_is_gone_is_nobodys_business(office: Office) -> None:
    scanning.scan(office, None, UUID(int=1))


def test_through_the_queue_a_worker_looks_into_what_was_filed(
    office: Office, scanner: Clamd, redis_url: str
) -> None:
    broker = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    set_office(office)
    tasks.declare_scan(broker, scanner)
    worker = Worker(broker, worker_timeout=50, worker_threads=1)
    worker.start()
    try:
        one = attached(office, b"%PDF-1.7 " + VIRUS)
        with Session(office.engine) as session, session.begin():
            for promised in session.exec(select(OutboxRow)):
                if promised.actor == "intake.scan":
                    broker.enqueue(outbox.message(promised))
        broker.join("default", timeout=20_000)
        worker.join()
        assert row(office, one).scan == "infected"
    finally:
        worker.stop()
        set_office(None)
        broker.flush_all()
        broker.close()
