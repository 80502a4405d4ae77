"""The one table from refusals to status codes, and the one shape of an error."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as PlainHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from core import logs
from core.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooMany,
    TransitionRefused,
    Unavailable,
)
from core.i18n import N_, translate
from web import georeport
from web.rendering import Frame, page

STATUS: Mapping[type[Refused], int] = {
    Invalid: 422,
    Forbidden: 403,
    NotFound: 404,
    TransitionRefused: 409,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
    Refused: 400,
}
PLAIN: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", N_("请求无法读取，请检查格式")),
    401: ("login_needed", N_("请先登录")),
    403: ("forbidden", N_("您没有进行此操作的权限")),
    404: ("not_found", N_("没有找到，或您无权查看")),
    405: ("method", N_("不支持这种请求方法")),
    413: ("too_large", N_("提交的内容过大")),
    415: ("media_type", N_("不支持这种内容格式")),
    422: ("invalid", N_("提交的内容有误，请按提示修改")),
    429: ("too_many", N_("操作过于频繁，请稍后再试")),
    500: ("internal", N_("系统出现意外错误，已记录，请稍后再试")),
    503: ("unavailable", N_("服务暂不可用，请稍后再试")),
}
# the database does not answer, or has no connection to spare
GONE = (OperationalError, InterfaceError, PoolTimeout)
# pydantic's own sentences are English and echo types: ours say what to do
FAULTS: Mapping[str, str] = {
    "missing": N_("缺少这一项"),
    "string_too_long": N_("内容过长"),
    "json_invalid": N_("JSON 格式不正确"),
}
WRONG_TYPE = N_("格式不正确")


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal: that of its nearest class in the table."""
    return next(STATUS[cls] for cls in type(refused).__mro__ if cls in STATUS)


def language_of(request: Request) -> str:
    frame = getattr(request.state, "frame", None)
    return frame.language if isinstance(frame, Frame) else "zh"


def told(language: str, fault: Fault) -> dict[str, str]:
    """A fault as the caller reads it."""
    message = translate(language, fault.message, **fault.params)
    return {"field": fault.field, "code": fault.code, "message": message}


def shape(
    request: Request, code: str, message: str, fields: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """The one shape of every error: {code, message, fields[], request_id}."""
    return {
        "code": code,
        "message": message,
        "fields": list(fields),
        "request_id": getattr(request.state, "request_id", ""),
    }


def wants_page(request: Request) -> bool:
    """Whether a person with a browser is waiting, not a program."""
    path = request.url.path
    machine = path.startswith(("/api/", "/open311/", "/healthz", "/readyz", "/metrics"))
    return not machine and "text/html" in request.headers.get("accept", "")


def answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    fields: Sequence[Mapping[str, str]] = (),
) -> Response:
    """The error as a page or as JSON."""
    if request.url.path.startswith(georeport.HOME):
        return georeport.refusal(request.url.path, status, message, fields)
    body = shape(request, code, message, fields)
    if wants_page(request):
        return page(request, "errors/error.html", status=status, error=body)
    return JSONResponse(body, status)


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    language = language_of(request)
    message = translate(language, error.message, **error.params)
    fields = [told(language, fault) for fault in error.faults]
    return answer(request, status_of(error), error.code, message, fields)


def plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, PlainHTTPException)
    code, message = PLAIN.get(error.status_code, PLAIN[400])
    response = answer(request, error.status_code, code, translate(language_of(request), message))
    response.headers.update(error.headers or {})
    return response


def invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language = language_of(request)
    fields = [_field(language, found) for found in error.errors()]
    broken = any(found["type"] == "json_invalid" for found in error.errors())
    status = 400 if broken else 422
    code, message = PLAIN[status]
    return answer(request, status, code, translate(language, message), fields)


def _field(language: str, found: Mapping[str, Any]) -> dict[str, str]:
    # the first part says body or query, which the caller knows
    where = ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0])
    message = FAULTS.get(found["type"], WRONG_TYPE)
    return {"field": where, "code": found["type"], "message": translate(language, message)}


def unstorable(request: Request, _error: Exception) -> Response:
    """A value that no text can hold (NUL, half a character) got as far as the database."""
    code, message = PLAIN[422]
    return answer(request, 422, code, translate(language_of(request), message))


def gone_away(request: Request, _error: Exception) -> Response:
    """The caller hung up before the whole body was there: nobody reads this, and it is no fault."""
    code, message = PLAIN[400]
    return answer(request, 400, code, translate(language_of(request), message))


def unavailable(request: Request, error: Exception) -> Response:
    """The database does not answer: nothing was stored, and trying again is right."""
    logs.get("web").error("database_unavailable", error=type(error).__name__)
    code, message = PLAIN[503]
    response = answer(request, 503, code, translate(language_of(request), message))
    response.headers["Retry-After"] = "5"
    return response


def unexpected(request: Request, error: Exception) -> Response:
    logs.get("web").error("unexpected", exc_info=error, path=request.url.path)
    code, message = PLAIN[500]
    return answer(request, 500, code, translate(language_of(request), message))


def install(app: FastAPI) -> None:
    """Hang the handlers into the application."""
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(PlainHTTPException, plain)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(DataError, unstorable)
    for gone in GONE:
        app.add_exception_handler(gone, unavailable)
    app.add_exception_handler(UnicodeEncodeError, unstorable)
    app.add_exception_handler(ClientDisconnect, gone_away)
    app.add_exception_handler(Exception, unexpected)
