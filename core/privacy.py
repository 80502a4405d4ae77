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
    """The keys of one installation, made from its master secret and the earlier ones."""

    ledger: bytes
    index: bytes
    links: bytes
    sealing: dict[bytes, AESGCM]
    current: bytes

    @classmethod
    def of(cls, master: str, old: tuple[str, ...] = ()) -> "Keys":
        sealing = {}
        for secret in (master, *old):
            key = derive(secret, "seal")
            sealing[hashlib.sha256(key).digest()[:KEY_ID]] = AESGCM(key)
        # the ledger and the index outlive a rotation: they stay with the oldest secret
        oldest = (master, *old)[-1]
        return cls(
            ledger=derive(oldest, "ledger"),
            index=derive(oldest, "index"),
            links=derive(master, "links"),
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
        """What equal values share without showing them: for looking up a phone number."""
        return hmac.new(self.index, f"{kind}:{value}".encode(), hashlib.sha256).digest()[:16]

    def sign(self, text: str) -> str:
        """A short URL-safe signature for links."""
        mac = hmac.new(self.links, text.encode(), hashlib.sha256).digest()[:18]
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
