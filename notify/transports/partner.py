"""The upper platform by HTTP: signed, to an address that was looked at first, no redirects."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from core.moments import Now, utc_now
from notify.transports.base import DeliveryFailed

TIMEOUT = 10
ANSWER_LIMIT = 8 * 2**20
PAGES = 200
PORTS = {"http": 80, "https": 443}
# the platform's "no" to this very report; anything else may be mended, there or here
FINAL = frozenset({400, 410, 413, 415, 422})
HAD = 409  # it has the report already

Networks = Sequence[IPv4Network | IPv6Network]


def networks(listed: str | None) -> Networks:
    """The networks of a comma-separated list. ValueError for what is none."""
    return [ip_network(part.strip()) for part in (listed or "").split(",") if part.strip()]


class Partner:
    """One platform: where it is, and the secret by which it knows us."""

    def __init__(
        self, url: str, secret: str, *, allowed: Networks = (), now: Now = utc_now
    ) -> None:
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.query:
            raise ValueError("the platform must be named as https://host/path")
        self.scheme, self.host = parts.scheme, parts.hostname
        self.port = parts.port or PORTS[parts.scheme]
        self.path = parts.path
        self.secret = secret.encode()
        self.allowed = allowed
        self.now = now

    # --- what is said and asked -------------------------------------------------------

    def report(self, report_id: str, body: Mapping[str, Any]) -> None:
        """Tell it one thing. DeliveryFailed is permanent where the platform says no."""
        self._call("POST", "/reports", report_id, json.dumps(body, ensure_ascii=False).encode())

    def cases(self, since: str) -> list[Any]:
        """Its own list of the cases it sent us: those open, or changed since that day."""
        found: list[Any] = []
        cursor = ""
        for _ in range(PAGES):
            tail = f"&after={quote(cursor, safe='')}" if cursor else ""
            answer = self._asked(f"/cases?since={since}{tail}")
            found += answer.get("cases") or []
            cursor = str(answer.get("next") or "")
            if not cursor:
                return found
        raise DeliveryFailed("the platform's list has no end", permanent=True)

    def case(self, number: str) -> dict[str, Any]:
        """One case as it would be pushed."""
        return self._asked(f"/cases/{quote(number, safe='')}")

    def _asked(self, path: str) -> dict[str, Any]:
        text = self._call("GET", path, f"ask-{int(self.now().timestamp())}", b"")
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DeliveryFailed("the platform's answer is no JSON") from error
        if not isinstance(answer, dict):
            raise DeliveryFailed("the platform's answer is of another shape")
        return answer

    # --- how --------------------------------------------------------------------------

    def _call(self, method: str, path: str, message_id: str, body: bytes) -> bytes:
        try:
            with self._answered(method, path, self._headers(message_id, body), body) as answer:
                text = _read(answer)
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"no answer ({type(error).__name__})") from error
        code = answer.status_code
        # a redirect is not followed: it would lead where nobody has looked
        if not answer.is_success and not (code == HAD and method == "POST"):
            raise DeliveryFailed(f"refused ({code})", permanent=code in FINAL)
        return text

    @contextmanager
    def _answered(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[httpx.Response]:
        address = self._looked_up()
        place = f"[{address}]" if ":" in address else address
        url = f"{self.scheme}://{place}:{self.port}{self.path}{path}"
        # the environment's proxies would look the name up again
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream(
                method,
                url,
                headers={**headers, "Host": self._authority()},
                content=body,
                extensions={"sni_hostname": self.host},
            ) as answer,
        ):
            yield answer

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def _looked_up(self) -> str:
        """The address that is connected to: looked up once, and every one of them allowed."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise DeliveryFailed("its name is unknown") from error
        addresses = [str(info[4][0]) for info in found]
        if not addresses or not all(self._may_go(address) for address in addresses):
            raise DeliveryFailed("its address is not allowed")
        return addresses[0]

    def _may_go(self, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if any(mapped in network for network in self.allowed):
            return True
        return self.scheme == "https" and mapped.is_global and not mapped.is_multicast

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        at = str(int(self.now().timestamp()))
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{signature(self.secret, message_id, at, body)}",
        }


def signature(secret: bytes, message_id: str, at: str, body: bytes) -> str:
    """HMAC-SHA256 over identifier, time and the very bytes sent, as Standard Webhooks has it."""
    mac = hmac.new(secret, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def _read(answer: httpx.Response) -> bytes:
    text = b""
    for piece in answer.iter_bytes():
        text += piece
        if len(text) > ANSWER_LIMIT:
            raise DeliveryFailed("the platform's answer is too large")
    return text
