"""What the business side stores: categories, attachments, receipts of idempotent calls."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check

SCANS = ("pending", "clean", "infected", "unscanned")


class CategoryRow(SQLModel, table=True):
    """What callers call it, in two levels; a top-level row has no parent."""

    __tablename__ = "category"

    code: str = Field(primary_key=True, sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text, foreign_key="category.code")
    name: str = Field(sa_type=Text)
    name_en: str = Field(sa_type=Text)
    keywords: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    position: int = 0
    open: bool = True


class Attachment(SQLModel, table=True):
    """A file that came with a request, in the same transaction as the request."""

    __tablename__ = "attachment"
    __table_args__ = (
        code_check("scan", SCANS),
        Index("ix_attachment_pending", "added_at", postgresql_where=text("scan = 'pending'")),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    name: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    size: int
    sha256: str = Field(sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)
    added_at: datetime
    # what the virus scanner said; pending until it was asked
    scan: str = Field(default="pending", sa_type=Text)


class TicketText(SQLModel, table=True):
    """What a request can be found by: pairs of characters and words of its text."""

    __tablename__ = "ticket_text"
    __table_args__ = (Index("ix_ticket_text_grams", "grams", postgresql_using="gin"),)

    ticket_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    )
    grams: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class Receipt(SQLModel, table=True):
    """One idempotent call: the same key answers the same ticket, another body is refused."""

    __tablename__ = "receipt"

    caller: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    digest: str = Field(sa_type=Text)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    received_at: datetime = Field(index=True)


class ImportRow(SQLModel, table=True):
    """A list of old cases that was handed in; its file is gone once it is worked off."""

    __tablename__ = "import"
    __table_args__ = (
        code_check("state", ("checked", "working", "done", "discarded", "expired")),
        Index("ix_import_made", "made_at"),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    # sealed: the file itself, then what came back with its faults
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    errors: bytes | None = Field(default=None, sa_type=LargeBinary)
    format: str = Field(sa_type=Text)
    rows: int
    # at the look before: fit, faulty, imported earlier; then: how many went in
    good: int
    bad: int
    known: int
    taken: int = 0
    # the first faults, as row, column, code, sentence and what fills it
    faults: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    made_by: str = Field(sa_type=Text)
    made_at: datetime
    job_id: UUID | None = None
    ended_at: datetime | None = None


class OldCaseRow(SQLModel, table=True):
    """A case of another system that is here: the same number of the same source never twice."""

    __tablename__ = "old_case"

    source: str = Field(primary_key=True, sa_type=Text)
    number: str = Field(primary_key=True, sa_type=Text)
    ticket_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    import_id: UUID = Field(foreign_key="import.id", index=True)
    # a keyed hash of what it said: another text under the same number is a fault
    digest: bytes = Field(sa_type=LargeBinary)


class MailRow(SQLModel, table=True):
    """A message that was taken from the mailbox: what became of it, not who wrote it."""

    __tablename__ = "mail"
    __table_args__ = (
        code_check("state", ("filed", "added", "ignored", "refused")),
        code_check("answer_state", ("none", "queued", "sending", "sent", "dead")),
        Index("ix_mail_taken", "taken_at"),
        Index("ix_mail_sender", "sender_index", "taken_at"),
        Index(
            "ix_mail_answer",
            "next_at",
            postgresql_where=text("answer_state IN ('queued', 'sending')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    key: str = Field(sa_type=Text, unique=True)  # hash of its identifier, or of its content
    digest: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    code: str = Field(default="", sa_type=Text)
    ticket_id: UUID | None = Field(default=None, foreign_key="ticket.id", index=True)
    sender_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    size: int
    taken_at: datetime
    # what its sender is to be told, sealed, until it is told
    answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    answer_state: str = Field(default="none", sa_type=Text)
    attempts: int = 0
    next_at: datetime | None = None
    error: str | None = Field(default=None, sa_type=Text)


class LineRow(SQLModel, table=True):
    """A line to the outside that is looked at every so often: when last, and how it went."""

    __tablename__ = "line"

    name: str = Field(primary_key=True, sa_type=Text)
    asked_at: datetime | None = None
    tried_at: datetime | None = None
    done_at: datetime | None = None
    error: str | None = Field(default=None, sa_type=Text)
    result: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )


class RelayCase(SQLModel, table=True):
    """A request that an upper platform sent: its own number, and what it was told last."""

    __tablename__ = "relay_case"

    ticket_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    )
    upper_number: str = Field(sa_type=Text, unique=True)
    digest: str = Field(sa_type=Text)
    first_limit_at: datetime
    # by what it was told, sent or not
    state: str = Field(sa_type=Text)
    reports: int = 0
    pushed_at: datetime
    updated_at: datetime = Field(index=True)


class RelayReport(SQLModel, table=True):
    """Something to be told to the platform; those of a ticket leave in their order."""

    __tablename__ = "relay_report"
    __table_args__ = (
        UniqueConstraint("ticket_id", "sequence"),
        code_check("send_state", ("queued", "sending", "sent", "refused")),
        Index(
            "ix_relay_report_unsent",
            "next_at",
            postgresql_where=text("send_state IN ('queued', 'sending')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="relay_case.ticket_id")
    sequence: int
    kind: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    words: UUID | None = None
    at: datetime
    send_state: str = Field(default="queued", sa_type=Text)
    attempts: int = 0
    next_at: datetime
    error: str | None = Field(default=None, sa_type=Text)
    sent_at: datetime | None = None


class RelayDifference(SQLModel, table=True):
    """Where the platform's list and ours did not say the same, and what was done about it."""

    __tablename__ = "relay_difference"
    __table_args__ = (
        code_check("kind", ("missing_here", "missing_there", "state")),
        code_check("outcome", ("open", "repaired", "gone")),
        Index(
            "uq_relay_difference_open",
            "upper_number",
            unique=True,
            postgresql_where=text("outcome = 'open'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    upper_number: str = Field(sa_type=Text)
    theirs: str = Field(default="", sa_type=Text)
    ours: str = Field(default="", sa_type=Text)
    found_at: datetime
    outcome: str = Field(default="open", sa_type=Text)
    ended_at: datetime | None = None
    ended_by: str | None = Field(default=None, sa_type=Text)


class SuggesterRow(SQLModel, table=True):
    """A trained suggester. One is adopted; the others wait, or are kept for going back."""

    __tablename__ = "suggester"
    __table_args__ = (
        code_check("state", ("candidate", "adopted", "retired")),
        Index(
            "uq_suggester_adopted", "state", unique=True, postgresql_where=text("state = 'adopted'")
        ),
    )

    version: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)
    measured: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    made_at: datetime
    made_by: str = Field(sa_type=Text)


class SuggesterAct(SQLModel, table=True):
    """Who adopted, went back or moved the threshold, and when. Append-only by use."""

    __tablename__ = "suggester_act"

    id: UUID = Field(primary_key=True)
    at: datetime
    by: str = Field(sa_type=Text)
    act: str = Field(sa_type=Text)
    version: str = Field(sa_type=Text)
    # above this share, in per cent, the office lets a guess dispatch; 101 is never
    threshold: int


class CardRow(SQLModel, table=True):
    """One version of a knowledge card. What was confirmed is never rewritten, only replaced."""

    __tablename__ = "card"
    __table_args__ = (
        code_check("state", ("draft", "submitted", "confirmed", "replaced", "retired")),
        code_check("source", ("plan", "law", "platform", "unit")),
        Index(
            "uq_card_confirmed",
            "number",
            unique=True,
            postgresql_where=text("state = 'confirmed'"),
        ),
        Index(
            "uq_card_open",
            "number",
            unique=True,
            postgresql_where=text("state IN ('draft', 'submitted')"),
        ),
        Index("ix_card_grams", "grams", postgresql_using="gin"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text, foreign_key="department.code", index=True)
    # the local day from which nobody may answer with it before the owner has looked again
    review_on: date
    question: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text, foreign_key="category.code")
    keywords: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    source: str = Field(sa_type=Text)
    basis: str = Field(sa_type=Text)
    public: bool = False
    grams: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    made_by: str = Field(sa_type=Text)
    made_at: datetime
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    remark: str | None = Field(default=None, sa_type=Text)


class PhraseRow(SQLModel, table=True):
    """Canned wording of a role, or of one unit; its placeholders are filled when it is used."""

    __tablename__ = "phrase"

    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    # empty: for every role
    role: str | None = Field(default=None, sa_type=Text)
    unit: str | None = Field(default=None, sa_type=Text, foreign_key="department.code", index=True)
    made_by: str = Field(sa_type=Text)
    made_at: datetime
