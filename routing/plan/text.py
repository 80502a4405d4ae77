"""From bytes to tidy lines: encodings, refusals, and tables written out as field lines."""

import re
from collections.abc import Iterator

from routing.hanzi import simplified
from routing.plan.model import PlanRefused

LIMIT = 5 * 1024 * 1024
_SIGNATURES = {
    b"%PDF": ("pdf", "这是 PDF 文件，请另存为纯文本或 .docx 后导入"),
    b"PK\x03\x04": ("archive", "这是压缩包或 Office 文件，请以 .docx 扩展名导入"),
    b"\xd0\xcf\x11\xe0": ("old_word", "这是旧版 .doc 文件，请另存为 .docx 后导入"),
    b"\xff\xd8\xff": ("scan", "这是图片，请先识别为文字后导入"),
    b"\x89PNG": ("scan", "这是图片，请先识别为文字后导入"),
    b"II*\x00": ("scan", "这是图片，请先识别为文字后导入"),
    b"MM\x00*": ("scan", "这是图片，请先识别为文字后导入"),
}
_CJK = re.compile(r"[\u4e00-\u9fff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\xad]")
_MARKDOWN = re.compile(r"^\s*(?:#{1,6}\s+|>\s+)|\*\*|^\s*\|?(?:\s*:?-{3,}:?\s*\|)+\s*$")
_DUTY_END = (
    r"(?:牵头|负责|配合|落实|参与|协办|协助|相关工作|单位[^（）()]{0,80}|部门[^（）()]{0,80})"
)
_NEXT_ITEM = (
    r"(?:\d{1,3}[.．、](?!\d)|[（(][一二三四五六七八九十]{1,3}[）)]|[一二三四五六七八九十]{1,3}、)"
)
# several tasks pasted as one paragraph: only a finished responsibility bracket may end one
_RUN_ON = re.compile(rf"({_DUTY_END}[^（）()。]{{0,12}}[）)】][。；;，,]?)\s*(?={_NEXT_ITEM})")
_COLUMNS = (
    ("number", re.compile(r"^(?:序号|编号|任务编号|任务序号)$")),
    ("assist", re.compile(r"(?:配合|协办|参与|协同)(?:单位|部门)")),
    ("support", re.compile(r"(?:责任|承办|实施)(?:单位|部门)")),
    ("lead", re.compile(r"(?:牵头|主办|主责|负责)(?:单位|部门)?")),
    ("by", re.compile(r"时限|期限|完成时间|时间节点|时间要求")),
    ("person", re.compile(r"领导|责任人|联系人|负责人|电话|备注")),
    ("body", re.compile(r"内容|措施|举措|要求|目标|标准")),
    ("title", re.compile(r"任务|事项|项目|名称|工作")),
)
_LABELS = {"lead": "牵头单位", "support": "责任单位", "assist": "配合单位", "by": "完成时限"}


def decode(data: bytes) -> str:
    """The text of a file's bytes: UTF-8 with or without mark, UTF-16 with mark, GB 18030."""
    if len(data) > LIMIT:
        raise PlanRefused("too_large", f"文件超过 {LIMIT // 2**20} MB，方案文本不应这样大")
    for signature, (code, message) in _SIGNATURES.items():
        if data.startswith(signature):
            raise PlanRefused(code, message)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if b"\x00" in data:
        raise PlanRefused("binary", "这不是文本文件")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def tidy(text: str) -> list[tuple[int, str]]:
    """The lines that say something, each with its number; refuses what holds no Chinese text."""
    if len(text) > LIMIT or len(text.encode("utf-8", "replace")) > LIMIT:
        raise PlanRefused("too_large", f"文本超过 {LIMIT // 2**20} MB，方案文本不应这样大")
    if not text.strip():
        raise PlanRefused("empty", "文件没有文字；若是扫描件，请先识别为文字后导入")
    text = _INVISIBLE.sub("", text)
    if len(_CONTROL.findall(text)) > len(text) // 50:
        raise PlanRefused("binary", "内容含有大量不可读字符，不是文本文件或编码有误")
    if len(_CJK.findall(text)) < 20:
        raise PlanRefused("no_text", "几乎没有中文文字；若是扫描件，请先识别为文字后导入")
    return [(where, line) for where, line in _lines(text) if line]


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as wrong:
        where = data[: wrong.start].count(b"\n") + 1
        raise PlanRefused("encoding", "无法识别文件编码，请用 UTF-8 保存", where=where) from wrong


def _lines(text: str) -> Iterator[tuple[int, str]]:
    columns: list[str] = []
    for where, raw in enumerate(text.splitlines(), start=1):
        cells = _cells(raw)
        if cells and (header := _header(cells)):
            columns = header
        elif cells and columns:
            yield from ((where, line) for line in _row(cells, columns))
        else:
            columns = columns if not raw.strip() or _MARKDOWN.fullmatch(raw.strip()) else []
            line = _MARKDOWN.sub("", raw.replace("\t", " ")).strip().strip("　 ")
            yield from ((where, part) for part in _RUN_ON.sub(r"\1\n", line).splitlines())


def _cells(raw: str) -> list[str]:
    """The cells of a table's line: tabs as a spreadsheet pastes them, or Markdown's bars."""
    if raw.count("\t") >= 2:
        return [cell.strip() for cell in raw.split("\t")]
    if raw.count("|") >= 3:
        return [cell.strip() for cell in raw.strip().strip("|").split("|")]
    return []


def _header(cells: list[str]) -> list[str]:
    """What each column holds, when the line names at least a task and who answers for it."""
    if any(len(cell) > 16 for cell in cells):
        return []
    found = [_column("".join(simplified(cell).split())) for cell in cells]
    if not {"lead", "support", "assist"} & set(found):
        return []
    return found if {"title", "body"} & set(found) else []


def _column(name: str) -> str:
    return next((kind for kind, pattern in _COLUMNS if pattern.search(name)), "")


def _row(cells: list[str], columns: list[str]) -> Iterator[str]:
    """One table row as the lines of a task in the long form."""
    row: dict[str, str] = {}
    for kind, cell in zip(columns, cells, strict=False):
        if kind and cell:
            row[kind] = f"{row[kind]}；{cell}" if kind in row else cell
    number = re.sub(r"\D", "", simplified(row.get("number", "")))
    title = row.get("title") or row.get("body", "")
    body = row.get("body", "") if row.get("title") else ""
    if not (number or row.keys() & {"lead", "support", "assist"}):
        yield from filter(None, [" ".join(dict.fromkeys(filter(None, cells)))])
        return
    numbered = re.match(_NEXT_ITEM, title)
    yield title if numbered or not number else f"{number}.{title}"
    if body:
        yield body
    for kind, label in _LABELS.items():
        if row.get(kind):
            yield f"{label}：{row[kind]}"
