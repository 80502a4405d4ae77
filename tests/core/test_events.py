"""What was written once decodes for ever: one stored example of every kind of fact."""

import json
from dataclasses import MISSING, FrozenInstanceError, fields
from pathlib import Path

import pytest

from core.events import KINDS, Audience, decode, encode

GOLDEN = Path(__file__).parent / "golden"
STORED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN.glob("*.json")}


def test_every_kind_has_a_stored_example_and_every_example_a_kind():
    assert set(STORED) == set(KINDS)
    assert all(stored["kind"] == name for name, stored in STORED.items())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_stored_fact_decodes_and_encodes_to_itself(kind):
    # the stored file never changes: a field that came later is at its default
    facts = STORED[kind]["facts"]
    later = {field.name: field.default for field in fields(KINDS[kind]) if field.name not in facts}
    assert encode(decode(kind, facts)) == facts | json.loads(json.dumps(later))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_example_fills_every_field_it_names(kind):
    # an empty field would not show that its type survives the round trip
    facts = STORED[kind]["facts"]
    assert not [name for name, value in facts.items() if value is None or value == []]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fact_without_its_optional_fields_still_decodes(kind):
    optional = {field.name for field in fields(KINDS[kind]) if field.default is not MISSING}
    facts = STORED[kind]["facts"]
    event = decode(kind, {name: facts[name] for name in facts.keys() - optional})
    assert decode(kind, encode(event)) == event


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fact_is_frozen(kind):
    event = decode(kind, STORED[kind]["facts"])
    for field in fields(event):
        with pytest.raises(FrozenInstanceError):
            setattr(event, field.name, None)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_who_reads_it_and_what_it_means(kind):
    assert KINDS[kind].audience in set(Audience)
    assert KINDS[kind].__doc__
    assert kind.split(".")[0] in {"ticket", "order", "clock"}


def test_no_fact_has_a_place_for_personal_data():
    personal = {"name", "phone", "email", "content", "title", "contact", "company", "uscc", "body"}
    for kind, cls in KINDS.items():
        assert not {field.name for field in fields(cls)} & personal, kind


def test_a_kind_that_was_never_written_is_refused():
    with pytest.raises(KeyError):
        decode("ticket.vanished", {})
