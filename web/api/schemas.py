"""The JSON bodies of the interface: what may come in, what goes out."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core import numbers
from core.errors import Fault, Invalid
from core.people import sealed
from core.tables import Ticket
from intake.files import FILES_LIMIT, BadFile, File, check_file
from web.masking import listed_title


class Strict(BaseModel):
    """A body whose types are meant: no "1" for 1, no 0 for false."""

    model_config = ConfigDict(strict=True)


class AttachmentIn(Strict):
    """A file inside JSON."""

    name: str = Field(max_length=300)
    content: str = Field(description="the file, base64")


class TicketIn(Strict):
    """A request as any program may file it. Values are checked by the intake, field by field."""

    kind: str = Field("complaint", description="complaint report inquiry help suggestion praise")
    title: str | None = None
    content: str = Field(description="5 to 5,000 characters")
    category: str | None = Field(None, description="a code of GET /api/v1/categories")
    urgency: str | None = Field(None, description="critical urgent normal")
    contact_name: str | None = None
    contact_phone: str | None = Field(None, description="needed unless anonymous")
    contact_email: str | None = None
    company_name: str | None = None
    uscc: str | None = Field(None, description="unified social credit code, 18 characters")
    channel: str | None = Field(None, description="api (default) or web")
    place: str | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    respondent: str | None = Field(None, description="code or name of the unit complained of")
    attachments: Annotated[list[AttachmentIn], Field(max_length=FILES_LIMIT)] = []


class Problem(BaseModel):
    """One field at fault."""

    field: str
    code: str
    message: str


class ErrorOut(BaseModel):
    """The one shape of every error."""

    code: str
    message: str
    fields: list[Problem]
    request_id: str


# what any call may answer when it does not do what was asked
WRONG: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorOut} for status in (400, 401, 403, 404, 409, 413, 422, 429, 503)
}


class FiledOut(BaseModel):
    """What the filer must keep."""

    number: str
    query_code: str
    status: str
    due_at: datetime | None
    category: str | None
    task: int | None
    lead: str | None
    lead_name: str | None
    url: str


class TicketOut(BaseModel):
    """A ticket as staff see it in lists."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    status: str
    request: str = Field(serialization_alias="kind")
    channel: str
    category: str | None
    task: int | None
    title: str
    company_name: str | None
    urgency: str
    lead: str | None
    due_at: datetime | None
    received_at: datetime
    closed_at: datetime | None
    breached_at: datetime | None

    @classmethod
    def masked(cls, row: Ticket) -> Self:
        """The row with personal numbers in its words masked: what anybody but its owner gets."""
        made = cls.model_validate(row)
        made.title = listed_title(row)
        made.company_name = numbers.masked(made.company_name) if made.company_name else None
        if sealed(row):
            made.company_name = None
        return made


class TicketsOut(BaseModel):
    """A page of tickets, newest first; `next` asks for the one after it."""

    tickets: list[TicketOut]
    next: str | None


class EntryOut(BaseModel):
    """One line of the timeline."""

    number: int
    kind: str
    at: datetime
    actor: str
    facts: dict[str, Any]


class OrderOut(BaseModel):
    """A work order on a ticket."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    department: str
    part: str
    status: str
    task: int | None
    due_at: datetime | None
    signed_at: datetime | None
    replied_at: datetime | None


class TicketDetail(TicketOut):
    """One ticket with its orders and the timeline its reader may see."""

    content: str
    orders: list[OrderOut]
    timeline: list[EntryOut]


class ReturnIn(Strict):
    """Why the order is not ours."""

    ground: str = Field("outside_duty", max_length=60)
    reason: str = Field(max_length=2000)
    suggested: str | None = Field(None, max_length=60)


class RulingIn(Strict):
    """Uphold a return by naming the new lead; without one it is refused."""

    lead: str | None = Field(None, max_length=60)


class ContactIn(Strict):
    """A contact with the complainant, or an attempt."""

    channel: str = Field("phone", max_length=30)
    reached: bool = True


class ReplyIn(Strict):
    """The department's answer."""

    claim: str = Field("solved", max_length=30)
    reply: str = Field(max_length=5000)
    internal: str = Field("", max_length=5000)


