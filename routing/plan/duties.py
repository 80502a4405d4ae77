"""Who answers for a task: the words of its responsibility bracket or field lines, taken apart."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from routing.hanzi import simplified
from routing.plan.model import Note
from routing.plan.names import Known, Names, read_names, unit_like

_END = r"(?=$|[，,；;。、：:\s]|做好|相关|有关|各项|本|抓好)"
_ROLE = re.compile(
    r"(?P<lead>(?:为|是|作为|共同|联合|分别|总)*牵头(?:负责|组织|实施|落实|抓总|推进|办理|协调|单位|部门)*)"
    r"|(?P<support>按(?:照)?(?:各自|部门|职责|职能|任务|工作|分工|分别|共同)*"
    r"(?:负责|落实|配合|推进|实施|开展|做好|抓好)*"
    r"|(?:为|是|积极|密切|协同|共同|协助|主动)*(?:配合|协助|协办|参与|参加|协同)"
    r"(?:落实|实施|推进|单位|部门)*|支持" + _END + ")"
    r"|(?P<own>(?:为|是|具体|分别|共同|分工|组织|抓好|各自)*"
    r"(?:负责(?:落实|实施|推进|组织实施)?|(?:责任|主办|主责)单位|主办|承办|(?:落实|实施|推进)"
    + _END
    + "))"
)
_COORDINATE = re.compile(
    r"(?<![统牵])(?<!牵头)(?<!统筹)协调(?P<who>[^，,；;。]{2,60}?)"
    r"(?:做好|配合|开展|落实|推进|支持|完成|解决|办理|抓好|共同)[^，,；;。]*|"
    r"(?<![统牵])(?<!牵头)(?<!统筹)协调(?P<rest>[^，,；;。]{3,60})"
)
_LABEL = re.compile(
    r"(?:(?P<lead>牵头|主办|主责|主管)|(?P<own>责任|承办|实施|落实|负责)"
    r"|(?P<coordinate>协调)|(?P<support>配合|协办|协同|协助|参与|参加|支持|联合))"
    r"(?:责任|落实|实施|配合|协办|参与|主体)*(?:单位|部门|科室|处室|机构)?(?:名称)?\s*[:：]"
    r"|(?P<by>(?:完成|办结|整改|落实|时间)?(?:时限|期限|时间|时间节点|时间要求|时间安排)\s*[:：])"
    r"|(?P<person>(?:责任|牵头|分管|包抓|联系|主管|市级|区级|县级)*(?:领导|负责人|责任人|联系人)\s*[:：])"
    r"|(?P<other>(?:工作|任务|主要)?(?:目标|措施|标准|成果|任务|要求|内容)\s*[:：])"
)
_DATE = (
    r"(?:(?:20\d\d|今|本|当)年)?(?:\d{1,2}月(?:\d{1,2}日|底|末|上旬|中旬|下旬|份)?|年?[底末]|年内|上半年|下半年"
    r"|第?[一二三四1-4]季度[末底]?)(?:之?前|以?内)?|20\d\d年(?:全年|[底末]前?)?|(?:全年|长期|持续|常态化)+|立即"
)
_BY = re.compile(
    rf"(?:^|(?<=[，,；;。、：:\s]))(?:于|在|到|至|力争)?({_DATE})"
    r"(?:全面|基本|全部)*(?:完成|落实|到位|办结|建成|坚持|推进|实施|开展)*(?=$|[，,；;。])"
)
_WITH = re.compile(r"会同|联合(?!会|国)|商(?=[市区县])")
_STOPS = " ，,；;、。:：\u3000"


@dataclass(slots=True)
class Duties:
    """Roles as written; resolving names is the reader's work."""

    leads: list[str] = field(default_factory=list)
    supports: list[str] = field(default_factory=list)
    scope: list[str] = field(default_factory=list)
    coordinates: list[str] = field(default_factory=list)
    by: str = ""
    notes: list[Note] = field(default_factory=list)

    def add(self, other: "Duties") -> None:
        for name in ("leads", "supports", "scope", "coordinates", "notes"):
            mine = getattr(self, name)
            mine.extend(item for item in getattr(other, name) if item not in mine)
        self.by = self.by or other.by


def looks_like_duty(text: str) -> bool:
    """Whether the words of a bracket speak of responsibility and name somebody for it."""
    plain = simplified(text)
    if found := _LABEL.search(plain):
        return not found["other"]
    head = next((m for m in _ROLE.finditer(plain) if m.start()), None)
    if head is None:
        return False
    names = read_names(text[: head.start()], lambda _: False)
    return bool(names.scope) or any(unit_like(name) for name in names.units)


def has_label(text: str) -> bool:
    found = _LABEL.search(simplified(text))
    return bool(found and not found["other"])


def read_all(marks: Iterable[str], known: Known) -> Duties:
    """The duties of a task's marks together: field lines complete one another."""
    words = list(marks)
    if any(map(has_label, words)):
        return read_duties("；".join(words), known)
    duties = Duties()
    for mark in words:
        duties.add(read_duties(mark, known))
    return duties


