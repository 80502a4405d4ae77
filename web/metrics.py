"""What Prometheus may read: requests, and how far background work is behind."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

REQUESTS = Counter("jiesu_requests", "HTTP requests", ["method", "path", "status"])
SECONDS = Histogram("jiesu_request_seconds", "Duration of HTTP requests", ["path"])
OUTBOX_UNSENT = Gauge("jiesu_outbox_unsent", "Outbox rows that are due and not yet relayed")
OUTBOX_AGE = Gauge("jiesu_outbox_age_seconds", "Age of the oldest due outbox row")
CLOCKS_LATE = Gauge("jiesu_clock_lag_seconds", "How long the most overdue clock waits to fire")
LETTERS = Gauge("jiesu_letters", "Letters by state", ["state"])


def seen(method: str, path: str, status: int, seconds: float) -> None:
    """Count one request."""
    REQUESTS.labels(method, path, str(status)).inc()
    SECONDS.labels(path).observe(seconds)


def render() -> tuple[bytes, str]:
    """The exposition and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
