"""What telling people stores: what is still to be planned, letters, and their fate."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check

LETTER_STATES = ("queued", "sending", "sent", "failed", "dead")
CHANNELS = ("inbox", "email", "sms", "paper")


class Unplanned(SQLModel, table=True):
    """A fact whose letters are not planned yet: what a flushed queue is refilled from."""

    __tablename__ = "unplanned"
    __table_args__ = (Index("ix_unplanned_look", "look_at"),)

    # deferred: a desk writes its rows before its entries
    entry_id: UUID = Field(
        sa_column=Column(
            ForeignKey("entry.id", deferrable=True, initially="DEFERRED"), primary_key=True
        )
    )
    look_at: datetime


class Letter(SQLModel, table=True):
    """One message to one person on one channel, unique for its fact: planned twice, sent once."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("entry_id", "recipient", "channel"),
        code_check("state", LETTER_STATES),
        code_check("channel", CHANNELS),
        Index(
            "ix_letter_due",
            "next_at",
            postgresql_where=text("state IN ('queued', 'sending', 'failed')"),
        ),
        Index("ix_letter_unwell", "id", postgresql_where=text("state IN ('failed', 'dead')")),
        Index("ix_letter_inbox", "recipient", "id", postgresql_where=text("channel = 'inbox'")),
        Index(
            "ix_letter_unread",
            "recipient",
            postgresql_where=text("channel = 'inbox' AND read_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    entry_id: UUID = Field(foreign_key="entry.id")
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    kind: str = Field(sa_type=Text)
    recipient: str = Field(sa_type=Text)  # an actor's tag: staff:<id> or business:<number>
    channel: str = Field(sa_type=Text)
    address: bytes | None = Field(default=None, sa_type=LargeBinary)  # sealed
    language: str = Field(default="zh", sa_type=Text)
    params: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    urgent: bool = False
    state: str = Field(default="queued", sa_type=Text)
    attempts: int = 0
    # queued: when to stop believing in the message on its way; failed: when to try again;
    # sending: when to stop believing in the one who took it
    next_at: datetime
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime
    sent_at: datetime | None = None
    read_at: datetime | None = None
