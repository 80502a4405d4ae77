"""Proves a rulebook: every category, in every circumstance, reaches exactly one outcome.

The conditions are closed, so a rule is a box in a finite space and coverage is exact algebra,
not sampling. Words are opaque: a rule with words never covers anything, it only takes part.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, groupby
from typing import Any

from routing.boxes import Axis, Box, TooManyBoxes, meet, remainder
from routing.rules import (
    Is,
    Mentions,
    OneOf,
    Outcome,
    Rule,
    Rulebook,
    Within,
    allowed_values,
    in_words,
    leads_of,
)
from routing.units import Register
from routing.vocabulary import Vocabulary

BOX_LIMIT = 5_000
_UNSTATED = ""
_ALWAYS_STATED = frozenset({"kind", "urgency"})
_COLUMNS = ("kind", "place", "channel", "respondent", "enterprise", "urgency", "caution")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, with the rules concerned and one circumstance that shows it."""

    code: str
    rules: tuple[str, ...]
    message: str
    witness: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""  # the word, unit or task that is wrong, for sentences in other languages


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof's result; `ok` only when everything was analysed and nothing was found."""

    version: str
    categories: int
    rules: int
    findings: tuple[Finding, ...]
    reaches: Mapping[str, tuple[str, ...]]
    opaque: tuple[str, ...] = ()  # rules with words: they may fire, nothing more can be proved

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def analysed(self) -> bool:
        return not any(finding.code == "not_analysed" for finding in self.findings)


@dataclass(slots=True)
class _Row:
    rule: Rule
    box: Box
    opaque: bool


def check(
    book: Rulebook,
    vocabulary: Vocabulary,
    register: Register,
    day: date,
    *,
    limit: int = BOX_LIMIT,
) -> Certificate:
    """Every gap, conflict, shadowed rule, unknown word, and unknown or closed unit of the book."""
    axes = _axes(book.rules, vocabulary)
    rows = [_row(rule, axes) for rule in sorted(book.rules, key=lambda r: (r.rank, r.id))]
    findings = [*_duplicates(book.rules), *_unknown_words(book, vocabulary)]
    findings.extend(_unit_findings(book, register, day))
    reached: set[str] = set()
    unsure: set[str] = set()
    reaches: dict[str, tuple[str, ...]] = {}
    for names, applying in _by_category(rows, vocabulary.categories):
        walk = _Walk(axes, names, limit)
        walk.through(applying)
        findings.extend(walk.findings)
        reached |= walk.reached
        unsure |= walk.unsure
        places = tuple(sorted({_goal(row.rule, book) for row in walk.alive}))
        reaches.update(dict.fromkeys(names, places))
    findings.extend(
        Finding("shadowed", (row.rule.id,), "前面的规则已全部覆盖，永不适用", _sample(row, axes))
        for row in rows
        if row.rule.id not in reached | unsure
    )
    opaque = tuple(row.rule.id for row in rows if row.opaque)
    return Certificate(
        book.version, len(vocabulary.categories), len(rows), _once(findings), reaches, opaque
    )


