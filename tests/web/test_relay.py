"""The upper platform, both ways: cases once, reports in order, differences found and mended."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

import routing.service
import sla.extensions
from core import jobs
from core.desk import Office
from core.moments import SHANGHAI
from core.outbox import OutboxRow
from core.settings import Settings
from core.tables import Ticket
from intake.tables import LineRow, RelayCase, RelayDifference, RelayReport
from notify.transports.base import DeliveryFailed
from notify.transports.partner import Partner, networks, signature
from sla import holds, standard_drafts
from tests.cast import DISPATCHER, LABOUR, SUPERVISOR, unit
from tests.makers import (
    answered,
    clocks,
    count,
    lead,
    rate,
    sign,
    step,
    together,
    whole,
)
from tests.web.platform import SECRET, TOKEN, Platform, running
from web import relaying
from web.app import create_app
from web.deps import House
from web.security import RateLimits
from web.wiring import WORKS

LIMIT = datetime(2026, 11, 27, 17, 0, tzinfo=SHANGHAI)  # a Friday
PROMISED = datetime(2026, 11, 26, 17, 0, tzinfo=SHANGHAI)
CASE = {
    "upper_number": "BJ12345-20261118-0001",
    "limit": LIMIT.isoformat(),
    "kind": "complaint",
    "title": "公司设立登记卡了两周",
    "content": "设立登记提交后卡了两周，窗口每次说法都不一样。",
    "category": "qykb",
    "contact_phone": "0917-3000001",
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with running() as found:
        yield found


@pytest.fixture
def settings(platform: Platform) -> Settings:
    return Settings(
        relay_url=platform.url,
        relay_secret=SECRET,
        relay_token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
        relay_networks="127.0.0.0/8",
    )


@pytest.fixture
def house(office: Office, settings: Settings) -> House:
    return House(settings, office, RateLimits(None, "off"))


@pytest.fixture
def upper(house: House) -> Iterator[TestClient]:
    """The platform as a caller."""
    with TestClient(create_app(house), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def push(upper: TestClient, **values: Any) -> Any:
    return upper.post("/api/v1/relay/cases", json=CASE | values)


def one(office: Office) -> Ticket:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(select(Ticket)).one()


def rows(office: Office, table: type) -> list[Any]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(table)))


def reports(office: Office) -> list[RelayReport]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(RelayReport).order_by(col(RelayReport.sequence))))


def send(office: Office, settings: Settings) -> int:
    """What the worker does with every promise in the outbox, whatever their order."""
    with Session(office.engine) as session:
        query = select(OutboxRow).where(OutboxRow.actor == "intake.relay_report")
        tickets = {row.args["ticket"] for row in session.exec(query)}
    return sum(relaying.report(office, settings, ticket) for ticket in sorted(tickets))


# --- in -----------------------------------------------------------------------------------


def test_a_case_is_taken_with_its_number_and_promised_a_working_day_before_its_limit(
    office: Office, upper: TestClient
) -> None:
    answer = push(upper)
    assert answer.status_code == 201, answer.text
    body, found = answer.json(), one(office)
    assert (found.channel, found.number[14]) == ("upper", "U")
    assert body["number"] == found.number
    assert datetime.fromisoformat(body["due_at"]) == PROMISED
    assert datetime.fromisoformat(body["limit"]) == LIMIT
    [clock] = clocks(office, found.id, "resolve")
    assert (clock.due_at, clock.original_due_at) == (PROMISED, PROMISED)
    assert upper.get(f"/api/v1/relay/cases/{CASE['upper_number']}").json() == body
    assert whole(office)


def test_the_same_number_is_the_same_case_and_another_content_is_refused(
    office: Office, upper: TestClient
) -> None:
    first, again = push(upper), push(upper)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    other = push(upper, content="完全是另外一件事情了。")
    assert (other.status_code, other.json()["code"]) == (409, "upper_number_reused")
    later = push(upper, limit="2026-12-04T17:00:00+08:00")
    assert (later.status_code, later.json()["code"]) == (409, "limit_differs")
    same_instant = push(upper, limit="2026-11-27T09:00:00Z")
    assert same_instant.status_code == 200
    assert count(office, Ticket) == 1


def test_eight_pushes_of_one_case_at_once_make_one_ticket(
    office: Office, upper: TestClient
) -> None:
    found = together(8, lambda _: push(upper).status_code)
    assert sorted(found) == [200] * 7 + [201]
    assert count(office, Ticket) == count(office, RelayCase) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"limit": "2026-11-18T09:59:59+08:00"}, "limit"),
        ({"limit": "2031-01-01T00:00:00+08:00"}, "limit"),
        ({"limit": "9999-12-31T23:59:59-14:00"}, "limit"),
        ({"limit": "0001-01-01T00:00:00+14:00"}, "limit"),
        ({"limit": "2026-11-27T17:00:00"}, "limit"),
        ({"limit": "soon"}, "limit"),
        ({"upper_number": ""}, "upper_number"),
        ({"upper_number": "a/b"}, "upper_number"),
        ({"upper_number": "a" * 65}, "upper_number"),
        ({"upper_number": "编号一"}, "upper_number"),
        ({"content": "短"}, "content"),
        ({"contact_phone": None}, "contact_phone"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(
    office: Office, upper: TestClient, values: dict, field: str
) -> None:
    answer = push(upper, **values)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["fields"][0]["field"]
    assert count(office, Ticket) == 0


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_without_the_token_the_counter_is_closed(upper: TestClient, header: str) -> None:
    upper.headers["Authorization"] = header
    assert push(upper).status_code == 401
    assert upper.get("/api/v1/relay/cases/x").status_code == 401
    assert (
        upper.post("/api/v1/relay/cases/x/limit", json={"limit": CASE["limit"]}).status_code == 401
    )


def test_an_installation_without_a_platform_takes_no_token(office: Office) -> None:
    closed = House(Settings(), office, RateLimits(None, "off"))
    with TestClient(create_app(closed), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = "Bearer "
        assert push(client).status_code == 401


def test_a_new_limit_moves_the_promise_and_not_what_was_promised_first(
    office: Office, upper: TestClient
) -> None:
    push(upper)
    path = f"/api/v1/relay/cases/{CASE['upper_number']}/limit"
    later = (LIMIT + timedelta(days=7)).isoformat()
    for _ in range(2):  # said twice, moved once
        assert upper.post(path, json={"limit": later}).status_code == 200
    found = one(office)
    [clock] = clocks(office, found.id, "resolve")
    assert clock.due_at == PROMISED + timedelta(days=7)
    assert (clock.original_due_at, clock.generation) == (PROMISED, 2)
    assert upper.post(path, json={"limit": "2026-11-01T00:00:00+08:00"}).status_code == 422
    assert upper.post(path.replace("0001", "0009"), json={"limit": later}).status_code == 404
    assert whole(office)


def test_a_hold_gives_the_promise_back_what_it_took_from_the_given_limit(
    office: Office, upper: TestClient, clock
) -> None:
    push(upper)
    found = one(office)
    order = lead(office, found.id)
    sign(office, order)
    asked = step(
        office, unit(order.department), holds.ask, order.id,
        ground="waiting_law", review_on=date(2026, 12, 10), reason="等待审批",
    )  # fmt: skip
    step(office, SUPERVISOR, holds.grant, asked)
    clock.move(days=2)  # Wednesday to Friday, at the same hour
    step(office, SUPERVISOR, holds.resume, found.id)
    [promise] = clocks(office, found.id, "resolve")
    assert promise.due_at == datetime(2026, 11, 30, 17, 0, tzinfo=SHANGHAI)
    assert promise.original_due_at == PROMISED
    assert whole(office)


def test_other_limits_of_our_own_do_not_move_what_the_platform_gave(
    office: Office, upper: TestClient
) -> None:
    push(upper)
    draft = step(office, DISPATCHER, standard_drafts.start, note="按新办法缩短时限")
    shorter = {
        "metric": "resolve", "kinds": ["complaint"], "enterprise": "no", "n": "2",
        "mode": "working_days", "warn_percent": "50", "warn": ["handler"],
        "ladder": [{"level": "yellow", "tell": ["head"]}],
    }  # fmt: skip
    name = "resolve.complaint.normal"
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, name, shorter)
    publish = standard_drafts.publish
    done = step(office, SUPERVISOR, publish, draft.id, 2, effective_on=None, recount=True)
    assert jobs.run(office, WORKS, done.recount)
    [promise] = clocks(office, one(office).id, "resolve")
    assert (promise.due_at, promise.original_due_at) == (PROMISED, PROMISED)
    assert whole(office)


# --- out ----------------------------------------------------------------------------------


def test_the_platform_hears_everything_once_and_in_order(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    found = one(office)
    answered(office, found.id)
    rate(office, found.id, solved=True, grade=1)
    assert send(office, settings) == len(reports(office))
    assert [report["kind"] for report in platform.got] == [
        "received", "accepted", "signed", "replied", "closed",
    ]  # fmt: skip
    assert [report["sequence"] for report in platform.got] == [1, 2, 3, 4, 5]
    signed, replied, closed = platform.got[2:]
    assert signed["facts"]["unit"]
    assert replied["text"] == "已办结，请查收。"
    assert closed["facts"] == {"result": "solved"}
    assert {report["upper_number"] for report in platform.got} == {CASE["upper_number"]}
    assert platform.unsigned == 0
    assert platform.hosts == {f"127.0.0.1:{platform.port}"}
    assert "3000001" not in str(platform.got)
    assert send(office, settings) == 0


def test_an_extension_that_is_asked_for_is_told_with_its_reason_and_no_numbers(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    found = one(office)
    order = lead(office, found.id)
    sign(office, order)
    head = unit(order.department)
    step(office, head, sla.extensions.ask, order.id, days=2, reason="需向13812345678核实")
    send(office, settings)
    last = platform.got[-1]
    assert (last["kind"], last["facts"]["days"]) == ("extension_asked", 2)
    assert last["text"] == "需向138****5678核实"
    assert last["state"] == "signed"


def test_a_return_is_told_and_the_next_signature_after_it(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    found = one(office)
    order = lead(office, found.id)
    step(
        office,
        unit(order.department),
        routing.service.ask_return,
        order.id,
        ground="duty",
        reason="不属本单位",
        suggested=None,
    )
    step(office, DISPATCHER, routing.service.rule_on_return, order.id, new_lead=LABOUR)
    send(office, settings)
    assert [report["kind"] for report in platform.got][-1] == "returned"


def test_during_an_outage_reports_wait_and_go_in_order_afterwards(
    office: Office, upper: TestClient, settings: Settings, platform: Platform, clock
) -> None:
    push(upper)
    found = one(office)
    platform.answer = 503
    assert send(office, settings) == 0
    answered(office, found.id)
    assert send(office, settings) == 0
    assert platform.got == []
    platform.answer = 200
    assert send(office, settings) == 0  # the first one is not due yet, and the others wait for it
    clock.move(hours=2)
    assert relaying.resend_due(office, settings) == 1
    assert send(office, settings) == 4
    assert [report["sequence"] for report in platform.got] == [1, 2, 3, 4]


def test_a_platform_that_is_not_there_at_all_is_told_when_it_is_back(
    office: Office, upper: TestClient, settings: Settings, clock
) -> None:
    push(upper)
    with running() as other:
        port = other.port
    gone = settings.model_copy(update={"relay_url": f"http://127.0.0.1:{port}/up"})
    assert send(office, gone) == 0
    assert reports(office)[0].error == "no answer (ConnectError)"
    clock.move(hours=2)
    with running(port) as back:
        assert send(office, gone) == 2
        assert [report["kind"] for report in back.got] == ["received", "accepted"]


def test_a_report_whose_receipt_was_lost_is_sent_again_under_the_same_name(
    office: Office, upper: TestClient, platform: Platform, settings: Settings, clock
) -> None:
    push(upper)
    platform.drop_after = True
    assert send(office, settings) == 0
    platform.drop_after = False
    clock.move(hours=2)
    send(office, settings)
    assert [report["sequence"] for report in platform.got] == [1, 1, 2]
    assert [report["sequence"] for report in platform.known] == [1, 2]


def test_eight_workers_tell_each_thing_once_and_in_order(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    answered(office, one(office).id)
    together(8, lambda _: send(office, settings))
    assert [report["sequence"] for report in platform.got] == [1, 2, 3, 4]


def test_a_report_the_platform_will_never_take_does_not_hold_up_the_others(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    platform.answer = 422
    send(office, settings)
    assert {report.send_state for report in reports(office)} == {"refused"}
    platform.answer = 200
    sign(office, lead(office, one(office).id))
    assert send(office, settings) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 302, 500])
def test_what_may_be_mended_is_tried_again(
    office: Office, upper: TestClient, platform: Platform, settings: Settings, status: int
) -> None:
    push(upper)
    platform.answer = status
    assert send(office, settings) == 0
    assert reports(office)[0].send_state == "queued"
    assert not any(path.startswith("/elsewhere") for path in platform.asked)


def test_a_worker_that_died_with_a_report_in_hand_is_followed_by_another(
    office: Office, upper: TestClient, platform: Platform, settings: Settings, clock
) -> None:
    push(upper)
    found = one(office)
    with office.desk(DISPATCHER) as desk:
        taken = relaying.relays.next_report(desk, found.id)
    assert taken is not None
    assert send(office, settings) == 0
    clock.move(minutes=3)
    assert send(office, settings) == 2


def test_other_channels_report_to_nobody(office: Office, upper: TestClient) -> None:
    filed = upper.post(
        "/api/v1/tickets",
        json={"content": "卡了两周没有结果", "contact_phone": "0917-3000001"},
        headers={"Authorization": ""},  # its token opens the relay only
    )
    assert filed.status_code == 201
    assert reports(office) == []


# --- where it may go ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/up", "https://127.0.0.1:{port}/up", "http://[::ffff:127.0.0.1]:{port}/up",
     "http://localhost:{port}", "http://2130706433:{port}/up", "http://0.0.0.0:{port}/up"],
)  # fmt: skip
def test_a_private_address_that_nobody_allowed_is_not_gone_to(platform: Platform, url: str) -> None:
    line = Partner(url.format(port=platform.port), SECRET, allowed=networks("10.0.0.0/8"))
    with pytest.raises(DeliveryFailed) as failed:
        line.report("1", {"id": "1", "upper_number": "x", "state": "received"})
    assert failed.value.reason == "its address is not allowed"
    assert (platform.got, platform.hosts) == ([], set())


@pytest.mark.parametrize(
    "url", ["ftp://a.b", "https://", "a.b/c", "https://u:p@a.b/c", "https://a.b/?x=1"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="platform"):
        Partner(url, SECRET)


def test_the_signature_is_the_standard_one() -> None:
    # the example that Standard Webhooks publishes
    import base64

    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# --- comparing ------------------------------------------------------------------------------


def differences(office: Office) -> list[tuple[str, str, str, str]]:
    found = [row for row in rows(office, RelayDifference) if row.outcome == "open"]
    return sorted((row.kind, row.upper_number, row.theirs, row.ours) for row in found)


def test_lists_that_agree_leave_nothing(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    send(office, settings)
    assert relaying.compare(office, settings) == 0
    [line] = rows(office, LineRow)
    assert (line.error, line.result) == (None, {"listed": 1, "found": 0})


def test_every_kind_of_difference_is_found_shown_and_mended_once(
    office: Office, upper: TestClient, platform: Platform, settings: Settings, staff
) -> None:
    for number in ("A-1", "A-2", "A-3"):
        push(upper, upper_number=number, content=f"设立登记卡了两周，第{number}件")
    send(office, settings)
    platform.page = 1  # their list comes in pages
    platform.states["A-2"] = "closed"
    del platform.states["A-3"]
    platform.states["A-9"] = "received"
    platform.cases["A-9"] = CASE | {"upper_number": "A-9"}
    assert relaying.compare(office, settings) == 3
    assert differences(office) == [
        ("missing_here", "A-9", "received", ""),
        ("missing_there", "A-3", "", "accepted"),
        ("state", "A-2", "closed", "accepted"),
    ]
    assert relaying.compare(office, settings) == 3  # found again, not counted again
    assert len(rows(office, RelayDifference)) == 3
    client = staff("dispatcher")
    page = client.get("/relay").text
    assert all(word in page for word in ("A-9", "上级有，本地没有", "状态不一致"))
    for row in rows(office, RelayDifference):
        path = f"/relay/differences/{row.id}"
        statuses = together(
            4, lambda _, path=path: client.post(path, follow_redirects=False).status_code
        )
        assert sorted(statuses) == [303, 409, 409, 409]
    assert count(office, Ticket) == 4
    send(office, settings)
    assert {platform.states[name] for name in ("A-1", "A-2", "A-3", "A-9")} == {"accepted"}
    assert relaying.compare(office, settings) == 0
    assert client.get("/relay").text.count("上级有，本地没有") == 0


def test_what_agrees_again_by_itself_is_gone(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    send(office, settings)
    platform.states[CASE["upper_number"]] = "closed"
    relaying.compare(office, settings)
    platform.states[CASE["upper_number"]] = "accepted"
    assert relaying.compare(office, settings) == 0
    assert [row.outcome for row in rows(office, RelayDifference)] == ["gone"]


def test_what_is_still_on_its_way_is_no_difference(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    assert relaying.compare(office, settings) == 0


def test_a_comparison_that_fails_says_so_and_changes_nothing(
    office: Office, upper: TestClient, platform: Platform, settings: Settings
) -> None:
    push(upper)
    send(office, settings)
    platform.states["A-9"] = "received"
    relaying.compare(office, settings)
    platform.lists = 500
    assert relaying.compare(office, settings) == 0
    [line] = rows(office, LineRow)
    assert line.error == "refused (500)"
    assert len(differences(office)) == 1


def test_mending_from_a_silent_platform_says_so_and_can_be_tried_again(
    office: Office, upper: TestClient, platform: Platform, settings: Settings, staff
) -> None:
    platform.states["A-9"] = "received"
    platform.cases["A-9"] = CASE | {"upper_number": "A-9"}
    relaying.compare(office, settings)
    [row] = rows(office, RelayDifference)
    client = staff("dispatcher")
    platform.lists = 503
    answer = client.post(f"/relay/differences/{row.id}")
    assert answer.status_code == 409
    assert "没有应答" in answer.text
    platform.lists = 200
    platform.cases["A-9"] = {"upper_number": "A-9"}
    assert "不完整" in client.post(f"/relay/differences/{row.id}").text
    platform.cases["A-9"] = CASE | {"upper_number": "A-8"}
    assert "另一件" in client.post(f"/relay/differences/{row.id}").text
    platform.cases["A-9"] = CASE | {"upper_number": "A-9"}
    assert client.post(f"/relay/differences/{row.id}", follow_redirects=False).status_code == 303
    assert one(office).limit_at == LIMIT


def test_the_comparison_is_asked_for_once_a_day_after_six(
    office: Office, settings: Settings, platform: Platform, clock
) -> None:
    assert relaying.ask_if_due(office, Settings()) == 0
    clock.set(2026, 11, 19, 5, 59)
    assert relaying.ask_if_due(office, settings) == 0
    clock.set(2026, 11, 19, 6, 0)
    assert [relaying.ask_if_due(office, settings) for _ in range(2)] == [1, 0]
    clock.move(minutes=11)  # the message was lost
    assert relaying.ask_if_due(office, settings) == 1
    relaying.compare(office, settings)
    clock.move(hours=5)
    assert relaying.ask_if_due(office, settings) == 0
    clock.move(days=1)
    assert relaying.ask_if_due(office, settings) == 1


# --- on the pages ---------------------------------------------------------------------------


def test_number_and_limit_stand_on_the_ticket_and_in_the_list(
    office: Office, upper: TestClient, staff
) -> None:
    push(upper)
    client, found = staff("dispatcher"), one(office)
    receipt = client.get(f"/tickets/{found.number}/deadlines").text
    assert "上级时限前1个工作日" in receipt
    assert "请核对日历版本" not in receipt
    for path in (f"/tickets/{found.number}", "/relay", f"/relay?q={CASE['upper_number']}"):
        page = client.get(path).text
        assert CASE["upper_number"] in page, path
        assert "11月27日" in page, path
    assert CASE["upper_number"] not in client.get("/relay?q=nothing").text
    assert client.get("/relay?after=nonsense").status_code == 422
    assert staff("xzspj").get("/relay").status_code == 403
