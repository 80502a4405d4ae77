"""The sweep: nothing due among many clocks, and a storm of clocks due at one second.

Against plain SQL that writes the same rows, in the same run; a worker is killed midway.
"""

import gc
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from time import perf_counter, sleep
from uuid import UUID

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, func, select

from bench.timing import each, tell
from core import bulk, logs
from core.database import connect
from core.desk import Office
from core.events import TicketReceived
from core.ledger import Link, verify_chain
from core.moments import SHANGHAI
from core.permissions import SYSTEM
from core.privacy import Keys
from core.states import Status
from core.tables import Entry, Ticket
from core.timeline import record
from sla.sweep import sweep
from web import schema, wiring
from web.seed import seed_district
from web.servers import embedded

MASTER = "a master secret for measuring only"
DUE = datetime(2026, 11, 18, 17, 0, tzinfo=SHANGHAI)
LATER = DUE + timedelta(seconds=1)
WANTED = 5_000
SAMPLE = 1_000

# ids that grow with n, as the product's own do
ID = "lpad(to_hex({kind} * 16777216::bigint * 256 + n), 32, '0')::uuid"
TICKET_ID, ORDER_ID, CLOCK_ID = (ID.format(kind=kind) for kind in (1, 2, 3))
TICKETS = f"""
INSERT INTO ticket (id, number, query_code, title, content, status, request, channel, category,
  urgency, complex, enterprise, anonymous, confidential, lead, units, due_at, original_due_at,
  received_at, updated_at, redos, entries, last_hash)
SELECT {TICKET_ID}, 'B' || lpad(n::text, 21, '0'), '\\x00', '公司设立登记卡了两周',
  repeat('公司设立登记卡了两周，窗口每次说法都不一样，请尽快办理。', 4), 'in_handling', 'complaint',
  'web', 'qykb', 'normal', false, true, false, false, 'xzspj', '{{xzspj}}', :due, :due,
  :due - interval '9 days' + n % 20000 * interval '1 second', :due - interval '9 days', 0, 0,
  repeat('0', 64)
FROM generate_series(1, :count) n
"""
ORDERS = f"""
INSERT INTO work_order (id, ticket_id, department, part, status, request, urgency, binding,
  issued_at, due_at)
SELECT {ORDER_ID}, {TICKET_ID}, 'xzspj', 'lead', 'handling', 'complaint',
  'normal', false, :due - interval '9 days', :due
FROM generate_series(1, :count) n
"""
CLOCKS = f"""
INSERT INTO clock (id, ticket_id, order_id, department, metric, generation, policy,
  policy_version, calendar, state, started_at, due_at, original_due_at, next_action_at,
  next_level, level)
SELECT {CLOCK_ID}, t.id, o.id, 'xzspj', 'resolve', 1,
  'resolve.complaint.normal.enterprise', (SELECT max(version) FROM policy),
  (SELECT max(version) FROM calendar), 'running', t.received_at, :due, :due, :due, 'yellow', 'blue'
FROM generate_series(1, :count) n
JOIN ticket t ON t.number = 'B' || lpad((n % :tickets + 1)::text, 21, '0')
JOIN work_order o ON o.ticket_id = t.id
"""
# what the storm writes, as plain statements over all rows at once
PLAIN = (
    """
    CREATE TEMPORARY TABLE due ON COMMIT DROP AS
    SELECT c.*, t.number, gen_random_uuid() AS entry, gen_random_uuid() AS message
    FROM clock c JOIN ticket t ON t.id = c.ticket_id WHERE c.next_action_at <= :now
    FOR UPDATE OF t SKIP LOCKED
    """,
    """
    INSERT INTO clock_firing SELECT id, generation, 'yellow', due_at, :now FROM due
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO entry (id, ticket_id, number, kind, facts, actor, audience, at, previous, hash)
    SELECT entry, ticket_id, 2, 'clock.breached', jsonb_build_object('clock', id, 'metric', metric,
      'level', 'yellow', 'due', due_at, 'order', order_id, 'department', department, 'late_by', 1,
      'tell', '["head", "liaison", "office"]'::jsonb), 'system', 'staff', :now, repeat('0', 64),
      encode(sha256(id::text::bytea), 'hex')
    FROM due
    """,
    "INSERT INTO unplanned (entry_id, look_at) SELECT entry, :now FROM due",
    """
    INSERT INTO outbox (id, actor, args, created_at, not_before)
    SELECT message, 'notify.plan', jsonb_build_object('entry', entry), :now, :now FROM due
    """,
    """
    UPDATE clock SET state = 'breached', level = 'yellow', next_level = 'red',
      next_action_at = due.due_at + interval '1 day' FROM due WHERE clock.id = due.id
    """,
    """
    UPDATE ticket SET entries = 2, last_hash = encode(sha256(due.id::text::bytea), 'hex'),
      updated_at = :now, breached_at = :now FROM due WHERE ticket.id = due.ticket_id
    """,
    "UPDATE work_order SET breached_at = :now FROM due WHERE work_order.id = due.order_id",
)

