"""What Prometheus may read: requests, and how far background work is behind."""

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

# several HTTP workers count into files of this folder; whoever is asked adds them up
SHARED = "PROMETHEUS_MULTIPROC_DIR"
NEWEST: Final = "mostrecent"

REQUESTS = Counter("jiesu_requests", "HTTP requests", ["method", "path", "status"])
SECONDS = Histogram("jiesu_request_seconds", "Duration of HTTP requests", ["path"])
OUTBOX_UNSENT = Gauge(
    "jiesu_outbox_unsent", "Outbox rows that wait to be relayed", multiprocess_mode=NEWEST
)
OUTBOX_AGE = Gauge(
    "jiesu_outbox_age_seconds", "Age of the oldest waiting outbox row", multiprocess_mode=NEWEST
)
CLOCKS_LATE = Gauge(
    "jiesu_clock_lag_seconds",
    "How long the most overdue clock waits to fire",
    multiprocess_mode=NEWEST,
)
LETTERS = Gauge(
    "jiesu_letters", "Letters not settled, by state", ["state"], multiprocess_mode=NEWEST
)


def seen(method: str, path: str, status: int, seconds: float) -> None:
    """Count one request."""
    REQUESTS.labels(method, path, str(status)).inc()
    SECONDS.labels(path).observe(seconds)


def render() -> tuple[bytes, str]:
    """The exposition and its content type."""
    if SHARED not in os.environ:
        return generate_latest(), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library's is untyped
    return generate_latest(registry), CONTENT_TYPE_LATEST
