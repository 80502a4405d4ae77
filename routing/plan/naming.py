"""One name for one unit: the register's, or the document's own; likely slips are reported."""

from collections import Counter
from collections.abc import Iterable, Mapping

from routing.hanzi import confusable, one_off, simplified, telling
from routing.plan.model import Note
from routing.units import Register

# what county bodies are commonly called: two of these are two bodies, however alike they look
_COMMON_WORDS = """
发改 发展和改革 发展改革 财政 民政 商务 税务 工信 工业和信息化 教育 体育 教体 科技 公安 司法
人社 住建 交通 交通运输 水利 水务 农业农村 林业 文旅 文化和旅游 卫健 卫生健康 审计 应急管理
市场监管 统计 信访 医保 行政审批 政务服务 金融 招商 环保 生态环境 自然资源 城管 城管执法
大数据 民宗 退役军人 机关事务 党校 档案 气象 烟草 邮政 供电 消防 地税 国税 国资 粮食 扶贫
乡村振兴 经信 经发 贸促 外事 侨务 科协 残联 文联 妇联 工商 质监 药监 食药 人防 物价 房管 规划
园林 法制 宣传 组织 统战 政法 编 纪检 政府 法院 检察院 政研 督查
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Naming:
    """Names as written in one document, each answered by the name it should carry."""

    def __init__(self, register: Register, confirmations: Mapping[str, str]) -> None:
        self.register = register
        self.confirmations = {simplified(k): v for k, v in confirmations.items()}
        self._spelling: dict[str, str] = {}
        self._often: Counter[str] = Counter()

    def knows(self, name: str) -> bool:
        return bool(self.register.resolve(name)) or simplified(name) in self.confirmations

    def settle(self, names: Iterable[str]) -> None:
        """Learn how this document writes its units; the usual spelling becomes the name."""
        spellings = Counter(names)
        for name, often in spellings.items():
            self._often[simplified(name)] += often
        for name, _ in sorted(spellings.items(), key=lambda item: (item[1], item[0])):
            self._spelling[simplified(name)] = name

    def canonical(
        self, names: Iterable[str], source: str, *, outside: bool = False
    ) -> tuple[tuple[str, ...], list[Note]]:
        """The names to carry, in order and once each, and what is doubtful about them."""
        found: list[str] = []
        notes: list[Note] = []
        for name in names:
            right, remarks = self._one(name, source, outside=outside)
            found.append(right)
            notes.extend(remarks)
        return tuple(dict.fromkeys(found)), notes

    def _one(self, name: str, source: str, *, outside: bool) -> tuple[str, list[Note]]:
        key = simplified(name)
        if meant := self.confirmations.get(key):
            return meant, [self._settled(name, meant, source)]
        if unit := self.register.resolve(name):
            return unit.name, []
        written = self._spelling.get(key, name)
        if outside:
            return written, []
        near = self._near(key)
        if near:
            words = f"“{name}”疑为“{'”或“'.join(near)}”之误，未合并，请确认"
            return written, [Note("misspelling", words, source, name, near)]
        if len(self.register):
            words = f"“{name}”不在单位名录中，按原文导入"
            return written, [Note("unknown_unit", words, source, name)]
        return written, []

    def _settled(self, name: str, meant: str, source: str) -> Note:
        if simplified(meant) == simplified(name):
            return Note("kept_name", f"“{name}”经确认按原文保留", source, name)
        words = f"“{name}”按已确认的更正记作“{meant}”"
        return Note("confirmed_misspelling", words, source, name)

    def _near(self, key: str) -> tuple[str, ...]:
        if _common(key):
            return ()
        known = tuple(unit.name for unit in self.register.near(key))
        return known or tuple(
            self._spelling[other] for other in self._often if self._slip(key, other)
        )

    def _slip(self, rare: str, usual: str) -> bool:
        """Whether `rare` looks like a slip for `usual`, going by sound, shape and frequency."""
        differing = one_off(rare, usual) if min(len(rare), len(usual)) > 3 else None
        if differing is None or self.register.resolve(rare):
            return False
        if "" in differing:
            ends = rare.endswith(usual) or usual.endswith(rare)
            return len(rare) > 5 and not ends and self._rarer(rare, usual)
        if telling(*differing):
            return False
        alike = confusable(*differing) and self._often[rare] <= self._often[usual]
        return alike or self._rarer(rare, usual)

    def _rarer(self, rare: str, usual: str) -> bool:
        return self._often[rare] * 3 <= self._often[usual]


def _common(name: str) -> bool:
    core = name.removesuffix("局").removesuffix("办").removesuffix("委").removesuffix("分")
    return core in _COMMON or core[1:] in _COMMON