class _Walk:
    """One pass over the rules of some categories, keeping what no rule has covered yet."""

    def __init__(self, axes: tuple[Axis, ...], names: tuple[str, ...], limit: int) -> None:
        self.axes, self.names, self.limit = axes, names, limit
        self.left: list[Box] = [tuple(axis.full for axis in axes)]
        self.findings: list[Finding] = []
        self.reached: set[str] = set()
        self.unsure: set[str] = set()
        self.alive: list[_Row] = []

    def through(self, rows: list[_Row]) -> None:
        for _, group in groupby(rows, key=lambda row: row.rule.rank):
            peers = list(group)
            self._conflicts(peers)
            try:
                for row in peers:
                    self._take(row)
            except TooManyBoxes:
                self._give_up(rows)
                return
        if self.left:
            witness = self._witness(self.left[0])
            self.findings.append(Finding("gap", (), "没有规则适用的情形", witness))

    def _take(self, row: _Row) -> None:
        if any(meet(box, row.box) is not None for box in self.left):
            self.reached.add(row.rule.id)
            self.alive.append(row)
            if not row.opaque:
                self.left = remainder(self.left, row.box, self.limit)

    def _conflicts(self, peers: list[_Row]) -> None:
        for one, other in combinations(peers, 2):
            if one.rule.outcome == other.rule.outcome:
                continue
            shared = meet(one.box, other.box)
            if shared is None:
                continue
            overlaps = (meet(box, shared) for box in self.left)
            alive = next((box for box in overlaps if box is not None), None)
            if alive is not None:
                words = [*_first_words(one.rule), *_first_words(other.rule)]
                witness = self._witness(alive) | ({"text": "，".join(words)} if words else {})
                ids = (one.rule.id, other.rule.id)
                self.findings.append(Finding("conflict", ids, "同一次序而结果不同", witness))

    def _give_up(self, rows: list[_Row]) -> None:
        self.unsure.update(row.rule.id for row in rows)
        witness = {"category": self.names[0]}
        words = f"情形过多（超过 {self.limit} 块），{len(self.names)} 个类别未能分析"
        self.findings.append(Finding("not_analysed", (), words, witness, str(len(self.names))))

    def _witness(self, box: Box) -> dict[str, Any]:
        return {"category": self.names[0]} | _point(box, self.axes)


def _axes(rules: Iterable[Rule], vocabulary: Vocabulary) -> tuple[Axis, ...]:
    """An axis for every column some rule looks at."""
    conditions = [condition for rule in rules for condition in rule.conditions]
    named = {c.field for c in conditions if isinstance(c, Is | OneOf)}
    axes = [
        Axis(name, (*_unstated(name), *vocabulary.values(name)))
        for name in _COLUMNS
        if name in named
    ]
    ranges = [c for c in conditions if isinstance(c, Within)]
    lines = sorted({c.field for c in ranges})
    axes += [_line_axis(name, [c for c in ranges if c.field == name]) for name in lines]
    return tuple(axes)


def _unstated(name: str) -> tuple[str, ...]:
    return () if name in _ALWAYS_STATED else (_UNSTATED,)


def _line_axis(name: str, ranges: list[Within]) -> Axis:
    """A line cut wherever some range begins or has just ended; None is the unknown value."""
    step: Any = timedelta(days=1) if name == "day" else 1
    lows = {c.low for c in ranges if c.low is not None}
    beyond = {c.high + step for c in ranges if c.high is not None}
    cuts: list[Any] = sorted(lows | beyond)
    lowest = [cuts[0] - step] if cuts else []
    return Axis(name, (None, *lowest, *cuts))


def _row(rule: Rule, axes: tuple[Axis, ...]) -> _Row:
    masks = {axis.name: axis.full for axis in axes}
    opaque = False
    for condition in rule.conditions:
        match condition:
            case Mentions():
                opaque = True
            case Within(field=name):
                masks[name] &= _line_mask(next(a for a in axes if a.name == name), condition)
            case Is(field=name) | OneOf(field=name) if name != "category":
                axis = next(a for a in axes if a.name == name)
                masks[name] &= axis.mask(allowed_values(condition))
    return _Row(rule, tuple(masks[axis.name] for axis in axes), opaque)


def _line_mask(axis: Axis, condition: Within) -> int:
    # each atom stands for the stretch that begins with it, and ranges end where stretches end
    low: Any = condition.low
    high: Any = condition.high
    return axis.mask(
        atom
        for atom in axis.atoms
        if atom is not None and (low is None or low <= atom) and (high is None or atom <= high)
    )


def _by_category(
    rows: list[_Row], categories: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[_Row]]]:
    """Categories that the same rules speak of, with those rules."""
    together: dict[tuple[int, ...], list[str]] = {}
    allowed = [row.rule.categories for row in rows]
    for name in categories:
        key = tuple(i for i, only in enumerate(allowed) if only is None or name in only)
        together.setdefault(key, []).append(name)
    for key, names in together.items():
        yield tuple(names), [rows[i] for i in key]


