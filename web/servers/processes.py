"""Other processes: whether a pid still is who it was, and how to end one that is no child.

Servers outlive a supervisor that is killed hard, on purpose: the next start stops them
cleanly. PR_SET_PDEATHSIG was left aside: it fires when the *thread* that forked ends, needs
a preexec_fn, which is unsound once there are threads, and exists on Linux only.
"""

import calendar
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BIRTH_SLACK = 2.0  # seconds: boot time plus ticks wanders a little when the clock is set
PROC = Path("/proc/self/stat")


@dataclass(frozen=True, slots=True)
class Being:
    """A living process as seen now: enough to tell it from a later one with its pid."""

    pid: int
    born: float
    command: str

    def same(self, other: "Being | None") -> bool:
        return (
            other is not None
            and self.pid == other.pid
            and self.command == other.command
            and abs(self.born - other.born) <= BIRTH_SLACK
        )


def look(pid: int) -> Being | None:
    """The process that has this pid now; None when there is none, or only its corpse."""
    return _look_in_proc(pid) if PROC.exists() else _look_with_ps(pid)


def _look_in_proc(pid: int) -> Being | None:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = next(
            int(line.split()[1])
            for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()
            if line.startswith("btime ")
        )
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before may hold spaces
    if not raw or fields[0] in "ZX":
        return None
    born = boot + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return Being(pid, born, raw.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace"))


def _look_with_ps(pid: int) -> Being | None:
    answer = subprocess.run(  # noqa: S603 - fixed words and a number
        ["/bin/ps", "-ww", "-o", "lstart=", "-o", "command=", "-p", str(pid)],
        env={"LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    words = answer.split(maxsplit=5)
    if len(words) < 6 or words[5].startswith("("):
        return None
    born = calendar.timegm(time.strptime(" ".join(words[:5]), "%a %b %d %H:%M:%S %Y"))
    return Being(pid, born, words[5])


def holder(pid_file: Path, mark: str) -> Being | None:
    """The process a server's own pid file names, if it really is that server.

    `mark` must stand in its command line, and it must be older than the file: a pid given to
    somebody else after a crash or a reboot fails one of the two.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii", errors="replace").split()[0])
        written = pid_file.stat().st_mtime
    except (OSError, ValueError, IndexError):
        return None
    being = look(pid) if pid > 0 else None
    if being is None or mark not in being.command or being.born > written + BIRTH_SLACK:
        return None
    return being


def end(being: Being, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn, waiting its seconds for the end. Whether it has ended."""
    for number, patience in steps:
        if not being.same(look(being.pid)):
            return True
        with suppress(ProcessLookupError):
            os.kill(being.pid, number)
        if _gone(being, patience):
            return True
    return not being.same(look(being.pid))


def _gone(being: Being, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while being.same(look(being.pid)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def sweep_group(leader: int) -> None:
    """Kill what is left of the session this process led: workers of a master that died.

    Called right after the leader was reaped: its number lives on as its group's while the
    group has members, and is not handed out again within the microseconds otherwise.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def remember(path: Path, pids: Iterable[int]) -> None:
    """Write down who these processes are, so that a later start can find them."""
    beings = [being for pid in pids if (being := _newborn(pid))]
    rows = [{"pid": b.pid, "born": b.born, "command": b.command} for b in beings]
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(rows), encoding="utf-8")
    fresh.replace(path)


def _newborn(pid: int) -> Being | None:
    """`look`, with patience: a process has no command line for an instant of its `exec`."""
    for _ in range(20):
        being = look(pid)
        if being is not None:
            return being
        time.sleep(0.01)
    return None


def remembered(path: Path) -> list[Being]:
    """Those of the remembered processes that are still running, and are still themselves."""
    try:
        rows: list[Mapping[str, str | int | float]] = json.loads(path.read_text(encoding="utf-8"))
        beings = [Being(int(r["pid"]), float(r["born"]), str(r["command"])) for r in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [being for being in beings if being.same(look(being.pid))]
