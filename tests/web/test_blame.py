"""Whose delay it was, on the deadline's page and for a period, to those who may know."""

import pytest

from core.desk import Office
from tests.makers import file, lead, reply, sign


@pytest.fixture
def late(office: Office, clock) -> str:
    """The number of a case signed two hours over its limit and replied three hours late."""
    ticket = file(office).ticket
    order = lead(office, ticket.id)
    clock.set(2026, 11, 20, 11)
    sign(office, order)
    clock.set(2026, 11, 30, 12)
    reply(office, order)
    return ticket.number


@pytest.mark.parametrize("who", ["supervisor", "xzspj"])
def test_the_deadlines_page_divides_the_delay_for_staff_on_the_case(staff, late, who: str) -> None:
    told = staff(who).get(f"/tickets/{late}/deadlines?lang=zh")
    assert told.status_code == 200
    assert "1. 签收 · 区行政审批局" in told.text
    assert "<strong>2小时</strong>" in told.text
    assert "<strong>1小时</strong>" in told.text
    assert "超时 3小时。" in told.text
    assert 'class="bar yellow"' in told.text
    assert "style=" not in told.text.split("<main")[1]


def test_an_outsider_a_visitor_and_the_business_see_nothing_of_it(staff, visitor, late) -> None:
    assert staff("rsj").get(f"/tickets/{late}/deadlines").status_code == 404
    assert visitor.get(f"/tickets/{late}/deadlines").status_code == 401


def test_a_case_in_time_shows_who_has_it_and_no_delay(staff, office: Office) -> None:
    number = file(office).ticket.number
    told = staff("supervisor").get(f"/tickets/{number}/deadlines?lang=zh")
    assert told.status_code == 200
    assert "分摊超时" in told.text
    assert "<strong>2小时</strong>" not in told.text


def test_a_period_is_told_by_step_and_unit_and_leads_to_its_tickets(staff, late: str) -> None:
    supervisor = staff("supervisor")
    assert "/oversight/blame?period=2026-11" in supervisor.get("/oversight?lang=zh").text
    told = supervisor.get("/oversight/blame?period=2026-11&lang=zh")
    assert told.status_code == 200
    assert "66.7%" in told.text
    assert "kind=sign&amp;unit=xzspj" in told.text
    behind = supervisor.get("/oversight/blame?period=2026-11&kind=sign&unit=xzspj&lang=zh")
    assert f"/tickets/{late}/deadlines" in behind.text
    assert "2小时" in behind.text
    none = supervisor.get("/oversight/blame?period=2026-11&kind=sign&unit=rsj&lang=zh")
    assert "没有您可以查看的诉求" in none.text


def test_who_reads_figures_but_no_tickets_gets_numbers_without_links(staff, late: str) -> None:
    told = staff("assessor").get("/oversight/blame?period=2026-11&lang=zh")
    assert "66.7%" in told.text
    assert "kind=sign" not in told.text
    behind = staff("assessor").get("/oversight/blame?period=2026-11&kind=sign&lang=zh")
    assert late not in behind.text


def test_a_quiet_period_says_so_and_a_wrong_one_is_refused(staff) -> None:
    supervisor = staff("supervisor")
    assert "本期没有超时的承诺" in supervisor.get("/oversight/blame?lang=zh").text
    assert supervisor.get("/oversight/blame?period=soon").status_code == 422
    assert supervisor.get("/oversight/blame?period=2026-11&kind=nobody").status_code == 404
    assert staff("xzspj").get("/oversight/blame").status_code == 403


def test_every_word_is_there_in_english(staff, late: str) -> None:
    told = staff("supervisor").get(f"/tickets/{late}/deadlines?lang=en").text
    assert "Who had the case, and whose delay" in told
    assert "Late by 3 h." in told
