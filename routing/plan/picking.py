"""Which numbered lines are tasks: those that say who answers, and their silent neighbours."""

import re
from dataclasses import dataclass, field

from routing.hanzi import simplified
from routing.plan.marks import Mark, Marked, closing_sentence, find_marks
from routing.plan.model import Note, PlanRefused
from routing.plan.outline import Block

_IN_FORCE = re.compile(r"^本[^，。]{1,12}自[^。]{0,20}(?:施行|实施|执行)")
_NOT_TASKS = re.compile(
    r"总体要求|总体思路|指导思想|基本原则|目标|保障|组织领导|工作要求|步骤|时间安排|有关要求|附则|背景|意义"
)
# people's names stay in the document
_PERSON = re.compile(
    r"(?:责任|牵头|分管|包抓|联系|主管|[市区县]级)*(?:领导|负责人|责任人|联系人)\s*[:：][^；;。]*[；;]?"
)
_MOST_BLOCKS = 5000
_SECTION_LEVEL = 3  # 一、 and （一） may head sections; 1. and below do not


@dataclass(slots=True)
class Item:
    """A task as picked: its block, its words without marks, the marks."""

    block: Block
    number: int
    paragraphs: list[str]
    marks: tuple[Mark, ...]
    notes: list[Note] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The words the doubts are about: the responsibility marks, or the task's opening."""
        words = "；".join(mark.words for mark in self.marks) or "".join(self.paragraphs)[:60]
        return _PERSON.sub("", words)


def pick(tree: Block) -> list[Item]:
    """The plan's tasks in the order of the document; refuses a text without any."""
    blocks = [block for block in tree.within() if block.level]
    if not blocks:
        raise PlanRefused("no_tasks", "没有找到带编号的任务；请确认这是方案正文")
    if len(blocks) > _MOST_BLOCKS:
        raise PlanRefused("too_many", f"编号行超过 {_MOST_BLOCKS} 个，请确认这是方案正文")
    answering = {block for block in blocks if find_marks(block.paragraphs).answers}
    answering = answering or {b for b in blocks if closing_sentence(b.paragraphs)}
    if not answering:
        where = blocks[0].line
        raise PlanRefused(
            "no_duty", "没有任何任务写明牵头或责任单位，无法作为方案导入", where=where
        )
    lifted = _lifted(blocks, answering)
    items = [_item(block) for block in _tasks(tree, answering, lifted)]
    _drop_closing_words(items)
    _number(items)
    return items


def left_out(tree: Block, items: list[Item]) -> tuple[Note, ...]:
    """Numbered lines that were not taken for tasks, nor for a part or a heading of one."""
    covered: set[Block] = set()
    for item in items:
        covered.update(item.block.within())
        above = item.block.parent
        while above is not None:
            covered.add(above)
            above = above.parent
    return tuple(
        Note("not_task", f"第 {block.line} 行有编号，未作任务", words, line=block.line)
        for block in tree.within()
        if block not in covered and (words := f"{block.label}{block.heading}")
    )


def _lifted(blocks: list[Block], answering: set[Block]) -> set[Block]:
    """Blocks answered for as a whole: every one of them has its mark after its last sub-item."""
    only_last: list[Block] = []
    otherwise: set[int] = set()
    for block in blocks:
        told = [child in answering for child in block.children]
        if len(told) > 1 and any(told):
            if told[-1] and sum(told) == 1 and block.level >= _SECTION_LEVEL:
                only_last.append(block)
            else:
                otherwise.add(block.level)
    lifted = {block for block in only_last if block.level not in otherwise}
    return lifted if len(lifted) > 1 else set()


def _tasks(parent: Block, answering: set[Block], lifted: set[Block]) -> list[Block]:
    found: list[Block] = []
    reaching = [child for child in parent.children if answering & set(child.within())]
    direct = [child for child in reaching if child in answering or child in lifted]
    for child in parent.children:
        deeper = child in reaching and child not in lifted and _is_section(child, answering)
        if deeper and (child.level <= _SECTION_LEVEL or not direct):
            found.extend(_tasks(child, answering, lifted))
        elif child in reaching:
            found.append(child)
        elif reaching and not _NOT_TASKS.search(simplified(child.heading)):
            found.extend(_silent(child, beside_tasks=bool(direct), parent=parent))
    return found


