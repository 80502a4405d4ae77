"""A plan document, whole: finds its tasks among its numbered lines and reads each of them."""

import re
from collections.abc import Mapping
from dataclasses import replace

from routing.hanzi import simplified
from routing.plan.dates import date_in, plan_year
from routing.plan.duties import Duties, read_all
from routing.plan.model import Note, Plan, PlanRefused, Task
from routing.plan.naming import Naming
from routing.plan.outline import Block, outline, split_title
from routing.plan.picking import Item, left_out, pick
from routing.plan.targets import read_targets
from routing.plan.text import decode, tidy
from routing.units import Register

_TITLE_END = re.compile(
    r"(?:方案|计划|措施|清单|意见|要点|办法|分工|行动|规划|举措|条)(?:（[^）]*）|\([^)]*\))?$"
)
_TOLD = 10  # repeated numbers named one by one; more are a sign of a deeper fault
_NOT_A_TITLE = re.compile(r"^(?:附件|附|抄送|主送|各)|[。；]")


def read(
    source: str | bytes,
    *,
    register: Register | None = None,
    confirmations: Mapping[str, str] | None = None,
) -> Plan:
    """Read a plan's text, or its bytes; raises PlanRefused, with nothing half read."""
    text = decode(source) if isinstance(source, bytes) else source
    lines = tidy(text)
    tree = outline(lines)
    title = _title(tree)
    year = plan_year(title, text)
    items = pick(tree)
    naming = Naming(register or Register(), confirmations or {})
    duties = [_duties(item, naming) for item in items]
    naming.settle(name for duty in duties for name in (*duty.leads, *duty.supports))
    tasks = tuple(_task(i, d, naming, year) for i, d in zip(items, duties, strict=True))
    parents = {item.block.parent for item in items}
    sections = tuple(block.path() for block in tree.within() if block.level and block in parents)
    return Plan(title, sections, _in_order(tasks), year, left_out(tree, items))


def _duties(item: Item, naming: Naming) -> Duties:
    duties = read_all((mark.words for mark in item.marks), naming.knows)
    # a unit that leads needs no second mention; 及 lists repeat it by habit
    duties.supports = [name for name in duties.supports if name not in duties.leads]
    return duties


def _task(item: Item, duties: Duties, naming: Naming, year: int | None) -> Task:
    paragraphs = [words for words in item.paragraphs if words]
    title, rest = split_title(paragraphs) if paragraphs else (item.block.label, [])
    body = "\n".join(rest)
    by = date_in(simplified(duties.by), year) or duties.by
    targets, doubts = read_targets("。".join([title, *rest]), title, year)
    dated = tuple(t if t.by else replace(t, by=by) for t in targets)
    leads, lead_notes = naming.canonical(duties.leads, item.source)
    supports, support_notes = naming.canonical(duties.supports, item.source)
    partners, _ = naming.canonical(duties.coordinates, item.source, outside=True)
    notes = [*item.notes, *_sourced(duties, item.source), *lead_notes, *support_notes, *doubts]
    if item.marks and not leads:
        notes.append(Note("no_lead", "未找到牵头或责任单位", item.source))
    if by and not targets:
        notes.append(Note("deadline", f"完成时限：{by}", item.source))
    return Task(
        number=item.number,
        title=title,
        section=item.block.parent.path() if item.block.parent else (),
        body=body,
        leads=leads,
        supports=tuple(name for name in supports if name not in leads),
        supports_all=bool(duties.scope),
        supports_scope="、".join(duties.scope),
        coordinates=partners,
        targets=dated,
        notes=tuple(dict.fromkeys(notes)),
        by=by,
        line=item.block.line,
    )


def _sourced(duties: Duties, source: str) -> list[Note]:
    return [replace(note, source=source) for note in duties.notes]


def _in_order(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    lines: dict[int, list[int]] = {}
    for task in tasks:
        lines.setdefault(task.number, []).append(task.line)
    twice = {number: where for number, where in lines.items() if len(where) > 1}
    if twice:
        words = "；".join(
            f"任务编号 {number} 重复：" + "与".join(f"第 {line} 行" for line in where)
            for number, where in list(twice.items())[:_TOLD]
        )
        raise PlanRefused("duplicate_number", words, where=next(iter(twice.values()))[1])
    return tasks


def _title(tree: Block) -> str:
    lines = [line.strip("《》 　") for line in tree.paragraphs if len(line) <= 80]
    lines = [line for line in lines if not _NOT_A_TITLE.search(line)]
    named = [line for line in lines if _TITLE_END.search(simplified(line))]
    return (named or lines or [""])[0 if not named else -1]
