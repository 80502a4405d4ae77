"""Answers of the Open311 interface: JSON or XML by the ending, errors as its standard says."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from starlette.responses import Response

from intake.open311 import NAMES, xml

HOME = "/open311/"
XML = "text/xml; charset=utf-8"
# the standard knows bad requests and bad keys, not who has logged in or what was half right
STATUS = {401: 403, 422: 400}


def answer(path: str, root: str, value: Any, status: int = 200) -> Response:
    """The value in the format that the address ends with; XML unless it is JSON."""
    if path.endswith(".json"):
        return JSONResponse(value, status)
    return Response(xml(root, value), status, media_type=XML)


def refusal(
    path: str, status: int, message: str, fields: Sequence[Mapping[str, str]] = ()
) -> Response:
    """The standard's list of errors: one for each field at fault, or one for all."""
    status = STATUS.get(status, status)
    told = [f"{NAMES.get(one['field'], one['field'])}: {one['message']}" for one in fields]
    errors = [{"code": status, "description": text} for text in told or [message]]
    return answer(path, "errors", errors, status)