class ReviewIn(Strict):
    """Send the reply on, or the work back."""

    approve: bool
    ground: str = Field("review", max_length=60)


class DispatchIn(Strict):
    """A dispatcher's decision."""

    lead: str = Field(max_length=60)
    co_handlers: list[str] = Field([], max_length=20)
    task: int | None = None
    category: str | None = Field(None, max_length=60)


class AssignIn(Strict):
    """Who inside the unit handles it: one of the two."""

    staff: UUID | None = Field(None, strict=False)
    unit: str | None = Field(None, max_length=60)


class CallIn(Strict):
    """One more co-handler."""

    department: str = Field(max_length=60)


class ReassignIn(Strict):
    """Another unit leads from here, because."""

    lead: str = Field(max_length=60)
    reason: str = Field(max_length=2000)


class ExtensionIn(Strict):
    """How many more working days, and why."""

    days: int
    reason: str = Field(max_length=2000)


class MadeOut(BaseModel):
    """The request or order that was made and now waits for somebody else's answer."""

    id: UUID


class ExtensionRulingIn(Strict):
    """Granted, or refused and why."""

    grant: bool
    reason: str = Field(default="", max_length=2000)


class StageReplyIn(Strict):
    """How far it is, in words for the complainant."""

    stage: str = Field(max_length=2000)


class HoldIn(Strict):
    """The ground of a hold, the day of its review, and why."""

    ground: str = Field(max_length=60)
    review_on: date
    reason: str = Field(max_length=2000)


class SupervisionIn(Strict):
    """How grave, for what, and what is demanded."""

    level: str = Field(default="red", max_length=60)
    ground: str = Field(max_length=60)
    demanded: str = Field(default="", max_length=2000)


class SupervisionAnswerIn(Strict):
    """What was done, and until when the rest will be."""

    answer: str = Field(max_length=5000)


class SupervisionJudgementIn(Strict):
    """Enough, or what is still missing."""

    enough: bool
    remark: str = Field(default="", max_length=2000)


class PartnerIn(Strict):
    """What a body outside the district is asked."""

    partner: str = Field(max_length=60)
    question: str = Field(max_length=5000)


class PartnerOut(BaseModel):
    """The signed address to send to the body outside."""

    link: str


class CallbackIn(Strict):
    """The complainant's three answers, known by number and query code."""

    query_code: str = Field(max_length=20)
    contacted: bool | None = None
    solved: bool | None = None
    grade: int | None = Field(None, description="1 very satisfied … 5 very dissatisfied")
    comment: str = Field("", max_length=2000)


class LoginIn(Strict):
    """Name and password of a member of staff, and the code of who has a second factor."""

    username: str = Field(max_length=100)
    password: str = Field(max_length=200)
    code: str = Field(default="", max_length=60)


class LoginOut(BaseModel):
    """The token every changing call must carry as X-CSRF-Token."""

    csrf: str


def files(given: list[AttachmentIn], limit: int) -> tuple[File, ...]:
    """The checked files of a body; Invalid names each one at fault."""
    taken, faults = [], []
    for position, item in enumerate(given):
        field = f"attachments.{position}"
        try:
            body = base64.b64decode(item.content, validate=True)
            taken.append(check_file(item.name, body, limit=limit))
        except (binascii.Error, ValueError) as error:
            if isinstance(error, BadFile):
                faults.append(Fault(field, error.code, error.message, error.params))
            else:
                faults.append(Fault(field, "base64", "附件内容不是有效的 base64"))
    if faults:
        raise Invalid(faults=tuple(faults))
    return tuple(taken)
