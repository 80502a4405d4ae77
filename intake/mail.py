"""One e-mail as a value: who says he wrote it, his own words, the files, what it answers to.

Nothing in a message is proof of who sent it: the sender's address is where to answer, no more.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from uuid import UUID

from core import ids
from intake.mail_text import ForbiddenCharset, decoded, header_text, own_words, plain, tidy

DEPTH = 4
PARTS = 200
# a picture inside the text that is no larger decorates a signature
DECORATION = 8 * 1024
PREFIXES = re.compile(r"(?i)^(\s*(re|fw|fwd|aw|回复|回覆|答复|转发|轉發)\s*(\[\d+\])?\s*[:：])+")
REPLIES = re.compile(r"(?i)^\s*(re|aw|回复|回覆|答复)\s*(\[\d+\])?\s*[:：]")
NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{14}[A-Za-z]\d{6}[0-9A-Za-z](?![0-9A-Za-z])")
TOKEN = re.compile(r"\+(\d{14}[a-z]\d{6}[0-9a-z])\.([0-9a-f]{20})@")
IDENTIFIER = re.compile(r"<([^<>\s]{1,250})>")
LETTER = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
DELIVERED = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
ROBOTS = re.compile(r"(?i)^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+@-]|$)")


class Unreadable(ValueError):
    """No request can be read from it: a stable code says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as far as a request needs it. Texts are as people sent them, not yet checked."""

    key: str  # one message has one, however often it is delivered
    digest: str  # equal for equal content
    sender: str
    name: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...] = ()
    automatic: str = ""  # why no person waits for an answer; empty when one does
    tokens: tuple[tuple[str, str], ...] = ()  # ticket number and signature, from our own address
    letters: tuple[UUID, ...] = ()  # of ours that it names as answered
    numbers: tuple[str, ...] = ()  # of tickets, as anybody may write them

    @property
    def title(self) -> str:
        """The subject without what mail programs put before it."""
        return PREFIXES.sub("", self.subject).strip()

    @property
    def language(self) -> str:
        """The language to answer in: Chinese unless there is nothing Chinese in it."""
        return "zh" if re.search(r"[㐀-鿿]", self.subject + self.text) else "en"


@dataclass
class _Found:
    """What was collected from the parts so far."""

    texts: list[str] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    parts: int = 0


def read(raw: bytes, *, own: Collection[str] = (), whole: bool = True) -> Mail:
    """The message in `raw`; `own` are the addresses this installation writes from.

    Not `whole`: its headers alone are looked at. Unreadable says why nothing can be made of it.
    """
    try:
        return _read(raw, own, whole=whole)
    except (Unreadable, MemoryError):
        raise
    except ForbiddenCharset as error:
        raise Unreadable("charset") from error
    except Exception as error:
        # the library answers hostile headers and nesting with whatever its parser ran into
        raise Unreadable("unreadable") from error


def _read(raw: bytes, own: Collection[str], *, whole: bool) -> Mail:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    sender, name = _sender(message)
    subject = header_text(_raw(message, "subject"))
    found = _Found()
    reply = _is_reply(message, subject)
    if whole:
        _collect(message, found, reply=reply, depth=0)
    text = own_words("\n\n".join(part for part in found.texts if part.strip()), reply=reply)
    digest = _digest(sender, subject, text, found.files)
    return Mail(
        key=_key(message, digest),
        digest=digest,
        sender=sender,
        name=name,
        subject=subject,
        text=text,
        files=tuple(found.files),
        automatic=_automatic(message, own),
        tokens=tuple((n.upper(), sig) for n, sig in TOKEN.findall(_delivered(message))),
        letters=tuple(UUID(found) for found in LETTER.findall(_answered(message))[-20:]),
        numbers=tuple(_numbers(subject)),
    )


# --- headers ----------------------------------------------------------------------------


def _raw(message: Message, name: str) -> str:
    """A header as it was sent: the library's own decoding gives up where senders are careless."""
    return next((str(v) for key, v in message.raw_items() if key.lower() == name), "")


def _raws(message: Message, name: str) -> Iterator[str]:
    return (str(value) for key, value in message.raw_items() if key.lower() == name)


def _sender(message: Message) -> tuple[str, str]:
    named = _addresses(message, "from")
    wanted = [address for _, address in (*_addresses(message, "reply-to"), *named)]
    return next(iter(wanted), ""), header_text(named[0][0])[:50] if named else ""


def _addresses(message: Message, header: str) -> list[tuple[str, str]]:
    found = getaddresses([_raw(message, header).replace("\n", " ")])
    return [(name, address.strip()) for name, address in found if "@" in address]


def _is_reply(message: Message, subject: str) -> bool:
    return bool(_answered(message) or REPLIES.match(subject))


def _answered(message: Message) -> str:
    return " ".join([*_raws(message, "references"), *_raws(message, "in-reply-to")])[-8000:].lower()


