"""A sign-on server for the tests: real HTTP on the loopback, honest unless told to lie."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "jiesu", "a secret between two servers: 秘密"


@dataclass
class Provider:
    """What the server is, what it knows, and the lie it was told to tell."""

    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    # what the next token says besides or instead of the truth
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    lie: str = ""

    def rotate(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": uuid4().hex})

    def token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.lie == "none":
            body = jwt.encode(header, claims, self.key).split(".")[1]
            return ".".join((_b64(b'{"alg":"none"}'), body, ""))
        if self.lie == "secret":
            return jwt.encode(
                {"alg": "HS256", "kid": self.key.kid},
                claims,
                OctKey.import_key(SECRET),
                algorithms=["HS256"],
            )
        if self.lie == "stranger":
            return jwt.encode(header, claims, RSAKey.generate_key(2048))
        if self.lie == "changed":
            head, _, mac = jwt.encode(header, claims, self.key).split(".")
            other = jwt.encode(header, claims | {"sub": "subject-2"}, self.key).split(".")[1]
            return f"{head}.{other}.{mac}"
        return jwt.encode(header, claims, self.key)


def _b64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def app_of(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        at = provider.address
        return {
            "issuer": "http://127.0.0.1:1" if provider.lie == "issuer" else at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": "http://far.example/token"
            if provider.lie == "plain"
            else f"{at}/token",
            "jwks_uri": f"{at}/jwks",
            "end_session_endpoint": f"{at}/logout",
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False) | {"use": "sig"}]}

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        """Whoever asks is logged in already, and agrees."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = uuid4().hex
        provider.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": provider.address}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    @app.post("/token")
    def token(
        request: Request,
        code: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
    ) -> Response:
        asked = provider.codes.pop(code, None)
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        known = f"{CLIENT}:{quote(SECRET, safe='')}"
        if base64.b64decode(given).decode() != known:
            return JSONResponse({"error": "invalid_client"}, 401)
        digest = _b64(hashlib.sha256(code_verifier.encode()).digest())
        if (
            asked is None
            or asked["code_challenge"] != digest
            or asked["redirect_uri"] != redirect_uri
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "id_token": provider.token(asked)})

    return app


@contextmanager
def running() -> Iterator[Provider]:
    """The server on a port of the loopback."""
    provider = Provider()
    config = uvicorn.Config(app_of(provider), port=0, log_level="error", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    provider.address = f"http://127.0.0.1:{port}"
    yield provider
    server.should_exit = True
    thread.join()
