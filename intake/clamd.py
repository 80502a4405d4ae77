"""A virus scanner that speaks clamd's INSTREAM, over TCP or a socket of this machine."""

import socket
import struct
from contextlib import suppress
from typing import Literal, Protocol
from urllib.parse import urlsplit

Verdict = Literal["clean", "infected", "unscanned"]
CHUNK = 64 * 1024
TIMEOUT = 60.0
PORT = 3310
LONGEST_ANSWER = 4096


class ScannerDown(Exception):
    """The scanner did not answer, or not as one that has looked: ask again later."""


class Scanner(Protocol):
    """Whatever can look into a file."""

    def scan(self, body: bytes) -> Verdict: ...


class Clamd:
    """clamd at tcp://host:port or unix:///path. ValueError for an address that is neither."""

    def __init__(self, address: str, *, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(address)
        if not (parts.scheme == "tcp" and parts.hostname) and not (
            parts.scheme == "unix" and parts.path
        ):
            raise ValueError("the scanner must be named as tcp://host:port or unix:///path")
        self.parts, self.timeout = parts, timeout

    def scan(self, body: bytes) -> Verdict:
        """What the scanner says. A file it finds too large stays unscanned."""
        try:
            with self._connected() as channel:
                # a refusal comes while the file is still being sent, and closes the line
                with suppress(BrokenPipeError, ConnectionResetError):
                    _send(channel, body)
                answer = _answer(channel)
        except OSError as error:
            raise ScannerDown(type(error).__name__) from error
        if answer.endswith(": OK"):
            return "clean"
        if answer.endswith(" FOUND"):
            return "infected"
        if "size limit exceeded" in answer:
            return "unscanned"
        raise ScannerDown(answer[:80] or "no answer")

    def ping(self) -> None:
        """ScannerDown unless it is there."""
        try:
            with self._connected() as channel:
                channel.sendall(b"zPING\0")
                if _answer(channel) != "PONG":
                    raise ScannerDown("no PONG")
        except OSError as error:
            raise ScannerDown(type(error).__name__) from error

    def _connected(self) -> socket.socket:
        if self.parts.scheme == "tcp":
            address = (self.parts.hostname or "", self.parts.port or PORT)
            return socket.create_connection(address, self.timeout)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.settimeout(self.timeout)
        try:
            channel.connect(self.parts.path)
        except OSError:
            channel.close()
            raise
        return channel


def _send(channel: socket.socket, body: bytes) -> None:
    channel.sendall(b"zINSTREAM\0")
    for start in range(0, len(body), CHUNK):
        piece = body[start : start + CHUNK]
        channel.sendall(struct.pack(">I", len(piece)) + piece)
    channel.sendall(struct.pack(">I", 0))


def _answer(channel: socket.socket) -> str:
    heard = b""
    while not heard.endswith(b"\0") and len(heard) < LONGEST_ANSWER:
        piece = channel.recv(1024)
        if not piece:
            break
        heard += piece
    return heard.rstrip(b"\0\n").decode("utf-8", "replace")
