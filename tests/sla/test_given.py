"""The limit of an upper platform: a working day less for us, through pauses and new limits."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as assume_given
from hypothesis import strategies as st

from core.moments import SHANGHAI
from sla.given import promised
from tests.sla.test_terms import CHINA


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)


BEGUN = at(2026, 11, 18, 10)


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        # a limit at close of business: the close before
        (at(2026, 11, 25, 17), at(2026, 11, 24, 17)),
        (at(2026, 11, 25, 23, 59), at(2026, 11, 24, 17)),
        # in the middle of a day, that day is not a whole one
        (at(2026, 11, 25, 10), at(2026, 11, 23, 17)),
        # over a weekend, and on one
        (at(2026, 11, 23, 17), at(2026, 11, 20, 17)),
        (at(2026, 11, 22, 12), at(2026, 11, 19, 17)),
        # too short for a day less
        (at(2026, 11, 18, 17), at(2026, 11, 18, 17)),
        (at(2026, 11, 19, 9), at(2026, 11, 19, 9)),
        # beyond what is published
        (at(2040, 1, 1, 17), at(2040, 1, 1, 17)),
    ],
)
def test_a_working_day_is_kept_in_hand(limit: datetime, due: datetime) -> None:
    assert promised(limit, BEGUN, CHINA) == due


@assume_given(st.integers(3600, 40 * 86400))
def test_our_promise_never_ends_after_the_limit_nor_before_it_began(after: int) -> None:
    limit = BEGUN + timedelta(seconds=after)
    assert BEGUN < promised(limit, BEGUN, CHINA) <= limit
