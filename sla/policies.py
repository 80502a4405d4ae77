"""Policies: how long each promise is, when it warns, and who is told as it breaks.

Data, versioned; the presets carry the basis they were taken from (the codes are those of the
domain reference's list of sources, kept in docs of the same name).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sla.worktime import Mode, Promise, PromiseRefused

METRICS = (
    "accept",
    "sign",
    "first_contact",
    "co_reply",
    "stage_reply",
    "resolve",
    "redo",
    "review",
    "ruling",
    "callback",
    "supervision_reply",
    "refusal_review",
    "correction_contact",
    "correction",
)
# the ladder's own words for what comes before it and for a due time without a ladder
WARNING = "blue"
DUE = "due"
# the supervision orders that a rung may issue
ISSUED = ("", "red", "listed", "problem")


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder: so long after the due time, these roles are told.

    `issue` names the supervision order that goes out with it, if any; `redos` lets it go out
    already when the case was sent back so often.
    """

    level: str
    after: Promise | None  # None: at the due time itself
    tell: tuple[str, ...]
    issue: str = ""
    redos: int | None = None

    def __post_init__(self) -> None:
        if self.issue not in ISSUED:
            raise PromiseRefused("ladder", "a rung issues red, listed or problem, or nothing")


@dataclass(frozen=True, slots=True)
class Policy:
    """One promise. An empty set or None means any.

    The first warning goes out when the share `warn_at` of the time is used or when only
    `warn_left` is left, whichever comes first.
    """

    id: str
    metric: str
    promise: Promise
    kinds: frozenset[str] = frozenset()
    urgencies: frozenset[str] = frozenset()
    complex: bool | None = None
    enterprise: bool | None = None
    categories: frozenset[str] = frozenset()
    tasks: frozenset[int] = frozenset()
    warn_at: Fraction | None = None
    warn_left: Promise | None = None
    warn: tuple[str, ...] = ()  # who gets it
    ladder: tuple[Step, ...] = ()
    basis: str = ""
    calendar: str = "office"  # by which calendar it is counted

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise PromiseRefused("metric", f"must be one of {', '.join(METRICS)}")
        if self.warn_at is not None and not 0 < self.warn_at < 1:
            raise PromiseRefused("warn_at", "a warning must come before the due time, not after")
        left = self.warn_left
        if left and left.mode is self.promise.mode and left.n > self.promise.n:
            raise PromiseRefused("warn_left", "a warning cannot come before the promise begins")
        levels = [WARNING, DUE, *(step.level for step in self.ladder)]
        if len(set(levels)) < len(levels):
            raise PromiseRefused("ladder", f"levels differ, and {WARNING} and {DUE} are taken")

    def fits(self, facts: "Facts") -> bool:
        """Whether every condition holds."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.urgencies or facts.urgency in self.urgencies)
            and self.complex in (None, facts.complex)
            and self.enterprise in (None, facts.enterprise)
            and (not self.categories or facts.category in self.categories)
            and (not self.tasks or facts.task in self.tasks)
        )

    @property
    def weight(self) -> tuple[bool, ...]:
        """How specific it is, the telling conditions first: what a firm was promised for this
        very matter, then how urgent it is; a life in danger never waits for a complex case.
        """
        return (
            bool(self.tasks),
            bool(self.categories),
            bool(self.urgencies),
            self.complex is not None,
            bool(self.kinds),
            self.enterprise is not None,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may ask of a ticket."""

    kind: str
    urgency: str
    complex: bool = False
    enterprise: bool = False
    category: str | None = None
    task: int | None = None


def choose(policies: Iterable[Policy], metric: str, facts: Facts) -> Policy | None:
    """The most specific policy of the metric that fits; the earlier one among equals."""
    fitting = [item for item in policies if item.metric == metric and item.fits(facts)]
    return max(fitting, key=lambda item: item.weight, default=None)


def _hours(n: float, *, working: bool = True) -> Promise:
    mode = Mode.WORKING_HOURS if working else Mode.NATURAL_HOURS
    return Promise(mode, Fraction(n).limit_denominator(3600))


def _days(n: int, *, working: bool = True) -> Promise:
    return Promise(Mode.WORKING_DAYS if working else Mode.NATURAL_DAYS, Fraction(n))


