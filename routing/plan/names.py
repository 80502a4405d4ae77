"""Lists of units as plans write them: where a list is cut, and which words are not a unit."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from routing.hanzi import simplified

_ENDING = """
机关 局 委 办 院 中心 公司 分局 管委会 政府 海关 镇 乡 街道 街道办 办事处 部 协会 联合会 商会 联 署
队 所 站 集团 银行 分行 支行 会 厅 学校 大学 学院 室 社 行 处 园区 开发区 经开区 高新区 示范区
新区 平台 机构 企业 组 专班 电台 电视台 库 馆 总局 工会 妇联 团委 团区委 团县委 团市委 科协
残联 文联 党校 科 股 办公室 指挥部 管理处 服务区 工委 窗口 基金 支队 大队 电网 税务 烟草 邮政
气象 消防
"""
_ENDS = re.compile("(?:" + "|".join(sorted(_ENDING.split(), key=len, reverse=True)) + ")$")
_RANGE = (
    r"(?:全?[市区县省州盟旗]|[市区县省]级|[市区县省]直|驻[市区县]|辖区|本级|各级|中省|中央|国家"
    r"|基层|属地|街道)"
)
_ADJECTIVE = (
    r"(?:各|级|直|内|相关|有关|其他|其它|所有|职能|责任|成员|主管|行业|业务|牵头|配合|涉企|涉及|政府|"
    r"审批|监管|执法|服务|直属|所属|承担|行政|的)"
)
_WHOLE = r"(?:部门|单位|镇街|街镇|镇办|街办|乡镇|镇乡|机构|企业|窗口|园区|科室)"
# 各… is always many; without it only words for bodies in general are
_COLLECTIVE = re.compile(
    rf"^{_RANGE}?(?:其他|其它|所有)?各\S{{1,18}}$"
    rf"|^{_RANGE}*{_ADJECTIVE}+{_RANGE}?{_ADJECTIVE}*{_WHOLE}(?:（[^）]*）)?$"
    rf"|^{_RANGE}*{_WHOLE}$"
)
_OPEN_TAIL = re.compile(
    rf"等{_RANGE}?{_ADJECTIVE}*(?:部门|单位|镇街|街镇|乡镇|镇办|机构|企业|科室|园区)?$"
)
_BARE_TAIL = re.compile(r"(?<=[局委办院会])(?:部门|单位)$")
_LEADING = re.compile(r"^(?:[，,；;、。\s:：]|并?由(?=\S)|请(?=\S)|以及|及|和|与)+")
_SEPARATOR = re.compile(r"[、，,；;/／\s\u3000]+")
_CONJUNCTION = re.compile(r"以及|暨|及|和|与")
_BRACKET = re.compile(r"[（(〔\[【]([^（）()〔〕\[\]【】]*)[）)〕\]】]")


@dataclass(frozen=True, slots=True)
class Names:
    """A list of units read: the units as written, the words of its open part, its oddities."""

    units: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()  # neither a known unit nor shaped like one
    bare: tuple[str, ...] = ()  # 「某局部门」: the 等 is missing
    marked: tuple[str, ...] = ()  # units that carry （牵头） themselves


Known = Callable[[str], bool]


def read_names(text: str, known: Known) -> Names:
    """Cut a list of units; `known` says whether a name stands in the register."""
    text = _LEADING.sub("", text).rstrip("，,；;、。 　")
    units: list[str] = []
    scope: list[str] = []
    bare: list[str] = []
    marked: list[str] = []
    tail = _OPEN_TAIL.search(simplified(text))
    if tail and tail.start():
        text, tail_words = text[: tail.start()], text[tail.start() :]
    else:
        tail_words = ""
    for piece in _pieces(text, known):
        name, remark = _outer(piece)
        plain = simplified(name)
        if _COLLECTIVE.match(plain):
            scope.append(piece)
        elif (cut := _BARE_TAIL.search(plain)) and not known(name):
            units.append(name[: cut.start()])
            bare.append(name)
        elif name:
            units.append(name)
        if "牵头" in simplified(remark) and units:
            marked.append(units[-1])
    if tail_words:
        scope.append(tail_words)
    odd = tuple(name for name in units if not (known(name) or unit_like(name)))
    return Names(_once(units), _once(scope), odd, _once(bare), _once(marked))


def unit_like(name: str) -> bool:
    """Whether a word ends as the names of public bodies end, or names a whole class of them."""
    plain = simplified(name)
    shaped = 3 <= len(plain) <= 30 and _ENDS.search(plain)
    return bool(shaped or _COLLECTIVE.match(plain))


def _pieces(text: str, known: Known) -> list[str]:
    shielded = _BRACKET.sub(lambda found: _SEPARATOR.sub("\x00", found[0]), text)
    found = []
    for piece in _SEPARATOR.split(shielded):
        restored = piece.replace("\x00", "、").strip()
        if restored:
            found.extend(_parted(_LEADING.sub("", restored) or restored, known))
    return found


def _parted(piece: str, known: Known) -> list[str]:
    """Cut at 及 和 与 only when a body stands on both sides: 自然资源和规划局 stays whole."""
    if known(piece) or _BRACKET.search(piece):
        return [piece]
    for joint in _CONJUNCTION.finditer(piece):
        left, right = piece[: joint.start()], piece[joint.end() :]
        if _stands(left, known) and (_stands(right, known) or _CONJUNCTION.search(right)):
            return [left, *_parted(right, known)]
    return [piece]


def _stands(name: str, known: Known) -> bool:
    return known(name) or (len(name) >= 3 and unit_like(name))


def _outer(piece: str) -> tuple[str, str]:
    remark = "".join(_BRACKET.findall(piece))
    return _BRACKET.sub("", piece).strip(), remark


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
