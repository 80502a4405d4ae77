"""What the department side stores: plans, tasks, rulebooks, work orders."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from core.database import code_check
from core.states import OrderStatus
from core.tables import URGENCIES

PARTS = ("lead", "co")
CLAIMS = ("solved", "explained", "planned", "impossible")


def _texts() -> Any:
    return Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class PlanRow(SQLModel, table=True):
    """One imported version of the published plan; tickets keep the version they were routed by."""

    __tablename__ = "plan"

    version: str = Field(primary_key=True, sa_type=Text)
    title: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text, unique=True)
    document: str = Field(sa_type=Text)
    effective_from: date
    imported_at: datetime
    imported_by: str = Field(sa_type=Text)


class TaskRow(SQLModel, table=True):
    """One numbered task of a plan: who leads, who supports, what was promised."""

    __tablename__ = "task"

    plan: str = Field(primary_key=True, sa_type=Text, foreign_key="plan.version")
    number: int = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    section: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    leads: list[str] = _texts()
    supports: list[str] = _texts()
    supports_all: bool = False
    supports_scope: str | None = Field(default=None, sa_type=Text)
    coordinates: list[str] = _texts()
    targets: list[Any] = _json()
    notes: list[Any] = _json()


class PlanDraft(SQLModel, table=True):
    """A document read but not applied: what was answered to its doubts, and what became of it."""

    __tablename__ = "plan_draft"
    __table_args__ = (
        code_check("state", ("open", "applied", "discarded")),
        Index("ix_plan_draft_list", "uploaded_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)  # of the file; empty when the text was pasted
    document: str = Field(sa_type=Text)
    # {names: {written: meant}, leads: {number: unit}, dropped: [number], seen: [doubt]}
    answers: dict[str, Any] = _json()
    state: str = Field(default="open", sa_type=Text)
    uploaded_by: str = Field(sa_type=Text)
    uploaded_at: datetime
    answered_by: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = None
    # the reading that was applied, and by whom; a discarded draft has only the last two
    digest: str | None = Field(default=None, sa_type=Text)
    plan: str | None = Field(default=None, sa_type=Text, foreign_key="plan.version")
    ended_by: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = None


class NameConfirmation(SQLModel, table=True):
    """What a person said a name in a plan means; itself when it is kept as it is written."""

    __tablename__ = "name_confirmation"

    written: str = Field(primary_key=True, sa_type=Text)
    meant: str = Field(sa_type=Text)
    confirmed_by: str = Field(sa_type=Text)
    confirmed_at: datetime


class UnitChange(SQLModel, table=True):
    """One change of the unit register. `serial` is its version: what is compiled knows it."""

    __tablename__ = "unit_change"
    __table_args__ = (Index("ix_unit_change_unit", "unit", "serial"),)

    id: UUID = Field(primary_key=True)
    serial: int = Field(unique=True)
    unit: str = Field(sa_type=Text, foreign_key="department.code")
    # {field: [before, after]}; a unit that was added has only afters
    changes: dict[str, Any] = _json()
    reason: str = Field(default="", sa_type=Text)
    at: datetime
    by: str = Field(sa_type=Text)


class RulebookRow(SQLModel, table=True):
    """One version of the rulebook: a draft until a second person publishes it."""

    __tablename__ = "rulebook"
    __table_args__ = (code_check("state", ("draft", "published", "retired")),)

    version: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_type=Text)
    plan: str = Field(sa_type=Text, foreign_key="plan.version")
    body: dict[str, Any] = _json()
    # the book a draft began from, the number of its edits, and the hash of what they made
    base: str | None = Field(default=None, sa_type=Text, foreign_key="rulebook.version")
    revision: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    digest: str | None = Field(default=None, sa_type=Text)
    effective_from: datetime | None = None
    effective_until: datetime | None = None  # when the next book takes over
    proposed_by: str = Field(sa_type=Text)
    published_by: str | None = Field(default=None, sa_type=Text)
    published_at: datetime | None = None
    created_at: datetime


class RulebookEdit(SQLModel, table=True):
    """One step of a draft: who did what to which rule, and what stood there before and after."""

    __tablename__ = "rulebook_edit"
    __table_args__ = (Index("ix_rulebook_edit_version", "version", "seq"),)

    id: UUID = Field(primary_key=True)
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    version: str = Field(sa_type=Text, foreign_key="rulebook.version")
    revision: int
    at: datetime
    by: str = Field(sa_type=Text)
    act: str = Field(sa_type=Text)
    rule: str | None = Field(default=None, sa_type=Text)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    reason: str | None = Field(default=None, sa_type=Text)


class WorkOrder(SQLModel, table=True):
    """A department's obligation on a ticket. Status and instants are caches of the timeline."""

    __tablename__ = "work_order"
    __table_args__ = (
        code_check("status", OrderStatus),
        code_check("part", PARTS),
        code_check("urgency", URGENCIES),
        Index(
            "ix_work_order_board",
            "department",
            "due_at",
            "id",
            postgresql_where=text("status NOT IN ('returned', 'done', 'cancelled')"),
        ),
        Index(
            "uq_work_order_one_lead",
            "ticket_id",
            unique=True,
            postgresql_where=text("part = 'lead' AND status NOT IN ('returned', 'cancelled')"),
        ),
        UniqueConstraint("id", "ticket_id"),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    department: str = Field(sa_type=Text, foreign_key="department.code")
    part: str = Field(sa_type=Text)
    task: int | None = None
    status: str = Field(sa_type=Text)
    request: str = Field(sa_type=Text)
    urgency: str = Field(sa_type=Text)
    binding: bool = False
    # until when the unit may say that it is not theirs: the end of its promise to sign
    return_until: datetime | None = None
    desk: str | None = Field(default=None, sa_type=Text, foreign_key="department.code")
    handler: UUID | None = Field(default=None, foreign_key="staff.id", index=True)
    issued_at: datetime
    due_at: datetime | None = None
    breached_at: datetime | None = None
    signed_at: datetime | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    ended_at: datetime | None = None
    claim: str | None = Field(default=None, sa_type=Text)
    reply: UUID | None = Field(default=None, foreign_key="words.id")


class PartnerRequest(SQLModel, table=True):
    """What a body outside the district was asked; its signed link ends with `expires_at`."""

    __tablename__ = "partner_request"

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    order_id: UUID = Field(foreign_key="work_order.id")
    partner: str = Field(sa_type=Text, foreign_key="department.code")
    question: UUID = Field(foreign_key="words.id")
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    answer: UUID | None = Field(default=None, foreign_key="words.id")


class RuleProposal(SQLModel, table=True):
    """A change of the rules that practice asks for: the same category kept going elsewhere."""

    __tablename__ = "rule_proposal"
    __table_args__ = (
        code_check("state", ("open", "adopted", "dismissed")),
        Index(
            "uq_rule_proposal_open",
            "category",
            "sent_to",
            "went_to",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_rule_proposal_list", "state", "seen", "id"),
    )

    id: UUID = Field(primary_key=True)
    category: str = Field(sa_type=Text)
    sent_to: str = Field(sa_type=Text)  # empty where no rule had named a unit
    went_to: str = Field(sa_type=Text)
    state: str = Field(default="open", sa_type=Text)
    seen: int = 1
    ticket_id: UUID = Field(foreign_key="ticket.id")  # the newest case
    first_at: datetime
    last_at: datetime
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
