"""Facts told in sentences: one table from kinds to words, for every timeline on every page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.i18n import N_, instant, translate
from core.moments import local_day
from core.tables import Entry
from web import words


@dataclass(frozen=True, slots=True)
class Told:
    """A line: title, what it adds, an icon and a tone; `inner` is for colleagues only."""

    title: str
    detail: str = ""
    icon: str = "dot"
    tone: str = "plain"
    inner: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    title: str
    icon: str
    tone: str = "plain"
    inner: bool = False


LINES: Mapping[str, _Line] = {
    "ticket.received": _Line(N_("收到诉求"), "inbox"),
    "ticket.imported": _Line(N_("历史诉求导入"), "inbox"),
    "ticket.info_requested": _Line(N_("请补充材料"), "edit", "yellow"),
    "ticket.info_supplied": _Line(N_("已补充材料"), "edit"),
    "ticket.limit_given": _Line(N_("上级平台调整时限"), "clock", inner=True),
    "ticket.info_added": _Line(N_("企业补充说明"), "edit"),
    "ticket.accepted": _Line(N_("受理"), "check"),
    "ticket.refusal_proposed": _Line(N_("提出不予受理"), "x", inner=True),
    "ticket.refusal_declined": _Line(N_("不同意不予受理"), "x", inner=True),
    "ticket.rejected": _Line(N_("不予受理"), "x", "red"),
    "ticket.review_asked": _Line(N_("申请复核"), "edit", "yellow"),
    "ticket.review_upheld": _Line(N_("复核：维持原决定"), "check"),
    "ticket.review_overturned": _Line(N_("复核：撤销原决定，重新受理"), "redo", "green"),
    "ticket.referral_proposed": _Line(N_("提出转送有权机关"), "arrow", inner=True),
    "ticket.referral_declined": _Line(N_("不同意转送"), "x", inner=True),
    "ticket.referred": _Line(N_("转送其他渠道"), "arrow"),
    "ticket.answered": _Line(N_("当场答复"), "reply", "green"),
    "ticket.merged": _Line(N_("并入同一事项"), "list"),
    "ticket.unmerged": _Line(N_("撤销并单，单独办理"), "arrow"),
    "ticket.triage_needed": _Line(N_("转人工研判"), "person", "yellow", inner=True),
    "ticket.routed": _Line(N_("确定承办单位"), "route"),
    "ticket.held": _Line(N_("挂账"), "pause", "yellow"),
    "ticket.resumed": _Line(N_("恢复办理"), "arrow"),
    "ticket.hold_asked": _Line(N_("申请挂账"), "pause", "yellow", inner=True),
    "ticket.hold_refused": _Line(N_("不同意挂账"), "x", inner=True),
    "ticket.hold_prolonged": _Line(N_("继续挂账"), "pause", "yellow"),
    "ticket.reply_approved": _Line(N_("答复已送达企业"), "reply", "green"),
    "ticket.redo_ordered": _Line(N_("退回重新办理"), "redo", "yellow"),
    "ticket.callback_answered": _Line(N_("企业评价"), "star"),
    "ticket.callback_attempted": _Line(N_("回访未接通"), "phone", inner=True),
    "ticket.correction_opened": _Line(N_("差评整改"), "flag", "yellow"),
    "ticket.correction_contacted": _Line(N_("差评联系"), "phone"),
    "ticket.correction_answered": _Line(N_("整改答复"), "reply", "green"),
    "ticket.correction_rated": _Line(N_("整改后评价"), "star"),
    "ticket.closed": _Line(N_("办结"), "check", "green"),
    "ticket.reopened": _Line(N_("重新打开"), "redo", "yellow"),
    "ticket.finalised": _Line(N_("最终答复"), "check"),
    "ticket.withdrawn": _Line(N_("企业撤回"), "x"),
    "ticket.archived": _Line(N_("归档"), "list", inner=True),
    "ticket.noted": _Line(N_("内部备注"), "edit", inner=True),
    "ticket.unmasked": _Line(N_("查看联系信息"), "eye", inner=True),
    "ticket.subject_asked": _Line(N_("提出个人信息请求"), "shield"),
    "ticket.subject_decided": _Line(N_("个人信息请求已处理"), "shield"),
    "ticket.data_erased": _Line(N_("个人信息已删除"), "shield"),
    "order.issued": _Line(N_("派发承办单"), "dispatch"),
    "order.signed": _Line(N_("签收"), "check"),
    "order.return_asked": _Line(N_("申请退单"), "arrow", "yellow", inner=True),
    "order.returned": _Line(N_("同意退单"), "arrow", inner=True),
    "order.return_refused": _Line(N_("不同意退单"), "x", inner=True),
    "order.cancelled": _Line(N_("撤销承办单"), "x", inner=True),
    "order.recalled": _Line(N_("收回承办单"), "arrow", "yellow", inner=True),
    "order.assigned": _Line(N_("单位内部交办"), "person", inner=True),
    "order.partner_asked": _Line(N_("请区外单位协助"), "arrow", inner=True),
    "order.partner_answered": _Line(N_("区外单位答复"), "reply", inner=True),
    "order.contact_made": _Line(N_("联系企业"), "phone"),
    "order.stage_replied": _Line(N_("阶段反馈"), "reply", "blue"),
    "order.replied": _Line(N_("提交答复"), "reply", inner=True),
    "order.done": _Line(N_("承办完成"), "check", inner=True),
    "order.reminded": _Line(N_("催办"), "bell", "yellow", inner=True),
    "order.supervised": _Line(N_("下达督办单"), "flag", "red", inner=True),
    "order.supervision_answered": _Line(N_("回复督办单"), "reply", inner=True),
    "order.supervision_judged": _Line(N_("审定督办回复"), "check", inner=True),
    "order.supervision_lifted": _Line(N_("督办单终止"), "x", inner=True),
    "order.talk_held": _Line(N_("约谈"), "person", "red", inner=True),
    "clock.warned": _Line(N_("临期提醒"), "bell", "blue", inner=True),
    "clock.breached": _Line(N_("超过时限"), "clock", "red", inner=True),
    "order.escalated": _Line(N_("升级督办"), "clock", "red", inner=True),
    "clock.moved": _Line(N_("时限变更"), "clock"),
    "clock.extension_asked": _Line(N_("申请延期"), "clock", "yellow", inner=True),
    "clock.extension_refused": _Line(N_("不同意延期"), "x", inner=True),
}
# started and kept promises are shown as the clocks they are, not as lines of their own
SILENT = frozenset({"clock.started", "clock.met", "clock.cancelled", "clock.paused"})


def narrate(entry: Entry, language: str, names: Mapping[str, str]) -> Told | None:
    """The line of an entry, or None for what is not told."""
    line = LINES.get(entry.kind)
    if line is None or entry.kind in SILENT:
        return None
    if entry.kind == "clock.moved" and entry.facts["ground"] == "redispatched":
        return None
    teller = DETAILS.get(entry.kind)
    detail = teller(entry.facts, language, names) if teller else _unit(entry.facts, language, names)
    tone = _level_tone(entry.facts) if "level" in entry.facts else line.tone
    return Told(translate(language, line.title), detail, line.icon, tone, line.inner)


def _level_tone(facts: Mapping[str, Any]) -> str:
    return {"blue": "blue", "yellow": "yellow"}.get(facts["level"], "red")


Facts = Mapping[str, Any]
Names = Mapping[str, str]


def _unit(facts: Facts, _language: str, names: Names) -> str:
    code = facts.get("department") or facts.get("lead")
    return names.get(code, code) if code else ""


def _routed(facts: Facts, language: str, names: Names) -> str:
    lead = names.get(facts["lead"], facts["lead"])
    if facts["task"] is None:
        return lead
    return translate(language, "方案任务 {task} → {lead}", task=facts["task"], lead=lead)


def _issued(facts: Facts, language: str, names: Names) -> str:
    part = words.word(language, words.PART, facts["part"])
    return f"{part} · {names.get(facts['department'], facts['department'])}"


def _extension(facts: Facts, language: str, names: Names) -> str:
    unit = names.get(facts["department"], facts["department"])
    return f"{unit} · " + translate(language, "{days}个工作日", days=facts["days"])


def _clock(facts: Facts, language: str, names: Names) -> str:
    metric = words.word(language, words.METRIC, facts["metric"])
    level = words.word(language, words.LEVEL, facts["level"])
    unit = names.get(facts["department"] or "", "")
    return " · ".join(part for part in (metric, level, unit) if part)


def _parked(facts: Facts, language: str, _names: Names) -> str:
    ground = words.word(language, words.HOLD_GROUND, facts["ground"])
    until = instant(language, datetime.fromisoformat(facts["review_at"]))
    return f"{ground} · " + translate(language, "复核：{until}", until=until)


def _supervised(facts: Facts, language: str, names: Names) -> str:
    level = words.word(language, words.SUPERVISION, facts["level"])
    number = words.supervision_number(language, facts["year"], facts["serial"])
    unit = names.get(facts["department"], facts["department"])
    return f"{level} {number} · {unit}"


def _judged(facts: Facts, language: str, names: Names) -> str:
    unit = names.get(facts["department"], facts["department"])
    return f"{unit} · " + translate(language, "认可" if facts["enough"] else "要求补充")


def _talk(facts: Facts, language: str, names: Names) -> str:
    unit = names.get(facts["department"], facts["department"])
    return f"{unit} · {instant(language, datetime.fromisoformat(facts['held_at']))}"


def _moved(facts: Facts, language: str, _names: Names) -> str:
    return instant(language, datetime.fromisoformat(facts["due"])) if facts["due"] else ""


def _limited(facts: Facts, language: str, _names: Names) -> str:
    return instant(language, datetime.fromisoformat(facts["limit_at"]))


def _answers(facts: Facts, language: str, _names: Names) -> str:
    solved = facts["solved"]
    parts = []
    if solved is not None:
        parts.append(translate(language, "已解决" if solved else "未解决"))
    if facts["grade"] is not None:
        parts.append(words.grade(language, facts["grade"]))
    return " · ".join(parts)


def _contacted(facts: Facts, language: str, _names: Names) -> str:
    way = words.word(language, words.CALL_CHANNEL, facts["channel"])
    return f"{way} · " + translate(language, "已联系上" if facts["reached"] else "未联系上")


def _closed(facts: Facts, language: str, _names: Names) -> str:
    return words.word(language, words.RESULT, facts["result"])


def _received(facts: Facts, language: str, _names: Names) -> str:
    channel = words.word(language, words.CHANNEL, facts["channel"])
    return f"{channel} · {words.word(language, words.REQUEST, facts['request'])}"


def _claimed(facts: Facts, language: str, names: Names) -> str:
    claim = words.word(language, words.CLAIM, facts["claim"])
    return f"{names.get(facts['department'], facts['department'])} · {claim}"


def _from_card(facts: Facts, language: str, _names: Names) -> str:
    if facts.get("card") is None:
        return ""
    card, version = facts["card"], facts["card_version"]
    return translate(language, "依据知识卡片 {card} 第{version}版", card=card, version=version)


def _triage(facts: Facts, language: str, _names: Names) -> str:
    hint = facts["channel_hint"] or ""
    return f"{facts['ground']} {hint}".strip() if hint else words.ground(language, facts["ground"])


def _attempted(facts: Facts, language: str, _names: Names) -> str:
    way = words.word(language, words.CALL_CHANNEL, facts.get("channel", "phone"))
    return f"{way} · {words.word(language, words.CALL_RESULT, facts['result'])}"


def _subject(facts: Facts, language: str, _names: Names) -> str:
    parts = [words.word(language, words.WISH, facts["wish"])]
    if "granted" in facts:
        parts.append(translate(language, "同意" if facts["granted"] else "未同意"))
        parts.append(words.word(language, words.WISH_GROUND, facts["ground"]))
    return " · ".join(parts)


def _referred(facts: Facts, language: str, names: Names) -> str:
    target = names.get(facts["target"], facts["target"])
    return f"{target} · {words.ground(language, facts['ground'])}"


def _finalised(facts: Facts, language: str, _names: Names) -> str:
    return words.word(language, words.FINAL_GROUND, facts.get("ground") or None)


def _imported(facts: Facts, language: str, names: Names) -> str:
    days = (local_day(datetime.fromisoformat(facts[at])) for at in ("received_at", "closed_at"))
    parts = [" – ".join(map(str, days)), words.word(language, words.RESULT, facts["result"])]
    if facts["department"]:
        parts.append(names.get(facts["department"], facts["department"]))
    return " · ".join(parts)


DETAILS: Mapping[str, Callable[[Facts, str, Names], str]] = {
    "ticket.imported": _imported,
    "ticket.received": _received,
    "ticket.limit_given": _limited,
    "ticket.routed": _routed,
    "ticket.triage_needed": _triage,
    "ticket.answered": _from_card,
    "ticket.referral_proposed": _referred,
    "ticket.referred": _referred,
    "ticket.callback_answered": _answers,
    "ticket.correction_contacted": _contacted,
    "ticket.correction_rated": _answers,
    "ticket.closed": _closed,
    "ticket.finalised": _finalised,
    "order.issued": _issued,
    "order.replied": _claimed,
    "clock.warned": _clock,
    "clock.breached": _clock,
    "order.escalated": _clock,
    "clock.moved": _moved,
    "clock.extension_asked": _extension,
    "ticket.held": _parked,
    "ticket.hold_asked": _parked,
    "ticket.hold_prolonged": _parked,
    "order.supervised": _supervised,
    "order.supervision_judged": _judged,
    "order.talk_held": _talk,
    "ticket.callback_attempted": _attempted,
    "ticket.subject_asked": _subject,
    "ticket.subject_decided": _subject,
}
