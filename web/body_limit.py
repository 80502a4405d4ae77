"""Refuse bodies past a size while they arrive, before anything holds them in memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# no honest length has more figures, and int() refuses thousands of them
FIGURES = 18


class BodyLimit:
    """ASGI middleware counting the bytes of a request; refuses where the body is read."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        fits = declared.isdigit() and len(declared) <= FIGURES and int(declared) <= self.limit
        await self.app(scope, self._counted(receive) if fits else _too_large, send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                return await _too_large()
            return message

        return counting


async def _too_large() -> Message:
    raise HTTPException(413)
