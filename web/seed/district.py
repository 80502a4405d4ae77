"""The district itself: units, plan, rulebook, categories, limits, calendar, people."""

from datetime import UTC, datetime

from sqlmodel import col, select

from core.desk import Desk, Office
from core.moments import day_start
from core.permissions import SYSTEM
from core.tables import Department
from intake.tables import CategoryRow
from routing.data import District, district
from routing.importing import apply_plan
from routing.plan import Plan
from routing.rulebook import check, row_of
from routing.tables import RulebookRow
from routing.units import Unit
from sla import policies
from sla.calendars import PUBLISHED, from_body
from sla.standards import OFFICE_HOURS
from sla.tables import CalendarRow, PolicyRow
from sla.worktime import OFFICE
from web.seed.cards import seed_cards, seed_phrases
from web.seed.people import seed_people
from web.seed.promises import PLAN

BY = "seed"
LIMITS = "preset-2025"
# the limits that stood when the first seeded ticket came in
BEGINNING = datetime(2023, 1, 1, tzinfo=UTC)


def is_empty(office: Office) -> bool:
    """Whether no unit is known yet."""
    with office.desk(SYSTEM) as desk:
        return desk.session.exec(select(col(Department.code)).limit(1)).first() is None


def seed_district(office: Office) -> None:
    """Put the shipped district into an empty database, all of it or nothing."""
    home = district("weibin")
    plan = home.plan()
    with office.desk(SYSTEM) as desk:
        _units(desk, home)
        version = _plan(desk, home, plan)
        _book(desk, home, plan, version)
        _categories(desk, home)
        _promises(desk)
        seed_people(desk)
        seed_cards(desk)
        seed_phrases(desk)


def _units(desk: Desk, home: District) -> None:
    # a unit's parent goes before it
    written: set[str] = set()
    waiting = list(home.register)
    while waiting:
        unit = next(unit for unit in waiting if not unit.parent or unit.parent in written)
        desk.session.add(_department(unit))
        desk.session.flush()
        written.add(unit.code)
        waiting.remove(unit)


def _department(unit: Unit) -> Department:
    return Department(
        code=unit.code,
        name=unit.name,
        kind=unit.kind,
        peers=unit.group or unit.kind,
        parent=unit.parent or None,
        aliases=list(unit.aliases),
        valid_from=unit.opened,
        valid_to=unit.closed,
    )


def _plan(desk: Desk, home: District, plan: Plan) -> str:
    row = apply_plan(
        desk,
        plan,
        version=f"{home.code}-{home.effective_from.year}",
        document=home.plan_bytes.decode(),
        effective_from=home.effective_from,
    )
    return row.version


def _book(desk: Desk, home: District, plan: Plan, version: str) -> None:
    book = home.book(plan)
    proof = check(book, home.vocabulary, home.register, day=home.effective_from)
    if not proof.ok:
        raise RuntimeError(f"the shipped rulebook is not proved: {proof.findings[0]}")
    desk.session.add(
        RulebookRow(
            version=f"{version}-{home.version}",
            state="published",
            plan=version,
            body={
                "rules": [_plain(row_of(rule)) for rule in home.rules],
                "routes": {code: ground.route for code, ground in home.grounds.items()},
                "grounds": {
                    code: {"zh": ground.zh, "en": ground.en}
                    for code, ground in home.grounds.items()
                },
                "conflict_unit": home.conflict_unit,
                "second_unit": home.second_unit,
            },
            effective_from=day_start(home.effective_from),
            proposed_by=BY,
            published_by=BY,
            created_at=desk.now,
        )
    )


def _plain(value: object) -> object:
    """Dates inside a rule's ranges, as JSON knows them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _categories(desk: Desk, home: District) -> None:
    for position, group in enumerate(home.groups):
        desk.session.add(
            CategoryRow(code=group.code, name=group.zh, name_en=group.en, position=position * 100)
        )
    desk.session.flush()
    places = {group.code: index * 100 for index, group in enumerate(home.groups)}
    for position, category in enumerate(home.categories, start=1):
        desk.session.add(
            CategoryRow(
                code=category.code,
                parent=category.group,
                name=category.zh,
                name_en=category.en,
                keywords=list(category.keywords),
                position=places[category.group] + position % 100,
            )
        )


def _promises(desk: Desk) -> None:
    office = {
        "years": list(PUBLISHED),
        "sessions": [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in OFFICE],
        "overrides": [],
    }
    for name, body in ((OFFICE_HOURS, office), ("duty", {"kind": "duty", "years": PUBLISHED})):
        desk.session.add(
            CalendarRow(
                version=from_body(body).version,
                name=name,
                body=body,
                made_at=desk.now,
                made_by=BY,
            )
        )
    desk.session.add(
        PolicyRow(
            version=LIMITS,
            body={"policies": policies.as_json((*policies.PRESETS, *PLAN))},
            effective_from=BEGINNING,
            made_at=desk.now,
            made_by=BY,
        )
    )
