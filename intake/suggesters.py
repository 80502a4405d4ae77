"""The suggester in use: which version, from which share on it may dispatch, and going back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.permissions import Act, demand
from intake.suggest import Model, opened
from intake.tables import SuggesterAct, SuggesterRow

SHIPPED_FILE = "suggester.npz"
# until the office says otherwise: on texts never seen, 19 of 20 guesses this sure were right
THRESHOLD = 75
NEVER = 101


@dataclass(frozen=True, slots=True)
class InUse:
    """What guesses now; `threshold` in per cent, `NEVER` lets nothing go by itself."""

    model: Model
    threshold: int


_OPENED: dict[str, Model] = {}
KEPT = 3


@cache
def shipped() -> Model:
    """The suggester that comes with the product."""
    return opened((files("intake") / "data" / "weibin" / SHIPPED_FILE).read_bytes())


def in_use(session: Session) -> InUse:
    """The adopted suggester, or the shipped one; with the threshold last set."""
    version = session.exec(
        select(SuggesterRow.version).where(SuggesterRow.state == "adopted")
    ).first()
    threshold = session.exec(
        select(SuggesterAct.threshold).order_by(col(SuggesterAct.id).desc()).limit(1)
    ).first()
    model = shipped() if version is None else _opened(session, version)
    return InUse(model, THRESHOLD if threshold is None else threshold)


def _opened(session: Session, version: str) -> Model:
    if version not in _OPENED:
        while len(_OPENED) >= KEPT:
            _OPENED.pop(next(iter(_OPENED)))
        _OPENED[version] = opened(session.get_one(SuggesterRow, version).body)
    return _OPENED[version]


def set_threshold(desk: Desk, threshold: int) -> None:
    """From which share on a guess may dispatch. Invalid outside 50 … 101 per cent."""
    demand(desk.actor, Act.EDIT_RULES)
    if not 50 <= threshold <= NEVER:
        raise Invalid.one("threshold", "range", "门槛须在50到101之间，101表示一律由人派单")
    using = in_use(desk.session)
    log_act(desk, "threshold", InUse(using.model, threshold))


def adopt(desk: Desk, version: str) -> None:
    """Let a kept version guess from now on: a better one, or an earlier one again."""
    demand(desk.actor, Act.EDIT_RULES)
    row = desk.session.get(SuggesterRow, version, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state == "adopted":
        raise Conflict("这个版本正在使用", code="in_use")
    threshold = in_use(desk.session).threshold
    _retire(desk)
    row.state = "adopted"
    desk.session.flush()
    log_act(desk, "adopt", InUse(_opened(desk.session, version), threshold))


def go_back(desk: Desk) -> None:
    """The shipped suggester again."""
    demand(desk.actor, Act.EDIT_RULES)
    using = in_use(desk.session)
    if using.model.version == shipped().version:
        raise Conflict("这个版本正在使用", code="in_use")
    _retire(desk)
    log_act(desk, "adopt", InUse(shipped(), using.threshold))


def _retire(desk: Desk) -> None:
    for row in desk.session.exec(select(SuggesterRow).where(SuggesterRow.state == "adopted")):
        row.state = "retired"
    desk.session.flush()


def log_act(desk: Desk, act: str, using: InUse) -> SuggesterAct:
    """Write down who did what to the suggester; the newest line holds the threshold."""
    row = SuggesterAct(
        id=desk.new_id(),
        at=desk.now,
        by=desk.actor.tag,
        act=act,
        version=using.model.version,
        threshold=using.threshold,
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def versions(session: Session, limit: int = 20) -> Sequence[tuple[str, str, Any, datetime]]:
    """Kept versions, newest first: version, state, what was measured, when it was made."""
    query = select(
        SuggesterRow.version, SuggesterRow.state, SuggesterRow.measured, SuggesterRow.made_at
    ).order_by(col(SuggesterRow.made_at).desc())
    return session.exec(query.limit(limit)).all()


def acts(session: Session, limit: int = 20) -> Sequence[SuggesterAct]:
    """What was done to the suggester, newest first."""
    return session.exec(
        select(SuggesterAct).order_by(col(SuggesterAct.id).desc()).limit(limit)
    ).all()
