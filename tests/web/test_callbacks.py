"""The call-back desk on its pages: ringing, noting that nobody answered, writing the answer down."""

import re

from core.desk import Office
from tests.makers import answered, file

PHONE = "13800000001"


def waiting(office: Office) -> str:
    made = file(office, contact_phone=PHONE).ticket
    answered(office, made.id)
    return made.number


def test_the_desk_rings_notes_its_tries_and_writes_the_answer_down(
    staff, office: Office, clock
) -> None:
    clock.set(2026, 11, 18, 10)
    number, desk = waiting(office), staff("callback")
    page = desk.get(f"/tickets/{number}?lang=zh").text
    assert PHONE not in page
    assert "查看号码并拨打" in page
    rung = desk.post(f"/tickets/{number}/dial")
    assert f'href="tel:{PHONE}"' in rung.text
    assert PHONE not in desk.get(f"/tickets/{number}").text
    for day in (0, 0, 1):
        clock.move(days=day, minutes=5)
        asked = {"channel": "phone", "result": "busy"}
        assert desk.post(f"/tickets/{number}/attempt", data=asked).status_code == 200
    page = desk.get(f"/tickets/{number}?lang=zh").text
    assert "已试3次，分2天" in page
    assert "占线" in page
    listed = desk.get("/callbacks?lang=zh").text
    assert listed.index("已尽力联系") < listed.index(number)
    said = {"contacted": "yes", "solved": "yes", "grade": "1", "comment": "满意"}
    assert desk.post(f"/tickets/{number}/callback", data=said).status_code == 200
    assert "已办结" in desk.get(f"/tickets/{number}?lang=zh").text


def test_what_is_wrong_is_said_and_nothing_is_noted(staff, office: Office, clock) -> None:
    clock.set(2026, 11, 18, 22)
    number, desk = waiting(office), staff("callback")
    for path, sent in (("dial", {}), ("attempt", {"channel": "phone", "result": "busy"})):
        answer = desk.post(f"/tickets/{number}/{path}?lang=zh", data=sent)
        assert answer.status_code == 409
        assert "免打扰时段" in answer.text
        assert PHONE not in answer.text
    clock.set(2026, 11, 19, 10)
    assert desk.post(f"/tickets/{number}/attempt", data={"channel": "x"}).status_code == 409
    page = desk.get(f"/tickets/{number}?lang=zh").text
    assert not re.search("已试[0-9]", page)


def test_nobody_else_rings(staff, office: Office, clock) -> None:
    clock.set(2026, 11, 18, 10)
    number = waiting(office)
    for person in ("operator", "xzspj", "assessor", "sysadmin"):
        assert staff(person).post(f"/tickets/{number}/dial").status_code in {403, 404, 409}
        assert PHONE not in staff(person).post(f"/tickets/{number}/dial").text
