"""The use cases of the department side: issue, sign, return, rule, contact, reply, review."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import (
    ContactMade,
    NoteAdded,
    OrderCancelled,
    OrderDone,
    OrderIssued,
    OrderReplied,
    OrderReturned,
    OrderSigned,
    RedoOrdered,
    ReplyApproved,
    ReturnAsked,
    ReturnRefused,
    StageReplied,
    TicketAccepted,
    TicketRouted,
)
from core.moments import local_day
from core.people import line_above
from core.permissions import ACCUSING, Act, demand, demand_unit
from core.states import ORDER_OPEN, OrderStatus, Status
from core.tables import Department, Ticket
from routing import proposals
from routing.current import in_force
from routing.tables import CLAIMS, WorkOrder

RETURNS_A_TICKET = 2


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whom a ticket goes to: what a rule decided, or a dispatcher."""

    lead: str
    co_handlers: tuple[str, ...] = ()
    task: int | None = None
    binding: bool = False


def held(desk: Desk, order_id: UUID) -> tuple[Ticket, WorkOrder]:
    """The order and its ticket, the ticket's row locked first."""
    ticket_id = desk.session.exec(
        select(WorkOrder.ticket_id).where(WorkOrder.id == order_id)
    ).first()
    if ticket_id is None:
        raise NotFound
    ticket = timeline.hold(desk, ticket_id)
    order = desk.session.get_one(WorkOrder, order_id, populate_existing=True)
    return ticket, order


def lead_order(desk: Desk, ticket: Ticket) -> WorkOrder:
    """The one lead order that stands on a ticket. NotFound before dispatch."""
    order = desk.session.exec(
        select(WorkOrder)
        .where(WorkOrder.ticket_id == ticket.id, WorkOrder.part == "lead")
        .where(col(WorkOrder.status).not_in([OrderStatus.RETURNED, OrderStatus.CANCELLED]))
    ).first()
    if order is None:
        raise NotFound
    return order


def issue(desk: Desk, ticket: Ticket, assignment: Assignment) -> None:
    """Issue the lead order and the co-handlers'; their rows follow from the facts."""
    lead = (assignment.lead, "lead")
    for department, part in (lead, *((unit, "co") for unit in assignment.co_handlers)):
        timeline.record(
            desk,
            ticket,
            OrderIssued(
                order=desk.new_id(),
                department=department,
                part=part,
                request=ticket.request,
                urgency=ticket.urgency,
                task=assignment.task,
                complex=ticket.complex,
                binding=assignment.binding,
            ),
        )


def dispatch(desk: Desk, ticket_id: UUID, assignment: Assignment, *, category: str | None) -> None:
    """A dispatcher decides what no rule could, or decided wrongly.

    Invalid when a unit is unknown or closed; Conflict when the lead is the unit complained of.
    """
    demand(desk.actor, Act.DISPATCH)
    ticket = timeline.hold(desk, ticket_id)
    fit(desk, ticket, assignment)
    if Status(ticket.status) is Status.SUBMITTED:
        timeline.record(desk, ticket, TicketAccepted("dispatcher"))
    route(desk, ticket, assignment, category=category)


def route(desk: Desk, ticket: Ticket, assignment: Assignment, *, category: str | None) -> None:
    """A person's decision becomes the ticket's, and its orders go out."""
    timeline.record(
        desk,
        ticket,
        TicketRouted(
            category=category,
            lead=assignment.lead,
            by="person",
            task=assignment.task,
            co_handlers=assignment.co_handlers,
            urgency=ticket.urgency,
            plan=_plan(desk, assignment.task),
        ),
    )
    issue(desk, ticket, assignment)


def _plan(desk: Desk, task: int | None) -> str | None:
    """The plan a person's choice of task is read in: the one the rules stand on."""
    rules = in_force(desk.session, desk.now) if task is not None else None
    return rules.plan if rules else None


def fit(desk: Desk, ticket: Ticket, assignment: Assignment) -> None:
    """Invalid when a unit is unknown or closed, Conflict when one of them is the accused."""
    units = (assignment.lead, *assignment.co_handlers)
    today = local_day(desk.now)
    known = set(
        desk.session.exec(
            select(Department.code)
            .where(col(Department.code).in_(units))
            .where(col(Department.valid_from).is_(None) | (col(Department.valid_from) <= today))
            .where(col(Department.valid_to).is_(None) | (col(Department.valid_to) > today))
        )
    )
    if assignment.lead not in known:
        raise Invalid.one("lead", "unknown", "没有这个承办单位，或该单位已停用")
    if set(units) - known:
        raise Invalid.one("co_handlers", "unknown", "协办单位中有未知或已停用的单位")
    accused = ticket.respondent if ticket.request in ACCUSING else None
    if accused is not None and any(_under(desk, unit, accused) for unit in units):
        raise Conflict("不能把诉求派给被反映的单位", code="respondent_is_handler")


def _under(desk: Desk, unit: str, other: str) -> bool:
    return other in desk.session.execute(line_above(unit)).scalars().all()


def sign(desk: Desk, order_id: UUID) -> None:
    """The department takes the order on."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.SIGN, order.department)
    timeline.record(desk, ticket, OrderSigned(order.id, order.department))


def ask_return(
    desk: Desk, order_id: UUID, *, ground: str, reason: str, suggested: str | None
) -> None:
    """The department says it is not theirs: before signing, with a ground, not for ever."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.ASK_RETURN, order.department)
    if order.binding:
        raise Conflict("此单经裁定派发，不得退单", code="binding")
    if order.return_until is not None and desk.now > order.return_until:
        # who says nothing in time is the unit first responsible
        raise Conflict("退单时限已过，由本单位首接负责", code="return_window")
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明退单理由和依据")
    words = timeline.write(desk, ticket, reason)
    timeline.record(desk, ticket, ReturnAsked(order.id, order.department, ground, suggested, words))


