"""The work-order verbs over JSON; who may is decided by the use cases."""

from uuid import UUID

from fastapi import APIRouter

from core.permissions import Act, demand
from routing import cooperation, service
from sla import extensions, holds, supervision
from web.api.schemas import (
    WRONG,
    AssignIn,
    CallIn,
    ContactIn,
    DispatchIn,
    ExtensionIn,
    ExtensionRulingIn,
    HoldIn,
    MadeOut,
    PartnerIn,
    PartnerOut,
    ReassignIn,
    ReplyIn,
    ReturnIn,
    ReviewIn,
    RulingIn,
    StageReplyIn,
    SupervisionAnswerIn,
    SupervisionIn,
    SupervisionJudgementIn,
)
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff

router = APIRouter(prefix="/api/v1", tags=["orders"], dependencies=[Checked], responses=WRONG)
DONE = {"done": True}


@router.post("/orders/{order}/sign")
def sign(order: UUID, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Take the order on."""
    with home.office.desk(asker.actor) as desk:
        service.sign(desk, order)
    return DONE


@router.post("/orders/{order}/return")
def ask_return(order: UUID, body: ReturnIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Say that it is not ours, before signing."""
    with home.office.desk(asker.actor) as desk:
        service.ask_return(
            desk, order, ground=body.ground, reason=body.reason, suggested=body.suggested
        )
    return DONE


@router.post("/orders/{order}/ruling")
def rule(order: UUID, body: RulingIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Uphold a return with a new lead, or refuse it."""
    with home.office.desk(asker.actor) as desk:
        service.rule_on_return(desk, order, new_lead=body.lead)
    return DONE


@router.post("/orders/{order}/contact")
def contact(order: UUID, body: ContactIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Log a contact with the complainant."""
    with home.office.desk(asker.actor) as desk:
        service.contact(desk, order, channel=body.channel, reached=body.reached)
    return DONE


@router.post("/orders/{order}/reply")
def reply(order: UUID, body: ReplyIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Answer, for review."""
    with home.office.desk(asker.actor) as desk:
        service.reply(desk, order, claim=body.claim, public=body.reply, internal=body.internal)
    return DONE


@router.post("/tickets/{number}/review")
def review(number: str, body: ReviewIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Send the reply on to the complainant, or the work back."""
    demand(asker.actor, Act.REVIEW_REPLY)
    with home.office.desk(asker.actor) as desk:
        ticket = found(desk.session, asker, number)
        service.review(desk, ticket.id, approve=body.approve, ground=body.ground)
    return DONE


@router.post("/tickets/{number}/dispatch")
def dispatch(number: str, body: DispatchIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Decide what no rule could."""
    demand(asker.actor, Act.DISPATCH)
    assignment = service.Assignment(body.lead, tuple(body.co_handlers), body.task)
    with home.office.desk(asker.actor) as desk:
        ticket = found(desk.session, asker, number)
        service.dispatch(desk, ticket.id, assignment, category=body.category)
    return DONE


@router.post("/orders/{order}/stage-replies")
def stage_reply(
    order: UUID, body: StageReplyIn, home: TheHouse, asker: TheStaff
) -> dict[str, bool]:
    """Tell the complainant how far it is."""
    with home.office.desk(asker.actor) as desk:
        service.stage_reply(desk, order, body.stage)
    return DONE


@router.post("/orders/{order}/holds", status_code=201)
def ask_hold(order: UUID, body: HoldIn, home: TheHouse, asker: TheStaff) -> MadeOut:
    """Ask to park the case until a review date."""
    with home.office.desk(asker.actor) as desk:
        made = holds.ask(
            desk, order, ground=body.ground, review_on=body.review_on, reason=body.reason
        )
        return MadeOut(id=made)


@router.post("/holds/{wanted}")
def rule_on_hold(
    wanted: UUID, body: ExtensionRulingIn, home: TheHouse, asker: TheStaff
) -> dict[str, bool]:
    """Grant a hold, or refuse it: somebody else than who asked."""
    with home.office.desk(asker.actor) as desk:
        if body.grant:
            holds.grant(desk, wanted)
        else:
            holds.refuse(desk, wanted, reason=body.reason)
    return DONE


@router.post("/tickets/{number}/resume")
def resume(number: str, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """End the hold: the promises run on."""
    with home.office.desk(asker.actor) as desk:
        holds.resume(desk, found(desk.session, asker, number).id)
    return DONE


@router.post("/orders/{order}/supervision", status_code=201)
def supervise(order: UUID, body: SupervisionIn, home: TheHouse, asker: TheStaff) -> MadeOut:
    """Issue a numbered supervision order on a work order."""
    with home.office.desk(asker.actor) as desk:
        made = supervision.issue(
            desk, order, level=body.level, ground=body.ground, demanded=body.demanded
        )
        return MadeOut(id=made)


@router.post("/supervision/{demand_id}/answer")
def answer_supervision(
    demand_id: UUID, body: SupervisionAnswerIn, home: TheHouse, asker: TheStaff
) -> dict[str, bool]:
    """The head of the unit answers."""
    with home.office.desk(asker.actor) as desk:
        supervision.answer(desk, demand_id, body.answer)
    return DONE


@router.post("/supervision/{demand_id}/judgement")
def judge_supervision(
    demand_id: UUID, body: SupervisionJudgementIn, home: TheHouse, asker: TheStaff
) -> dict[str, bool]:
    """Content with the answer, or asked for more."""
    with home.office.desk(asker.actor) as desk:
        supervision.judge(desk, demand_id, enough=body.enough, remark=body.remark)
    return DONE


@router.post("/orders/{order}/extensions", status_code=201)
def ask_extension(order: UUID, body: ExtensionIn, home: TheHouse, asker: TheStaff) -> MadeOut:
    """Ask for more working days before the promise is due."""
    with home.office.desk(asker.actor) as desk:
        return MadeOut(id=extensions.ask(desk, order, days=body.days, reason=body.reason))


@router.post("/extensions/{wanted}")
def rule_on_extension(
    wanted: UUID, body: ExtensionRulingIn, home: TheHouse, asker: TheStaff
) -> dict[str, bool]:
    """Grant an extension, or refuse it: somebody else than who asked."""
    with home.office.desk(asker.actor) as desk:
        if body.grant:
            extensions.grant(desk, wanted)
        else:
            extensions.refuse(desk, wanted, reason=body.reason)
    return DONE


@router.post("/tickets/{number}/co-handlers")
def call_in(number: str, body: CallIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Call one more unit in beside the lead."""
    with home.office.desk(asker.actor) as desk:
        ticket = found(desk.session, asker, number)
        cooperation.call_in(desk, ticket.id, body.department)
    return DONE


@router.post("/orders/{order}/call-off")
def call_off(order: UUID, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Let a co-handler go."""
    with home.office.desk(asker.actor) as desk:
        cooperation.call_off(desk, order)
    return DONE


@router.post("/orders/{order}/reassign")
def reassign(order: UUID, body: ReassignIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Give the case to another lead."""
    with home.office.desk(asker.actor) as desk:
        cooperation.reassign(desk, order, new_lead=body.lead, reason=body.reason)
    return DONE


@router.post("/orders/{order}/assign")
def assign(order: UUID, body: AssignIn, home: TheHouse, asker: TheStaff) -> dict[str, bool]:
    """Hand the order on inside the unit."""
    with home.office.desk(asker.actor) as desk:
        cooperation.assign(desk, order, staff=body.staff, unit=body.unit)
    return DONE


@router.post("/orders/{order}/partners")
def ask_partner(order: UUID, body: PartnerIn, home: TheHouse, asker: TheStaff) -> PartnerOut:
    """Ask a body outside the district; its answer comes through the signed address."""
    with home.office.desk(asker.actor) as desk:
        asked = cooperation.ask_partner(desk, order, partner=body.partner, question=body.question)
        token = cooperation.link(desk.keys, asked)
    return PartnerOut(link=f"{home.settings.public_url.rstrip('/')}/partner/{token}")
