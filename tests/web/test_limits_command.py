"""`jiesu limits`: what is in force printed, changed in a file, and tried on the past quarter."""

import json
from pathlib import Path

import pytest

from core.desk import Office
from core.moments import utc_now
from core.permissions import SYSTEM
from routing.service import contact
from sla import standard_drafts
from tests.cast import APPROVAL, DISPATCHER, handler
from tests.makers import file, lead, reply, sign, step, ticket
from web.tables import TimeShift

FIRM = "resolve.complaint.normal.enterprise"


@pytest.fixture
def kept(office: Office, clock) -> str:
    """A firm's complaint answered on the fifth working day of seven. Its number."""
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    step(office, handler(APPROVAL), contact, order.id, channel="phone", reached=True)
    clock.move(days=7)
    reply(office, order)
    return ticket(office, order.ticket_id).number


@pytest.fixture
def house_time(office: Office, kept, clock, monkeypatch) -> None:
    """The command's house lives a minute after the reply, by the demonstration's clock."""
    monkeypatch.setenv("JIESU_DEMO_CLOCK", "on")
    ahead = int((clock() - utc_now()).total_seconds()) + 60
    with office.desk(SYSTEM) as desk:
        desk.session.add(TimeShift(id=1, seconds=ahead))


def shorter(body: dict) -> dict:
    for row in body["policies"]:
        if row["id"] == FIRM:
            row["promise"] = {"mode": "working_days", "n": "3"}
    return body


@pytest.mark.usefixtures("house_time")
def test_what_is_in_force_tried_unchanged_makes_no_difference(run, kept, tmp_path: Path) -> None:
    code, out, _ = run("limits", "show")
    assert code == 0
    draft = tmp_path / "same.json"
    draft.write_text(out, encoding="utf-8")
    code, out, err = run("limits", "replay", str(draft), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["total"]["promises"] > 0
    assert found["total"]["before"] == found["total"]["after"]
    assert found["examples"] == []
    assert f"{found['total']['promises']} of {found['total']['promises']}" in err


@pytest.mark.usefixtures("house_time")
def test_a_shorter_limit_from_a_file_names_what_it_makes_late(run, kept, tmp_path: Path) -> None:
    draft = tmp_path / "shorter.json"
    body = shorter(json.loads(run("limits", "show")[1]))
    draft.write_text(json.dumps({"policies": body["policies"]}), encoding="utf-8")
    code, out, _ = run("limits", "replay", str(draft), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["metrics"]["resolve"]["newly_late"] == 1
    assert [line["ticket"] for line in found["examples"]] == [kept]
    _, told, _ = run("limits", "replay", str(draft))
    assert "late 0 -> 1" in told
    assert kept in told


@pytest.mark.usefixtures("house_time")
def test_a_stored_draft_is_tried_by_its_id(run, office: Office, kept) -> None:
    draft = step(office, DISPATCHER, standard_drafts.start, note="停工一天")
    code, out, _ = run("limits", "replay", str(draft.id), "--json")
    assert code == 0
    assert json.loads(out)["total"]["newly_late"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", ""),
        ("[]", "draft: "),
        ('{"policies": [{"id": "x"}]}', "policies.0.metric: "),
        ('{"calendar": {"years": [2031], "sessions": [["09:00", "12:00"]], "overrides": []}}',
         "calendar: "),
    ],
)  # fmt: skip
def test_a_file_that_cannot_stand_is_refused_by_its_field(
    run,
    tmp_path: Path,
    text: str,
    said: str,
) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(text, encoding="utf-8")
    code, out, err = run("limits", "replay", str(draft))
    assert (code, out) == (2, "")
    assert f"jiesu: {said}" in err
    assert ("is not JSON" in err) is (text == "nonsense")
    assert run("limits", "replay", "nothing")[0] == 2
    assert run("limits", "replay", str(tmp_path / "absent.json"))[0] == 2
    assert run("limits", "replay", "00000000-0000-7000-8000-000000000000")[0] == 2
