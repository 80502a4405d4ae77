"""The language spoken with an upper platform: what of ours it is told, and where we differ."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Invalid

NUMBER_LIMIT = 64
# what a platform may say of a case, in its own list of cases
STATES = (
    "received", "accepted", "need_info", "refused", "referred", "signed", "returned", "on_hold",
    "handling", "replied", "closed", "merged", "withdrawn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of our facts is called there; the state it leads to, if it leads to any.

    `words` is the fact's field that points to free text meant for the platform, `codes` those
    that go along as they are.
    """

    name: str
    state: str | None = None
    words: str | None = None
    codes: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "ticket.received": Kind("received", "received"),
    "ticket.accepted": Kind("accepted", "accepted"),
    "ticket.info_requested": Kind("info_requested", "need_info", "text"),
    "ticket.info_supplied": Kind("info_supplied", "received"),
    "ticket.rejected": Kind("refused", "refused", codes=("ground",)),
    "ticket.review_overturned": Kind("reopened", "received"),
    "ticket.referred": Kind("referred", "referred", codes=("ground", "target")),
    "ticket.merged": Kind("merged", "merged"),
    "ticket.answered": Kind("replied", "replied", "text"),
    "ticket.held": Kind("on_hold", "on_hold", codes=("ground", "review_at")),
    "ticket.resumed": Kind("resumed", "handling"),
    "ticket.reply_approved": Kind("replied", "replied", "reply"),
    "ticket.redo_ordered": Kind("redo", "handling"),
    "ticket.reopened": Kind("reopened", "handling"),
    "ticket.finalised": Kind("closed", "closed", "reply"),
    "ticket.closed": Kind("closed", "closed", codes=("result",)),
    "ticket.withdrawn": Kind("withdrawn", "withdrawn"),
    "order.signed": Kind("signed", "signed", codes=("department",)),
    "order.returned": Kind("returned", "returned", codes=("department",)),
    "order.stage_replied": Kind("stage_reply", None, "text", ("department",)),
    "clock.extension_asked": Kind("extension_asked", None, "words", ("department", "days")),
}
# said again because a comparison found that the platform did not know
AGAIN = Kind("state")


def kind_of(fact: str, facts: Mapping[str, Any], lead: str | None) -> Kind | None:
    """What a fact is called there; None where it is no business of theirs.

    Of work orders only the lead's: who helps him is ours to arrange.
    """
    kind = KINDS.get(fact)
    if kind is None or (fact == "order.returned" and facts.get("part") != "lead"):
        return None
    if fact in {"order.signed", "order.stage_replied"} and facts.get("department") != lead:
        return None
    return kind


def upper_number(value: str) -> str:
    """The platform's own number as it is stored. Invalid when it can be none."""
    number = value.strip()
    sane = number.isascii() and number.isprintable() and " " not in number and "/" not in number
    if not number or len(number) > NUMBER_LIMIT or not sane:
        raise Invalid.one("upper_number", "invalid", "上级编号应为1至64个字母、数字或符号")
    return number


# --- comparing ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Theirs:
    """One line of the platform's list."""

    upper_number: str
    state: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Ours:
    """One case as we last told it; `pending` while something of it is still on its way."""

    upper_number: str
    state: str
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """missing_here, missing_there or state, with both states where there are two."""

    kind: str
    upper_number: str
    theirs: str = ""
    ours: str = ""


def differences(theirs: Iterable[Theirs], ours: Iterable[Ours]) -> Iterator[Difference]:
    """Where the two lists do not say the same. What is still on its way is no difference yet."""
    known = {case.upper_number: case for case in ours}
    seen = set()
    for line in theirs:
        if line.upper_number in seen:
            continue
        seen.add(line.upper_number)
        case = known.get(line.upper_number)
        if case is None:
            yield Difference("missing_here", line.upper_number, theirs=line.state)
        elif not case.pending and case.state != line.state:
            yield Difference("state", line.upper_number, line.state, case.state)
    for case in known.values():
        if case.upper_number not in seen and not case.pending:
            yield Difference("missing_there", case.upper_number, ours=case.state)


def lines(listed: Any) -> list[Theirs]:
    """The platform's list as it was sent. Invalid when it is not one."""
    try:
        return [
            Theirs(
                upper_number(row["upper_number"]),
                str(row["state"])[:40],
                datetime.fromisoformat(row["updated_at"]),
            )
            for row in listed
        ]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Invalid.one("cases", "invalid", "上级平台的清单格式不正确") from error
