"""Texts of e-mail: bytes of any charset decoded, HTML as plain text, quotes and signatures cut."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from email.header import decode_header
from html.parser import HTMLParser

from core.texts import BIDI

# far beyond what a request may hold, and little enough for a parser that reads twice
HTML_LIMIT = 100_000
# charsets that say text and nothing else: a codec's name may also mean packing or execution
CHARSETS = re.compile(
    r"utf-8|utf-16|utf-16-[lb]e|utf-32|ascii|gb2312|gbk|gb18030|hz|big5|big5hkscs|koi8-r"
    r"|iso8859-\d+|cp125\d|shift_jis|euc_jp|iso2022_jp|euc_kr"
)
# each contains the one before it, and labels are often too modest
WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "ascii": "utf-8"}
UTF_7 = "utf-7"
# fewer bytes than these may be valid in several charsets by chance
TELLING_BYTES = 12


class ForbiddenCharset(ValueError):
    """UTF-7 hides letters from whoever reads the bytes; nobody writes it in good faith."""


def decoded(body: bytes, charset: str | None) -> str:
    """The text of bytes that may be mislabelled, or not labelled at all."""
    name = _codec(charset)
    if name and not (name == "gb18030" and _surely_utf_8(body)):
        with suppress(UnicodeError):
            return body.decode(name)
    for likely in ("utf-8", "gb18030"):
        with suppress(UnicodeError):
            return body.decode(likely)
    return body.decode("utf-8" if name is None else name, "replace")


def _codec(charset: str | None) -> str | None:
    try:
        name = codecs.lookup((charset or "").strip("\"' ").lower()).name
    except (LookupError, ValueError):
        return None
    if name == UTF_7:
        raise ForbiddenCharset(name)
    return WIDER.get(name, name) if CHARSETS.fullmatch(name) else None


def _surely_utf_8(body: bytes) -> bool:
    if sum(byte > 127 for byte in body[:4096]) < TELLING_BYTES:
        return False
    with suppress(UnicodeDecodeError):
        body.decode()
        return True
    return False


def header_text(raw: str) -> str:
    """A header as people read it: encoded words and raw bytes decoded, folding undone."""
    pieces = []
    for piece, charset in decode_header(_bytes_told(raw)):
        pieces.append(decoded(piece, charset) if isinstance(piece, bytes) else piece)
    return " ".join(tidy("".join(pieces)).split())


def _bytes_told(raw: str) -> str:
    # the parser keeps bytes that are no ASCII as halves of surrogate pairs
    unfolded = re.sub(r"\r?\n[ \t]*", " ", raw)
    try:
        unfolded.encode()
    except UnicodeEncodeError:
        return decoded(unfolded.encode("utf-8", "surrogateescape"), None)
    return unfolded


def tidy(text: str) -> str:
    """Without what a mail program adds and a text may not hold: marks of direction, controls."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return "".join(char for char in text if char in "\n\t" or not _unfit(char))


def _unfit(char: str) -> bool:
    return (
        char in BIDI
        or unicodedata.category(char) in {"Cc", "Cs"}
        or ord(char) & 0xFFFE == 0xFFFE
    )  # fmt: skip


# --- HTML -----------------------------------------------------------------------------

UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base"})
LINES = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "hr", "blockquote", "pre"}
    | {f"h{level}" for level in range(1, 7)}
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
QUOTED = re.compile(r"gmail_quote|yahoo_quoted|moz-cite-prefix|qmbox|OutlookMessageHeader")


class _Reader(HTMLParser):
    """Keeps what a reader would see; `quotes`, what he was sent before."""

    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.quotes = quotes
        self.pieces: list[str] = []
        self.unseen: list[str] = []  # the hidden element we are in, and those inside it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            self._line(tag)
        elif self.unseen or self._hides(tag, dict(attrs)):
            self.unseen.append(tag)
        else:
            self._line(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._line(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.unseen:
            # whatever was left open inside ends with it
            while self.unseen and self.unseen.pop() != tag:
                pass
        elif not self.unseen:
            self._line(tag)

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _line(self, tag: str) -> None:
        if tag in LINES and not self.unseen:
            self.pieces.append("\n")

    def _hides(self, tag: str, attrs: dict[str, str | None]) -> bool:
        if tag in UNSEEN or "hidden" in attrs or HIDDEN.search(attrs.get("style") or ""):
            return True
        named = f"{attrs.get('class') or ''} {attrs.get('id') or ''}"
        return not self.quotes and (tag == "blockquote" or bool(QUOTED.search(named)))


def plain(html: str, *, quotes: bool = True) -> str:
    """The visible text of an HTML body; without `quotes`, not what it answers to."""
    reader = _Reader(quotes=quotes)
    reader.feed("".join(_without_comments(html[:HTML_LIMIT])))
    reader.close()
    lines = (" ".join(line.split()) for line in tidy("".join(reader.pieces)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_comments(html: str) -> Iterator[str]:
    # a comment without an end would have the parser look for it again from every sign
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        yield html[at:start]
        end = html.find("-->", start)
        if end < 0:
            return
        at = end + 3
    yield html[at:]


# --- quotes and signatures --------------------------------------------------------------

# a line after which only what was written before comes
BEFORE = (
    re.compile(r"(?i)^\s*-{2,}\s*(original message|forwarded message|原始邮件|原邮件|转发邮件).*$"),
    re.compile(r"^\s*(在|于)?\s*\d{4}\s*[年/-].{4,120}(写道|寫道|写到)\s*[:：]?\s*$"),
    re.compile(r"(?i)^\s*on\s.{6,160}\swrote:\s*$"),
    re.compile(r"^\s*.{1,60}于\s*\d{4}.{4,60}(写道|发送)\s*[:：]\s*$"),
)
HEAD = re.compile(r"(?i)^\s*\*?(from|发件人|寄件者)\s*\*?\s*[:：]")
HEADS = re.compile(
    r"(?i)^\s*\*?(sent|date|to|subject|发送时间|发送日期|日期|收件人|主题)\s*\*?\s*[:：]"
)
SIGNED = re.compile(r"(?i)^(--\s?|——+\s*|sent from my .{2,40}|发自我的.{1,30}|来自.{1,20}手机)$")
# a reply's own words stand before the sign-off, which is never longer than this
SIGNATURE_LINES = 15


def own_words(text: str, *, reply: bool) -> str:
    """What the sender wrote now: a reply's quotes and anybody's signature are cut.

    Where that leaves nothing, the text stays whole: better too much than an empty request.
    """
    lines = text.split("\n")
    kept = _without_quotes(lines) if reply else lines
    shown = "\n".join(_without_signature(kept)).strip()
    return shown or "\n".join(kept).strip() or text.strip()


def _without_quotes(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        wrapped = f"{line} {lines[at + 1]}" if at + 1 < len(lines) else line
        if any(sign.match(line) or sign.match(wrapped) for sign in BEFORE) or _head(lines, at):
            lines = lines[:at]
            break
    return [line for line in lines if not line.lstrip().startswith((">", "＞"))]


def _head(lines: list[str], at: int) -> bool:
    following = [line for line in lines[at + 1 : at + 8] if line.strip()][:4]
    return bool(HEAD.match(lines[at])) and sum(bool(HEADS.match(line)) for line in following) > 1


def _without_signature(lines: list[str]) -> list[str]:
    for at in range(max(0, len(lines) - SIGNATURE_LINES - 1), len(lines)):
        if SIGNED.match(lines[at].strip("\r")):
            return lines[:at]
    return lines
