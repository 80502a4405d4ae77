"""The first knowledge cards, of the plan and the platform's rules; the first canned wording."""

from datetime import timedelta

from core.desk import Desk
from core.moments import local_day
from core.permissions import Role
from intake.cards import Card
from intake.data import cards
from intake.knowledge import row_of
from intake.tables import PhraseRow

BY = "seed"
# title, text, role or None for everybody
PHRASES: tuple[tuple[str, str, Role | None], ...] = (
    ("已登记", "您好，您反映的事项已登记，编号{编号}，由{单位}承办，最晚{答复期限}答复。", None),
    (
        "补充材料",
        "为便于办理，请补充：1. 事情发生的时间和地点；2. 涉及的单位或窗口；3. 您的具体要求。",
        None,
    ),
    ("转承办单位", "来电人反映“{类别}”类问题，请{单位}按时限办理并直接联系来电人。", Role.OPERATOR),
    ("已告知渠道", "已告知来电人：此事不属于本平台受理范围，并说明了应当去的渠道。", Role.OPERATOR),
    ("首次联系", "{今天}已由{本单位}与{企业}联系，核实了诉求，说明了办理步骤。", Role.HANDLER),
    (
        "办结答复",
        "您反映的问题（编号{编号}）已办结。事实：；依据：；结果：；如有异议，可在评价时说明。",
        Role.HANDLER,
    ),
    (
        "阶段答复",
        "您反映的问题（编号{编号}）正在办理，目前进展：；下一步：；预计{答复期限}前答复。",
        Role.HANDLER,
    ),
    ("退回补正", "答复未写明事实、依据和结果，请补充后重新提交。", Role.DISPATCHER),
)


def seed_cards(desk: Desk) -> None:
    """The district's cards. Two are already past their day, as every shelf has some."""
    desk.session.flush()  # a card needs its owner and its category to be there
    today = local_day(desk.now)
    for number, found in enumerate(cards(), start=1):
        card = Card(
            owner=found["owner"],
            review_on=today + timedelta(days=found["days"]),
            question=found["question"],
            answer=found["answer"],
            source=found["source"],
            basis=found["basis"],
            category=found["category"],
            keywords=tuple(found["keywords"]),
            public=found["public"],
        )
        row = row_of(card, number, 1, by=BY, at=desk.now)
        row.state = "confirmed"
        row.decided_by, row.decided_at = BY, desk.now
        desk.session.add(row)


def seed_phrases(desk: Desk) -> None:
    """Wording that every desk needs on its first day."""
    for title, body, role in PHRASES:
        row = PhraseRow(id=desk.new_id(), title=title, body=body, made_by=BY, made_at=desk.now)
        row.role = role.value if role else None
        desk.session.add(row)
