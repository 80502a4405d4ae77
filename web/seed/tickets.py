"""Some hundred believable tickets, told through the real use cases at past instants.

Everything goes the way a real ticket goes: the same services, the same followers, clocks
that warn and break when their time comes. Only the instants are chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session, col, select

import notify.reactions
from core.desk import Desk, Office
from core.moments import SHANGHAI
from core.people import actor_of
from core.permissions import SYSTEM, VISITOR, Actor, business
from core.states import Status
from core.tables import Staff, Ticket
from intake import closing, service
from intake.draft import check
from intake.tables import CategoryRow
from routing import cooperation
from routing import service as orders
from routing.tables import WorkOrder
from sla import sweep
from sla.tables import ClockRow
from web.seed.texts import complaint

COUNT = 240
WEEKS = 13
# the seed must be the same tickets at every first start; nothing here is secret
SEED = 2026
FIRINGS = 12
LETTERS = timedelta(days=1)


@dataclass
class Teller:
    """Tells one ticket's story after another over one session."""

    office: Office
    session: Session
    random: Random
    staff: dict[str, Actor]
    until: datetime
    area: str
    memo: dict[str, Any] = field(default_factory=dict)

    def desk(self, actor: Actor, now: datetime) -> Desk:
        return Desk(self.session, now, actor, self._office(now), memo=self.memo)

    def _office(self, now: datetime) -> Office:
        """Letters only about the last day: nobody wants last quarter's by post."""
        if now > self.until - LETTERS:
            return self.office
        silent = [
            follow for follow in self.office.followers if follow is not notify.reactions.follow
        ]
        return replace(self.office, followers=silent)

    def at(self, actor: Actor, now: datetime, act: Callable[[Desk], object]) -> bool:
        """Do something at an instant, unless that is still to come."""
        if now > self.until:
            return False
        desk = self.desk(actor, now)
        act(desk)
        desk.flush()
        return True

    def clocks_until(self, ticket: Ticket, now: datetime) -> None:
        """Let the ticket's clocks act at their own instants, up to `now`."""
        for _ in range(FIRINGS):
            self.session.flush()
            due = self.session.exec(
                select(ClockRow.next_action_at)
                .where(ClockRow.ticket_id == ticket.id)
                .where(col(ClockRow.state).in_(sweep.ACTIVE))
                .where(col(ClockRow.next_action_at) <= min(now, self.until))
                .order_by(col(ClockRow.next_action_at))
                .limit(1)
            ).first()
            if due is None:
                return
            lag = timedelta(seconds=self.random.uniform(0.2, 1.5))
            self.at(SYSTEM, due + lag, lambda desk: sweep.fire_due(desk, ticket))


def seed_tickets(office: Office, *, area: str, count: int = COUNT) -> int:
    """Tell the stories in one transaction: all of them are there, or none."""
    now = office.now()
    with Session(office.engine, expire_on_commit=False) as session, session.begin():
        teller = Teller(office, session, Random(SEED), _cast(session), now, area)
        categories = _dispatchable(session)
        for at in _arrivals(teller.random, now, count):
            _tell(teller, teller.random.choice(categories), at)
            session.expunge_all()
    return count


def _cast(session: Session) -> dict[str, Actor]:
    return {person.username: actor_of(person) for person in session.exec(select(Staff))}


def _dispatchable(session: Session) -> Sequence[str]:
    rows = session.exec(
        select(CategoryRow.code)
        .where(col(CategoryRow.parent).is_not(None))
        .order_by(col(CategoryRow.position), col(CategoryRow.code))
    ).all()
    # what businesses complain about most comes up most
    frequent = [code for code in rows if code in {"qykb", "yd", "ys", "tqzk", "bgdj", "sgxk"}]
    return [*rows, *frequent * 4]


def _arrivals(random: Random, now: datetime, count: int) -> list[datetime]:
    span = timedelta(weeks=WEEKS).total_seconds()
    found: list[datetime] = []
    while len(found) < count:
        # more of late than long ago, and by day rather than by night
        at = now - timedelta(seconds=span * random.random() ** 1.4, minutes=30)
        local = at.astimezone(SHANGHAI)
        if random.random() < (0.9 if 8 <= local.hour <= 18 else 0.15):
            found.append(at)
    return sorted(found)


