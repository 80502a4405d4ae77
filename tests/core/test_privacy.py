"""Personal data: sealed to a place, readable after a rotation, found blindly, masked when shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy import Keys, derive, mask_name, mask_phone

OLDEST, NEWER, NEWEST = "first secret", "second secret", "third secret"
KEYS = Keys.of(OLDEST)
text = st.text(max_size=60)
places = st.text(max_size=30)
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(places, text)
def test_what_was_sealed_opens_at_its_place(place, value):
    assert KEYS.open(place, KEYS.seal(place, value)) == value


@given(places, places, text)
def test_a_sealed_value_moved_elsewhere_does_not_open(place, elsewhere, value):
    if place == elsewhere:
        return
    with pytest.raises(ValueError, match="changed or moved"):
        KEYS.open(elsewhere, KEYS.seal(place, value))


@given(st.data(), text)
def test_a_sealed_value_with_any_bit_changed_does_not_open(data, value):
    sealed = bytearray(KEYS.seal("phone:1", value))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError):
        KEYS.open("phone:1", bytes(sealed))


@given(st.data(), text)
def test_a_sealed_value_cut_short_does_not_open(data, value):
    sealed = KEYS.seal("phone:1", value)
    with pytest.raises(ValueError):
        KEYS.open("phone:1", sealed[: data.draw(st.integers(0, len(sealed) - 1))])


def test_the_same_value_sealed_twice_looks_different():
    assert KEYS.seal("phone:1", "13800000000") != KEYS.seal("phone:1", "13800000000")


def test_after_rotations_old_values_open_and_new_ones_need_the_new_secret():
    sealed = KEYS.seal("name:1", "某")
    later = Keys.of(NEWEST, (NEWER, OLDEST))
    assert later.open("name:1", sealed) == "某"
    fresh = later.seal("name:1", "某")
    assert Keys.of(NEWEST).open("name:1", fresh) == "某"
    with pytest.raises(ValueError, match="does not have"):
        KEYS.open("name:1", fresh)
    with pytest.raises(ValueError, match="does not have"):
        Keys.of(NEWEST).open("name:1", sealed)


def test_the_ledger_outlives_a_rotation_and_even_its_own_secret():
    later = Keys.of(NEWEST, (NEWER, OLDEST))
    assert later.ledger == KEYS.ledger
    assert Keys.of(NEWEST, (), later.ledger).ledger == KEYS.ledger
    assert Keys.of(NEWEST).ledger != KEYS.ledger


def test_look_ups_try_every_key_and_writing_uses_the_newest():
    later = Keys.of(NEWEST, (NEWER, OLDEST))
    assert later.blind("phone", "1") == Keys.of(NEWEST).blind("phone", "1")
    assert KEYS.blind("phone", "1") in later.blinds("phone", "1")
    assert len(set(later.blinds("phone", "1"))) == 3


@given(text, text)
def test_links_of_every_key_are_known_and_no_others(value, other):
    later = Keys.of(NEWEST, (OLDEST,))
    assert later.sign(value) != KEYS.sign(value)
    assert later.signed(value, later.sign(value))
    assert later.signed(value, KEYS.sign(value))
    assert not KEYS.signed(value, later.sign(value))
    assert later.signed(value, KEYS.sign(other)) is (value == other)
    assert not later.signed(value, other)


def test_keys_show_nothing_of_themselves():
    assert KEYS.ledger.hex() not in repr(KEYS)
    assert str(KEYS.ledger) not in f"{KEYS!r}{KEYS}"


def test_every_purpose_has_a_key_of_its_own():
    made = {derive(OLDEST, purpose) for purpose in ("seal", "ledger", "index", "links")}
    assert len(made) == 4
    assert all(len(key) == 32 for key in made)


@given(text, text)
def test_blind_indexes_are_equal_exactly_for_equal_values(one, other):
    assert (KEYS.blind("phone", one) == KEYS.blind("phone", other)) is (one == other)


def test_a_blind_index_shows_neither_kind_nor_value_and_depends_on_the_secret():
    assert KEYS.blind("phone", "1") != KEYS.blind("name", "1")
    assert KEYS.blind("phone", "1") != Keys.of(NEWER).blind("phone", "1")
    assert len(KEYS.blind("phone", "13800000000")) == 16


@given(text)
def test_a_signature_fits_into_a_link_and_belongs_to_its_text(value):
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", KEYS.sign(value))
    assert KEYS.sign(value) == KEYS.sign(value)
    assert KEYS.sign(value) != KEYS.sign(value + "x")


@given(mobiles)
def test_a_mobile_shows_three_and_four_digits(mobile):
    assert mask_phone(mobile) == f"{mobile[:3]}****{mobile[7:]}"


@given(st.text("0123456789-+ ", min_size=3, max_size=20))
def test_no_other_number_shows_more_than_its_last_two_signs(phone):
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 11 and digits.startswith("1"):
        return
    assert mask_phone(phone) == "*" * (len(phone) - 2) + phone[-2:]


@given(st.text(min_size=1, max_size=10))
def test_a_name_shows_its_first_sign_and_always_a_star(name):
    masked = mask_name(name)
    assert masked.startswith(name[0])
    assert set(masked[1:]) == {"*"}
    assert mask_name("") == ""
