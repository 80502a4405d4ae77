"""Which letters a fact calls for: one for each person and way. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.events import Event
from core.permissions import Role
from notify.addressing import Case, Notice, Params, Readers, as_text
from notify.notices import notices_for


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told, and the ways that lead to him."""

    tag: str
    channels: tuple[str, ...]
    language: str = "zh"
    roles: frozenset[Role] = frozenset()
    department: str | None = None


@dataclass(frozen=True, slots=True)
class LetterPlan:
    """One letter to be written: unique for its entry by recipient and channel."""

    kind: str
    recipient: str
    channel: str
    language: str
    params: Params
    urgent: bool = False


def letters_for(fact: Event, case: Case, people: Iterable[Person]) -> list[LetterPlan]:
    """The letters that `fact` calls for, one for each person and channel.

    Nobody is told what he did himself, and no accused unit hears of what accuses it.
    """
    told = tuple(person for person in people if may_know(person, case))
    plans: dict[tuple[str, str], LetterPlan] = {}
    for notice in notices_for(fact, case):
        for person in told:
            if any(_among(person, readers) for readers in notice.to):
                for channel in person.channels:
                    plans.setdefault((person.tag, channel), _plan(notice, case, person, channel))
    return list(plans.values())


def may_know(person: Person, case: Case) -> bool:
    """Whether a letter about the case may go to this person at all."""
    if Role.BUSINESS in person.roles:
        return True
    if person.tag == case.actor:
        return False
    # the same rule as for reading: of what accuses his unit, or one above, he hears nothing
    return person.department not in case.accused or Role.DISCIPLINE in person.roles


def _plan(notice: Notice, case: Case, person: Person, channel: str) -> LetterPlan:
    common: Params = {
        "number": case.number,
        "request": case.request,
        "urgency": case.urgency,
        "lead": case.lead,
        "due": as_text(case.due_at),
    }
    params = common | notice.params
    return LetterPlan(notice.kind, person.tag, channel, person.language, params, notice.urgent)


def _among(person: Person, readers: Readers) -> bool:
    in_place = readers.department in (None, person.department)
    return in_place and bool(readers.roles & person.roles)
