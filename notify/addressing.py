"""What a letter is planned from: the case, what is to be told of it, and to which hats. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from core.permissions import Role

Params = dict[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Case:
    """What planning must know of the ticket and of the entry: who did it, and when."""

    number: str
    request: str
    urgency: str
    received_at: datetime
    at: datetime
    actor: str
    lead: str | None = None
    due_at: datetime | None = None
    # the unit complained of, and every unit under it
    accused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Readers:
    """Everybody who wears one of these hats, in one unit or anywhere."""

    roles: frozenset[Role]
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A thing to be told, before it is known who reads it. Ids, codes and instants only."""

    kind: str
    to: tuple[Readers, ...]
    params: Params = field(default_factory=dict)
    urgent: bool = False


COMPLAINANT = (Readers(frozenset({Role.BUSINESS})),)
DISPATCHERS = (Readers(frozenset({Role.DISPATCHER})),)
SECOND_PERSONS = (Readers(frozenset({Role.DISPATCHER, Role.OFFICE})),)
GUARDS = (Readers(frozenset({Role.PRIVACY})),)


def as_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
