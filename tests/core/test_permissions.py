"""Who may do what: the separations that no later line of the table may undo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Forbidden
from core.permissions import (
    SEPARATED,
    SYSTEM,
    TABLE,
    UNIT_ROLES,
    VISITOR,
    Act,
    Actor,
    Role,
    business,
    demand,
    demand_unit,
    may,
    separated,
)

roles = st.frozensets(st.sampled_from(list(Role)))
acts = st.sampled_from(list(Act))


def holders(act):
    return {role for role, allowed in TABLE.items() if act in allowed}


def person(*hats, unit=None):
    return Actor("staff", "someone", frozenset(hats), unit)


def test_the_table_covers_every_role_and_every_act_has_somebody():
    assert set(TABLE) == set(Role)
    # publishing is somebody's even where the screens for it are still to come
    assert all(holders(act) - {Role.SYSTEM} for act in Act)


@given(roles, acts)
def test_several_hats_allow_what_any_of_them_allows(hats, act):
    assert may(person(*hats), act) is any(act in TABLE[hat] for hat in hats)


@given(roles, acts)
def test_demanding_raises_exactly_where_it_may_not(hats, act):
    actor = person(*hats)
    if may(actor, act):
        demand(actor, act)
    else:
        with pytest.raises(Forbidden):
            demand(actor, act)


@given(roles, acts, st.sampled_from(["xzspj", "rsj", None]))
def test_a_unit_acts_only_on_its_own_orders(hats, act, unit):
    actor = person(*hats, unit=unit)
    allowed = may(actor, act) and (unit == "xzspj" or Role.SYSTEM in hats)
    if allowed:
        demand_unit(actor, act, "xzspj")
    else:
        with pytest.raises(Forbidden):
            demand_unit(actor, act, "xzspj")


def test_only_the_complainant_rates_and_only_the_callback_desk_asks_for_him():
    assert holders(Act.RATE_OWN) == {Role.BUSINESS}
    assert holders(Act.CALL_BACK) == {Role.CALLBACK, Role.SYSTEM}


def test_no_hat_of_a_handling_unit_touches_answers_rulings_or_reviews():
    kept = {
        Act.RATE_OWN, Act.CALL_BACK, Act.RULE_ON_RETURN, Act.REVIEW_REPLY, Act.DISPATCH,
        Act.UNMASK, Act.READ_SEALED, Act.PROPOSE_REFUSAL, Act.APPROVE_REFUSAL, Act.ACCEPT,
        Act.EDIT_RULES, Act.PUBLISH_RULES, Act.PUBLISH_BULLETIN,
    }  # fmt: skip
    for role in UNIT_ROLES:
        assert not TABLE[role] & kept


def test_who_signs_and_replies_belongs_to_a_unit():
    for act in (Act.SIGN, Act.ASK_RETURN, Act.HANDLE, Act.REPLY):
        assert holders(act) - {Role.SYSTEM} <= UNIT_ROLES


def test_the_system_never_stands_in_for_a_person_who_must_judge():
    kept = {Act.RATE_OWN, Act.APPROVE_REFUSAL, Act.UNMASK, Act.PUBLISH_RULES}
    assert not TABLE[Role.SYSTEM] & kept


def test_operators_propose_a_refusal_and_never_approve_one():
    assert Act.PROPOSE_REFUSAL in TABLE[Role.OPERATOR]
    assert holders(Act.APPROVE_REFUSAL) == {Role.DISPATCHER, Role.OFFICE}


def test_administrators_and_auditors_read_no_ticket():
    for role in (*SEPARATED, Role.PRIVACY, Role.LEADER, Role.ASSESSOR, Role.EDITOR, Role.CLIENT):
        assert not TABLE[role] & {Act.READ_TICKETS, Act.READ_SEALED, Act.UNMASK}


def test_who_unmasks_may_read_and_who_reads_sealed_may_read():
    assert holders(Act.UNMASK) | holders(Act.READ_SEALED) <= holders(Act.READ_TICKETS)


@given(roles)
def test_the_three_administrations_never_meet_in_one_person(hats):
    assert separated(hats) is (len(hats & set(SEPARATED)) < 2)


def test_an_actor_is_written_as_kind_and_id():
    assert SYSTEM.tag == "system"
    assert VISITOR.tag == "visitor"
    assert business("N1").tag == "business:N1"


def test_a_visitor_files_and_nothing_else():
    assert {act for act in Act if may(VISITOR, act)} == {Act.FILE}
