"""More than one hand on a ticket: co-handlers, reassignment, desks of a unit, bodies outside."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import (
    OrderAssigned,
    OrderCancelled,
    OrderIssued,
    OrderRecalled,
    PartnerAnswered,
    PartnerAsked,
)
from core.people import line_above
from core.permissions import Act, Role, demand, demand_unit, may
from core.privacy import Keys
from core.states import ORDER_OPEN, OrderStatus
from core.tables import Department, Staff, Ticket
from routing import proposals, queries, service
from routing.service import Assignment, fit, held, lead_order
from routing.tables import PartnerRequest, WorkOrder

LINK_DAYS = 30


def call_in(desk: Desk, ticket_id: UUID, department: str) -> None:
    """One more unit owes the lead its part.

    A dispatcher may call in any unit; the lead's head the units its task's plan names as supports.
    Conflict when the unit is on the ticket already or is the one complained of.
    """
    ticket = timeline.hold(desk, ticket_id)
    lead = lead_order(desk, ticket)
    if not may(desk.actor, Act.DISPATCH):
        demand_unit(desk.actor, Act.ASSIGN, lead.department)
        if department not in supports(desk.session, lead):
            raise Forbidden(
                "方案没有把这个单位列为本任务的配合单位，请由派单员增派", code="not_planned"
            )
    if lead.status not in {OrderStatus.PENDING_SIGN, OrderStatus.HANDLING}:
        raise Conflict("主办单位已经答复或正在退单，不能再增派协办", code="lead_answered")
    if _on_it(desk, ticket, department):
        raise Conflict("这个单位已经在办", code="already_on_it")
    fit(desk, ticket, Assignment(lead.department, (department,)))
    timeline.record(
        desk,
        ticket,
        OrderIssued(
            order=desk.new_id(),
            department=department,
            part="co",
            request=ticket.request,
            urgency=ticket.urgency,
            task=lead.task,
            complex=ticket.complex,
        ),
    )


def supports(session: Session, order: WorkOrder) -> frozenset[str]:
    """Units the plan names for the order's task besides its lead, by code."""
    if order.task is None:
        return frozenset()
    task = queries.task(session, order.task, queries.plan_of(session, order.ticket_id))
    if task is None:
        return frozenset()
    named = {*task.leads, *task.supports}
    rows = session.exec(
        select(Department.code).where(
            col(Department.name).in_(named) | Department.__table__.c.aliases.overlap(list(named))  # type: ignore[attr-defined] # an array column
        )
    )
    return frozenset(rows) - {order.department}


def _on_it(desk: Desk, ticket: Ticket, department: str) -> bool:
    query = select(WorkOrder.id).where(
        WorkOrder.ticket_id == ticket.id,
        WorkOrder.department == department,
        col(WorkOrder.status).in_(ORDER_OPEN),
    )
    return desk.session.exec(query).first() is not None


def call_off(desk: Desk, order_id: UUID) -> None:
    """A co-handler is not needed any more; what it promised falls away."""
    demand(desk.actor, Act.DISPATCH)
    ticket, order = held(desk, order_id)
    if order.part != "co":
        raise Conflict("主办单位只能改派，不能撤销", code="lead_order")
    timeline.record(desk, ticket, OrderCancelled(order.id, order.department))


def reassign(desk: Desk, order_id: UUID, *, new_lead: str, reason: str) -> None:
    """The dispatcher takes a lead order away and gives the case to another unit, saying why."""
    demand(desk.actor, Act.DISPATCH)
    ticket, order = held(desk, order_id)
    if order.part != "lead":
        raise Conflict("只有主办单位可以改派", code="co_order")
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明改派理由")
    if new_lead == order.department:
        raise Invalid.one("lead", "same", "改派单位不能是原承办单位")
    assignment = Assignment(new_lead, task=order.task)
    fit(desk, ticket, assignment)
    words = timeline.write(desk, ticket, reason, field="reason")
    timeline.record(desk, ticket, OrderRecalled(order.id, order.department, order.part, words))
    standing = _standing(desk, ticket, new_lead)
    if standing is not None:
        timeline.record(desk, ticket, OrderCancelled(standing.id, standing.department))
    proposals.notice(desk, ticket, sent_to=order.department, went_to=new_lead)
    service.route(desk, ticket, assignment, category=ticket.category)


