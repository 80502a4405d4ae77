"""What every room needs to find: tickets, their timeline, their people, the outbox, the seals."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check
from core.events import Audience
from core.states import Status

REQUESTS = ("complaint", "report", "inquiry", "help", "suggestion", "praise")
CHANNELS = ("web", "phone", "api", "open311", "import", "email", "watcher", "counter", "upper")
URGENCIES = ("critical", "urgent", "normal")


# a first line that a program outside wrote; word by word, so that its index is used
FILED_BY_CLIENT = r"entry.number = 1 AND starts_with(entry.actor, 'client\:')"


def _texts() -> Any:
    return Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )


class Department(SQLModel, table=True):
    """A unit that can owe an answer, or must be known to be complained about."""

    __tablename__ = "department"

    code: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    peers: str = Field(default="department", sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text, foreign_key="department.code")
    aliases: list[str] = _texts()
    # the office's own telephone, and the accounts that stand in for its head
    duty_phone: str | None = Field(default=None, sa_type=Text)
    deputies: list[str] = _texts()
    # local days; `valid_to` is the first on which the unit is no more
    valid_from: date | None = None
    valid_to: date | None = None


class Staff(SQLModel, table=True):
    """A person who logs in. Office names only: no personal data beyond the name on the door."""

    __tablename__ = "staff"

    id: UUID = Field(primary_key=True)
    username: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    password: str = Field(sa_type=Text)
    department: str | None = Field(
        default=None, sa_type=Text, foreign_key="department.code", index=True
    )
    roles: list[str] = _texts()
    email: str | None = Field(default=None, sa_type=Text)
    language: str = Field(default="zh", sa_type=Text)
    active: bool = True
    must_change: bool = False  # a first password: nothing else until it is changed
    password_at: datetime | None = None
    failures: int = 0
    locked_until: datetime | None = None
    created_at: datetime


class Ticket(SQLModel, table=True):
    """One request. Everything but number, words and secrets is a cache of its timeline."""

    __tablename__ = "ticket"
    __table_args__ = (
        code_check("status", Status),
        code_check("request", REQUESTS),
        code_check("channel", CHANNELS),
        code_check("urgency", URGENCIES),
        Index("ix_ticket_open_due", "due_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_ticket_status", "status", "id"),
        Index("ix_ticket_category", "category", "id"),
        Index("ix_ticket_parent", "parent", postgresql_where=text("parent IS NOT NULL")),
        Index("ix_ticket_units", "units", postgresql_using="gin"),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    query_code: bytes = Field(sa_type=LargeBinary)
    title: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    company_name: str | None = Field(default=None, sa_type=Text)
    uscc: str | None = Field(default=None, sa_type=Text, index=True)
    status: str = Field(sa_type=Text)
    request: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text)
    place: str | None = Field(default=None, sa_type=Text)
    respondent: str | None = Field(default=None, sa_type=Text)
    urgency: str = Field(default="normal", sa_type=Text)
    complex: bool = False
    enterprise: bool = False
    anonymous: bool = False
    confidential: bool = False
    caution: str | None = Field(default=None, sa_type=Text)
    guess_share: int | None = None
    guess_model: str | None = Field(default=None, sa_type=Text)
    task: int | None = None
    lead: str | None = Field(default=None, sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text)  # the number of the case it joined
    units: list[str] = _texts()
    due_at: datetime | None = None
    original_due_at: datetime | None = None
    limit_at: datetime | None = None  # an upper platform's own
    breached_at: datetime | None = None
    received_at: datetime = Field(index=True)
    updated_at: datetime
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    result: str | None = Field(default=None, sa_type=Text)
    solved: bool | None = None
    grade: int | None = None
    redos: int = 0
    entries: int = 0
    last_hash: str = Field(sa_type=Text)


class Contact(SQLModel, table=True):
    """Who complained: sealed values and blind indexes, apart so that they can be erased."""

    __tablename__ = "contact"

    ticket_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    )
    name: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_index: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    phone_tail: str | None = Field(default=None, sa_type=Text, index=True)
    email: bytes | None = Field(default=None, sa_type=LargeBinary)
    language: str = Field(default="zh", sa_type=Text)


class Words(SQLModel, table=True):
    """Free text that an entry points to: replies, notes, grounds. Erasable; facts are not."""

    __tablename__ = "words"

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    body: str = Field(sa_type=Text)
    internal: str | None = Field(default=None, sa_type=Text)
    written_at: datetime


class Entry(SQLModel, table=True):
    """One line of a timeline. Append-only: a trigger and missing privileges say so."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("ticket_id", "number"),
        code_check("audience", Audience),
        Index("ix_entry_at", "at"),
        Index("ix_entry_client", "actor", "ticket_id", postgresql_where=text(FILED_BY_CLIENT)),
        # what people decided, for the suggester to learn from
        Index(
            "ix_entry_by_person",
            "at",
            postgresql_where=text("kind = 'ticket.routed' AND facts ->> 'by' = 'person'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id")
    number: int
    kind: str = Field(sa_type=Text)
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    audience: str = Field(sa_type=Text)
    at: datetime
    cause: UUID | None = None
    previous: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class SealRow(SQLModel, table=True):
    """A closed day of the ledger; its head is what a bulletin prints."""

    __tablename__ = "seal"

    day: date = Field(primary_key=True)
    entries: int
    digest: str = Field(sa_type=Text)
    previous: str = Field(sa_type=Text)
    head: str = Field(sa_type=Text)
    sealed_at: datetime


class OutboxRow(SQLModel, table=True):
    """A promise to call a background actor once its transaction is durable."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unsent", "not_before", "seq", postgresql_where=text("sent_at IS NULL")),
        Index("ix_outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    actor: str = Field(sa_type=Text)
    args: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None = None


class JobRow(SQLModel, table=True):
    """Background work that was asked for: how far it is, and what came of it."""

    __tablename__ = "job"
    __table_args__ = (
        code_check("state", ("waiting", "running", "done", "failed")),
        Index(
            "ix_job_unfinished",
            "beat_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_job_kind", "kind", "id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    args: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_type=Text)
    asked_by: str = Field(sa_type=Text)
    asked_at: datetime
    attempts: int = 0
    started_at: datetime | None = None
    # when it was last heard of: asked for, taken, or reported on
    beat_at: datetime
    done: int = 0
    total: int | None = None
    kept: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    code: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = None