def _delivered(message: Message) -> str:
    found = (value for name in DELIVERED for value in _raws(message, name))
    return " ".join(found)[:8000].lower()


def _numbers(subject: str) -> Iterator[str]:
    for found in NUMBER.findall(subject):
        number = ids.normal_number(found)
        if ids.is_ticket_number(number):
            yield number


def _key(message: Message, digest: str) -> str:
    named = IDENTIFIER.search(_raw(message, "message-id"))
    key = f"id:{named[1]}" if named else f"content:{digest}"
    # an identifier may name a person's machine: only its hash is kept
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _digest(sender: str, subject: str, text: str, files: list[tuple[str, bytes]]) -> str:
    told = hashlib.sha256()
    for piece in (sender.lower(), subject, text, *(name for name, _ in files)):
        told.update(hashlib.sha256(piece.encode("utf-8", "surrogatepass")).digest())
    for _, body in files:
        told.update(hashlib.sha256(body).digest())
    return told.hexdigest()


# --- does a person wait for an answer? ----------------------------------------------------


def _automatic(message: Message, own: Collection[str]) -> str:
    return next((code for code, holds in SIGNS if holds(message, own)), "")


def _value(message: Message, name: str) -> str:
    return _raw(message, name).strip().lower().partition(";")[0].strip()


def _writers(message: Message) -> list[str]:
    both = (*_addresses(message, "from"), *_addresses(message, "reply-to"))
    return [address.lower() for _, address in both]


def _from_us(message: Message, own: Collection[str]) -> bool:
    ours = {address.lower() for address in own}
    # our own address with something after a plus is still ours
    return any(re.sub(r"\+[^@]*@", "@", address) in ours for address in _writers(message))


Sign = Callable[[Message, Collection[str]], bool]
SIGNS: tuple[tuple[str, Sign], ...] = (
    ("bounce", lambda m, _: m.get_content_type() == "multipart/report"),
    ("bounce", lambda m, _: _raw(m, "return-path").strip() == "<>"),
    ("own", _from_us),
    ("auto", lambda m, _: _value(m, "auto-submitted") not in {"", "no"}),
    ("auto", lambda m, _: any(_raw(m, name) for name in ("x-autoreply", "x-autorespond"))),
    ("bulk", lambda m, _: _value(m, "precedence") in {"bulk", "junk", "list", "auto_reply"}),
    ("bulk", lambda m, _: bool(_raw(m, "list-id") or _raw(m, "list-unsubscribe"))),
    ("robot", lambda m, _: any(ROBOTS.match(address) for address in _writers(m))),
)


# --- parts --------------------------------------------------------------------------------


def _collect(part: Message, found: _Found, *, reply: bool, depth: int) -> None:
    found.parts += 1
    if depth > DEPTH or found.parts > PARTS:
        raise Unreadable("nested")
    kind = part.get_content_type()
    if kind == "multipart/alternative":
        _alternative(part, found, reply=reply, depth=depth)
    elif kind == "message/rfc822":
        _enclosed(part, found, depth)
    elif part.is_multipart():
        for inner in _inner(part):
            _collect(inner, found, reply=reply, depth=depth + 1)
    elif _is_text(part):
        found.texts.append(_text(part, reply=reply))
    else:
        _file(part, found)


def _inner(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _alternative(part: Message, found: _Found, *, reply: bool, depth: int) -> None:
    """One of several writings of the same: the plain one unless it says nothing."""
    writings = []
    for inner in _inner(part):
        one = _Found(parts=found.parts)
        _collect(inner, one, reply=reply, depth=depth + 1)
        found.parts = one.parts
        found.files += one.files
        writings.append("\n\n".join(text for text in one.texts if text.strip()))
    found.texts.append(next((text for text in writings if text.strip()), ""))


def _enclosed(part: Message, found: _Found, depth: int) -> None:
    """A message sent on as a file: its words and files, under its subject."""
    for inner in _inner(part):
        found.texts.append(header_text(_raw(inner, "subject")))
        # its quotes may be the very matter
        _collect(inner, found, reply=False, depth=depth + 1)


def _is_text(part: Message) -> bool:
    named = part.get_filename() or part.get_content_disposition() == "attachment"
    return part.get_content_type() in {"text/plain", "text/html"} and not named


def _text(part: Message, *, reply: bool) -> str:
    text = decoded(_body(part), part.get_content_charset())
    if part.get_content_type() == "text/html":
        return plain(text, quotes=not reply) or plain(text)
    return tidy(text)


def _file(part: Message, found: _Found) -> None:
    body = _body(part)
    inline = part.get_content_disposition() == "inline" or part["content-id"] is not None
    picture = part.get_content_maintype() == "image"
    if not body or (inline and picture and len(body) <= DECORATION):
        return
    name = header_text(part.get_filename() or "")
    found.files.append((name or f"file.{part.get_content_subtype()}", body))


def _body(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
