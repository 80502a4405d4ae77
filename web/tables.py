"""What the roof stores: login sessions, and the demonstration's moved time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class LoginSession(SQLModel, table=True):
    """A browser that is logged in. Only the token's hash is kept: revocable, not stealable."""

    __tablename__ = "login_session"

    token: bytes = Field(primary_key=True, sa_type=LargeBinary)
    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    csrf: str = Field(sa_type=Text)
    created_at: datetime
    seen_at: datetime


class AccountEvent(SQLModel, table=True):
    """What was done to an account, by whom: a line that nobody changes or deletes."""

    __tablename__ = "account_event"
    __table_args__ = (Index("ix_account_event_staff", "staff_id", "id"),)

    id: UUID = Field(primary_key=True)
    staff_id: UUID
    username: str = Field(sa_type=Text)
    what: str = Field(sa_type=Text)
    about: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    at: datetime


class TimeShift(SQLModel, table=True):
    """How far the demonstration's clock stands ahead; one row, or none."""

    __tablename__ = "time_shift"

    id: int = Field(default=1, primary_key=True)
    seconds: int = 0