# clocks go about in the order of their ids
HALF = f"""
SELECT state = 'breached' FROM clock, (SELECT CAST(:n AS bigint) AS n) AS half
WHERE id = {CLOCK_ID}
"""
DONE = """
SELECT NOT EXISTS (
  SELECT FROM clock WHERE state IN ('running', 'breached') AND next_action_at <= :now
)
"""
COUNTS = (
    "SELECT count(*) FROM clock_firing",
    "SELECT count(DISTINCT clock_id) FROM clock_firing",
    "SELECT count(*) FROM entry WHERE kind = 'clock.breached'",
    "SELECT count(DISTINCT facts ->> 'clock') FROM entry WHERE kind = 'clock.breached'",
    "SELECT count(*) FROM unplanned",
    "SELECT count(DISTINCT args ->> 'entry') FROM outbox WHERE actor = 'notify.plan'",
    "SELECT count(*) FROM clock WHERE state = 'breached' AND next_level = 'red'",
    "SELECT count(*) FROM ticket WHERE breached_at IS NOT NULL AND entries = 2",
    "SELECT count(*) FROM work_order WHERE breached_at IS NOT NULL",
)


def run(*, full: bool = False) -> None:
    with _server() as url:
        schema.upgrade(url)
        office = _office(url)
        seed_district(office)
        office.engine.dispose()
        _idle(url, 10_000, 1_000_000 if full else 100_000)
        _storm(url, 100_000 if full else 20_000)


