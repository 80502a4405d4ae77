"""Canned wording is filled strictly: from a closed list, wholly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desk import Office
from core.errors import Forbidden, Invalid
from core.permissions import Role
from intake import wordings
from intake.phrases import PLACEHOLDERS, asked, filled
from intake.tables import PhraseRow
from tests.cast import OPERATOR, staff
from tests.makers import step

EDITOR = staff("editor", Role.EDITOR, unit="zhzx")
HEAD = staff("xzspj.head", Role.HEAD, unit="xzspj")
plain = st.text(st.characters(exclude_characters="{}", exclude_categories=("Cs",)), max_size=30)


@given(st.lists(st.tuples(plain, st.sampled_from(PLACEHOLDERS)), max_size=6), plain)
def test_every_placeholder_is_filled_and_the_rest_is_as_written(parts, tail):
    body = "".join(f"{text}{{{name}}}" for text, name in parts) + tail
    values = {name: f"<{name}>" for name in PLACEHOLDERS}
    assert filled(body, values) == "".join(f"{text}<{name}>" for text, name in parts) + tail
    assert set(asked(body)) == {name for _, name in parts}


@pytest.mark.parametrize(
    "body",
    [
        "{电话}",
        "{编号.__class__}",
        "{编号!r}",
        "{编号:>9}",
        "{0}",
        "{}",
        "{编号",
        "编号}",
        "{编号[0]}",
    ],
)
def test_what_is_no_placeholder_is_refused_when_it_is_written(body):
    with pytest.raises(Invalid):
        asked(body)


@pytest.mark.parametrize("values", [{}, {"编号": ""}, {"单位": "区人社局"}])
def test_a_gap_that_cannot_be_filled_is_named(values):
    with pytest.raises(Invalid) as refused:
        filled("编号{编号}", values)
    assert refused.value.faults[0].params == {"name": "编号"}


@given(st.text(max_size=40))
def test_a_value_is_never_read_as_a_placeholder(value):
    if value:
        assert filled("{企业}", {"企业": value}) == value


def test_a_desk_is_offered_its_roles_and_its_units_wording(office: Office) -> None:
    unit = {"title": "本局口径", "body": "由{本单位}答复", "role": "", "unit": "rsj"}
    step(office, HEAD, wordings.write, unit)  # a head writes for his own unit, whatever he says
    with office.desk(HEAD) as desk:
        mine = [row.title for row in wordings.offered(desk.session, HEAD)]
        assert mine[0] == "本局口径"
        assert [row.unit for row in wordings.kept(desk.session, HEAD)] == ["xzspj"]
        others = {row.title for row in wordings.offered(desk.session, OPERATOR)}
    assert "本局口径" not in others
    assert {"已登记", "转承办单位"} <= others
    assert "办结答复" not in others


def test_a_head_changes_no_wording_but_his_units(office: Office) -> None:
    values = {"title": "一", "body": "一句话", "role": "operator", "unit": ""}
    common = step(office, EDITOR, wordings.write, values).id
    for act, arguments in ((wordings.write, (values, common)), (wordings.remove, (common,))):
        with pytest.raises(Forbidden):
            step(office, HEAD, act, *arguments)
    with pytest.raises(Forbidden):
        step(office, OPERATOR, wordings.write, values)
    step(office, EDITOR, wordings.remove, common)
    with office.desk(EDITOR) as desk:
        assert desk.session.get(PhraseRow, common) is None
