"""One way to time and to print."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def each(work: Callable[[], object], times: int, rounds: int = 5) -> float:
    """Seconds a call: the median of rounds."""
    found = []
    for _ in range(rounds):
        started = perf_counter()
        for _ in range(times):
            work()
        found.append((perf_counter() - started) / times)
    return median(found)


def tell(what: str, seconds: float, limit_name: str, limit: float) -> None:
    """A line: the figure, and how many times the limit it is."""
    micro = seconds * 1e6
    print(f"{what:<44} {micro:>10.2f} µs   {seconds / limit:>7.1f} × {limit_name}")