def _duplicates(rules: Iterable[Rule]) -> Iterator[Finding]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield Finding("duplicate_id", (rule.id,), "规则编号重复")
        seen.add(rule.id)


def _unknown_words(book: Rulebook, vocabulary: Vocabulary) -> Iterator[Finding]:
    for rule in book.rules:
        for condition in rule.conditions:
            if not isinstance(condition, Is | OneOf):
                continue
            unknown = allowed_values(condition) - set(vocabulary.values(condition.field))
            if unknown:
                words = f"{condition.field} 中没有：{'、'.join(sorted(unknown))}"
                witness = {"condition": in_words(condition)}
                code, about = f"unknown_{condition.field}", "、".join(sorted(unknown))
                yield Finding(code, (rule.id,), words, witness, about)
        yield from _unknown_outcome(rule, book, vocabulary)


def _unknown_outcome(rule: Rule, book: Rulebook, vocabulary: Vocabulary) -> Iterator[Finding]:
    outcome = rule.outcome
    if outcome.task is not None and outcome.task not in book.duties:
        yield Finding(
            "unknown_task", (rule.id,), f"方案中没有任务 {outcome.task}", about=str(outcome.task)
        )
    elif outcome.task is not None and not (outcome.lead or book.duties[outcome.task].leads):
        yield Finding(
            "no_lead", (rule.id,), f"任务 {outcome.task} 没有牵头单位", about=str(outcome.task)
        )
    if outcome.ground and outcome.ground not in vocabulary.grounds:
        yield Finding(
            "unknown_ground", (rule.id,), f"没有研判理由 {outcome.ground}", about=outcome.ground
        )
    if outcome.urgency and outcome.urgency not in vocabulary.urgencies:
        yield Finding(
            "unknown_urgency", (rule.id,), f"没有紧急程度 {outcome.urgency}", about=outcome.urgency
        )


def _unit_findings(book: Rulebook, register: Register, day: date) -> Iterator[Finding]:
    used: dict[str, list[str]] = {book.conflict_unit: [], book.second_unit: []}
    for rule in book.rules:
        for name in _units_of(rule.outcome, book):
            used.setdefault(name, []).append(rule.id)
    for code, ids in used.items():
        unit = register.resolve(code)
        if unit is None:
            yield Finding("unknown_unit", tuple(ids), f"单位名录中没有“{code}”", about=code)
        elif not unit.open_on(day):
            yield Finding(
                "closed_unit", tuple(ids), f"“{unit.name}”已撤销或尚未设立", about=unit.code
            )


def _units_of(outcome: Outcome, book: Rulebook) -> tuple[str, ...]:
    duty = book.duties.get(outcome.task) if outcome.task is not None else None
    leads = leads_of(outcome, book)
    helpers = outcome.co_handlers if outcome.co_handlers is not None else ()
    supports = duty.supports if duty and outcome.co_handlers is None else ()
    return tuple(dict.fromkeys((*leads, *helpers, *supports, *(outcome.partners or ()))))


def _goal(rule: Rule, book: Rulebook) -> str:
    outcome = rule.outcome
    if outcome.ground:
        return outcome.ground
    units = _units_of(outcome, book)
    return units[0] if units else "?"


def _point(box: Box, axes: tuple[Axis, ...]) -> dict[str, Any]:
    return {axis.name: axis.sample(mask) for axis, mask in zip(axes, box, strict=True)}


def _sample(row: _Row, axes: tuple[Axis, ...]) -> dict[str, Any]:
    return _point(row.box, axes) if all(row.box) else {}


def _first_words(rule: Rule) -> list[str]:
    return [c.words[0] for c in rule.conditions if isinstance(c, Mentions)]


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    kept: dict[tuple[str, tuple[str, ...], str], Finding] = {}
    for finding in findings:
        # a gap is one for each set of categories, so its witness tells them apart
        where = str(finding.witness.get("category", "")) if not finding.rules else ""
        kept.setdefault((finding.code, finding.rules, finding.message + where), finding)
    return tuple(kept.values())
