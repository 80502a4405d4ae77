"""Single sign-on by OpenID Connect: the way out with PKCE, the way back, the ID token judged.

Nothing is kept between the two but a sealed cookie in the person's own browser.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from core import logs
from core.errors import Refused, Unavailable
from core.moments import utc_now
from core.privacy import Keys
from core.settings import Settings

BACK = "/login/sso/back"
PLACE = "login.sign_on"
AWAY = timedelta(minutes=10)
# signatures that need the server's own key: never "none", never one made with a shared secret
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "RS384", "RS512", "PS384", "PS512", "ES384")
LEEWAY = 60
KEPT_SECONDS = 3600
TIMEOUT = 5.0
LARGEST = 2**20
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

log = logs.get("sign_on")


class SignOnFailed(Refused):
    """What came back from the sign-on server cannot be trusted; the log says why."""

    code = "sign_on_failed"
    message = "统一认证没有成功，请重新登录"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser is sent, and the sealed cookie that makes its return recognisable."""

    url: str
    cookie: str


@dataclass
class SignOn:
    """One sign-on server, as the settings name it; what it publishes is kept for an hour."""

    issuer: str
    client_id: str
    client_secret: str
    site: str
    scopes: str
    read: dict[str, tuple[float, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "SignOn | None":
        """The server of an installation; None when it has none."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            return None
        secret = settings.oidc_client_secret
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            secret.get_secret_value() if secret else "",
            settings.public_url.rstrip("/"),
            settings.oidc_scopes,
        )

    @property
    def back(self) -> str:
        return self.site + BACK

    def depart(self, keys: Keys) -> Departure:
        """The way out: state, nonce and verifier made fresh."""
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "scope": self.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        goal = self._endpoint("authorization_endpoint")
        kept = json.dumps([utc_now().isoformat(), state, nonce, verifier])
        cookie = base64.urlsafe_b64encode(keys.seal(PLACE, kept)).decode()
        return Departure(f"{goal}{'&' if '?' in goal else '?'}{urlencode(asked)}", cookie)

    def arrive(self, keys: Keys, cookie: str, answer: Mapping[str, str]) -> dict[str, Any]:
        """The claims of whoever came back. SignOnFailed unless everything is as it must be."""
        nonce, verifier = _kept(keys, cookie, answer.get("state", ""))
        # RFC 9207: an answer that names its server must name ours
        if answer.get("iss", self.issuer) != self.issuer:
            raise _failed("other_issuer")
        if "error" in answer or not answer.get("code"):
            raise _failed("refused_there")
        token = self._exchange(answer["code"], verifier)
        claims = self._judge(token)
        if not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _failed("nonce")
        return claims

    def end_url(self) -> str:
        """Where the session on the server itself is ended; empty when it offers none."""
        goal = str(self._metadata().get("end_session_endpoint", ""))
        asked = {"client_id": self.client_id, "post_logout_redirect_uri": f"{self.site}/login"}
        return f"{goal}{'&' if '?' in goal else '?'}{urlencode(asked)}" if goal else ""

    def _exchange(self, code: str, verifier: str) -> str:
        """The code for the ID token, told to the server itself."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": self.client_id,
            "code_verifier": verifier,
        }
        basic = None
        if self.client_secret:
            basic = (quote(self.client_id, safe=""), quote(self.client_secret, safe=""))
        found = _fetch("POST", self._endpoint("token_endpoint"), data=sent, auth=basic)
        if not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
            raise _failed("no_token")
        token: str = found["id_token"]
        return token

    def _judge(self, token: str) -> dict[str, Any]:
        """The claims of a token signed by the server, for us, and not over."""
        try:
            try:
                decoded = jwt.decode(token, self._keys(), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                # the server has changed its keys since we looked
                decoded = jwt.decode(token, self._keys(anew=True), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(utc_now().timestamp()),
                leeway=LEEWAY,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True},
            ).validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _failed(type(error).__name__) from error
        claims: dict[str, Any] = decoded.claims
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client_id) != self.client_id:
            raise _failed("azp")
        return claims

    def _keys(self, *, anew: bool = False) -> KeySet:
        address = self._endpoint("jwks_uri")
        return KeySet.import_key_set(self._published(address, anew=anew))

    def _endpoint(self, name: str) -> str:
        url = str(self._metadata().get(name, ""))
        if not _safe(url):
            raise _failed(f"endpoint {name}")
        return url

    def _metadata(self) -> dict[str, Any]:
        address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        if not _safe(address):
            raise _failed("issuer without TLS")
        found: dict[str, Any] = self._published(address)
        if found.get("issuer") != self.issuer:
            raise _failed("discovered issuer")
        return found

    def _published(self, address: str, *, anew: bool = False) -> Any:
        """A document of the server, read once an hour."""
        # two that read it at once read it twice: better than all waiting for a slow server
        kept = self.read.get(address)
        if kept is not None and not anew and monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = _fetch("GET", address)
        if not isinstance(found, dict):
            raise _failed("document")
        self.read[address] = (monotonic(), found)
        return found


def _kept(keys: Keys, cookie: str, state: str) -> tuple[str, str]:
    """Nonce and verifier of the journey that this browser began, if this is its return."""
    try:
        kept = json.loads(keys.open(PLACE, base64.urlsafe_b64decode(cookie)))
        at, expected, nonce, verifier = kept
    except (ValueError, UnicodeError) as error:
        raise _failed("cookie") from error
    if utc_now() - datetime.fromisoformat(at) > AWAY:
        raise _failed("too late")
    if not state or not compare_digest(expected.encode(), state.encode()):
        raise _failed("state")
    return nonce, verifier


def _fetch(method: str, url: str, **sent: Any) -> Any:
    """JSON from the server. Unavailable when it does not answer, SignOnFailed when it refuses."""
    try:
        with httpx.Client(timeout=TIMEOUT, headers={"Accept": "application/json"}) as client:
            answer = client.request(method, url, **sent)
    except httpx.HTTPError as error:
        log.warning("unreachable", error=type(error).__name__)
        raise Unavailable("统一认证暂时无法连接，请稍后再试，或使用用户名和密码") from error
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        raise _failed(f"status {answer.status_code}")
    try:
        return answer.json()
    except ValueError as error:
        raise _failed("not json") from error


def _safe(url: str) -> bool:
    """Whether an address may be asked: encrypted, or on this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _failed(why: str) -> SignOnFailed:
    log.warning("refused", why=why)
    return SignOnFailed()
