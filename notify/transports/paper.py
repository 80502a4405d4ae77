"""The twin of every transport: collects instead of sending. For development and dry runs."""

from collections.abc import Sequence
from threading import Lock

from notify.transports.base import DeliveryFailed, Message


class Paper:
    """Keeps what would have gone out; refuses while `trouble` says why."""

    def __init__(self) -> None:
        self.trouble: DeliveryFailed | None = None
        self._lock = Lock()
        self._kept: list[Message] = []

    def send(self, message: Message) -> None:
        if self.trouble is not None:
            raise self.trouble
        with self._lock:
            self._kept.append(message)

    @property
    def kept(self) -> Sequence[Message]:
        """Everything taken so far, in order."""
        with self._lock:
            return tuple(self._kept)