def rule_on_return(desk: Desk, order_id: UUID, *, new_lead: str | None) -> None:
    """Uphold the return by naming the new lead, or refuse it: then the order is binding."""
    demand(desk.actor, Act.RULE_ON_RETURN)
    ticket, order = held(desk, order_id)
    if new_lead is None:
        timeline.record(desk, ticket, ReturnRefused(order.id, order.department))
        return
    if new_lead == order.department:
        raise Invalid.one("lead", "same", "改派单位不能是退单单位")
    returned = _returns(desk, ticket)
    assignment = Assignment(new_lead, task=order.task, binding=returned + 1 >= RETURNS_A_TICKET)
    fit(desk, ticket, assignment)
    timeline.record(desk, ticket, OrderReturned(order.id, order.department, order.part))
    if order.part == "lead":
        proposals.notice(desk, ticket, sent_to=order.department, went_to=new_lead)
        route(desk, ticket, assignment, category=ticket.category)


def _returns(desk: Desk, ticket: Ticket) -> int:
    query = select(WorkOrder.id).where(
        WorkOrder.ticket_id == ticket.id, WorkOrder.status == OrderStatus.RETURNED
    )
    return len(desk.session.exec(query).all())


def contact(desk: Desk, order_id: UUID, *, channel: str, reached: bool) -> None:
    """The handler spoke with the complainant, or tried."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.HANDLE, order.department)
    timeline.record(desk, ticket, ContactMade(order.id, order.department, channel, reached))


def reply(desk: Desk, order_id: UUID, *, claim: str, public: str, internal: str = "") -> None:
    """The department's answer: a public text, and what colleagues should know."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.REPLY, order.department)
    if claim not in CLAIMS:
        raise Invalid.one("claim", "unknown", "请选择办理结果")
    if not public.strip():
        raise Invalid.one("reply", "required", "请填写给企业的答复")
    if order.part == "lead" and _open_co_orders(desk, ticket):
        raise Conflict("还有协办单位未反馈，主办单位暂不能答复", code="co_handlers_open")
    words = timeline.write(desk, ticket, public, internal or None)
    timeline.record(
        desk, ticket, OrderReplied(order.id, order.department, order.part, claim, words)
    )


def stage_reply(desk: Desk, order_id: UUID, text: str) -> None:
    """The lead tells the complainant how far it is, while handling takes its time."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.REPLY, order.department)
    if order.part != "lead":
        raise Conflict("阶段反馈由主办单位提交", code="not_lead")
    if not text.strip():
        raise Invalid.one("stage", "required", "请填写办理进展")
    words = timeline.write(desk, ticket, text, field="stage")
    timeline.record(desk, ticket, StageReplied(order.id, order.department, words))


def _open_co_orders(desk: Desk, ticket: Ticket) -> bool:
    query = select(WorkOrder.id).where(
        WorkOrder.ticket_id == ticket.id,
        WorkOrder.part == "co",
        col(WorkOrder.status).in_(ORDER_OPEN - {OrderStatus.REPLIED}),
    )
    return desk.session.exec(query).first() is not None


def review(desk: Desk, ticket_id: UUID, *, approve: bool, ground: str = "review") -> None:
    """Send the reply to the complainant, or send the work back."""
    demand(desk.actor, Act.REVIEW_REPLY)
    ticket = timeline.hold(desk, ticket_id)
    order = lead_order(desk, ticket)
    if order.reply is None:
        raise Conflict("还没有可以审核的答复", code="no_reply")
    if approve:
        timeline.record(desk, ticket, ReplyApproved(order.id, order.reply))
    else:
        order_redo(desk, ticket, ground)


def order_redo(desk: Desk, ticket: Ticket, ground: str, cause: UUID | None = None) -> None:
    """The work goes back to the same lead, counted."""
    order = lead_order(desk, ticket)
    event = RedoOrdered(order.id, order.department, ground, ticket.redos + 1, ticket.urgency)
    timeline.record(desk, ticket, event, cause=cause)


def finish(desk: Desk, ticket: Ticket, cause: UUID) -> None:
    """With its ticket ended, every open order is done, or cancelled when nobody answered."""
    orders = desk.session.exec(
        select(WorkOrder)
        .where(WorkOrder.ticket_id == ticket.id, col(WorkOrder.status).in_(ORDER_OPEN))
        .order_by(col(WorkOrder.id))
    ).all()
    for order in orders:
        replied = order.status == OrderStatus.REPLIED
        event = OrderDone if replied else OrderCancelled
        timeline.record(desk, ticket, event(order.id, order.department), cause=cause)


def begin_anew(desk: Desk, ticket: Ticket, cause: UUID) -> None:
    """What was done under a decision that did not stand falls away: another lead may be charged."""
    orders = desk.session.exec(
        select(WorkOrder)
        .where(WorkOrder.ticket_id == ticket.id, WorkOrder.status == OrderStatus.DONE)
        .order_by(col(WorkOrder.id))
    ).all()
    for order in orders:
        event = OrderCancelled(order.id, order.department)
        timeline.record(desk, ticket, event, cause=cause)


def note(desk: Desk, ticket_id: UUID, body: str) -> None:
    """A remark between colleagues; the complainant never reads it."""
    demand(desk.actor, Act.NOTE)
    if not body.strip():
        raise Invalid.one("note", "required", "备注不能为空")
    ticket = timeline.hold(desk, ticket_id)
    if desk.actor.department is not None and desk.actor.department not in ticket.units:
        raise Forbidden
    timeline.record(desk, ticket, NoteAdded(timeline.write(desk, ticket, body)))
