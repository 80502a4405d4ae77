"""A correction on the pages: on the unit's board, answered there, rated again by the business."""

from core.desk import Office
from tests.cast import APPROVAL
from tests.intake.test_corrections import closed_badly
from tests.makers import ticket
from tests.web.test_cooperation import form
from web.security import track_key


def test_the_unit_answers_on_its_page_and_the_business_rates_again(
    visitor, staff, house, office: Office
) -> None:
    made = closed_badly(office)
    address = f"/tickets/{made.number}"
    own = f"/track/{made.number}"
    key = {"k": track_key(house.keys, made.number)}
    assert "rate-again" not in visitor.get(own, params=key).text
    head, stranger = staff(f"{APPROVAL}.head"), staff("callback")
    assert made.number in head.get("/board").text.split("差评待整改")[1]
    assert f"{address}/correction" in head.get(address).text
    assert f"{address}/correction" not in stranger.get(address).text
    spoke = {"correction_channel": "phone", "correction_reached": "yes"}
    assert form(head, f"{address}/correction/contact", **spoke) == 303
    assert form(head, f"{address}/correction", correction=" ") == 409
    assert form(stranger, f"{address}/correction", correction="x") == 409
    assert form(head, f"{address}/correction", correction="已当面说明并补办。") == 303
    assert "差评待整改" not in head.get("/board").text
    assert f"{address}/correction/rating" in stranger.get(address).text
    page = visitor.get(own, params=key).text
    assert "已当面说明并补办。" in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": token, "solved": "yes"}
    assert visitor.post(f"{own}/rate-again", params=key, data=sent).status_code == 422
    rated = visitor.post(f"{own}/rate-again", params=key, data=sent | {"grade": "2"})
    assert rated.status_code == 200
    assert "rate-again" not in rated.text
    assert ticket(office, made.id).grade == 2