@contextmanager
def _server() -> Iterator[str]:
    """PostgreSQL as the product starts it, with every commit on disk."""
    folder = Path(tempfile.mkdtemp(prefix="jb-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with embedded(folder / "data", redis_url="redis://unused") as servers:
            yield servers.database_url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _office(url: str, now: datetime = LATER) -> Office:
    return wiring.office(connect(url), Keys.of(MASTER), now=lambda: now)


def _fill(engine: Engine, clocks: int, tickets: int) -> None:
    with engine.begin() as connection:
        for statement, count in ((TICKETS, tickets), (ORDERS, tickets), (CLOCKS, clocks)):
            values = {"due": DUE, "count": count, "tickets": tickets}
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)
    _receive(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _receive(engine: Engine) -> None:
    """The first line of every timeline, as the product writes it: the chain has a beginning."""
    office, fact = Office(engine, Keys.of(MASTER)), TicketReceived("complaint", "web", "normal")
    with Session(engine) as session:
        tickets = session.exec(select(Ticket.id)).all()
    for some in batched(tickets, 2_000):
        with office.desk(SYSTEM, now=DUE - timedelta(days=9)) as desk:
            for ticket in desk.session.exec(select(Ticket).where(bulk.among(Ticket.id, some))):
                ticket.status = Status.NEW
                record(desk, ticket, fact)
                ticket.status = Status.IN_HANDLING
            bulk.write_changes(desk.session)


def batched(items: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


@contextmanager
def _copy(url: str, name: str) -> Iterator[str]:
    """A database of its own, equal to the one at `url`; gone at the end."""
    address = make_url(url)
    admin = create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {address.database}"))
    yield address.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


# --- nothing due ----------------------------------------------------------------------


def _idle(url: str, few: int, many: int) -> None:
    taken = {}
    for clocks in (few, many):
        with _copy(url, "idle") as place:
            office = _office(place, DUE - timedelta(seconds=1))
            owner = connect(place, as_app=False)
            _fill(owner, clocks, 1_000)
            assert sweep(office) == 0
            taken[clocks] = each(lambda office=office: sweep(office), 50)
            office.engine.dispose()
            owner.dispose()
        print(f"{f'sweep, nothing due of {clocks:,}':<44} {taken[clocks] * 1e3:>10.2f} ms")
    print(f"{'  the many against the few':<44} {taken[many] / taken[few]:>10.2f} ×")


# --- everything due -------------------------------------------------------------------


def _storm(url: str, clocks: int) -> None:
    with _copy(url, "storm") as place:
        owner = connect(place, as_app=False)
        _fill(owner, clocks, clocks)
        owner.dispose()
        with _copy(place, "plain") as other:
            limit = _plain(other) / clocks
        taken, spent = (total / clocks for total in _with_workers(place, clocks))
        _tell(clocks, taken, limit, spent)
        _check(place, clocks)


def _plain(url: str) -> float:
    """Seconds for the same rows in plain statements, one connection, one commit."""
    owner = connect(url, as_app=False)
    started = perf_counter()
    with owner.begin() as connection:
        for statement in PLAIN:
            connection.execute(text(statement), {"now": LATER} if ":now" in statement else {})
    taken = perf_counter() - started
    owner.dispose()
    return taken


def _with_workers(url: str, clocks: int) -> tuple[float, float]:
    """Seconds until nothing is due, and seconds of processor; one worker dies midway."""
    go = multiprocessing.get_context("spawn").Event()
    first, second = _worker(url, go), _worker(url, go)
    sleep(5)  # both stand ready: what is measured is the work, not their start
    watcher = connect(url, as_app=False)
    server = _parent(watcher)
    started, before = perf_counter(), [_spent(pid) for pid in (first.pid, second.pid, server)]
    go.set()
    _wait(watcher, HALF, n=clocks // 2)
    lost = _spent(first.pid)
    first.kill()
    third = _worker(url, go)
    _wait(watcher, DONE, now=LATER)
    taken = perf_counter() - started
    spent = lost + sum(_spent(pid) for pid in (second.pid, third.pid, server)) - sum(before)
    watcher.dispose()
    for worker in (first, second, third):
        worker.join()
    return taken, spent


def _parent(watcher: Engine) -> int:
    """The server's own process, whose children answer us."""
    with watcher.connect() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    return int(_stat(int(backend))[1])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _spent(pid: int | None) -> float:
    """Seconds of processor of a process, of its children that ended and of those that live."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = _stat(int(folder.name))
            if int(folder.name) == pid or int(stat[1]) == pid:
                ticks += sum(map(int, stat[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _worker(url: str, go: Event) -> multiprocessing.process.BaseProcess:
    made = multiprocessing.get_context("spawn").Process(target=_work, args=(url, go))
    made.start()
    return made


def _work(url: str, go: Event) -> None:
    logs.configure("warning", "bench")
    office = _office(url)
    gc.freeze()  # as the product's worker does
    go.wait()
    sweep(office)


def _wait(watcher: Engine, question: str, **values: object) -> None:
    """Until the answer is yes."""
    while True:
        with watcher.connect() as connection:
            if connection.scalar(text(question), values):
                return
        sleep(0.1)


def _tell(clocks: int, taken: float, limit: float, spent: float) -> None:
    tell("plain SQL, a clock", limit, "itself", limit)
    tell(f"storm of {clocks:,}, two workers, one killed", taken, "plain SQL", limit)
    tell("  of processor, workers and server", spent, "plain SQL", limit)
    cores = os.cpu_count() or 1
    print(f"{'  of the machine, while others used the rest':<44} {spent / taken / cores:>10.0%}")
    print(f"{'  clocks a second':<44} {1 / taken:>10,.0f}")
    print(f"{'  clocks a second, had it been ours alone':<44} {cores / spent:>10,.0f}")
    print(f"  ≥ {WANTED:,} a second: {'yes' if 1 / taken >= WANTED else 'no'}")


def _check(url: str, clocks: int) -> None:
    """None lost, none twice: every table has its row, and the chains hold."""
    engine = connect(url, as_app=False)
    with engine.connect() as connection:
        for query in COUNTS:
            found = connection.scalar(text(query))
            assert found == clocks, f"{query}: {found}"
    with Session(engine) as session:
        tickets = session.exec(select(Ticket).order_by(func.random()).limit(SAMPLE)).all()
        numbers = {ticket.id: ticket.number for ticket in tickets}
        entries = session.exec(select(Entry).where(col(Entry.ticket_id).in_(numbers))).all()
    links = [_link(numbers[entry.ticket_id], entry) for entry in entries]
    links.sort(key=lambda link: (link.ticket, link.number))
    last = {ticket.number: ticket.entries for ticket in tickets}
    assert list(verify_chain(Keys.of(MASTER).ledger, links, last)) == []
    print(f"  none lost, none twice, {SAMPLE:,} chains hold")
    engine.dispose()


def _link(number: str, entry: Entry) -> Link:
    names = ("number", "kind", "facts", "actor", "audience", "at", "previous", "hash")
    return Link(number, *(getattr(entry, name) for name in names))