def _tell(teller: Teller, category: str, at: datetime) -> None:
    random = teller.random
    phone = random.random() < 0.45
    actor = teller.staff["operator"] if phone else VISITOR
    values = complaint(random, category)
    draft = check(values, channel="phone" if phone else "web")
    made: list[service.Filed] = []
    teller.at(actor, at, lambda desk: made.append(service.register(desk, draft, area=teller.area)))
    ticket = made[0].ticket
    if ticket.status == Status.SUBMITTED:
        _triage(teller, ticket, at)
        return
    _handle(teller, ticket, at)


def _triage(teller: Teller, ticket: Ticket, at: datetime) -> None:
    """Most are answered or refused within the day; some still wait for the dispatcher."""
    random, staff = teller.random, teller.staff
    later = at + timedelta(hours=random.uniform(0.3, 5))
    if random.random() < 0.2:
        teller.clocks_until(ticket, teller.until)
        return
    if random.random() < 0.5:
        text = "您好，该事项请按现行办事指南办理，所需材料和窗口已在短信中列明。"
        teller.at(staff["operator"], later, lambda desk: service.answer(desk, ticket.id, text))
        _rate(teller, ticket, later + timedelta(hours=random.uniform(2, 50)))
        return
    reason = "经审核属于应当通过法定途径解决的事项，已告知相应渠道。"
    first = teller.at(
        staff["dispatcher"],
        later,
        lambda desk: service.propose_refusal(desk, ticket.id, "RJ02", reason),
    )
    if first:
        teller.at(
            staff["supervisor"],
            later + timedelta(hours=2),
            lambda desk: service.rule_on_refusal(desk, ticket.id, agree=True),
        )


def _order(teller: Teller, ticket: Ticket) -> WorkOrder:
    return orders.lead_order(teller.desk(SYSTEM, teller.until), ticket)


def _handle(teller: Teller, ticket: Ticket, at: datetime) -> None:
    random = teller.random
    order = _order(teller, ticket)
    handler = teller.staff.get(order.department)
    signs = at + timedelta(hours=random.expovariate(1 / 5) + 0.2)
    if handler is None or random.random() < 0.05:
        teller.clocks_until(ticket, teller.until)  # nobody signs: the ladder runs
        return
    if random.random() < 0.06:
        order = _returned(teller, ticket, order, signs)
        handler = teller.staff[order.department]
        signs += timedelta(hours=random.uniform(4, 9))
    teller.clocks_until(ticket, signs)
    if not teller.at(handler, signs, lambda desk: orders.sign(desk, order.id)):
        return
    _contact(teller, ticket, order, handler, signs)
    _reply(teller, ticket, order, handler, signs)


def _returned(teller: Teller, ticket: Ticket, order: WorkOrder, at: datetime) -> WorkOrder:
    head = teller.staff[f"{order.department}.head"]
    at = min(at, order.return_until or at)  # later than that it stays with the unit
    reason = "经核实，该事项按职责分工不属于本单位，请改派。"
    asked = teller.at(
        head,
        at,
        lambda desk: orders.ask_return(
            desk, order.id, ground="outside_duty", reason=reason, suggested=None
        ),
    )
    lead = "zhzx" if order.department != "zhzx" else "qzfb"
    upheld = teller.random.random() < 0.5
    ruled = asked and teller.at(
        teller.staff["dispatcher"],
        at + timedelta(hours=2),
        lambda desk: orders.rule_on_return(desk, order.id, new_lead=lead if upheld else None),
    )
    return _order(teller, ticket) if ruled else order


def _contact(
    teller: Teller, ticket: Ticket, order: WorkOrder, handler: Actor, signed: datetime
) -> None:
    if ticket.anonymous or teller.random.random() < 0.12:
        return
    called = signed + timedelta(hours=teller.random.uniform(0.3, 8))
    teller.clocks_until(ticket, called)
    teller.at(
        handler,
        called,
        lambda desk: orders.contact(desk, order.id, channel="phone", reached=True),
    )


