"""One fact of every sort that calls for letters, and the case it happens in."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from core import events
from notify.addressing import Case
from tests.notify.makers import DUE, NUMBER, issued, received

AT = DUE - timedelta(days=7)
FILING = Case(
    NUMBER, "complaint", "normal", received_at=AT, at=AT, actor="visitor", lead="bj", due_at=DUE
)  # fmt: skip
LATER = replace(FILING, at=AT + timedelta(hours=2))
WITHOUT_LEAD = replace(LATER, lead=None, due_at=None)
_ORDER = {"order": uuid4(), "department": "bj"}
_CLOCK = {"clock": uuid4(), "metric": "resolve", "level": "red", "due": DUE, "department": "bj"}

FACTS = (
    received(),
    issued(),
    issued(part="co", urgency="critical", binding=True),
    events.InfoRequested(("uscc",)),
    events.InfoAdded(uuid4(), "email"),
    events.TicketAccepted("staff:x"),
    events.RefusalProposed("RJ01"),
    events.TicketRejected("RJ01", "staff:x"),
    events.ReviewAsked(uuid4()),
    events.ReviewUpheld(uuid4()),
    events.ReviewOverturned(uuid4()),
    events.ReferralProposed("RJ02", "cg", uuid4()),
    events.TicketReferred("RJ02", "cg"),
    events.TicketAnswered(uuid4()),
    events.TicketMerged(NUMBER, "same"),
    events.TicketUnmerged(NUMBER, "person"),
    events.TriageNeeded("gibberish"),
    events.TicketHeld("law", DUE),
    events.ReplyApproved(order=uuid4(), reply=uuid4()),
    events.RedoOrdered(**_ORDER, ground="unsolved", count=1),
    events.CorrectionOpened(5, "bj"),
    events.CorrectionOpened(4),
    events.CorrectionAnswered(uuid4(), "bj"),
    events.TicketClosed("solved"),
    events.TicketReopened(**_ORDER, ground="again"),
    events.TicketFinalised(uuid4()),
    events.ReturnAsked(**_ORDER, ground="duty", suggested="cg"),
    events.OrderReturned(**_ORDER, part="lead"),
    events.ReturnRefused(**_ORDER),
    events.OrderCancelled(**_ORDER),
    events.OrderReplied(**_ORDER, part="lead", claim="solved", reply=uuid4()),
    events.OrderReplied(order=uuid4(), department="cg", part="co", claim="solved", reply=uuid4()),
    events.ClockWarned(**_CLOCK, tell=("handler",)),
    events.ClockBreached(**_CLOCK, tell=("head", "office")),
    events.OrderEscalated(**(_CLOCK | {"department": None, "order": None}), tell=("office",)),
    events.ClockMoved(uuid4(), "resolve", "published", due=DUE, before=AT),
    events.ClockMoved(uuid4(), "resolve", "extension", due=DUE, before=AT, department="cg"),
    events.ExtensionAsked(uuid4(), "resolve", **_ORDER, days=2, words=uuid4()),
    events.ExtensionRefused(uuid4(), "resolve", **_ORDER),
    events.HoldAsked(**_ORDER, ground="waiting_law", review_at=DUE, words=uuid4()),
    events.HoldRefused(**_ORDER, words=uuid4()),
    events.HoldProlonged("waiting_law", DUE, uuid4()),
    events.TicketResumed(),
    events.StageReplied(**_ORDER, text=uuid4()),
    events.OrderReminded(**_ORDER, due=DUE),
    events.OrderReminded(**_ORDER),
    events.SupervisionIssued(uuid4(), **_ORDER, level="red", ground="late", year=2026, serial=1),
    events.SupervisionIssued(uuid4(), **_ORDER, level="listed", ground="x", year=2026, serial=2),
    events.SupervisionAnswered(uuid4(), **_ORDER, words=uuid4()),
    events.SupervisionJudged(uuid4(), **_ORDER, enough=True),
    events.SupervisionJudged(uuid4(), **_ORDER, enough=False, words=uuid4()),
    events.SupervisionLifted(uuid4(), **_ORDER, words=uuid4()),
    events.SupervisionLifted(uuid4(), **_ORDER),
    events.SubjectAsked(uuid4(), "access", "web"),
    events.SubjectDecided(uuid4(), "erasure", granted=True, ground="as_asked"),
    events.SubjectDecided(uuid4(), "correction", granted=False, ground="law", text=uuid4()),
)
CASES = (FILING, LATER, WITHOUT_LEAD)
