"""Marked personal data through a whole case: in clear nowhere but where somebody said why."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, select

import routing.cooperation
import routing.service
from core import sealing
from core.desk import Office, set_office
from core.settings import Settings
from core.tables import Ticket
from notify.queries import unit_names
from notify.tables import Letter
from notify.wording import Site, render, units_in
from tests import makers
from tests.cast import DISPATCHER, LABOUR, unit
from tests.web.conftest import api_routes
from tests.web.test_access import PEOPLE
from tests.web.test_filing import GOOD
from web import background, ticker

NAME, PHONE, EMAIL = "欧阳标记", "13912345678", "marker.person@leak.example"
IDENTITY, APART, LANDLINE = "11010519491231002X", "137 9876 5432", "0917-3654321"
MARKERS = (NAME, PHONE, EMAIL, IDENTITY, APART, LANDLINE, "13798765432")
SAID = f"请打{PHONE}或{APART}，座机{LANDLINE}，信箱{EMAIL}，身份证{IDENTITY}"
EVERYBODY = sorted({*PEOPLE, "discipline", "privacy", "secadmin", "editor", "watcher"})
# whoever has number and code, or a link made for him, reads what he himself wrote
OWN = ("/track/{number}", "/filed/{number}")


def leaked(body: str) -> set[str]:
    return {marker for marker in MARKERS if marker in body}


@pytest.fixture
def broker(redis_url: str, office: Office) -> Iterator[RedisBroker]:
    made = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    background.declare(made, Settings())
    set_office(office)
    yield made
    set_office(None)
    for key in made.client.scan_iter(f"{made.namespace}*"):
        made.client.delete(key)
    made.close()
    made.client.close()


@pytest.fixture
def marked(visitor: TestClient, office: Office) -> dict:
    """A case that went all the way, with the markers in whatever people write."""
    body = GOOD | {
        "title": f"设立登记卡住 {PHONE}", "content": f"设立登记卡了两周。{SAID}",
        "contact_name": NAME, "contact_phone": PHONE, "contact_email": EMAIL,
        "company_name": f"石鼓新材料（{APART}）", "place": f"石鼓镇找{PHONE}",
    }  # fmt: skip
    filed = visitor.post("/api/v1/tickets", json=body).json()
    with Session(office.engine) as session:
        ticket_id = session.exec(select(Ticket.id).where(Ticket.number == filed["number"])).one()
    order = makers.lead(office, ticket_id)
    makers.sign(office, order)
    makers.step(office, unit(order.department), routing.service.note, ticket_id, SAID)
    makers.step(office, DISPATCHER, routing.cooperation.call_in, ticket_id, LABOUR)
    [helper] = [o for o in makers.orders(office, ticket_id) if o.department == LABOUR]
    makers.sign(office, helper)
    makers.reply(office, helper)
    makers.step(
        office, unit(order.department), routing.service.reply, order.id,
        claim="solved", public=f"已办结，{SAID}", internal=f"内部：{SAID}",
    )  # fmt: skip
    makers.approve(office, ticket_id)
    makers.rate(office, ticket_id, solved=True, grade=1)
    return filed | {"id": ticket_id, "order": str(order.id)}


def addresses(marked: dict) -> Iterator[tuple[str, str]]:
    """Every page and endpoint that can be got, with this case wherever one has to be named."""
    known = {
        "number": marked["number"], "order": marked["order"], "order_id": marked["order"],
        "month": "2026-11", "period": "2026-11", "code": "xzspj", "username": "operator",
        "task": "1", "unit": "xzspj", "rule": "R1", "file": str(uuid4()), "job": str(uuid4()),
    }  # fmt: skip
    for route in api_routes():
        if "GET" in route.methods:
            values = {name: known.get(name, str(uuid4())) for name in route.param_convertors}
            yield route.path, route.path.format(**values)
    for query in ("/search?q=设立登记", f"/search?q={PHONE}", "/search?status=closed"):
        yield query, query


@pytest.mark.parametrize("username", EVERYBODY)
def test_nobody_on_the_staff_reads_it_on_any_page(staff, marked: dict, username: str) -> None:
    client, looked = staff(username), 0
    for pattern, address in addresses(marked):
        if pattern.startswith("/search?q=1"):
            continue  # what he asked for himself stands in the box he wrote it into
        answer = client.get(address)
        assert answer.status_code < 500, address
        assert leaked(answer.text) == set(), (username, address)
        looked += answer.status_code == 200
    assert looked > 5


def test_a_stranger_reads_it_nowhere_and_the_owner_reads_his_own(
    visitor: TestClient, marked: dict
) -> None:
    for _, address in addresses(marked):
        assert leaked(visitor.get(address).text) == set(), address
    key = marked["url"].split("?k=")[1]
    assert PHONE in visitor.get(f"/track/{marked['number']}?k={key}").text
    own = visitor.get(
        f"/api/v1/tickets/{marked['number']}", headers={"X-Query-Code": marked["query_code"]}
    )
    assert PHONE in own.json()["content"]


def test_who_says_why_reads_it_and_that_stands_on_the_timeline(staff, marked: dict) -> None:
    operator, path = staff("operator"), f"/tickets/{marked['number']}"
    shown = operator.post(f"{path}/unmask", data={"reason": "回访核实"}).text
    assert {NAME, PHONE, IDENTITY, LANDLINE} <= leaked(shown)
    assert leaked(operator.get(path).text) == set()
    assert "查看联系信息" in staff("supervisor").get(path).text


def test_no_letter_tells_it_to_anybody(office: Office, marked: dict, broker: RedisBroker) -> None:
    work(office, broker)
    with Session(office.engine) as session:
        letters = session.exec(select(Letter)).all()
        assert {letter.recipient.partition(":")[0] for letter in letters} >= {"staff"}
        for letter in letters:
            names = unit_names(session, units_in(letter.params))
            said = render(letter, Site("https://x.example", "渭滨区"), office.keys, names)
            assert leaked(said.subject + said.text) == set()


def work(office: Office, broker: RedisBroker) -> str:
    """Everything promised is relayed and done; what passed through the queue."""
    seen = ""
    for _ in range(5):
        ticker.relay(office, broker)
        seen += queued(broker)
        worker = Worker(broker, worker_threads=2, worker_timeout=100)
        worker.start()
        broker.join("default")
        worker.stop()
    return seen


def queued(broker: RedisBroker) -> str:
    """All that Redis holds of ours, whatever the queue: dead letters too."""
    held = ""
    for key in broker.client.scan_iter(f"{broker.namespace}*"):
        match broker.client.type(key):
            case b"hash":
                held += str(broker.client.hgetall(key))
            case b"list":
                held += str(broker.client.lrange(key, 0, -1))
            case b"zset":
                held += str(broker.client.zrange(key, 0, -1))
            case b"set":
                held += str(broker.client.smembers(key))
            case b"string":
                held += str(broker.client.get(key))
    return held


def test_facts_queues_and_jobs_hold_none_of_it(
    office: Office, marked: dict, broker: RedisBroker
) -> None:
    passed = work(office, broker)
    assert "notify.plan" in passed
    assert leaked(passed) == set()
    assert leaked(queued(broker)) == set()
    with office.engine.connect() as connection:
        for table in ("entry", "outbox", "job", "letter", "clock", "receipt", "seal", "contact"):
            rows = connection.execute(text(f"SELECT row_to_json(t)::text FROM {table} t"))
            assert leaked("".join(rows.scalars())) == set(), table


def test_what_the_ledger_exports_and_the_commands_print_holds_none_of_it(
    office: Office, marked: dict, run, tmp_path: Path
) -> None:
    exported = tmp_path / "ledger.jsonl"
    code, out, err = run("ledger", "export", "--out", str(exported))
    assert code == 0, err
    assert marked["number"] in exported.read_text(encoding="utf-8")
    assert leaked(exported.read_text(encoding="utf-8") + out + err) == set()
    code, out, err = run("rules", "explain", marked["number"])
    assert code == 0, err
    assert leaked(out + err) == set()
    assert sealing.verify(office.engine, office.keys.ledger) == []


def test_the_logs_of_filing_asking_and_refusing_hold_none_of_it(
    visitor: TestClient, staff, capsys
) -> None:
    body = GOOD | {"content": SAID, "contact_name": NAME, "contact_phone": PHONE}
    number = visitor.post("/api/v1/tickets", json=body).json()["number"]
    visitor.post("/api/v1/tickets", json=body | {"uscc": PHONE, "respondent": NAME})
    staff("operator").post(f"/tickets/{number}/unmask", data={"reason": f"核实{PHONE}"})
    staff("operator").get(f"/search?q={PHONE}")
    said = capsys.readouterr()
    assert number in said.out
    assert leaked(said.out + said.err) == set()


def test_a_line_of_the_log_masks_what_a_library_put_into_it() -> None:
    from core.logs import _mask

    line = _mask(None, "info", {"event": f"Key (phone)=({PHONE})", "request": "13912345678abcdef"})
    assert leaked(json.dumps(line, ensure_ascii=False).replace(line["request"], "")) == set()
    assert line["request"] == "13912345678abcdef"