def read_duties(text: str, known: Known) -> Duties:
    """Take the words of one responsibility mark apart into roles, date and doubts."""
    duties = Duties()
    text = _take_date(text, duties)
    plain = simplified(text)
    labels = list(_LABEL.finditer(plain))
    if not labels:
        _sentence(text, duties, known)
        return duties
    if head := text[: labels[0].start()].strip(_STOPS):
        _sentence(head, duties, known)
    ends = [label.start() for label in labels[1:]] + [len(text)]
    values = [
        (str(label.lastgroup), text[label.end() : end].strip(_STOPS))
        for label, end in zip(labels, ends, strict=True)
    ]
    named = bool(duties.leads) or any(role == "lead" and value for role, value in values)
    for role, value in values:
        _field(role, value, duties, known, lead_named=named)
    return duties


def _take_date(text: str, duties: Duties) -> str:
    found = _BY.search(simplified(text))
    if not found:
        return text
    duties.by = found[1]
    return f"{text[: found.start()]}{text[found.end() :]}"


def _field(role: str, value: str, duties: Duties, known: Known, *, lead_named: bool) -> None:
    if not value or role == "other":
        return
    if role == "by":
        duties.by = duties.by or value
    elif role == "person":
        duties.notes.append(Note("people_dropped", "责任人姓名不导入"))
    elif _ROLE.search(simplified(_unbracketed(value))):
        _sentence(value, duties, known)
    else:
        names = read_names(value, known)
        if names.marked:
            _take("lead", Names(units=names.marked), duties)
            names = _without(names, names.marked)
            role = "support"
        if role == "own" and lead_named:
            role = "support"
        elif role == "own" and len(names.units) > 1:
            duties.notes.append(_joint(value))
        _take("lead" if role == "own" else role, names, duties)


def _sentence(text: str, duties: Duties, known: Known) -> None:
    """「A牵头，B、C等部门按职责分工负责」 and its kin."""
    plain = simplified(text)
    for found in _COORDINATE.finditer(plain):
        start, end = found.span("who" if found["who"] else "rest")
        _take("coordinate", read_names(text[start:end], known), duties)
    text = "".join(_outside(text, [found.span() for found in _COORDINATE.finditer(plain)]))
    groups = _groups(text) or _names_alone(text)
    led = any(role == "lead" for role, _ in groups)
    owned = led or bool(duties.leads)
    for role, words in groups:
        assigned = _assigned(role, owned=owned, alone=len(groups) == 1)
        first, *others = _WITH.split(words)
        names = read_names(first, known)
        shared = role == "support" and assigned == "lead" and len(names.units) > 1
        if shared:
            duties.notes.append(_joint(text))
        _take(assigned, names, duties)
        for other in others:
            _take("support", read_names(other, known), duties)
        owned = owned or assigned == "lead"


def _names_alone(text: str) -> list[tuple[str, str]]:
    """A bracket that holds nothing but units says who acts together."""
    return [("support", text)] if names_only(text) else []


def names_only(text: str) -> bool:
    """Whether the words are a list of units and nothing else."""
    names = read_names(text, lambda _: False)
    return bool(names.units) and not names.odd


def _assigned(role: str, *, owned: bool, alone: bool) -> str:
    if role == "own":
        return "support" if owned else "lead"
    return "lead" if role == "support" and alone and not owned else role


def _groups(text: str) -> list[tuple[str, str]]:
    """Each role with the names before it; names with no role after them only support."""
    found: list[tuple[str, str]] = []
    at = 0
    for role in _ROLE.finditer(simplified(text)):
        words = text[at : role.start()].strip(_STOPS)
        if words:
            found.append((str(role.lastgroup), words))
        at = role.end()
    rest = text[at:].strip(_STOPS)
    if found and rest and unit_like(rest.split("、")[0]):
        found.append(("support", rest))
    return found


def _take(role: str, names: Names, duties: Duties) -> None:
    target = {
        "lead": duties.leads,
        "support": duties.supports,
        "coordinate": duties.coordinates,
    }[role]
    target.extend(name for name in names.units if name not in target)
    if role == "coordinate":
        target.extend(words for words in names.scope if not words.startswith("等"))
    else:
        duties.scope.extend(words for words in names.scope if words not in duties.scope)
    duties.notes.extend(
        Note("missing_etc", f"“{name}”疑漏“等”字，按列名单位导入，未作“等部门”处理", name, name)
        for name in names.bare
    )
    duties.notes.extend(
        Note("doubtful_name", f"“{name}”不像单位全称，请核对", name, name) for name in names.odd
    )


def _joint(source: str) -> Note:
    return Note("lead_not_named", "未写明牵头单位：所列单位均作责任单位，首位为主", source)


def _without(names: Names, taken: tuple[str, ...]) -> Names:
    return Names(tuple(n for n in names.units if n not in taken), names.scope, names.odd)


def _unbracketed(text: str) -> str:
    return re.sub(r"[（(〔\[][^（）()〔〕\[\]]*[）)〕\]]", "", text)


def _outside(text: str, spans: list[tuple[int, int]]) -> list[str]:
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return [*kept, text[at:]]
