"""What the department side does when facts happen: decide, issue, keep orders, redo, finish."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from core import bulk, logs, timeline
from core.desk import Desk
from core.errors import NotFound, Refused
from core.events import (
    CallbackAnswered,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ContactMade,
    Event,
    InfoSupplied,
    OrderAssigned,
    OrderIssued,
    OrderReplied,
    ReviewOverturned,
    TicketAccepted,
    TicketReceived,
    TicketRouted,
    TicketUnmerged,
    TriageNeeded,
)
from core.moments import local_day
from core.projection import SHOWN
from core.states import ENDING, ORDER_STEPS, OrderStatus, advance_order
from core.tables import Entry, Ticket
from routing import service
from routing.current import InForce, in_force
from routing.facts import facts_on
from routing.rules import Decision, decide
from routing.tables import WorkOrder

log = logs.get("routing")


def follow(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    """React to one entry, inside its transaction."""
    event = timeline.fact(entry)
    if entry.kind in ORDER_STEPS:
        _keep(desk, ticket, entry, event)
    match event:
        case TicketReceived(at_once=True):
            pass
        case ReviewOverturned():
            service.begin_anew(desk, ticket, entry.id)
            _decide(desk, ticket, entry)
        case TicketReceived() | InfoSupplied() | TicketUnmerged():
            _decide(desk, ticket, entry)
        case ClockStarted() | ClockMoved() | ClockBreached() if event.metric in SHOWN:
            _promise(desk, entry, event)
        case ClockStarted(metric="sign"):
            _window(desk, event)
        case CallbackAnswered(verdict="redo"):
            service.order_redo(desk, ticket, "not_solved", cause=entry.id)
        case _:
            pass
    if entry.kind in ENDING:
        service.finish(desk, ticket, cause=entry.id)


def prepare(desk: Desk, events: Sequence[Event]) -> None:
    """Load in one go the orders whose promises break; the desk keeps them for `follow`."""
    broken = {e.order for e in events if isinstance(e, ClockBreached) and e.metric in SHOWN}
    query = select(WorkOrder).where(bulk.among(WorkOrder.id, broken - {None}))
    with desk.session.no_autoflush:  # what is pending will be written together
        found = desk.session.exec(query).all() if broken else ()
    desk.memo["routing.orders"] = {order.id: order for order in found}


def _decide(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    """Rule, then orders. Filing never fails because of routing: a person is asked instead."""
    rules, decision = _ruled(desk, ticket)
    assignment = _assignment(desk, ticket, rules, decision)
    if rules is None or decision is None or assignment is None:
        timeline.record(desk, ticket, _triage(decision), cause=entry.id)
        return
    timeline.record(desk, ticket, TicketAccepted("rule"), cause=entry.id)
    timeline.record(desk, ticket, _routed(ticket, decision, rules), cause=entry.id)
    service.issue(desk, ticket, assignment)


def _ruled(desk: Desk, ticket: Ticket) -> tuple[InForce | None, Decision | None]:
    facts = facts_on(ticket, local_day(desk.now))
    try:
        rules = in_force(desk.session, desk.now)
        decision = decide(facts, rules.book, rules.register) if rules else None
    except SQLAlchemyError:
        raise  # the transaction is lost: there is nothing left to file into
    except Exception:
        log.exception("routing_failed", ticket=ticket.number)
        return None, None
    return rules, decision


def _assignment(
    desk: Desk, ticket: Ticket, rules: InForce | None, decision: Decision | None
) -> service.Assignment | None:
    """Whom the decision charges; None where it names nobody who may be charged today."""
    if rules is None or decision is None or decision.lead is None:
        return None
    # the plan names who supports a task; only a rule that says so makes them owe an answer,
    # and only the decision knows who of them is accused
    rule = next(rule for rule in rules.book.rules if rule.id == decision.rule)
    called = tuple(u for u in rule.outcome.co_handlers or () if u in decision.co_handlers)
    assignment = service.Assignment(decision.lead, called, decision.task)
    try:
        service.fit(desk, ticket, assignment)
    except Refused as refused:
        log.warning("routing_unfit", ticket=ticket.number, rule=rule.id, code=refused.code)
        return None
    return assignment


def _trace(decision: Decision) -> tuple[dict[str, str], ...]:
    return tuple({"rule": tried.rule, "failed": tried.failed} for tried in decision.trace)


def _triage(decision: Decision | None) -> TriageNeeded:
    if decision is None:
        return TriageNeeded(ground="NR")
    return TriageNeeded(
        ground=decision.ground or "NR",
        channel_hint=decision.route or None,
        rule=decision.rule or None,
        book=decision.book,
        trace=_trace(decision),
    )


def _routed(ticket: Ticket, decision: Decision, rules: InForce) -> TicketRouted:
    assert decision.lead is not None  # only called for decided ones
    return TicketRouted(
        category=ticket.category,
        lead=decision.lead,
        by="rule",
        task=decision.task,
        co_handlers=decision.co_handlers,
        partners=decision.partners,
        urgency=decision.urgency,
        rule=decision.rule,
        book=decision.book,
        plan=rules.plan,
        conflict=decision.conflict,
        trace=_trace(decision),
    )


def _keep(desk: Desk, ticket: Ticket, entry: Entry, event: Event) -> None:
    """The order's row learns from the fact, and refuses what its state does not allow."""
    if isinstance(event, OrderIssued):
        desk.session.add(_row(ticket, entry, event))
        desk.session.flush()
        return
    order_id = getattr(event, "order", None)
    if order_id is None:
        return
    row = desk.session.get_one(WorkOrder, order_id)
    if row.ticket_id != ticket.id:
        raise NotFound  # another ticket's order: that ticket is not held
    row.status = advance_order(OrderStatus(row.status), entry.kind)
    _learn(row, entry, event)


def _row(ticket: Ticket, entry: Entry, event: OrderIssued) -> WorkOrder:
    return WorkOrder(
        id=event.order,
        ticket_id=ticket.id,
        department=event.department,
        part=event.part,
        task=event.task,
        status=advance_order(OrderStatus.NEW, entry.kind),
        request=event.request,
        urgency=event.urgency,
        binding=event.binding,
        issued_at=entry.at,
    )


def _learn(row: WorkOrder, entry: Entry, event: Event) -> None:
    match event:
        case ContactMade(reached=True):
            row.contacted_at = row.contacted_at or entry.at
        case OrderAssigned():
            row.desk, row.handler = event.unit, event.staff
        case OrderReplied():
            row.replied_at, row.claim, row.reply = entry.at, event.claim, event.reply
        case _:
            pass
    match entry.kind:
        case "order.signed":
            row.signed_at = entry.at
        case "order.return_refused":
            row.binding = True
        case "ticket.reopened":
            row.ended_at = None
        case "order.returned" | "order.recalled" | "order.done" | "order.cancelled":
            row.ended_at = entry.at
        case _:
            pass


def _window(desk: Desk, event: ClockStarted) -> None:
    """A unit may say "not ours" as long as its promise to sign runs."""
    row = desk.session.get(WorkOrder, event.order) if event.order else None
    if row is not None:
        row.return_until = event.due


def _promise(desk: Desk, entry: Entry, event: ClockStarted | ClockMoved | ClockBreached) -> None:
    if event.order is None:
        return
    prepared: dict[UUID, WorkOrder] = desk.memo.get("routing.orders", {})
    row = prepared.get(event.order) or desk.session.get(WorkOrder, event.order)
    if row is None:
        return
    if isinstance(event, ClockBreached):
        row.breached_at = row.breached_at or entry.at
    else:
        row.due_at = event.due
