"""For machines that watch: alive, ready, metrics."""

from contextlib import suppress

import redis
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web import metrics, schema, watch
from web.deps import House, TheHouse

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(home: TheHouse) -> JSONResponse:
    """The process can do its work; each part says how it is."""
    parts = {"database": _database(home), "schema": _schema(home), "redis": _redis(home)}
    # without Redis letters are late, but a complaint can still be filed
    fit = parts["database"] == parts["schema"] == "ok"
    return JSONResponse({"status": "ok" if fit else "not ready", **parts}, 200 if fit else 503)


@router.get("/metrics")
def exposition(home: TheHouse) -> Response:
    """Prometheus's text format; without a database only what the process itself counted."""
    with suppress(SQLAlchemyError):
        watch.measure(home.office)
    body, kind = metrics.render()
    return Response(body, media_type=kind)


def _database(home: House) -> str:
    try:
        with home.office.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return type(error).__name__
    return "ok"


def _schema(home: House) -> str:
    try:
        stands = schema.current(home.office.engine)
    except SQLAlchemyError as error:
        return type(error).__name__
    return "ok" if stands == schema.wanted() else f"at {stands}"


def _redis(home: House) -> str:
    if home.settings.redis_url is None:
        return "not set"
    try:
        client = redis.Redis.from_url(home.settings.redis_url.get_secret_value(), socket_timeout=2)
        client.ping()
        client.close()
    except redis.RedisError as error:
        return type(error).__name__
    return "ok"
