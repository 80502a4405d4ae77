"""What the roof stores: login sessions, and the demonstration's moved time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    # when this browser last showed a second factor
    factor_at: datetime | None = None
    way: str = Field(default="password", sa_type=Text)


class SecondFactor(SQLModel, table=True):
    """What a person's telephone shows, once confirmed; and the codes for when it is lost."""

    __tablename__ = "second_factor"

    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    )
    secret: bytes = Field(sa_type=LargeBinary)
    # the last half minute a code was taken for: none is taken twice
    last_step: int = Field(default=0, sa_type=BigInteger)
    codes: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    started_at: datetime
    confirmed_at: datetime | None = None


class SignOnSubject(SQLModel, table=True):
    """Who a sign-on server means by a subject; names and addresses there may change, this not."""

    __tablename__ = "sign_on_subject"
    __table_args__ = (UniqueConstraint("issuer", "staff_id"),)

    issuer: str = Field(primary_key=True, sa_type=Text)
    subject: str = Field(primary_key=True, sa_type=Text)
    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    linked_at: datetime
    linked_by: str = Field(sa_type=Text)


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


class ApiClient(SQLModel, table=True):
    """A program outside that may call the interface: whose it is, and exactly what it may."""

    __tablename__ = "api_client"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    owner: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    per_minute: int
    created_at: datetime
    revoked_at: datetime | None = None


class ApiKey(SQLModel, table=True):
    """One of a program's keys. Only the hash is kept, and enough of the key to know it again."""

    __tablename__ = "api_key"

    hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    client_id: UUID = Field(
        sa_column=Column(
            ForeignKey("api_client.id", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    prefix: str = Field(sa_type=Text, unique=True)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class ApiClientEvent(SQLModel, table=True):
    """What was done to a program's leave, by whom: a line that nobody changes or deletes."""

    __tablename__ = "api_client_event"
    __table_args__ = (Index("ix_api_client_event_client", "client_id", "id"),)

    id: UUID = Field(primary_key=True)
    client_id: UUID
    name: str = Field(sa_type=Text)
    what: str = Field(sa_type=Text)
    about: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    at: datetime


class TimeShift(SQLModel, table=True):
    """How far the demonstration's clock stands ahead; one row, or none."""

    __tablename__ = "time_shift"

    id: int = Field(default=1, primary_key=True)
    seconds: int = 0
