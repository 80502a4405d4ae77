"""Ticket numbers that survive a telephone call, and row ids that fill pages in order of time."""

import string
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core import ids
from intake.draft import CHANNEL_LETTERS

areas = st.text("0123456789", min_size=6, max_size=6)
days = st.dates(date(2020, 1, 1), date(2099, 12, 31))
letters = st.sampled_from(sorted(CHANNEL_LETTERS.values()))
serials = st.integers(0, 10**6 - 1)
numbers = st.builds(ids.ticket_number, areas, days, letters, serials)
# hypothesis takes naive bounds and adds the zone itself
FIRST, LAST = datetime(2020, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - see above
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@given(numbers)
def test_a_number_made_here_is_a_number(number):
    assert len(number) == 22
    assert ids.is_ticket_number(number)


# what a keyboard, an input method or a careless copy may put in a sign's place
SIGNS = string.printable + "０１２３４５６７８９ＡＢＣＷＺ²³٠١٢①ⅣÉ中"


@given(numbers, st.integers(0, 21))
def test_any_single_substitution_is_refused(number, place):
    for char in SIGNS:
        changed = number[:place] + char + number[place + 1 :]
        assert ids.is_ticket_number(changed) is (changed == number), changed


@given(numbers, st.integers(0, 20))
def test_two_neighbours_exchanged_are_refused(number, place):
    pair = number[place + 1] + number[place]
    changed = number[:place] + pair + number[place + 2 :]
    assert ids.is_ticket_number(changed) is (changed == number)


@given(st.text(max_size=30))
def test_any_text_may_be_asked(text):
    assert ids.is_ticket_number(text) in {True, False}


@given(numbers)
def test_a_number_as_people_type_it_is_found(number):
    typed = f" {number[:6]}-{number[6:14]} {number[14:].lower()}\u3000"
    assert ids.normal_number(typed) == number


def test_every_channel_letter_is_one_that_eye_and_ear_keep_apart():
    assert set(CHANNEL_LETTERS.values()) <= set(ids.ALPHABET) - set(string.digits)
    assert len(set(CHANNEL_LETTERS.values())) == len(CHANNEL_LETTERS)


def test_a_serial_that_runs_over_starts_again():
    day = date(2026, 11, 18)
    assert ids.ticket_number("610302", day, "W", 10**6) == ids.ticket_number("610302", day, "W", 0)


@given(moments, st.timedeltas(timedelta(milliseconds=1), timedelta(days=3650)))
def test_row_ids_are_version_7_and_ordered_in_time(moment, later):
    first, second = ids.row_id(moment), ids.row_id(moment + later)
    assert first.version == second.version == 7
    assert first.variant == second.variant
    assert first < second


@given(moments, st.integers(0, 4094))
def test_row_ids_of_one_instant_keep_their_order(moment, order):
    assert ids.row_id(moment, order) < ids.row_id(moment, order + 1)


def test_a_query_code_is_eight_digits_and_not_always_the_same():
    codes = {ids.query_code() for _ in range(50)}
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert len(codes) > 40
