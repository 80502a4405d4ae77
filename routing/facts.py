"""What the rules may look at of a ticket."""

from datetime import date
from typing import Protocol

from routing.amounts import largest
from routing.rules import Facts

# the registering body and kind in a credit code's first two figures (GB 32100-2015)
_BY_CODE = {"92": "individual", "51": "association", "52": "association"}
# what a registered name says of its owner; a firm's size stands in no name
_BY_NAME = (
    ("foreign", ("外商独资", "外商投资", "中外合资", "中外合作", "外资")),
    ("association", ("协会", "商会", "联合会")),
    ("state", ("国有独资", "国有企业")),
    ("individual", ("个体工商户",)),
)


class Asked(Protocol):
    """A ticket, or a line of one read in bulk."""

    @property
    def category(self) -> str | None: ...
    @property
    def request(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def place(self) -> str | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def respondent(self) -> str | None: ...
    @property
    def urgency(self) -> str: ...
    @property
    def caution(self) -> str | None: ...
    @property
    def company_name(self) -> str | None: ...
    @property
    def uscc(self) -> str | None: ...


def facts_on(ticket: Asked, day: date) -> Facts:
    """The facts of a ticket that is routed on a day."""
    text = f"{ticket.title}\n{ticket.content}"
    return Facts(
        category=ticket.category or "",
        kind=ticket.request,
        text=text,
        place=ticket.place or "",
        channel=ticket.channel,
        respondent=ticket.respondent or "",
        amount=largest(text),
        day=day,
        enterprise=enterprise_of(ticket.uscc, ticket.company_name),
        urgency=ticket.urgency,
        caution=ticket.caution or "",
    )


def enterprise_of(uscc: str | None, name: str | None) -> str:
    """The kind of enterprise a credit code or a registered name tells, else empty: not guessed."""
    for kind, words in _BY_NAME:
        if name and any(word in name for word in words):
            return kind
    return _BY_CODE.get((uscc or "")[:2], "")
