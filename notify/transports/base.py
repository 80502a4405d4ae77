"""A way out of the house: what it is given, and how it says no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Message:
    """A written letter with its address. Sent twice, it carries the same id twice."""

    letter: UUID
    to: str
    subject: str
    text: str
    language: str
    at: datetime
    reply_to: str | None = None

    def id_at(self, domain: str) -> str:
        """The identifier by which a receiver recognises a duplicate."""
        return f"<{self.letter}@{domain}>"


class DeliveryFailed(Exception):
    """It did not go out. `permanent`: trying again cannot help.

    The reason is stored and shown: it must not repeat the address.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class Transport(Protocol):
    """One channel. Returning means: the next one in line has taken the message over."""

    def send(self, message: Message) -> None: ...
