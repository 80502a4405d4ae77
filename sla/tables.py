"""What promises store: calendars, policies, clocks, the cases figures count, bulletins."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check

SUPERVISION_LEVELS = ("red", "listed", "problem")
CLOCK_STATES = ("running", "paused", "met", "breached", "cancelled", "unpublished")


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class CalendarRow(SQLModel, table=True):
    """One version of a calendar: published years, sessions, overrides with their reasons."""

    __tablename__ = "calendar"

    version: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    body: dict[str, Any] = _json()
    made_at: datetime
    made_by: str = Field(sa_type=Text)


class PolicyRow(SQLModel, table=True):
    """One version of the promised limits, warning points and ladder."""

    __tablename__ = "policy"

    version: str = Field(primary_key=True, sa_type=Text)
    body: dict[str, Any] = _json()
    effective_from: datetime
    made_at: datetime
    made_by: str = Field(sa_type=Text)


class StandardDraft(SQLModel, table=True):
    """Limits and calendars being changed: {policies, calendars}, and every step that led here."""

    __tablename__ = "standard_draft"
    __table_args__ = (code_check("state", ("draft", "published", "discarded")),)

    id: UUID = Field(primary_key=True)
    note: str = Field(sa_type=Text)
    state: str = Field(default="draft", sa_type=Text)
    revision: int = 1
    body: dict[str, Any] = _json()
    log: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    edited_by: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    made_by: str = Field(sa_type=Text)
    made_at: datetime
    effective_from: datetime | None = None
    published_by: str | None = Field(default=None, sa_type=Text)
    published_at: datetime | None = None


class ClockRow(SQLModel, table=True):
    """A running promise. `next_action_at` is when the sweep must look again."""

    __tablename__ = "clock"
    __table_args__ = (
        code_check("state", CLOCK_STATES),
        Index(
            "ix_clock_due",
            "next_action_at",
            "id",
            postgresql_where=text(
                "state IN ('running', 'breached') AND next_action_at IS NOT NULL"
            ),
        ),
        Index("ix_clock_ticket", "ticket_id", "metric"),
        Index("ix_clock_unpublished", "id", postgresql_where=text("state = 'unpublished'")),
        Index("ix_clock_board", "due_at", "id", postgresql_where=text("stopped_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id")
    order_id: UUID | None = None
    department: str | None = Field(default=None, sa_type=Text)
    metric: str = Field(sa_type=Text)
    generation: int = 1
    policy: str = Field(sa_type=Text)
    policy_version: str = Field(sa_type=Text)
    calendar: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    started_at: datetime
    counts_from: datetime | None = None  # with pauses: as if it had begun then and run unbroken
    due_at: datetime | None = None
    original_due_at: datetime | None = None
    next_action_at: datetime | None = None
    next_level: str | None = Field(default=None, sa_type=Text)
    level: str | None = Field(default=None, sa_type=Text)
    stopped_at: datetime | None = None
    on_time: bool | None = None


class FiringRow(SQLModel, table=True):
    """A level that fired: its key makes a second firing impossible."""

    __tablename__ = "clock_firing"
    __table_args__ = (ForeignKeyConstraint(["clock_id"], ["clock.id"]),)

    clock_id: UUID = Field(primary_key=True)
    generation: int = Field(primary_key=True)
    level: str = Field(primary_key=True, sa_type=Text)
    planned_at: datetime
    fired_at: datetime


class ExtensionRow(SQLModel, table=True):
    """More working days asked for; at most one at a time waits for its answer."""

    __tablename__ = "extension_request"
    __table_args__ = (
        code_check("state", ("asked", "granted", "refused")),
        Index(
            "uq_extension_asked",
            "clock_id",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_extension_waiting", "state", "due_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    clock_id: UUID = Field(foreign_key="clock.id", index=True)
    ticket_id: UUID = Field(foreign_key="ticket.id")
    order_id: UUID
    department: str = Field(sa_type=Text)
    days: int
    words: UUID
    state: str = Field(default="asked", sa_type=Text)
    due_at: datetime  # as it was when the extension was asked for
    asked_by: str = Field(sa_type=Text)
    asked_at: datetime
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    answer: UUID | None = None


class HoldRow(SQLModel, table=True):
    """A case parked, or asked to be, until its review date; at most one at a time."""

    __tablename__ = "hold_request"
    __table_args__ = (
        code_check("state", ("asked", "granted", "refused", "ended")),
        Index(
            "uq_hold_standing",
            "ticket_id",
            unique=True,
            postgresql_where=text("state IN ('asked', 'granted')"),
        ),
        Index("ix_hold_review", "state", "review_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    order_id: UUID
    department: str = Field(sa_type=Text)
    ground: str = Field(sa_type=Text)
    review_at: datetime
    words: UUID
    state: str = Field(default="asked", sa_type=Text)
    asked_by: str = Field(sa_type=Text)
    asked_at: datetime
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    answer: UUID | None = None
    ended_at: datetime | None = None


class SupervisionRow(SQLModel, table=True):
    """A supervisor's numbered demand on a work order; one at a time stands on each."""

    __tablename__ = "supervision_order"
    __table_args__ = (
        code_check("level", SUPERVISION_LEVELS),
        code_check("state", ("open", "answered", "closed", "lifted")),
        UniqueConstraint("year", "serial", name="uq_supervision_number"),
        Index(
            "uq_supervision_open",
            "order_id",
            unique=True,
            postgresql_where=text("state IN ('open', 'answered')"),
        ),
        Index("ix_supervision_list", "state", "issued_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    year: int
    serial: int
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    order_id: UUID
    department: str = Field(sa_type=Text)
    level: str = Field(sa_type=Text)
    ground: str = Field(sa_type=Text)
    words: UUID | None = None
    state: str = Field(default="open", sa_type=Text)
    issued_by: str = Field(sa_type=Text)
    issued_at: datetime
    due_at: datetime | None = None
    answer: UUID | None = None
    answered_by: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = None
    rounds: int = 1  # how many answers were asked for
    closed_by: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = None


class TalkRow(SQLModel, table=True):
    """A talk with the head of a unit about a work order."""

    __tablename__ = "supervision_talk"

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    order_id: UUID
    department: str = Field(sa_type=Text)
    supervision_id: UUID | None = None
    held_at: datetime
    words: UUID
    recorded_by: str = Field(sa_type=Text)
    recorded_at: datetime


class CaseRow(SQLModel, table=True):
    """What figures count: one lead obligation, kept up from facts in their own transaction."""

    __tablename__ = "case_figure"
    __table_args__ = (
        Index("ix_case_figure_due", "due_at", "unit"),
        Index("ix_case_figure_received", "received_at"),
    )

    order_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    unit: str = Field(sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text)
    task: int | None = None
    channel: str = Field(sa_type=Text)
    request: str = Field(sa_type=Text)
    place: str | None = Field(default=None, sa_type=Text)
    received_at: datetime
    issued_at: datetime
    sign_due_at: datetime | None = None
    signed_at: datetime | None = None
    due_at: datetime | None = None
    original_due_at: datetime | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    returned: bool = False
    redos: int = 0
    extensions: int = 0
    answered: bool = False
    contacted: bool | None = None
    solved: bool | None = None
    grade: int | None = None
    first_contacted: bool | None = None
    first_solved: bool | None = None
    first_grade: int | None = None


class BulletinRow(SQLModel, table=True):
    """A frozen bulletin: same inputs, same bytes, with the ledger head it was cut at."""

    __tablename__ = "bulletin"

    period: str = Field(primary_key=True, sa_type=Text)
    edition: int = Field(default=1, primary_key=True)
    cut_off: datetime
    figures: bytes = Field(sa_type=LargeBinary)
    digest: str = Field(sa_type=Text)
    head: str | None = Field(default=None, sa_type=Text)
    head_day: date | None = None
    made_by: str = Field(sa_type=Text)
    made_at: datetime
    published_by: str | None = Field(default=None, sa_type=Text)
    published_at: datetime | None = None
