"""What rules, their findings and their story are called on screens and in spreadsheets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from core.i18n import N_, translate
from intake.queries import categories
from routing import queries
from routing.cells import BY_KEY, COLUMNS, NOBODY, Lexicon, cells_of
from routing.proof import Finding
from routing.replay import PERSON
from routing.sheets import HEADS
from routing.tables import RulebookEdit, RulebookRow
from web import words

STATE = {
    "draft": N_("草案"),
    "pending": N_("待生效"),
    "deciding": N_("现行"),
    "retired": N_("已失效"),
    "discarded": N_("已放弃"),
}
ACT = {
    "start": N_("起草"),
    "add": N_("新增规则"),
    "change": N_("修改规则"),
    "delete": N_("删除规则"),
    "move": N_("调整次序"),
    "import": N_("从表格导入"),
    "plan": N_("改用另一版方案"),
    "publish": N_("发布"),
    "withdraw": N_("撤回发布"),
    "discard": N_("放弃草案"),
    "retire": N_("由下一版接替"),
}
KIND = {"added": N_("新增"), "removed": N_("删除"), "changed": N_("修改")}
ENTERPRISE = {
    "micro": N_("微型企业"),
    "small": N_("小型企业"),
    "medium": N_("中型企业"),
    "large": N_("大型企业"),
    "individual": N_("个体工商户"),
    "foreign": N_("外资企业"),
    "state": N_("国有企业"),
    "association": N_("协会商会"),
}
CHANNEL = words.CHANNEL | {
    "letter": N_("来信"),
    "wechat": N_("微信"),
    "supervisor": N_("监督员转来"),
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "kind": words.REQUEST,
    "channel": CHANNEL,
    "enterprise": ENTERPRISE,
    "urgency": words.URGENCY,
    "ground": words.GROUND,
}
FINDING = {
    "gap": N_("没有规则适用的情形，会转人工研判"),
    "conflict": N_("两条规则次序相同、同时适用而结果不同"),
    "shadowed": N_("前面的规则已全部覆盖，永不适用"),
    "duplicate_id": N_("规则编号重复"),
    "unknown_task": N_("方案中没有任务 {value}"),
    "no_lead": N_("任务 {value} 没有牵头单位"),
    "unknown_unit": N_("单位名录中没有“{value}”"),
    "closed_unit": N_("“{value}”已撤销或尚未设立"),
    "not_analysed": N_("情形过多，有 {value} 个类别未能分析"),
    "base_changed": N_("起草之后发布过 {value}，发布本草案会撤掉它的改动"),
}
OTHER_FINDING = N_("没有这个值：{value}")
UNSTATED = N_("未说明")
WITNESS = {"amount": N_("金额"), "day": N_("日期")}
Leads = Mapping[int | None, Sequence[str]]


def labels(session: Session, language: str) -> dict[str, dict[str, str]]:
    """The words of every closed column by code: what `Lexicon` is given."""
    rows = categories(session)
    named = {row.code: row.name_en if language == "en" else row.name for row in rows}
    made = {
        name: {code: translate(language, word) for code, word in table.items()}
        for name, table in TABLES.items()
    }
    return made | {"category": named, "caution": named}


def head(column: str, language: str) -> str:
    """What a column is called."""
    return translate(language, HEADS.get(column, column))


def value(column: str, texts: Sequence[str], lexicon: Lexicon, language: str) -> str:
    """A cell in words."""
    if tuple(texts) == (NOBODY,):
        return translate(language, "无")
    comma = ", " if language == "en" else "、"
    return comma.join(lexicon.label(BY_KEY[column], text) for text in texts)


def rule(row: Mapping[str, Any], lexicon: Lexicon, leads: Leads, language: str) -> dict[str, Any]:
    """A rule as the table shows it: its conditions one by one, and where it leads."""
    cells = cells_of(row)
    shown = [
        (
            column,
            head(column.key, language),
            value(column.key, cells[column.key], lexicon, language),
        )
        for column in COLUMNS
        if column.key in cells
    ]
    ground, lead = row["then"].get("ground", ""), row["then"].get("lead", "")
    task = row["then"].get("task")
    names = [lexicon.label(BY_KEY["lead"], lead)] if lead else list(leads.get(task, ()))
    return {
        "id": row["id"],
        "rank": row["rank"],
        "reason": row["reason"],
        "when": [(name, text) for column, name, text in shown if column.part == "when"],
        "then": [
            (name, text)
            for column, name, text in shown
            if column.part == "then" and column.key not in {"task", "lead", "ground"}
        ],
        "task": task,
        "leads": names,
        "ground": lexicon.label(BY_KEY["ground"], ground) if ground else "",
    }


def leads_of(session: Session, plan: str) -> dict[int | None, list[str]]:
    """Who leads each task of a plan, as the plan names them."""
    return {task.number: list(task.leads) for task in queries.tasks(session, plan)}


def finding(found: Finding, lexicon: Lexicon, language: str) -> dict[str, Any]:
    """A finding in words, with the circumstance that shows it."""
    about = found.about
    if found.code in {"unknown_unit", "closed_unit"}:
        about = lexicon.label(BY_KEY["lead"], about)
    return {
        "code": found.code,
        "text": translate(language, FINDING.get(found.code, OTHER_FINDING), value=about),
        "rules": found.rules,
        "witness": _witness(found.witness, lexicon, language),
    }


def _witness(shown: Mapping[str, Any], lexicon: Lexicon, language: str) -> list[tuple[str, str]]:
    """Each thing that is so in the circumstance, in words."""
    heads = {"amount": "amount_from", "day": "day_from", "text": "words"}
    lines = []
    for name, item in shown.items():
        column = BY_KEY.get(heads.get(name, name))
        if column is None:
            continue
        if item in {None, ""}:
            continue  # not stated: true of most circumstances, and it shows nothing
        text = lexicon.label(column, str(item))
        label = (
            translate(language, WITNESS[name]) if name in WITNESS else head(column.key, language)
        )
        lines.append((label, text))
    return lines


def place(code: str, lexicon: Lexicon, language: str) -> str:
    """Where a replayed ticket goes, in words."""
    if not code.startswith(PERSON):
        return lexicon.label(BY_KEY["lead"], code)
    ground = words.ground(language, code.removeprefix(PERSON))
    return translate(language, "人工研判：{ground}", ground=ground)


def state_of(row: RulebookRow, deciding: str | None, now: datetime) -> str:
    """The word's code for where a version stands."""
    if row.state == "draft":
        return "draft"
    if row.effective_from is None:
        return "discarded"
    if row.effective_from > now:
        return "pending"
    return "deciding" if row.version == deciding else "retired"


def step(edit: RulebookEdit, lexicon: Lexicon, language: str) -> dict[str, Any]:
    """A line of a draft's story: what was done, and each cell that became another."""
    lines = []
    if edit.rule is not None:
        old, new = cells_of(edit.before or {}), cells_of(edit.after or {})
        lines = [
            {
                "head": head(column.key, language),
                "before": value(column.key, old.get(column.key, ()), lexicon, language),
                "after": value(column.key, new.get(column.key, ()), lexicon, language),
            }
            for column in COLUMNS
            if column.key != "id" and old.get(column.key, ()) != new.get(column.key, ())
        ]
    return {
        "act": edit.act,
        "word": translate(language, ACT[edit.act]),
        "rule": edit.rule or "",
        "lines": lines,
        "after": edit.after if edit.rule is None and edit.after else {},
        "reason": edit.reason or "",
        "at": edit.at,
        "by": edit.by,
    }
