"""Attachments: real small files, disguised ones, and names that would be obeyed somewhere."""

import contextlib
import io
import struct
import wave
import zipfile
import zlib

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.texts import BIDI
from intake.files import ALLOWED, INSIDE, MEMBERS_LIMIT, UNPACKED_LIMIT, BadFile, check_file

LIMIT = 2**20


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def word() -> bytes:
    document, body = docx.Document(), io.BytesIO()
    document.add_paragraph("关于企业开办事项的情况说明")
    document.save(body)
    return body.getvalue()


def packed(**members: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def sound() -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 80)
    return body.getvalue()


def boxed(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\2\0" + brand + b"isom" + b"\0" * 16


def bomb(declared: int) -> bytes:
    """A small document whose directory says how large its main part would become."""
    body = bytearray(packed(**{"word/document.xml": b"<w/>"}))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = struct.pack("<I", declared)
    return bytes(body)


REAL = {
    "证照.pdf": pdf(),
    "截图.png": png(),
    "说明.docx": word(),
    "台账.xlsx": packed(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}),
    "公文.ofd": packed(**{"OFD.xml": b"<OFD/>"}),
    "录音.wav": sound(),
    "录音.amr": b"#!AMR\n" + b"\0" * 32,
    "录音.mp3": b"ID3\x04\0\0\0\0\0\0" + b"\0" * 32,
    "录音.m4a": boxed(b"M4A "),
    "录像.mp4": boxed(b"mp42"),
    "动图.gif": b"GIF89a\1\0\1\0\0\0\0;",
    "照片.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9",
    "照片.JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9",
    "照片.webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + b"\0" * 16,
}


def refusal(name: str, body: bytes, limit: int = LIMIT) -> BadFile:
    with pytest.raises(BadFile) as caught:
        check_file(name, body, limit=limit)
    return caught.value


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_taken_whole_under_its_name(name):
    taken = check_file(name, REAL[name], limit=LIMIT)
    assert (taken.name, taken.body) == (name, REAL[name])
    assert taken.media_type == ALLOWED[name.rpartition(".")[2].lower()]


def test_every_allowed_type_has_a_real_example_here():
    assert {name.rpartition(".")[2].lower() for name in REAL} == set(ALLOWED)


@pytest.mark.parametrize("extension", sorted(ALLOWED))
def test_no_file_passes_for_another_type(extension):
    for name, body in REAL.items():
        own = name.rpartition(".")[2].lower()
        akin = {own, extension} <= {"jpg", "jpeg"} or {own, extension} <= {"m4a", "mp4"}
        if own != extension and not akin:
            assert refusal(f"甲.{extension}", body).code == "mismatch"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("报告.docx", packed(**{"a.txt": b"a"})),
        ("报告.docx", packed(**{"word/document.xml": b"<w/>", "word/vbaProject.bin": b"macro"})),
        ("报告.docx", b"MZ" + word()),
        ("报告.docx", word()[:200]),
        ("报告.docx", b"PK\x03\x04" + b"\0" * 100),
        ("报告.xlsx", word()),
        ("图.png", b"<!doctype html><script>alert(1)</script>"),
        ("图.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("证.pdf", b"<script>alert(1)</script>" + pdf()),
        ("证.pdf", b"\n" + pdf()),
        ("证.pdf", b"MZ\x90\0" + pdf()),
        ("音.mp3", b"x"),
        ("像.mp4", boxed(b"qt  ").replace(b"isom", b"qt  ")),
    ],
)
def test_a_disguised_or_broken_file_is_refused(name, body):
    assert refusal(name, body).code == "mismatch"


@pytest.mark.parametrize(
    "name",
    ["a.exe", "a.html", "a.svg", "a.docm", "a.zip", "a.png.exe", "a", "a.", "png", ".png", ""],
)
def test_other_kinds_of_file_are_refused_whatever_they_hold(name):
    assert refusal(name, png()).code == "type"


def test_empty_and_oversize_files_are_refused_with_the_limit_named():
    assert refusal("图.png", b"").code == "empty"
    error = refusal("图.png", png() + b"\0" * (2 * LIMIT), limit=2 * LIMIT)
    assert (error.code, error.message.format(**error.params)) == ("too_large", "附件超过2MB上限")
    assert check_file("图.png", png(), limit=len(png())).body == png()


def test_a_file_that_would_unpack_beyond_measure_is_refused_before_it_is_unpacked():
    assert refusal("报告.docx", bomb(UNPACKED_LIMIT + 1)).code == "bomb"
    crowd = {"word/document.xml": b"", **{str(number): b"" for number in range(MEMBERS_LIMIT)}}
    assert refusal("报告.docx", packed(**crowd)).code == "bomb"
    assert check_file("报告.docx", bomb(UNPACKED_LIMIT), limit=LIMIT).name == "报告.docx"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/a.png", "a.png"),
        ("C:\\Users\\a\\图.png", "图.png"),
        ("/etc/a.png", "a.png"),
        ("a/b\\c.png", "c.png"),
        ("..\\..\\a.png", "a.png"),
        ("..a.png", "a.png"),
        (" a.png. ", "a.png"),
        ('a"b<c>|?*.png', "a_b_c____.png"),
        ("a'b.png", "a_b.png"),
        ("CON.png", "_CON.png"),
        ("nul.x.png", "_nul.x.png"),
        ("contract.png", "contract.png"),
        ("𠮷.png", "𠮷.png"),
        ("图\u200b.png", "图.png"),
        ("长" * 300 + ".png", "长" * 120 + ".png"),
    ],
)
def test_names_lose_what_a_file_system_or_a_header_would_obey(name, safe):
    assert check_file(name, png(), limit=LIMIT).name == safe


@pytest.mark.parametrize(
    "name", ["a\0.png", "a\r\nX: y.png", "a\x1b.png", "exe.\u202egnp.png", "\ud800.png"]
)
def test_names_that_deceive_are_refused(name):
    assert refusal(name, png()).code == "name"


@given(st.text(max_size=200), st.sampled_from(["", ".png", ".PNG"]))
def test_a_name_that_is_taken_is_harmless(stem, extension):
    with contextlib.suppress(BadFile):
        name = check_file(stem + extension, png(), limit=LIMIT).name
        assert not set(name) & (BIDI | set("<>:\"|?*/\\'\r\n\0"))
        assert not name.startswith(".")
        assert name.lower().endswith(".png")
        assert len(name) <= 140
        name.encode()


@settings(max_examples=300)
@given(st.sampled_from(sorted(REAL)), st.data())
def test_a_damaged_file_is_taken_or_refused_and_nothing_else(name, data):
    body = bytearray(REAL[name])
    cut = data.draw(st.integers(1, len(body)))
    for _ in range(data.draw(st.integers(0, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadFile):
        assert check_file(name, bytes(body[:cut]), limit=LIMIT).body == bytes(body[:cut])


@settings(max_examples=300)
@given(st.sampled_from(sorted(INSIDE)), st.data())
def test_a_damaged_directory_is_taken_or_refused_and_nothing_else(extension, data):
    body = bytearray(packed(**{INSIDE[extension]: b"<w/>"}))
    start = body.index(b"PK\x01\x02")
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(start, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadFile):
        assert check_file(f"a.{extension}", bytes(body), limit=LIMIT).name == f"a.{extension}"


@given(st.sampled_from(sorted(ALLOWED)), st.binary(max_size=64))
def test_arbitrary_bytes_never_break_the_check(extension, body):
    with contextlib.suppress(BadFile):
        assert check_file(f"a.{extension}", body, limit=LIMIT).body == body
