"""What a task promises in figures: subject, operator, value, unit, and by when."""

import re
from collections.abc import Iterator
from dataclasses import replace

from routing.hanzi import simplified
from routing.plan.dates import date_in, date_spans
from routing.plan.model import Note, Target
from routing.plan.outline import chinese_number

_N = r"\d+(?:\.\d+)?"
_UNITS = (
    r"个?工作日|个?自然日|个?小时|分钟|秒|个月|个?季度|个?百分点|%|‰|天|日(?!前)|万亿元|亿元|万元|元|"
    r"场次|万户|万家|万人次|万人|户|家|项|个(?!体|人|性|别)|件|人次|人|名|倍|次|公里|平方米|亩|套|台|处|场|条|"
    r"批|辆|所|座|期|篇|分(?!局|级|类)|亿|万"
)
_VALUE = re.compile(
    rf"(?P<first>{_N})(?:\s*(?:{_UNITS})?\s*(?P<range>—+|-|–|~|～|至|到)\s*(?P<second>{_N})"
    rf"|(?P<list>(?:个?[、，和及]{_N})+))?\s*(?P<unit>{_UNITS})(?P<after>左右|以内|之内|以下|及以下|内|以上|及以上)?"
)
_HAN_VALUE = re.compile(r"[一两二三四五六七八九十](?=个?工作日|个小时|小时|次(?!办|性|告))")
_HAN = {char: str(value) for value, char in enumerate("零一二三四五六七八九十")} | {"两": "2"}
_OPERATORS = (
    ("<=", r"不(?:得)?(?:超过|高于|大于|多于)|控制(?:在|到)?|最多|至多"),
    (">=", r"不(?:得)?(?:低于|少于|小于|短于)|至少|最少|以上不低于"),
    ("<", r"低于|少于|小于|短于"),
    (">", r"超过|突破|高于|多于|大于"),
    (
        "<=",
        r"(?:压减|压缩|缩短|缩减|减少|减|降低|下降|降|精简|优化)(?:至|到|为)|限时|压至",
    ),
    (
        ">=",
        (
            r"达到?|(?:提高|提升|增加|增长|增|扩大|上升|升|保持|稳定)(?:到|至|在)|"
            "实现|完成|新增|培育|建成|建设|引进|打造|新建|认定|发展|组织|举办|开展|增长|提高|提升|发放|落实"
        ),
    ),
    (">=", r"(?:压减|压缩|缩短|缩减|减少|降低|下降|精简)(?:了)?"),
)
_OPERATOR = [(op, re.compile(rf"(?:{words})(?:了|为|约)?$")) for op, words in _OPERATORS]
# without 到 or 至 the figure is the change itself, so the direction belongs to its name
_DIRECTIONS = frozenset(
    {"下降", "降低", "减少", "压缩", "压减", "缩短", "精简", "增长", "提高", "提升"}
)
_TIMES = frozenset({"工作日", "自然日", "小时", "分钟", "秒", "天", "日", "月"})
# 「降低失业保险费率至」: the thing stands between the verb and its goal
_LOWERED = re.compile(
    r"(?:压减|压缩|缩短|缩减|减少|降低|下降|精简)(?P<thing>[^，；。\d]{2,20}?)(?:至|到|为)(?:约)?$"
)
_DONE = re.compile(r"(?:办结|完成|办理|出证|答复|响应|到场|到达|发证|领证|办好|审结|拿证)")
_LONGEST = 1500  # nobody promises figures in a sentence longer than a page
_CEILINGS = frozenset({"以内", "之内", "内", "以下", "及以下"})
_COUNTED = frozenset("户家个项件人名套台处场条批辆所座期篇次亩元") | {
    "万元",
    "亿元",
    "万户",
    "万人",
    "人次",
    "场次",
}
_MAKING = re.compile(
    r"(?:新增|培育|建成|新建|引进|打造|认定|推出|组织|举办|发放|新培育|招引|落地|投放)[^，；。]{0,30}$"
)
_PARTS = re.compile(r"方面|环节|阶段|步骤|领域|重点|层面|维度|体系|机制")
_SUBJECT_LEAD = re.compile(
    r"^(?:[①-⑳]|并|且|将|把|使|力争|确保|推动|推进|促进|实现|保持|进一步|全面|各项|其中|同时|努力|争取|加快|切实)+"
)
_SPREAD = re.compile(r"(?:分别|分表|各自|均|平均各|全部|统一|一律|再|已|要|应|原则上|总体|基本)+$")
_TAIL_NOUN = re.compile(
    r"用户|企业|工程|项目|事项|业务|年均|平均|审批|办理|办结|报装|登记|时间|时限|环节|材料|费用|成本|"
    r"覆盖率|满意率|[^，]{0,3}率"
)
_BASELINE = re.compile(
    r"(?:[由从自较](?:原来?|法定|目前|现有|现行|平均|国家|省定)?的?(?:时限|时间)?|原来?的?|法定时限)$"
)
# 「由3个工作日」 and 「较上年」 say where from, not what
_COMPARISON = re.compile(r"(?:[由从自][^，]*\d[^，]*|(?:同比|环比|[较比][^，]{1,8}))$")
_FREQUENCY = re.compile(r"每(半年|年|季度|季|月|周|两年|半月)[^，。；]{0,40}?$")
_LISTED = re.compile(r"等$")