def _reply(
    teller: Teller, ticket: Ticket, order: WorkOrder, handler: Actor, signed: datetime
) -> None:
    random = teller.random
    due = ticket.due_at or signed + timedelta(days=5)
    # most answer in time, some late, a few not at all
    share = random.choices([random.uniform(0.2, 0.97), random.uniform(1.01, 1.6), 9], [84, 12, 4])
    replied = signed + (due - signed) * share[0]
    if replied <= signed:
        replied = signed + timedelta(hours=2)
    teller.clocks_until(ticket, replied)
    if replied > teller.until or _order(teller, ticket).status != "handling":
        return
    _co_replies(teller, ticket, signed + (replied - signed) / 2)
    claim = random.choice(["solved", "solved", "solved", "explained", "planned"])
    text = (
        "您反映的问题已核实办理："
        + {
            "solved": "我单位当日联系贵公司并补齐手续，现已办结，证照可到窗口领取或邮寄送达。",
            "explained": "该事项须符合现行规定的条件，已向您逐条说明依据和办理路径。",
            "planned": "已列入办理计划，由专人跟进，进展将每周向您反馈。",
        }[claim]
    )
    if not teller.at(
        handler, replied, lambda desk: orders.reply(desk, order.id, claim=claim, public=text)
    ):
        return
    _review(teller, ticket, order, handler, replied)


def _co_replies(teller: Teller, ticket: Ticket, at: datetime) -> None:
    """The co-handlers do their part first: the lead's answer waits for them."""
    query = select(WorkOrder).where(WorkOrder.ticket_id == ticket.id, WorkOrder.part == "co")
    for order in teller.session.exec(query.order_by(col(WorkOrder.id))).all():
        _co_reply(teller, order, at)


def _co_reply(teller: Teller, order: WorkOrder, at: datetime) -> None:
    hand = teller.staff.get(order.department)
    if hand is None:
        dispatcher = teller.staff["dispatcher"]
        teller.at(dispatcher, at, lambda desk: cooperation.call_off(desk, order.id))
        return
    text = "我单位负责的部分已办理完毕，意见已送主办单位。"
    teller.at(hand, at, lambda desk: orders.sign(desk, order.id))
    teller.at(hand, at, lambda desk: orders.reply(desk, order.id, claim="solved", public=text))


def _review(
    teller: Teller, ticket: Ticket, order: WorkOrder, handler: Actor, replied: datetime
) -> None:
    random = teller.random
    reviewed = replied + timedelta(hours=random.uniform(0.5, 6))
    reviewer = teller.staff["dispatcher"]
    approved = teller.at(
        reviewer, reviewed, lambda desk: orders.review(desk, ticket.id, approve=True)
    )
    if not approved:
        return
    rated = reviewed + timedelta(hours=random.uniform(1, 60))
    if not _rate(teller, ticket, rated) or ticket.status != Status.IN_HANDLING:
        return
    # unsolved or badly rated: it came back, and most are put right
    again = rated + timedelta(hours=random.uniform(5, 40))
    teller.clocks_until(ticket, again)
    text = "已对您不满意的部分重新办理，并由分管领导当面说明情况。"
    if teller.at(
        handler, again, lambda desk: orders.reply(desk, order.id, claim="solved", public=text)
    ):
        teller.at(
            reviewer,
            again + timedelta(hours=2),
            lambda desk: orders.review(desk, ticket.id, approve=True),
        )
        _rate(teller, ticket, again + timedelta(hours=20), pleased=True)


def _rate(teller: Teller, ticket: Ticket, at: datetime, *, pleased: bool = False) -> bool:
    """Two in three answer; silence runs into the call-back limit and counts as not rated."""
    random = teller.random
    if random.random() < 0.3:
        teller.clocks_until(ticket, teller.until)
        return False
    solved = pleased or random.random() < 0.86
    grade = random.choice([1, 1, 2, 2, 3]) if solved else random.choice([3, 4, 5])
    return teller.at(
        business(ticket.number),
        at,
        lambda desk: closing.answer_callback(
            desk, ticket.id, contacted=random.random() < 0.93, solved=solved, grade=grade
        ),
    )
