"""What was acknowledged is there, whatever is killed and whenever."""

import random
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.stories.conftest import Installation, Person

pytestmark = pytest.mark.slow
DEATHS = 10


@pytest.fixture
def home(make_installation) -> Installation:
    return make_installation(bare=True)


class Cut(Exception):
    """The answer says that nothing was done: the database went first."""


class Teller:
    """Tells stories until the power goes, and remembers what it was told was done."""

    def __init__(self, home: Installation) -> None:
        self.home = home
        self.promised: dict[str, set[str]] = {}
        self.codes: dict[str, str] = {}

    def run(self) -> None:
        """One story after another; the cut shows as a broken connection."""
        try:
            business = Person.visitor(self.home)
            handler = Person.staff(self.home, "xzspj")
            dispatcher = Person.staff(self.home, "dispatcher")
            while True:
                for _ in self.story(business, handler, dispatcher):
                    pass
        except (httpx.HTTPError, OSError, Cut):
            return

    def story(self, business: Person, handler: Person, dispatcher: Person) -> Iterator[str]:
        filed = business.post(
            "/api/v1/tickets",
            category="qykb",
            content="设立登记卡在核名环节两周了",
            contact_phone="0917-3000001",
        )
        self.must(filed, 201)
        number = filed.json()["number"]
        self.codes[number] = filed.json()["query_code"]
        yield self.told(number, "ticket.received", "ticket.routed", "order.issued")
        ticket = dispatcher.http.get(f"/api/v1/tickets/{number}")
        self.must(ticket)
        order = f"/api/v1/orders/{ticket.json()['orders'][0]['id']}"
        self.must(handler.post(f"{order}/sign"))
        yield self.told(number, "order.signed")
        self.must(handler.post(f"{order}/contact", reached=True))
        yield self.told(number, "order.contact_made")
        self.must(handler.post(f"{order}/reply", claim="solved", reply="已办结，请领取。"))
        yield self.told(number, "order.replied")
        self.must(dispatcher.post(f"/api/v1/tickets/{number}/review", approve=True))
        yield self.told(number, "ticket.reply_approved")
        answers = {"query_code": self.codes[number], "solved": True, "grade": 1}
        self.must(business.post(f"/api/v1/tickets/{number}/callback", **answers))
        yield self.told(number, "ticket.callback_answered", "ticket.closed", "order.done")

    @staticmethod
    def must(answer: httpx.Response, wanted: int = 200) -> None:
        if answer.status_code == 503:
            raise Cut
        assert answer.status_code == wanted, answer.text

    def told(self, number: str, *kinds: str) -> str:
        self.promised.setdefault(number, set()).update(kinds)
        return number


def test_acknowledged_steps_survive_killing_every_process_at_ten_random_points(
    home: Installation,
) -> None:
    dice = random.Random()  # another ten points at every run
    teller = Teller(home)
    for _ in range(DEATHS):
        thread = threading.Thread(target=teller.run)
        thread.start()
        thread.join(timeout=dice.uniform(0.4, 2.5))
        home.kill_everything()
        thread.join(timeout=60)
        assert not thread.is_alive()
        home.start()
    assert len(teller.promised) >= DEATHS, "no story got far enough to be lost"
    dispatcher = Person.staff(home, "dispatcher")
    for number, kinds in teller.promised.items():
        ticket = dispatcher.http.get(f"/api/v1/tickets/{number}")
        assert ticket.status_code == 200, f"{number} is lost"
        there = {entry["kind"] for entry in ticket.json()["timeline"]}
        assert kinds <= there, f"{number} lost {kinds - there}"
    verified, audited = home.command("ledger", "verify"), home.command("audit")
    assert verified.returncode == 0, verified.stdout
    assert audited.returncode == 0, audited.stdout
