"""What custody of personal data stores: its record, exports, people's requests, retention."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check

EXPORT_STATES = ("asked", "working", "ready", "refused", "failed", "expired")
REQUEST_KINDS = ("access", "correction", "erasure")
REQUEST_STATES = ("open", "granted", "refused", "done")


def _of_ticket() -> Any:
    return Field(sa_column=Column(ForeignKey("ticket.id"), nullable=False, index=True))


def _codes() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class CustodyRecord(SQLModel, table=True):
    """What was done with many people's data, by whom. Chained; nobody changes or deletes it."""

    __tablename__ = "custody_record"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime
    by: str = Field(sa_type=Text)
    act: str = Field(sa_type=Text, index=True)
    facts: dict[str, Any] = _codes()
    previous: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class TicketExport(SQLModel, table=True):
    """A list of tickets somebody asked for as a file, and why. The file dies, the row stays."""

    __tablename__ = "ticket_export"
    __table_args__ = (
        code_check("state", EXPORT_STATES),
        code_check("format", ("csv", "xlsx")),
        Index("ix_ticket_export_ready", "expires_at", postgresql_where=text("state = 'ready'")),
    )

    id: UUID = Field(primary_key=True)
    asked_by: str = Field(sa_type=Text, index=True)
    asked_at: datetime
    reason: str = Field(sa_type=Text)
    format: str = Field(sa_type=Text)
    filters: dict[str, Any] = _codes()
    language: str = Field(sa_type=Text)
    texts: bool = False
    identified: bool = False
    state: str = Field(sa_type=Text)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    job_id: UUID | None = None
    rows: int | None = None
    size: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str | None = Field(default=None, sa_type=Text)
    expires_at: datetime | None = None


class ExportPart(SQLModel, table=True):
    """A sealed piece of an export's file."""

    __tablename__ = "ticket_export_part"

    export_id: UUID = Field(
        sa_column=Column(ForeignKey("ticket_export.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class SubjectRequest(SQLModel, table=True):
    """Somebody asks to see, correct or erase what is held of him on a ticket."""

    __tablename__ = "subject_request"
    __table_args__ = (
        code_check("kind", REQUEST_KINDS),
        code_check("state", REQUEST_STATES),
        code_check("via", ("web", "paper")),
        Index("ix_subject_request_due", "due_at", postgresql_where=text("decided_at IS NULL")),
        # one open wish of a kind is enough: a second press changes nothing
        Index(
            "uq_subject_request_open",
            "ticket_id",
            "kind",
            unique=True,
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = _of_ticket()
    kind: str = Field(sa_type=Text)
    via: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    asked_by: str = Field(sa_type=Text)
    asked_at: datetime
    due_at: datetime
    # what he says and, for a correction, what is right: sealed
    wish: bytes | None = Field(default=None, sa_type=LargeBinary)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    ground: str | None = Field(default=None, sa_type=Text)
    # the words of the answer, on the ticket
    answer: UUID | None = None
    done_at: datetime | None = None


class ContactAmendment(SQLModel, table=True):
    """What a contact said before it was corrected: as sealed as it was."""

    __tablename__ = "contact_amendment"

    id: UUID = Field(primary_key=True)
    request_id: UUID = Field(sa_column=Column(ForeignKey("subject_request.id"), nullable=False))
    ticket_id: UUID = _of_ticket()
    name: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone: bytes | None = Field(default=None, sa_type=LargeBinary)
    email: bytes | None = Field(default=None, sa_type=LargeBinary)
    amended_at: datetime


class WordsVersion(SQLModel, table=True):
    """That words were redacted: where, when, how many numbers; of the old ones a keyed digest."""

    __tablename__ = "words_version"

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = _of_ticket()
    source: str = Field(sa_type=Text)
    why: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text)
    found: int
    at: datetime


class RetentionRule(SQLModel, table=True):
    """How long a kind of data is kept, where that differs from what the product proposes."""

    __tablename__ = "retention_rule"

    code: str = Field(primary_key=True, sa_type=Text)
    days: int
    basis: str = Field(sa_type=Text)
    enabled: bool = True
    changed_by: str = Field(sa_type=Text)
    changed_at: datetime


class LegalHold(SQLModel, table=True):
    """A ticket from which nothing may be taken until the hold is lifted."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index(
            "uq_legal_hold_standing",
            "ticket_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = _of_ticket()
    reason: str = Field(sa_type=Text)
    placed_by: str = Field(sa_type=Text)
    placed_at: datetime
    lifted_by: str | None = Field(default=None, sa_type=Text)
    lifted_at: datetime | None = None