_WARN = Fraction(4, 5)
_UNIT = ("liaison", "handler")
# blue before the due time, yellow at it, red a day later, circular after five: domain 10(b);
# the problem order goes up after three redos there, after ten days by our own choice
LADDER = (
    Step("yellow", None, ("head", "liaison", "office")),
    Step("red", _days(1), ("head", "office"), issue="red", redos=2),
    Step("circular", _days(5), ("head", "office", "leader")),
    Step("problem", _days(10), ("office", "leader"), issue="problem", redos=3),
)
# a demand that is not answered is listed: ours
_DEMAND_LADDER = (
    Step("yellow", None, ("head", "office")),
    Step("listed", _days(3), ("head", "office", "leader"), issue="listed"),
)
_DESK_LADDER = (Step("yellow", None, ("dispatcher",)), Step("red", _days(1), ("office",)))
_SIGN_LADDER = (Step("yellow", None, ("head", "liaison")), Step("red", _days(1), ("office",)))

# kind, enterprise, urgency or "complex", promise, basis
_RESOLVE: tuple[tuple[str, bool | None, str, Promise, str], ...] = (
    ("inquiry", None, "normal", _days(1), "S4 P11 P14f"),
    ("inquiry", None, "urgent", _hours(4), "S4 P14f"),
    ("inquiry", None, "critical", _hours(4), "S4 P14f"),
    ("inquiry", None, "complex", _days(3), "P11"),
    ("help", None, "normal", _days(5), "R2 S4"),
    ("help", None, "urgent", _days(2), "P10 R2"),
    ("help", None, "critical", _hours(24, working=False), "P10 G3"),
    ("help", None, "complex", _days(15), "R2"),
    ("complaint", False, "normal", _days(5), "R2-R4 S4"),
    ("complaint", False, "urgent", _days(3), "R2-R4"),
    ("complaint", None, "critical", _hours(24, working=False), "R2-R4 P10"),
    ("complaint", False, "complex", _days(15), "R2-R4"),
    ("complaint", True, "normal", _days(7), "P1: seven working days from receipt"),
    ("complaint", True, "urgent", _days(5), "P1 P7"),
    ("complaint", True, "complex", _days(30, working=False), "P1: up to thirty days, approved"),
    ("report", None, "normal", _days(15), "N2b R3; statutory terms are set by hand"),
    ("report", None, "urgent", _days(5), "N2b R3"),
    ("report", None, "critical", _hours(24, working=False), "N2b R3"),
    ("report", None, "complex", _days(30, working=False), "N2b R3"),
    ("suggestion", None, "normal", _days(5), "R2"),
    ("suggestion", None, "complex", _days(15), "R2"),
    ("praise", None, "normal", _days(5), "R2"),
)


def _resolve_presets() -> list[Policy]:
    return [
        Policy(
            id=f"resolve.{kind}.{name}" + (".enterprise" if enterprise else ""),
            metric="resolve",
            promise=promise,
            kinds=frozenset({kind}),
            urgencies=frozenset() if name in {"normal", "complex"} else frozenset({name}),
            complex=True if name == "complex" else None,
            enterprise=enterprise,
            warn_at=_WARN,
            warn=_UNIT,
            ladder=LADDER,
            basis=basis,
        )
        for kind, enterprise, name, promise, basis in _RESOLVE
    ]


def _desk(
    metric: str, promise: Promise, basis: str, ladder: tuple[Step, ...], urgency: str = ""
) -> Policy:
    return Policy(
        id=f"{metric}.{urgency or 'normal'}",
        metric=metric,
        promise=promise,
        urgencies=frozenset({urgency}) if urgency else frozenset(),
        warn_at=_WARN,
        warn=ladder[0].tell,
        ladder=ladder,
        basis=basis,
    )


