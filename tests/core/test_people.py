"""Who sees which tickets: every hat held against every kind of ticket."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from core import permissions, timeline
from core.desk import Office
from core.events import OrderIssued, TicketAccepted, TicketReceived
from core.ids import row_id
from core.people import actor_of, departments, visible
from core.permissions import SYSTEM, UNIT_ROLES, VISITOR, Act, Actor, Role, Scope, business, may
from core.tables import Department, Staff, Ticket
from tests.cast import OTTO, staff
from tests.makers import new_ticket, received

OWN, OTHER = "own", "other"
# what a ticket is to somebody of the unit "own"
TICKETS = ("plain", "ours", "ours_sealed", "theirs", "accusing_us", "sealed", "accusing_us_sealed")
ALL = set(TICKETS)
ACCUSING_US = {"accusing_us", "accusing_us_sealed"}
# whatever hat somebody wears: what accuses his own unit is not for his eyes
OPEN = {"plain", "ours", "theirs"}
SEES = {
    Role.BUSINESS: set(),
    Role.VISITOR: set(),
    Role.OPERATOR: OPEN,
    Role.DISPATCHER: ALL - ACCUSING_US,
    Role.CALLBACK: OPEN,
    Role.LIAISON: {"ours", "ours_sealed"},
    Role.HANDLER: {"ours", "ours_sealed"},
    Role.HEAD: {"ours", "ours_sealed"},
    Role.OFFICE: ALL - ACCUSING_US,
    Role.DISCIPLINE: ALL,
    Role.LEADER: set(),
    Role.WATCHER: set(),
    Role.ASSESSOR: set(),
    Role.EDITOR: set(),
    Role.SYSADMIN: set(),
    Role.SECADMIN: set(),
    Role.AUDITOR: set(),
    Role.PRIVACY: set(),
    Role.PARTNER: set(),
    Role.CLIENT: set(),
    Role.SYSTEM: ALL,
}


def issued(office: Office, unit: str) -> OrderIssued:
    order = row_id(office.now())
    return OrderIssued(order, unit, "lead", request="complaint", urgency="normal")


@pytest.fixture
def shelf(bare_office: Office) -> dict[str, str]:
    """One ticket of every kind: its name to its number."""
    accepted = TicketAccepted("rule")
    made = {
        "plain": received(bare_office),
        "ours": received(bare_office, accepted, issued(bare_office, OWN)),
        "ours_sealed": received(bare_office, accepted, issued(bare_office, OWN), confidential=True),
        "theirs": received(bare_office, accepted, issued(bare_office, OTHER)),
        # even an order on it, however it came about, does not open a ticket to the accused
        "accusing_us": received(bare_office, accepted, issued(bare_office, OWN), respondent=OWN),
        "accusing_us_sealed": received(
            bare_office, accepted, issued(bare_office, OWN), respondent=OWN, confidential=True
        ),
        "sealed": received(bare_office, confidential=True),
    }
    with Session(bare_office.engine) as session:
        return {name: session.get_one(Ticket, key).number for name, key in made.items()}


def seen(office: Office, actor: Actor, shelf: dict[str, str]) -> set[str]:
    with Session(office.engine) as session:
        numbers = set(session.exec(select(Ticket.number).where(visible(actor))))
    return {name for name, number in shelf.items() if number in numbers}


def test_every_hat_sees_exactly_its_shelf(bare_office: Office, shelf) -> None:
    assert set(shelf) == ALL
    assert set(SEES) == set(Role)
    for role, expected in SEES.items():
        assert seen(bare_office, staff("x", role, unit=OWN), shelf) == expected, role


def test_desks_of_other_units_read_what_accuses_us(bare_office: Office, shelf) -> None:
    assert seen(bare_office, staff("d", Role.DISPATCHER, unit=OTHER), shelf) == ALL
    assert "accusing_us" in seen(bare_office, staff("o", Role.OPERATOR, unit=OTHER), shelf)


def test_somebody_under_the_accused_reads_nothing_of_it(bare_office: Office, shelf) -> None:
    with bare_office.desk(SYSTEM) as desk:
        desk.session.add(Department(code=OWN, name="own unit", kind="department"))
        desk.session.flush()
        desk.session.add(Department(code="below", name="below", kind="department", parent=OWN))
    below = staff("d", Role.DISPATCHER, unit="below")
    assert seen(bare_office, below, shelf) == ALL - ACCUSING_US


def test_whoever_may_not_read_tickets_sees_none(bare_office: Office, shelf) -> None:
    for role in Role:
        actor = staff("x", role, unit=OWN)
        if not may(actor, Act.READ_TICKETS):
            assert seen(bare_office, actor, shelf) == set(), role


def test_otto_of_another_unit_sees_nothing_of_ours(bare_office: Office, shelf) -> None:
    assert seen(bare_office, OTTO, shelf) == set()
    assert seen(bare_office, staff("o", *UNIT_ROLES, unit=OTHER), shelf) == {"theirs"}


@pytest.mark.parametrize("request_", ["inquiry", "help", "suggestion", "praise"])
def test_a_unit_reads_its_order_on_what_names_but_does_not_accuse_it(
    bare_office: Office, request_: str
) -> None:
    # the request is a fact of receipt; the column is what the condition reads
    made = received(
        bare_office, TicketAccepted("rule"), issued(bare_office, OWN),
        respondent=OWN, request=request_,
    )  # fmt: skip
    with Session(bare_office.engine) as session:
        shelf = {"named": session.get_one(Ticket, made).number}
    assert seen(bare_office, staff("o", *UNIT_ROLES, unit=OWN), shelf) == {"named"}


def test_a_unit_hat_without_a_unit_sees_nothing(bare_office: Office, shelf) -> None:
    assert seen(bare_office, staff("o", *UNIT_ROLES), shelf) == set()


def test_a_unit_hat_narrows_what_the_desk_hats_of_the_same_person_would_open(
    bare_office: Office, shelf
) -> None:
    both = staff("o", Role.OPERATOR, Role.HANDLER, unit=OWN)
    assert seen(bare_office, both, shelf) == {"ours", "ours_sealed"}


def test_a_business_sees_its_own_ticket_even_a_sealed_one(bare_office: Office, shelf) -> None:
    for name, number in shelf.items():
        assert seen(bare_office, business(number), shelf) == {name}
    assert seen(bare_office, business("610302202611181W999999X"), shelf) == set()


def test_visitors_and_other_systems_see_nothing(bare_office: Office, shelf) -> None:
    client = Actor("client", shelf["plain"], frozenset({Role.CLIENT}))
    for actor in (
        VISITOR,
        client,
        replace(client, scopes=frozenset(Scope)),
        Actor("staff", "nobody"),
    ):
        assert seen(bare_office, actor, shelf) == set()


def test_a_program_sees_what_it_filed_itself_and_only_with_leave_to_follow_it(
    bare_office: Office, shelf
) -> None:
    mine, other = (permissions.client(name, frozenset({Scope.TICKETS_READ})) for name in "ab")
    with bare_office.desk(mine) as desk:
        ticket = new_ticket(desk, confidential=True)
        fact = TicketReceived(request="complaint", channel="api", urgency="normal")
        timeline.record(desk, ticket, fact)
    with Session(bare_office.engine) as session:
        shelf = shelf | {"filed": session.get_one(Ticket, ticket.id).number}
    assert seen(bare_office, mine, shelf) == {"filed"}
    assert seen(bare_office, other, shelf) == set()
    for scope in set(Scope) - {Scope.TICKETS_READ, Scope.OPEN311_FILE}:
        assert seen(bare_office, replace(mine, scopes=frozenset({scope})), shelf) == set()


def test_the_system_sees_all(bare_office: Office, shelf) -> None:
    assert seen(bare_office, SYSTEM, shelf) == ALL


@pytest.fixture
def people(bare_office: Office) -> Office:
    with bare_office.desk(SYSTEM) as desk:
        for code, kind in (("b", "department"), ("a", "department"), ("t", "town")):
            desk.session.add(Department(code=code, name=f"区{code}局", kind=kind))
        desk.session.flush()
        for username, unit, roles, active in (
            ("zoe", "a", ["handler", "head"], True),
            ("ann", "a", ["handler"], True),
            ("bob", "b", ["handler"], True),
            ("gone", "a", ["handler"], False),
            ("eve", None, ["sysadmin"], True),
        ):
            desk.session.add(
                Staff(
                    id=desk.new_id(), username=username, name=username, password="-",
                    department=unit, roles=roles, active=active, created_at=desk.now,
                )
            )  # fmt: skip
    return bare_office


def test_units_are_listed_by_kind_and_name(people: Office) -> None:
    with Session(people.engine) as session:
        assert [unit.code for unit in departments(session)] == ["a", "b", "t"]


def test_somebody_logged_in_is_an_actor_with_his_hats_and_unit(people: Office) -> None:
    with Session(people.engine) as session:
        zoe = session.exec(select(Staff).where(Staff.username == "zoe")).one()
    actor = actor_of(zoe)
    assert (actor.kind, actor.id, actor.department) == ("staff", str(zoe.id), "a")
    assert actor.roles == {Role.HANDLER, Role.HEAD}
