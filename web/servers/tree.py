"""A small process tree: starts children, restarts what dies, stops all in a given order.

Children log by themselves. Only their main process is ever asked to stop, as a signal to the
whole group would reach a background worker's helpers twice.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from web.servers import processes

Say = Callable[[str], None]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BEAT = 0.1  # seconds between looks at the children


@dataclass(frozen=True, slots=True)
class Child:
    """What to run; `env` is added to our own environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds, and how many quick deaths are too many."""

    first: float = 0.5
    longest: float = 10.0
    quick: float = 10.0
    deaths: int = 5
    stop: float = 15.0


@dataclass(slots=True)
class _Place:
    """A child's place in the tree: its process now, and how it fared so far."""

    child: Child
    process: "subprocess.Popen[bytes]"
    started: float
    deaths: int = 0
    again_at: float | None = None


class GaveUp(Exception):
    """A child died too often."""


@dataclass(slots=True)
class _Stop:
    """How often we were asked to stop: once means in order, twice means now."""

    asked: int = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1


def run(
    children: Sequence[Child],
    *,
    say: Say,
    on_started: Callable[[], None] | None = None,
    on_beat: Callable[[], object] | None = None,
    stop_order: Sequence[str] | None = None,
    record: Path | None = None,
    patience: Patience | None = None,
) -> int:
    """Run the children until asked to stop (0) or until one dies too often (1).

    `on_beat` is called about once a second, in this thread. `stop_order` names children from
    first to last; without it the last started stops first. `record` notes who the children
    are, for `pair.stop_leftovers` should we be killed hard. Call it in the main thread.
    """
    patience = patience or Patience()
    places: list[_Place] = []
    with _asked_to_stop() as stop:
        try:
            for child in children:
                places.append(_Place(child, _spawn(child), time.monotonic()))
                _note(places, record)
            if on_started:
                on_started()
            _watch(places, stop, say=say, on_beat=on_beat, record=record, patience=patience)
        except GaveUp as failure:
            say(str(failure))
            return 1
        finally:
            _stop_all(_ordered(places, stop_order), stop, say, patience)
            if record:
                record.unlink(missing_ok=True)
    return 0


@contextmanager
def _asked_to_stop() -> Iterator[_Stop]:
    stop = _Stop()
    heeded = [n for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]  # nohup, `&`
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _spawn(child: Child) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - the caller's own commands
        list(child.argv),
        env={**os.environ, **child.env},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C at the terminal is for us alone
    )


def _note(places: Iterable[_Place], record: Path | None) -> None:
    if record:
        processes.remember(record, [place.process.pid for place in places])


def _watch(
    places: Sequence[_Place],
    stop: _Stop,
    *,
    say: Say,
    on_beat: Callable[[], object] | None,
    record: Path | None,
    patience: Patience,
) -> None:
    next_beat = time.monotonic() + 1
    while not stop.asked:
        for place in places:
            if place.again_at is None:
                _look(place, say, patience)
            elif time.monotonic() >= place.again_at:
                place.process, place.started = _spawn(place.child), time.monotonic()
                place.again_at = None
                _note(places, record)
        if on_beat and time.monotonic() >= next_beat:
            on_beat()
            next_beat = time.monotonic() + 1
        time.sleep(BEAT)


def _look(place: _Place, say: Say, patience: Patience) -> None:
    """Set the time of the next try when the child has died; GaveUp after too many."""
    status = place.process.poll()
    if status is None:
        return
    processes.sweep_group(place.process.pid)
    lived = time.monotonic() - place.started
    place.deaths = place.deaths + 1 if lived < patience.quick else 1
    how = f"signal {-status}" if status < 0 else f"exit status {status}"
    name = place.child.name
    if place.deaths >= patience.deaths and lived < patience.quick:
        raise GaveUp(
            f"{name} ended {place.deaths} times in a row soon after its start (last: {how}); "
            "giving up. What it wrote above says why."
        )
    delay = min(patience.first * 2 ** (place.deaths - 1), patience.longest)
    say(f"{name} ended unexpectedly ({how}); starting it again in {delay:g} s")
    place.again_at = time.monotonic() + delay


def _ordered(places: Sequence[_Place], names: Sequence[str] | None) -> list[_Place]:
    if names is None:
        return list(reversed(places))
    ranks = {name: rank for rank, name in enumerate(names)}
    return sorted(places, key=lambda place: ranks.get(place.child.name, len(ranks)))


def _stop_all(places: Iterable[_Place], stop: _Stop, say: Say, patience: Patience) -> None:
    for place in places:
        _stop(place, stop, say, patience)


def _stop(place: _Place, stop: _Stop, say: Say, patience: Patience) -> None:
    process = place.process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + patience.stop
        while process.poll() is None and time.monotonic() < deadline and stop.asked < 2:
            with suppress(subprocess.TimeoutExpired):
                process.wait(BEAT)
        if process.poll() is None:
            say(f"{place.child.name} does not stop; ending it")
            process.kill()
            process.wait()
        processes.sweep_group(process.pid)
