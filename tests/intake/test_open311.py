"""GeoReport v2's language: whatever is sent is understood or refused, what is written can be read."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from intake.open311 import ITEMS, MOST, SPAN, Asked, asked, place_of, values_of, xml

NOW = datetime(2026, 11, 18, 2, tzinfo=UTC)
NAMES = (
    "service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size",
    "updated_after", "updated_before",
)  # fmt: skip
days = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
values = st.one_of(
    st.text(), days, st.integers().map(str), st.sampled_from(["open", "closed", "²"])
)


def asked_or_field(params: dict[str, str]) -> tuple[Asked | None, str]:
    try:
        return asked(params, NOW), ""
    except Invalid as invalid:
        return None, invalid.faults[0].field


# the first text of a process reads the table of all characters
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), values))
def test_whatever_is_asked_is_understood_or_refused_by_its_field(params) -> None:
    found, at_fault = asked_or_field(params)
    assert (found is None) is (at_fault in params)
    if found is None:
        return
    assert 1 <= found.limit <= MOST
    assert found.offset >= 0
    for since, until in (
        (found.since, found.until),
        (found.changed_since, found.changed_until),
    ):
        assert since is None or until is None or timedelta() <= until - since <= SPAN


def test_nothing_asked_is_the_last_ninety_days() -> None:
    assert asked({}, NOW).since == NOW - SPAN
    assert asked({"updated_after": "2026-11-01"}, NOW).since is None
    assert asked({"service_request_id": "a", "start_date": "nonsense"}, NOW).numbers == ("A",)


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ("2026-11-01T08:00:00+08:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:00:00 08:00", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T00:00:00Z", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:00:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_without_its_zone_is_the_districts(given_: str, meant: datetime) -> None:
    assert asked({"start_date": given_}, NOW).since == meant


@given(st.floats(-90, 90), st.floats(-180, 180), st.sampled_from(["", "经二路", "12,34（旧）"]))
def test_a_place_comes_back_as_it_was_given(lat: float, long: float, words: str) -> None:
    form = {"lat": f"{lat:.5f}", "long": f"{long:.5f}", "address_string": words}
    address, north, east = place_of(values_of(form)["place"])
    assert (address or "") == words
    assert north == pytest.approx(lat, abs=1e-5)
    assert east == pytest.approx(long, abs=1e-5)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(), st.sampled_from(sorted(ITEMS)))
def test_whatever_a_text_holds_the_answer_is_good_xml(said: str, tag: str) -> None:
    tree = ET.fromstring(xml(tag, [said, None]))
    assert [item.tag for item in tree] == [ITEMS[tag]] * 2


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("小明", "欧阳", "欧阳小明"), ("Ada", "Berg", "Ada Berg"), ("𠮷", "", "𠮷")],
)
def test_a_name_is_put_together_as_its_language_does(first: str, last: str, name: str) -> None:
    form = {"first_name": first, "last_name": last, "address_string": "x"}
    assert values_of(form)["contact_name"] == name
