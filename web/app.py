"""The HTTP application: middleware, routers, error table."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from core import logs
from core.settings import Settings
from web import errors, linking, metrics, security, wiring
from web.api import figures as api_figures
from web.api import open311 as api_open311
from web.api import orders as api_orders
from web.api import relay as api_relay
from web.api import session as api_session
from web.api import tickets as api_tickets
from web.body_limit import BodyLimit
from web.deps import VISITOR_COOKIE, House, find_asker
from web.frame import LANGUAGE_COOKIE, LARGE_COOKIE, frame_of
from web.pages import (
    blame,
    bulletin,
    callbacks,
    citizen,
    clients,
    console,
    console_receipt,
    cooperation,
    corrections,
    decisions,
    department,
    exports,
    factor,
    finality,
    health,
    imports,
    inbox,
    jobs,
    knowledge,
    limits,
    limits_edit,
    live,
    login,
    mailbox,
    matrix,
    me,
    merging,
    oversight,
    own_data,
    patterns,
    people,
    phrases,
    plan,
    plan_import,
    privacy,
    proposals,
    receipts,
    referral,
    relay,
    reviews,
    rulebook,
    rulebook_edit,
    rulebook_publish,
    search,
    signon,
    suggester,
    supervision,
    ticket,
    units,
    whatif,
    whatif_form,
)

STATIC = Path(__file__).parent / "static"
ROUTERS = (
    health.router,
    api_session.router,
    api_tickets.router,
    api_orders.router,
    api_relay.router,
    api_figures.router,
    api_open311.router,
    citizen.router,
    login.router,
    signon.router,
    me.router,
    factor.router,
    people.router,
    clients.router,
    inbox.router,
    jobs.router,
    mailbox.router,
    console.router,
    knowledge.router,
    phrases.router,
    console_receipt.router,
    search.router,
    exports.router,
    imports.router,
    privacy.router,
    own_data.router,
    ticket.router,
    decisions.router,
    callbacks.router,
    merging.router,
    referral.router,
    corrections.router,
    finality.router,
    reviews.router,
    department.router,
    cooperation.router,
    supervision.router,
    receipts.router,
    proposals.router,
    relay.router,
    rulebook.router,
    rulebook_edit.router,
    rulebook_publish.router,
    suggester.router,
    oversight.router,
    live.router,
    limits.router,
    limits_edit.router,
    whatif.router,
    whatif_form.router,
    blame.router,
    bulletin.router,
    plan_import.router,
    plan.router,
    matrix.router,
    units.router,
    patterns.router,
)
YEAR = 365 * 24 * 3600
Next = Callable[[Request], Awaitable[Response]]


def create_app(home: House) -> FastAPI:
    """The application over a house; tests make their own."""
    app = FastAPI(
        title="接诉 Jiesu",
        summary="Every request answered",
        version="1",
        docs_url=None,  # the interactive page pulls scripts from elsewhere; networks are closed
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan,
    )
    app.state.house = home
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    # inside the frame, so that its refusal is answered like every other error
    app.add_middleware(BodyLimit, limit=home.settings.upload_limit_mb * 2**20 * 3)
    app.middleware("http")(_frame)
    return app


def serve_app() -> FastAPI:
    """The factory uvicorn calls in each worker process."""
    settings = Settings()
    logs.configure(settings.log_level, "serve")
    linking.role_map(settings.oidc_role_map or "")  # a mistake in it is told now, not at a login
    office = wiring.build(settings)
    redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    return create_app(House(settings, office, security.RateLimits(redis, settings.rate_limits)))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    home: House = app.state.house
    # more threads than database connections would only queue for one
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = home.settings.database_pool
    yield
    home.office.engine.dispose()


async def _frame(request: Request, call_next: Next) -> Response:
    """Give the request its id, asker and frame; give the answer its headers and log line."""
    started = perf_counter()
    request.state.request_id = request_id = uuid4().hex[:16]
    logs.clear()
    logs.bind(process="serve", request=request_id)
    home: House = request.app.state.house
    quiet = request.url.path.startswith(("/static/", "/healthz", "/metrics"))
    try:
        if not quiet:
            request.state.asker = await run_in_threadpool(find_asker, request, home)
            request.state.frame = await run_in_threadpool(frame_of, request, home)
        response = await call_next(request)
    except errors.GONE as error:
        # asking who is there needs the database too, and stands outside the error table
        response = errors.unavailable(request, error)
    except Exception as error:  # noqa: BLE001 - logged, and answered with headers like the rest
        response = errors.unexpected(request, error)
    response.headers.update(security.HEADERS)
    if request.url.scheme == "https":
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    response.headers["X-Request-ID"] = request_id
    _keep_choices(request, response)
    if "v" in request.query_params and request.url.path.startswith("/static/"):
        # the address changes with the content
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    if not quiet:
        response.headers.setdefault("Cache-Control", "no-store")
        _log(request, response, perf_counter() - started)
    return response


def _keep_choices(request: Request, response: Response) -> None:
    """Remember a visitor's form seed, a chosen language, and large text asked for by a link."""
    secure = request.url.scheme == "https"
    seed = getattr(request.state, "visitor_seed", None)
    if seed and VISITOR_COOKIE not in request.cookies:
        response.set_cookie(VISITOR_COOKIE, seed, httponly=True, samesite="lax", secure=secure)
    if "lang" in request.query_params and hasattr(request.state, "frame"):
        chosen = request.state.frame.language
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="lax", secure=secure, httponly=True
        )
    if "large" in request.query_params and hasattr(request.state, "frame"):
        # the page's own button writes it too, so scripts may read it
        large = "1" if request.state.frame.large else "0"
        response.set_cookie(LARGE_COOKIE, large, max_age=YEAR, samesite="lax", secure=secure)


def _log(request: Request, response: Response, seconds: float) -> None:
    route = request.scope.get("route")
    path = getattr(route, "path", "unmatched")  # the pattern: a path may hold a number
    metrics.seen(request.method, path, response.status_code, seconds)
    logs.get("web").info(
        "request", method=request.method, path=path, status=response.status_code, seconds=seconds
    )
