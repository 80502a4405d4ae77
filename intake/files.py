"""Attachments: what they are is read from their content, never believed from their name."""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import filetype

from core.texts import UncleanText, clean

NAME_LIMIT = 120
FILES_LIMIT = 9
# extension → media type; the content must agree
ALLOWED = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "amr": "audio/amr",
    "wav": "audio/x-wav",
    "mp4": "video/mp4",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
}
# packed documents are told apart by what lies inside
INSIDE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "ofd": "OFD.xml"}
UNPACKED_LIMIT = 200 * 2**20
MEMBERS_LIMIT = 5000
# names Windows opens as devices, whatever the extension
DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])")


@dataclass(frozen=True, slots=True)
class File:
    """A checked attachment."""

    name: str
    media_type: str
    body: bytes


class BadFile(ValueError):
    """The file cannot be taken: a stable code, and a sentence to be filled from `params`."""

    def __init__(self, code: str, message: str, **params: int) -> None:
        self.code, self.message, self.params = code, message, params
        super().__init__(code)


def check_file(name: str, body: bytes, *, limit: int) -> File:
    """The file under a harmless name, with the type its content shows. `limit` in bytes."""
    name = safe_name(name)
    if not body:
        raise BadFile("empty", "附件是空文件")
    if len(body) > limit:
        raise BadFile("too_large", "附件超过{limit}MB上限", limit=limit // 2**20)
    extension = PurePosixPath(name).suffix[1:].lower()
    expected = ALLOWED.get(extension)
    if expected is None:
        raise BadFile("type", "不支持这种附件类型，请上传图片、PDF、Word、Excel、OFD、录音或视频")
    if not _agrees(extension, expected, body):
        raise BadFile("mismatch", "附件内容与扩展名不符")
    return File(name, expected, body)


def safe_name(name: str) -> str:
    """The last part of a path, without anything a file system or a header would obey."""
    base = PurePosixPath(PureWindowsPath(name).name).name
    try:
        base = clean(base)
    except UncleanText as error:
        raise BadFile("name", "附件名称含有不允许的字符") from error
    base = re.sub(r'[<>:"|?*/\\\']', "_", base).strip(". ")
    stem, dot, extension = base.rpartition(".")
    if DEVICES.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return f"{stem[:NAME_LIMIT]}{dot}{extension[:10]}" if dot else base[:NAME_LIMIT]


def _agrees(extension: str, expected: str, body: bytes) -> bool:
    if extension in INSIDE:
        return _packed(extension, body)
    if extension == "pdf":
        # a polyglot hides its second face behind a late header
        return body[:5] == b"%PDF-"
    guess = filetype.guess(body)
    found = guess.mime if guess else ""
    same = {"audio/mp4": {"video/mp4", "audio/mp4"}, "video/mp4": {"video/mp4"}}
    return found in same.get(expected, {expected})


def _packed(extension: str, body: bytes) -> bool:
    if body[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    if len(members) > MEMBERS_LIMIT or sum(item.file_size for item in members) > UNPACKED_LIMIT:
        raise BadFile("bomb", "附件解压后过大")
    names = {item.filename for item in members}
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    return INSIDE[extension] in names and not macros
