"""The mailbox as a place: what lies in it, one message's bytes, and where it is put away."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

TIMEOUT = 30
# what a server says of one message; the others may still be well
OF_ONE = (imaplib.IMAP4.error, ImapToolsError)
PORTS = {"imap": 143, "imaps": 993}
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is, who opens it, and the folders it is sorted into."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    folder: str = "INBOX"
    done: str = "jiesu-done"
    refused: str = "jiesu-refused"


class MailboxUnavailable(Exception):
    """The server cannot be used now. The reason holds no address and none of its words."""


def account(url: str, *, folder: str, done: str, refused: str) -> Account:
    """The account that imaps://user:password@host:port names. ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or not parts.username:
        raise ValueError("the mailbox must be named as imaps://user:password@host")
    return Account(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        encrypted=parts.scheme == "imaps",
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=folder,
        done=done,
        refused=refused,
    )


def broken(error: Exception) -> bool:
    """Whether the whole connection is gone, and not one message at fault."""
    return isinstance(error, imaplib.IMAP4.abort)


class Opened:
    """A mailbox somebody has logged in to."""

    def __init__(self, box: BaseMailBox, place: Account) -> None:
        self.box, self.place = box, place

    def waiting(self, most: int) -> Sequence[str]:
        """The oldest messages that nobody has put away, by their number in the folder."""
        return self.box.uids()[:most]

    def size(self, uid: str) -> int:
        """How many bytes a message has; nothing when it is gone."""
        found = SIZE.search(b" ".join(self._fetch(uid, "(RFC822.SIZE)")))
        return int(found[1]) if found else 0

    def raw(self, uid: str) -> bytes:
        """The message as it came; it stays unread for whoever looks by other means."""
        return max(self._fetch(uid, "(BODY.PEEK[])"), key=len, default=b"")

    def head(self, uid: str) -> bytes:
        """Its headers alone, where the whole would be too much."""
        return max(self._fetch(uid, "(BODY.PEEK[HEADER])"), key=len, default=b"")

    def _fetch(self, uid: str, what: str) -> list[bytes]:
        _, answer = self.box.client.uid("fetch", uid, what)
        pieces: list[bytes] = []
        for item in answer or ():
            pieces += item if isinstance(item, tuple) else [item] if isinstance(item, bytes) else []
        return pieces

    def put_away(self, uid: str, folder: str) -> None:
        """Into this folder, made if it is not there."""
        if not self.box.folder.exists(folder):
            self.box.folder.create(folder)
        self.box.move(uid, folder)


@contextmanager
def opened(place: Account) -> Iterator[Opened]:
    """The mailbox, logged in over TLS. MailboxUnavailable says why not, whenever it breaks off."""
    try:
        box = _connected(place)
        try:
            box.login(place.user, place.password, place.folder)
            yield Opened(box, place)
        finally:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.logout()
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxUnavailable(_code(error)) from error
    except ssl.SSLError as error:
        raise MailboxUnavailable("tls") from error
    except OSError as error:
        raise MailboxUnavailable("connection") from error


def _connected(place: Account) -> BaseMailBox:
    context = ssl.create_default_context()
    if place.encrypted:
        return MailBox(place.host, place.port, timeout=TIMEOUT, ssl_context=context)
    if _loopback(place.host):
        return MailBoxUnencrypted(place.host, place.port, timeout=TIMEOUT)
    return MailBoxStartTls(place.host, place.port, timeout=TIMEOUT, ssl_context=context)


def _code(error: Exception) -> str:
    """A word for what went wrong: the server's own sentence may name people."""
    return {
        "MailboxLoginError": "login",
        "MailboxFolderSelectError": "folder",
        "MailboxFolderCreateError": "folder",
        "MailboxMoveError": "move",
        "MailboxCopyError": "move",
    }.get(type(error).__name__, "server")


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
