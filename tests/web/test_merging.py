"""Joining requests through the pages: seen, joined, counted, followed and parted again."""

from core.desk import Office
from intake import merging
from tests.makers import answered, file, ticket
from tests.web.test_cooperation import form
from web import security


def test_a_repeat_is_shown_and_joined_with_one_key_and_parted(staff, office: Office) -> None:
    first, again = file(office).ticket.number, file(office).ticket.number
    dispatcher = staff("dispatcher")
    shown = dispatcher.get(f"/tickets/{again}").text
    assert f'value="{first}"' in shown
    assert "同一企业近期的同类诉求" in shown
    assert form(dispatcher, f"/tickets/{again}/merge", into=first) == 303
    parent = dispatcher.get(f"/tickets/{first}").text
    assert again in parent
    assert "1家反映" in parent
    assert form(dispatcher, f"/tickets/{again}/unmerge") == 303
    assert form(dispatcher, f"/tickets/{again}/unmerge") == 409
    assert again in dispatcher.get(f"/tickets/{first}").text


def test_what_is_wrong_is_said_on_the_page(staff, office: Office) -> None:
    number = file(office).ticket.number
    dispatcher = staff("dispatcher")
    sent = {"into": "nothing", "csrf": dispatcher.headers["X-CSRF-Token"]}
    refused = dispatcher.post(f"/tickets/{number}/merge", data=sent)
    assert refused.status_code == 409
    assert "没有这个编号的诉求件" in refused.text
    other = file(office).ticket
    assert form(staff("xzspj"), f"/tickets/{other.number}/merge", into=number) == 409
    assert ticket(office, other.id).status == "in_handling"


def test_the_owner_of_a_child_follows_the_parents_step_and_reads_his_reply(
    visitor, staff, office: Office
) -> None:
    first, second = file(office), file(office, contact_phone="13800000002")
    one, two = first.ticket.number, second.ticket.number
    assert form(staff("dispatcher"), f"/tickets/{two}/merge", into=one) == 303
    address = f"/track/{two}?k={security.track_key(office.keys, two)}"
    own = visitor.get(address).text
    assert "已并单" in own
    answered(office, first.ticket.id)
    merging.settle(office)
    own = visitor.get(address).text
    assert "已办结，请查收。" in own
    assert ticket(office, second.ticket.id).status == "callback"
