"""What the roof stores: login sessions, and the demonstration's moved time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, LargeBinary, Text
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


class TimeShift(SQLModel, table=True):
    """How far the demonstration's clock stands ahead; one row, or none."""

    __tablename__ = "time_shift"

    id: int = Field(default=1, primary_key=True)
    seconds: int = 0