def _is_section(block: Block, answering: set[Block]) -> bool:
    return any(answering & set(child.within()) for child in block.children)


def _silent(child: Block, *, beside_tasks: bool, parent: Block) -> list[Block]:
    """What stands among tasks, or in a section among sections of tasks, and names nobody."""
    if beside_tasks:
        return [child] if child.level >= _SECTION_LEVEL else []
    if not parent.level or _goal_above(child):
        return []
    return [grandchild for grandchild in child.children if grandchild.level > _SECTION_LEVEL]


def _goal_above(block: Block) -> bool:
    return any(_NOT_TASKS.search(simplified(heading)) for heading in block.path())


def _item(block: Block) -> Item:
    words = [*block.paragraphs]
    for inner in block.within()[1:]:
        first, *rest = inner.paragraphs or [""]
        words.extend([inner.label + first, *rest])
    while words and _IN_FORCE.match(simplified(words[-1])):
        words.pop()  # the document's last words, not its last task's
    marked = find_marks(words)
    notes: list[Note] = []
    if not marked.answers and (told := closing_sentence(words)):
        marked = Marked(told.paragraphs, (*marked.marks, *told.marks))
        notes.append(Note("unbracketed", "责任分工不是通常写法，由末句识别", told.marks[0].words))
    item = Item(block, block.number, list(marked.paragraphs), marked.marks, notes)
    if not marked.answers:
        notes.append(Note("no_duty", f"第 {block.line} 行的任务没有写明责任单位", item.source))
    elif sum(_leads(mark) for mark in marked.marks) > 1:
        notes.append(Note("several_marks", "同一任务有多处责任分工，已合并", item.source))
    return item


def _leads(mark: Mark) -> bool:
    return "牵头" in simplified(mark.words)


def _drop_closing_words(items: list[Item]) -> None:
    """Text after the mark is the task's body when most tasks have some; else it closes the plan."""
    trailing = [item for item in items if item.marks and any(_after(item))]
    if len(trailing) * 2 >= len(items) and len(items) > 1:
        return
    for item in trailing:
        item.paragraphs = item.paragraphs[: _last(item) + 1]


def _after(item: Item) -> list[str]:
    return item.paragraphs[_last(item) + 1 :]


def _last(item: Item) -> int:
    return max(mark.paragraph for mark in item.marks)


def _number(items: list[Item]) -> None:
    """Keep the printed numbers; where they start again in every section, count through."""
    levels = [item.block.level for item in items]
    main = max(set(levels), key=lambda level: (levels.count(level), level))
    counted = [item for item in items if item.block.level == main]
    if _restarts(counted):
        for number, item in enumerate(items, start=1):
            item.notes.append(_renumbered(item))
            item.number = number
        return
    following = max(item.number for item in counted)
    for item in items:
        if item.block.level != main:
            following += 1
            item.notes.append(_renumbered(item))
            item.number = following
    _note_gaps(counted)


def _restarts(items: list[Item]) -> bool:
    numbers: dict[Block | None, list[int]] = {}
    for item in items:
        numbers.setdefault(item.block.parent, []).append(item.number)
    flat = [item.number for item in items]
    return len(set(flat)) < len(flat) and all(
        group == list(range(1, len(group) + 1)) for group in numbers.values()
    )


def _renumbered(item: Item) -> Note:
    return Note("renumbered", f"原编号“{item.block.label}”在全文中不唯一，已按顺序编号")


def _note_gaps(items: list[Item]) -> None:
    previous = 0
    for item in items:
        if item.number != previous + 1:
            words = f"编号不连续：上一项为 {previous}，本项为 {item.number}"
            item.notes.append(Note("number_gap", words, item.block.label + item.block.heading))
        previous = item.number