def _standing(desk: Desk, ticket: Ticket, department: str) -> WorkOrder | None:
    """The co-handler's order of a unit that now becomes the lead."""
    query = select(WorkOrder).where(
        WorkOrder.ticket_id == ticket.id,
        WorkOrder.department == department,
        WorkOrder.part == "co",
        col(WorkOrder.status).in_(ORDER_OPEN),
    )
    return desk.session.exec(query).first()


def assign(
    desk: Desk, order_id: UUID, *, staff: UUID | None = None, unit: str | None = None
) -> None:
    """Inside the unit: hand the order to a colleague, or to a desk that stands under the unit."""
    ticket, order = held(desk, order_id)
    demand_unit(desk.actor, Act.ASSIGN, order.department)
    if (staff is None) == (unit is None):
        raise Invalid.one("staff", "required", "请选择一位同事或一个下属机构")
    if staff is not None and not _belongs(desk, desk.session.get(Staff, staff), order):
        raise Invalid.one("staff", "unknown", "这不是本单位在岗的同事")
    if unit is not None and (
        unit == order.department or not _beneath(desk, unit, order.department)
    ):
        raise Invalid.one("unit", "unknown", "这不是本单位的下属机构")
    timeline.record(desk, ticket, OrderAssigned(order.id, order.department, unit, staff))


def _belongs(desk: Desk, person: Staff | None, order: WorkOrder) -> bool:
    if person is None or not person.active or person.department is None:
        return False
    return _beneath(desk, person.department, order.department)


def _beneath(desk: Desk, unit: str, other: str) -> bool:
    return other in desk.session.execute(line_above(unit)).scalars().all()


def ask_partner(desk: Desk, order_id: UUID, *, partner: str, question: str) -> UUID:
    """Ask a body outside the district for its part. The answer's id makes the signed link."""
    ticket, order = held(desk, order_id)
    if not may(desk.actor, Act.DISPATCH):
        demand_unit(desk.actor, Act.REPLY, order.department)
    if order.part != "lead" or order.status != OrderStatus.HANDLING:
        raise Conflict("只有正在办理的主办单位可以请区外单位协助", code="not_handling")
    body = desk.session.get(Department, partner)
    if body is None or body.kind != "outside":
        raise Invalid.one("partner", "unknown", "请选择一个区外单位")
    if ticket.respondent == partner:
        raise Conflict("不能把诉求交给被反映的单位", code="respondent_is_handler")
    if not question.strip():
        raise Invalid.one("question", "required", "请写明需要对方做什么")
    words = timeline.write(desk, ticket, question, field="question")
    row = PartnerRequest(
        id=desk.new_id(),
        ticket_id=ticket.id,
        order_id=order.id,
        partner=partner,
        question=words,
        asked_at=desk.now,
        expires_at=desk.now + timedelta(days=LINK_DAYS),
    )
    desk.session.add(row)
    desk.session.flush()
    fact = PartnerAsked(order.id, order.department, partner, row.id, words)
    timeline.record(desk, ticket, fact)
    return row.id


def link(keys: Keys, request_id: UUID) -> str:
    """What stands in the address that opens a partner's request: its id and a signature."""
    return f"{request_id}.{keys.sign(f'partner:{request_id}')}"


def partner_request(session: Session, keys: Keys, token: str, now: datetime) -> PartnerRequest:
    """The request a link opens. NotFound for a wrong, ended or unknown link: not told which."""
    name, _, signature = token.partition(".")
    try:
        request_id = UUID(name)
    except ValueError:
        raise NotFound from None
    if not keys.signed(f"partner:{request_id}", signature):
        raise NotFound
    row = session.get(PartnerRequest, request_id)
    if row is None or row.expires_at <= now:
        raise NotFound
    return row


def answer_partner(desk: Desk, token: str, body: str) -> None:
    """The body outside answers, once; the lead unit weaves it into its own reply."""
    row = partner_request(desk.session, desk.keys, token, desk.now)
    ticket, order = held(desk, row.order_id)
    desk.session.refresh(row)
    if Role.PARTNER not in desk.actor.roles or desk.actor.id != row.partner:
        raise Forbidden
    if row.answered_at is not None:
        raise Conflict("已经答复过了", code="answered_before")
    if order.status not in ORDER_OPEN:
        raise Conflict("这件诉求已经办结，不再需要答复", code="order_ended")
    if not body.strip():
        raise Invalid.one("text", "required", "请填写答复")
    words = timeline.write(desk, ticket, body)
    row.answered_at, row.answer = desk.now, words
    fact = PartnerAnswered(order.id, order.department, row.partner, row.id, words)
    timeline.record(desk, ticket, fact)
