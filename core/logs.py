"""Structured logs: one JSON object a line, with ids of what it concerns, no personal data."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from core.numbers import masked

bind = structlog.contextvars.bind_contextvars
unbind = structlog.contextvars.unbind_contextvars
clear = structlog.contextvars.clear_contextvars
# ids and hashes are long runs of digits too, and must stay what they are
_ID = re.compile(r"[0-9a-f-]{16,64}")


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that says which part is speaking."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def _mask(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Whatever a library puts into a line: no personal number leaves in it."""
    return {key: _masked(value) for key, value in line.items()}


def _masked(value: object) -> object:
    match value:
        case str():
            return value if _ID.fullmatch(value) else masked(value)
        case dict():
            return {key: _masked(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:
            return value


def configure(level: str, process: str) -> None:
    """Send our own and the libraries' logs to standard error as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    bind(process=process)
    # one line a request is ours to write, with its id; uvicorn's would carry query strings
    logging.getLogger("uvicorn.access").disabled = True
