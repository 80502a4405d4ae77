"""Personal data: sealed at rest, found by blind index, masked by default."""

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
KEY_ID = 4


def derive(master: str, purpose: str) -> bytes:
    """A 32-byte key of its own for each purpose, so that one leak opens one door."""
    return HKDF(hashes.SHA256(), 32, salt=b"jiesu", info=purpose.encode()).derive(master.encode())


@dataclass(frozen=True, repr=False)
class Keys:
    """The keys of one installation, made from its master secret and the earlier ones.

    The newest seals, indexes and signs; all of them open, find and recognise. The ledger is
    chained with the first secret's key for ever: when that secret is gone, `ledger` is what is
    left of it.
    """

    ledger: bytes
    indexes: tuple[bytes, ...]
    links: tuple[bytes, ...]
    sealing: dict[bytes, AESGCM]
    current: bytes

    @classmethod
    def of(cls, master: str, old: tuple[str, ...] = (), ledger: bytes | None = None) -> "Keys":
        secrets = (master, *old)
        sealing = {}
        for secret in secrets:
            key = derive(secret, "seal")
            sealing[hashlib.sha256(key).digest()[:KEY_ID]] = AESGCM(key)
        return cls(
            ledger=ledger or derive(secrets[-1], "ledger"),
            indexes=tuple(derive(secret, "index") for secret in secrets),
            links=tuple(derive(secret, "links") for secret in secrets),
            sealing=sealing,
            current=next(iter(sealing)),
        )

    def seal(self, place: str, text: str) -> bytes:
        """`text` encrypted (AES-256-GCM) and bound to its place: table, column and row."""
        return self.seal_bytes(place, text.encode())

    def seal_bytes(self, place: str, body: bytes) -> bytes:
        """The same for what is no text."""
        nonce = os.urandom(NONCE)
        sealed = self.sealing[self.current].encrypt(nonce, body, place.encode())
        return self.current + nonce + sealed

    def open(self, place: str, sealed: bytes) -> str:
        """The text again. ValueError when the key is unknown or the place is another."""
        return self.open_bytes(place, sealed).decode()

    def open_bytes(self, place: str, sealed: bytes) -> bytes:
        """The same for what is no text."""
        cipher = self.sealing.get(bytes(sealed[:KEY_ID]))
        if cipher is None:
            raise ValueError("sealed with a key this installation does not have")
        body = sealed[KEY_ID:]
        try:
            return cipher.decrypt(body[:NONCE], body[NONCE:], place.encode())
        except InvalidTag as error:
            raise ValueError("sealed value was changed or moved") from error

    def blind(self, kind: str, value: str) -> bytes:
        """What equal values share without showing them: to be stored beside a sealed value."""
        return self.blinds(kind, value)[0]

    def blinds(self, kind: str, value: str) -> list[bytes]:
        """The same by every key, the newest first: what a look-up compares with."""
        text = f"{kind}:{value}".encode()
        return [hmac.new(key, text, hashlib.sha256).digest()[:16] for key in self.indexes]

    def sign(self, text: str) -> str:
        """A short URL-safe signature for links."""
        return _signature(self.links[0], text)

    def signed(self, text: str, signature: str) -> bool:
        """Whether one of our keys made this signature: a link outlives a rotation."""
        given = signature.encode()
        made = [_signature(key, text).encode() for key in self.links]
        return any(hmac.compare_digest(given, right) for right in made)


def _signature(key: bytes, text: str) -> str:
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()[:18]
    return base64.urlsafe_b64encode(mac).decode()


def mask_phone(phone: str) -> str:
    """First three and last four digits of a mobile, only the last two of anything else."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:]


def mask_name(name: str) -> str:
    """The first character and stars."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""
