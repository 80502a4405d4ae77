"""The address a complainant left at intake is the one his letters go to."""

import pytest
from sqlmodel import Session

from core.permissions import SYSTEM, VISITOR
from core.tables import Contact, Ticket
from intake.draft import Draft
from intake.service import register
from notify import recipients
from notify.addressing import COMPLAINANT, Notice
from tests.notify.makers import EMAIL


@pytest.fixture
def ticket(bare_office):
    draft = Draft(
        "complaint", "证照", "证照办理两周没有结果", "web", contact_email=EMAIL, language="en"
    )
    with bare_office.desk(VISITOR) as desk:
        return register(desk, draft, area="610302").ticket


def complainant(office, ticket, channels=("inbox", "email")):
    with Session(office.engine) as session:
        stored = session.get_one(Ticket, ticket.id)
        found = recipients.find(
            session, office.keys, stored, [Notice("received", COMPLAINANT)], channels
        )
    return list(found.values())


def test_what_intake_sealed_notify_can_open(bare_office, ticket):
    (found,) = complainant(bare_office, ticket)
    assert found.addresses == {"email": EMAIL}
    assert (found.person.tag, found.person.language) == (f"business:{ticket.number}", "en")
    assert found.person.channels == ("email",)


def test_an_erased_contact_gets_no_letters(bare_office, ticket):
    with bare_office.desk(SYSTEM) as desk:
        desk.session.delete(desk.session.get_one(Contact, ticket.id))
    assert complainant(bare_office, ticket) == []


def test_a_closed_channel_leads_to_nobody(bare_office, ticket):
    assert complainant(bare_office, ticket, ["inbox"]) == []