def read_targets(text: str, title: str, year: int | None) -> tuple[list[Target], list[Note]]:
    """Every figure the text promises; figures that only describe are left alone."""
    targets: list[Target] = []
    notes: list[Note] = []
    for sentence in re.split(r"[。！？\n]", _plain(text)):
        if len(sentence) > _LONGEST:
            notes.append(Note("target_unread", "句子过长，未从中识别量化目标", sentence[:60]))
            continue
        for clause, at in _clauses(sentence):
            for found in _VALUE.finditer(clause):
                by = date_in(sentence[: at + found.end()], year)
                for target in _target(clause, found, title, by, notes):
                    if target not in targets:
                        targets.append(target)
    return targets, notes


def _plain(text: str) -> str:
    text = simplified(text).replace("百分之百", "100%")
    text = re.sub(r"百分之(\d+(?:\.\d+)?)", r"\1%", text)
    text = re.sub(r"百分之([一二三四五六七八九十]+)", lambda m: f"{chinese_number(m[1])}%", text)
    return _HAN_VALUE.sub(lambda found: _HAN[found[0]], text)


def _clauses(sentence: str) -> Iterator[tuple[str, int]]:
    """The sentence at its commas and semicolons, but not inside brackets or quotes."""
    depth, start = 0, 0
    for index, char in enumerate(sentence):
        if char in "（(“《【":
            depth += 1
        elif char in "）)”》】":
            depth = max(0, depth - 1)
        elif char in "，,；;：" and not depth and not _inside_list(sentence, index):
            yield sentence[start:index], start
            start = index + 1
    yield sentence[start:], start


def _inside_list(sentence: str, index: int) -> bool:
    return sentence[index - 1 : index].isdigit() and sentence[index + 1 : index + 2].isdigit()


def _target(
    clause: str, found: re.Match[str], title: str, by: str, notes: list[Note]
) -> Iterator[Target]:
    if _only_describes(clause, found):
        return
    before, after = clause[: found.start()], clause[found.end() :]
    frequency = _FREQUENCY.search(before)
    unit = found["unit"].removeprefix("个") or "个"
    op, subject = _operator(before, found)
    if frequency and unit == "次":
        floor = re.search(r"(至少|不少于|不低于|最少)", before)
        doer = _undated(before[: frequency.start()]).removesuffix("原则上").removeprefix("此后")
        what = doer + _object(before[frequency.end(1) :], after)
        how = ">=" if floor or found["after"] == "以上" else "="
        yield Target(what or title, how, _number(found["first"]), f"次/{frequency[1]}", by)
        return
    if not op:
        op = _bare_operator(before, after, unit)
    if not op:
        return
    what = _subject(_undated(_COMPARISON.sub("", subject)), after)
    if (done := _DONE.match(after)) and not what.endswith(done[0]):
        what += done[0]
    if len(what) < 3:
        what = f"{title}：{what}" if what else title
    if found["list"]:
        yield from _aligned(Target(what, op, 0, unit, by), found, notes)
    elif found["range"]:
        low, high = _number(found["first"]), _number(found["second"])
        yield Target(what, "range", [low, high], unit, by)
    else:
        yield Target(what, op, _number(found["first"]), unit, by)


