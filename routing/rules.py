"""Rules and the decision they give: typed, closed conditions; explicit rank; a full trace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from core.permissions import ACCUSING
from routing.units import Register, Unit

NO_RULE = "NR"

EnumField = Literal[
    "category", "kind", "place", "channel", "respondent", "enterprise", "urgency", "caution"
]
RangeField = Literal["amount", "day"]
Number = int | date


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a ticket when it is routed; an empty field is not known."""

    category: str = ""
    kind: str = "complaint"
    text: str = ""
    place: str = ""
    channel: str = ""
    respondent: str = ""  # a unit's code or name, or free words that contain one
    amount: int | None = None  # whole yuan
    day: date | None = None
    enterprise: str = ""
    urgency: str = "normal"
    caution: str = ""  # what the text may really be, though its category says otherwise


@dataclass(frozen=True, slots=True)
class Is:
    field: EnumField
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    field: EnumField
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Within:
    """Both ends belong to the range, an end left open is None; an unknown value is outside."""

    field: RangeField
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True, slots=True)
class Mentions:
    """Any of the words stands in the text. Opaque: it can never be proved to cover anything."""

    words: tuple[str, ...]


Condition = Is | OneOf | Within | Mentions


@dataclass(frozen=True, slots=True)
class Outcome:
    """A task, whose lead the plan names; a lead of the rule's own; or a ground for a person."""

    task: int | None = None
    lead: str = ""
    co_handlers: tuple[str, ...] | None = None
    partners: tuple[str, ...] | None = None
    urgency: str = ""
    ground: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The lowest rank is tried first."""

    id: str
    rank: int
    conditions: tuple[Condition, ...]
    outcome: Outcome
    reason: str = ""

    @property
    def categories(self) -> frozenset[str] | None:
        """The categories it can apply to; none means all."""
        found: frozenset[str] | None = None
        for condition in self.conditions:
            if isinstance(condition, Is | OneOf) and condition.field == "category":
                allowed = allowed_values(condition)
                found = allowed if found is None else found & allowed
        return found


@dataclass(frozen=True, slots=True)
class Duty:
    """A task's row of the plan's matrix, by unit code; the first lead is the primary one."""

    task: int
    leads: tuple[str, ...]
    supports: tuple[str, ...] = ()
    scope: str = ""
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was looked at: the condition it failed on, empty for the one that held."""

    rule: str
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a ticket goes and why; `lead` is None when a person has to decide."""

    task: int | None
    lead: str | None
    co_handlers: tuple[str, ...]
    partners: tuple[str, ...]
    urgency: str
    rule: str
    book: str
    trace: tuple[Tried, ...]
    ground: str = ""
    route: str = ""
    scope: str = ""
    conflict: bool = False
    diverted_from: str = ""
    sealed_from: tuple[str, ...] = ()  # units that may not learn who complained

    @property
    def triage(self) -> bool:
        return self.lead is None

    @property
    def sealed(self) -> bool:
        return self.conflict


Check = tuple[Callable[[Facts], bool], Tried]
Line = tuple[tuple[Check, ...], Tried, Rule]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A published version of the rules with the plan's duties; `line` is in order of trial."""

    version: str
    rules: tuple[Rule, ...]
    duties: Mapping[int, Duty]
    conflict_unit: str
    second_unit: str
    routes: Mapping[str, str] = field(default_factory=dict)
    effective_from: date | None = None
    effective_until: date | None = None
    _lines: Mapping[str, tuple[Line, ...]] = field(init=False, repr=False, compare=False)
    _common: tuple[Line, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.rules, key=lambda rule: (rule.rank, rule.id))
        compiled = [(_compiled(rule), rule.categories) for rule in ordered]
        named = {name for _, categories in compiled for name in categories or ()}
        lines = {
            name: tuple(line for line, only in compiled if only is None or name in only)
            for name in named
        }
        common = tuple(line for line, only in compiled if only is None)
        object.__setattr__(self, "_lines", lines)
        object.__setattr__(self, "_common", common)

    def line(self, category: str) -> tuple[Line, ...]:
        return self._lines.get(category, self._common)

    def effective_on(self, day: date) -> bool:
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_until is None or day < self.effective_until)


def decide(facts: Facts, book: Rulebook, register: Register) -> Decision:
    """The first rule by rank that holds, its task's lead, and the conflict test; never raises."""
    respondent = register.find(facts.respondent) if facts.respondent else None
    if respondent is not None and respondent.code != facts.respondent:
        facts = _with_respondent(facts, respondent.code)
    sealed = _sealed_from(facts, register, respondent)
    trace: list[Tried] = []
    for checks, held, rule in book.line(facts.category):
        for holds, failed in checks:
            if not holds(facts):
                trace.append(failed)
                break
        else:
            trace.append(held)
            return _decided(rule, facts, book, sealed, tuple(trace))
    route = book.routes.get(NO_RULE, "")
    return Decision(
        None, None, (), (), facts.urgency, "", book.version, tuple(trace), NO_RULE, route,
        sealed_from=sealed,
    )  # fmt: skip


