"""A case as the upper platform hands it over, read into what the intake takes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, ValidationError

from core.errors import Invalid
from core.settings import Settings
from intake import draft, relay
from intake.files import FILES_LIMIT
from intake.relays import CHANNEL, Push
from web.api.schemas import AttachmentIn, Strict, files

# JSON has no instants, so a strict body must be told to read one
Moment = Annotated[AwareDatetime, Field(strict=False)]


class RelayCaseIn(Strict):
    """One case. Values are checked by the intake, field by field."""

    upper_number: str = Field(description="the platform's own number of the case")
    limit: Moment = Field(description="by when the platform wants its answer")
    kind: str = Field("complaint", description="complaint report inquiry help suggestion praise")
    title: str | None = None
    content: str = Field(description="5 to 5,000 characters")
    category: str | None = None
    urgency: str | None = Field(None, description="critical urgent normal")
    contact_name: str | None = None
    contact_phone: str | None = Field(None, description="needed unless anonymous")
    contact_email: str | None = None
    company_name: str | None = None
    uscc: str | None = None
    place: str | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    attachments: Annotated[list[AttachmentIn], Field(max_length=FILES_LIMIT)] = Field(
        default_factory=list
    )


def pushed(body: RelayCaseIn, settings: Settings) -> Push:
    """The case as it may be taken in. Invalid lists every field at fault."""
    number = relay.upper_number(body.upper_number)
    wanted = draft.check(
        body.model_dump(exclude={"attachments", "upper_number", "limit"}),
        channels=(CHANNEL,),
        channel=CHANNEL,
        attachments=files(body.attachments, settings.upload_limit_mb * 2**20),
    )
    return Push(number, _whole_seconds(body.limit), wanted)


def checked(values: dict[str, Any], settings: Settings) -> Push:
    """A case that we fetched ourselves. Invalid when it is not of that shape."""
    try:
        body = RelayCaseIn.model_validate(values)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Invalid.one(field, "invalid", "上级平台给出的内容不完整或格式不正确") from error
    return pushed(body, settings)


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