def _only_describes(clause: str, found: re.Match[str]) -> bool:
    """A date, a size of what is meant, a baseline, or a figure inside brackets or quotes."""
    before, after = clause[: found.start()], clause[found.end() :]
    if _inside(before) or _BASELINE.search(before):
        return True
    if found["unit"] == "日" and before.endswith("月"):
        return True
    covered = any(start < found.end() and found.start() < end for start, end in date_spans(clause))
    return covered or bool(found["after"] in {"以下", "及以下"} and after[:1] not in {"", "的"})


def _inside(before: str) -> bool:
    return any(before.count(a) > before.count(b) for a, b in ("（）", "()", "《》", "“”", "【】"))


def _operator(before: str, found: re.Match[str]) -> tuple[str, str]:
    """The operator the words before and after the figure give, and what it is said about."""
    trimmed = re.sub(r"(?:仅需|只需|约|近)$", "", before)
    after = found["after"] or ""
    for op, pattern in _OPERATOR:
        if word := pattern.search(trimmed):
            verb = trimmed[word.start() :]
            subject = trimmed[: word.start()] + (verb if verb in _DIRECTIONS else "")
            return _settled(op, verb, after, found), subject
    if lowered := _LOWERED.search(trimmed):
        return "<=", trimmed[: lowered.start()] + lowered["thing"]
    if after in {"以内", "之内", "内"}:
        return "<=", trimmed
    return (">=", trimmed) if after in {"以上", "及以上"} else ("", trimmed)


def _settled(op: str, verb: str, after: str, found: re.Match[str]) -> str:
    """「落实11个」 is a count to be met as it stands; 「实现1日内」 is a ceiling all the same."""
    if op == ">=" and after in _CEILINGS and verb != "达到":
        return "<="
    return "=" if verb == "落实" and not after and found["unit"] != "%" else op


def _bare_operator(before: str, after: str, unit: str) -> str:
    """A share that is to be reached, or the count closing a list of what is to be done."""
    if unit in {"%", "‰"}:
        return ">="
    if _LISTED.search(before) and unit in {"项", "个"}:
        return "="
    if unit in _COUNTED and _MAKING.search(before) and not _PARTS.match(after):
        return ">="
    limited = _DONE.match(after) or before.endswith(("时间", "时限"))
    return "<=" if unit in _TIMES and limited else ""


def _subject(before: str, after: str) -> str:
    subject = _SPREAD.sub("", _SUBJECT_LEAD.sub("", before.strip()))
    if not _LISTED.search(before) and subject and not before.strip().endswith("的"):
        return subject if len(subject) > 1 else subject + after
    return _object("", after)


def _object(words: str, after: str) -> str:
    words = re.sub(r"至少|不少于|不低于|最少|原则上", "", words)
    return (words + after.lstrip("的")).strip()


def _undated(subject: str) -> str:
    for start, end in reversed(date_spans(subject)):
        subject = subject[:start] + subject[end:]
    return re.sub(r"^(?:到|在|于|截至|力争)+", "", subject.strip("，、 "))


def _aligned(target: Target, found: re.Match[str], notes: list[Note]) -> Iterator[Target]:
    """「甲、乙…分别压减至2、5」: one target for each subject; a doubt when they do not pair."""
    values = [_number(found["first"]), *(_number(n) for n in re.findall(_N, found["list"]))]
    subjects = _spread(target.what)
    if len(subjects) != len(values):
        notes.append(Note("target_unaligned", "数值与对象个数不一致，请核对", found[0]))
        yield replace(target, value=values)
        return
    for subject, value in zip(subjects, values, strict=True):
        yield replace(target, what=subject, value=value)


def _spread(what: str) -> list[str]:
    *first, last = re.split(r"、|以及|及|和", what)
    noun = next((m for m in _TAIL_NOUN.finditer(last) if m.start() >= 2), None)
    tail = last[noun.start() :] if noun and first else ""
    return [item if item.endswith(tail) else item + tail for item in first] + [last]


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)