def _decided(
    rule: Rule,
    facts: Facts,
    book: Rulebook,
    sealed: tuple[str, ...],
    trace: tuple[Tried, ...],
) -> Decision:
    outcome = rule.outcome
    duty = book.duties.get(outcome.task) if outcome.task is not None else None
    leads = leads_of(outcome, book)
    meant = leads[0] if leads and not outcome.ground else None
    conflict = meant in sealed
    lead = _unconcerned(book, sealed) if conflict else meant
    helped = meant is not None and not conflict
    ground = outcome.ground or ("" if lead else NO_RULE)
    return Decision(
        task=outcome.task,
        lead=lead,
        co_handlers=_helpers(outcome, duty, leads, sealed) if helped else (),
        partners=_partners(outcome, duty) if helped else (),
        urgency=outcome.urgency or facts.urgency,
        rule=rule.id,
        book=book.version,
        trace=trace,
        ground=ground,
        route=outcome.route or book.routes.get(ground, ""),
        scope=duty.scope if duty and helped else "",
        conflict=conflict,
        diverted_from=meant or "" if conflict else "",
        sealed_from=sealed,
    )


def lead_of(rule: Rule, book: Rulebook) -> str:
    """The unit a rule sends to when it holds and nobody is in conflict; empty for a person."""
    leads = leads_of(rule.outcome, book)
    return leads[0] if leads and not rule.outcome.ground else ""


def leads_of(outcome: Outcome, book: Rulebook) -> tuple[str, ...]:
    """The rule's own lead, else its task's leads, the first of whom answers."""
    if outcome.lead:
        return (outcome.lead,)
    duty = book.duties.get(outcome.task) if outcome.task is not None else None
    return duty.leads if duty else ()


def _unconcerned(book: Rulebook, sealed: tuple[str, ...]) -> str | None:
    """Who takes a complaint that its own unit may not see."""
    return next(
        (unit for unit in (book.conflict_unit, book.second_unit) if unit not in sealed), None
    )


def _helpers(
    outcome: Outcome, duty: Duty | None, leads: tuple[str, ...], sealed: tuple[str, ...]
) -> tuple[str, ...]:
    """The rule's own co-handlers, else the task's other leads and its named supports."""
    named = outcome.co_handlers
    if named is None:
        named = (*leads[1:], *duty.supports) if duty else ()
    return tuple(unit for unit in named if unit != leads[0] and unit not in sealed)


def _partners(outcome: Outcome, duty: Duty | None) -> tuple[str, ...]:
    if outcome.partners is not None:
        return outcome.partners
    return duty.partners if duty else ()


def _sealed_from(facts: Facts, register: Register, respondent: Unit | None) -> tuple[str, ...]:
    """The accused unit and everyone under it."""
    if respondent is None or facts.kind not in ACCUSING:
        return ()
    return register.line_of(respondent.code)


def _with_respondent(facts: Facts, code: str) -> Facts:
    return Facts(
        facts.category, facts.kind, facts.text, facts.place, facts.channel, code,
        facts.amount, facts.day, facts.enterprise, facts.urgency, facts.caution,
    )  # fmt: skip


def allowed_values(condition: Is | OneOf) -> frozenset[str]:
    return frozenset({condition.value}) if isinstance(condition, Is) else condition.values


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether one condition holds for the facts."""
    return _test(condition)(facts)


def in_words(condition: Condition) -> str:
    """A condition as the trace and the rules table print it."""
    match condition:
        case Is(field=name, value=value):
            return f"{name}={value}"
        case OneOf(field=name, values=values):
            return f"{name}∈{','.join(sorted(values))}"
        case Within(field=name, low=low, high=high):
            return f"{name}∈[{'' if low is None else low},{'' if high is None else high}]"
        case Mentions(words=words):
            return f"text∋{'|'.join(words)}"


def _compiled(rule: Rule) -> Line:
    checks = tuple(
        (_test(condition), Tried(rule.id, in_words(condition)))
        for condition in rule.conditions
        if not (isinstance(condition, Is | OneOf) and condition.field == "category")
    )
    return checks, Tried(rule.id), rule


def _test(condition: Condition) -> Callable[[Facts], bool]:
    match condition:
        case Is(field=name) | OneOf(field=name):
            allowed = allowed_values(condition)
            return lambda facts: getattr(facts, name) in allowed
        case Within(field=name, low=low, high=high):
            return lambda facts: _within(getattr(facts, name), low, high)
        case Mentions(words=words):
            return lambda facts: _mentions(facts.text, words)


def _within(value: Number | None, low: Number | None, high: Number | None) -> bool:
    if value is None:
        return False
    # one field, one type: amounts meet amounts and days meet days
    return (low is None or low <= value) and (  # type: ignore[operator]
        high is None or value <= high  # type: ignore[operator]
    )


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a third faster than any() with a generator, on the hot path
        if word in text:
            return True
    return False