PRESETS: tuple[Policy, ...] = (
    *_resolve_presets(),
    # kept at once by rule; past three days the request counts as accepted
    _desk("accept", _days(3), "P5 P6: deemed accepted after three working days", _DESK_LADDER),
    _desk("sign", _days(1), "P10 P13", _SIGN_LADDER),
    _desk("sign", _hours(2), "P13", _SIGN_LADDER, "urgent"),
    _desk("sign", _hours(0.25, working=False), "P10: fifteen minutes", _SIGN_LADDER, "critical"),
    _desk("first_contact", _days(1), "P14 P15", _SIGN_LADDER),
    _desk("first_contact", _hours(1), "P14c-e", _SIGN_LADDER, "urgent"),
    _desk("first_contact", _hours(0.5, working=False), "P14d", _SIGN_LADDER, "critical"),
    _desk("co_reply", _days(3), "R1 art. 14: before the lead's own", _SIGN_LADDER),
    _desk("redo", _days(3), "S4", LADDER),
    _desk("redo", _days(1), "S4", LADDER, "urgent"),
    _desk("redo", _hours(2, working=False), "S4: two hours by the clock", LADDER, "critical"),
    Policy(
        "redo.complex",
        "redo",
        _days(5),
        complex=True,
        warn_at=_WARN,
        warn=_UNIT,
        ladder=LADDER,
        basis="S4",
    ),
    _desk("stage_reply", _days(3), "P14a P14d: when handling takes longer", _SIGN_LADDER),
    _desk("review", _days(1), "ours: a reply is looked at within a working day", _DESK_LADDER),
    _desk("supervision_reply", _days(2), "E4 R3: a red order is answered in two", _DEMAND_LADDER),
    _desk("ruling", _hours(3.5), "half a working day: ours", _DESK_LADDER),
    _desk("refusal_review", _days(15), "ours: a review is decided in fifteen", _DESK_LADDER),
    _desk("correction_contact", _days(1), "R5 art. 30 R4 art. 52: contacted in one", _SIGN_LADDER),
    _desk("correction", _days(5), "H3 H5: put right in five", _SIGN_LADDER),
    Policy("callback", "callback", _days(5), basis="ours: silence is then not rated"),
)


def as_json(policies: Sequence[Policy]) -> list[dict[str, Any]]:
    """The policies as JSON values, for their stored version."""
    return [
        {
            "id": item.id,
            "metric": item.metric,
            "promise": _promise_json(item.promise),
            "kinds": sorted(item.kinds),
            "urgencies": sorted(item.urgencies),
            "complex": item.complex,
            "enterprise": item.enterprise,
            "categories": sorted(item.categories),
            "tasks": sorted(item.tasks),
            "warn_at": str(item.warn_at) if item.warn_at is not None else None,
            "warn_left": _promise_json(item.warn_left) if item.warn_left else None,
            "warn": list(item.warn),
            "ladder": [
                {
                    "level": step.level,
                    "after": _promise_json(step.after) if step.after else None,
                    "tell": list(step.tell),
                    "issue": step.issue,
                    "redos": step.redos,
                }
                for step in item.ladder
            ],
            "basis": item.basis,
            "calendar": item.calendar,
        }
        for item in policies
    ]


def from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[Policy, ...]:
    """The policies of a stored version."""
    return tuple(
        Policy(
            id=row["id"],
            metric=row["metric"],
            promise=_promise(row["promise"]),
            kinds=frozenset(row["kinds"]),
            urgencies=frozenset(row["urgencies"]),
            complex=row["complex"],
            enterprise=row["enterprise"],
            # versions stored before these conditions existed ask for nothing
            categories=frozenset(row.get("categories", ())),
            tasks=frozenset(row.get("tasks", ())),
            warn_left=_promise(row["warn_left"]) if row.get("warn_left") else None,
            warn_at=Fraction(row["warn_at"]) if row["warn_at"] else None,
            warn=tuple(row["warn"]),
            ladder=tuple(
                Step(
                    step["level"],
                    _promise(step["after"]) if step["after"] else None,
                    tuple(step["tell"]),
                    step.get("issue", ""),
                    step.get("redos"),
                )
                for step in row["ladder"]
            ),
            basis=row["basis"],
            calendar=row.get("calendar", "office"),
        )
        for row in rows
    )


def _promise_json(promise: Promise) -> dict[str, str]:
    return {"mode": promise.mode, "n": str(promise.n)}


def _promise(row: Mapping[str, str]) -> Promise:
    return Promise(Mode(row["mode"]), Fraction(row["n"]))
