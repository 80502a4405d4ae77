"""Rulebooks: rows in and out, and the proof held against brute force."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.data import district
from routing.rulebook import RulebookRefused, check, row_of, rules_from
from routing.rules import Facts, Is, Mentions, OneOf, Outcome, Rule, Rulebook, Within, decide, holds
from routing.units import Register, Unit
from routing.vocabulary import Vocabulary

HOME = district("weibin")
BOOK = HOME.book(HOME.plan())
DAY = date(2026, 11, 1)
WORDS = Vocabulary(
    categories=("c1", "c2"), kinds=("complaint", "help"), places=("p1", "p2"),
    urgencies=("normal", "urgent"), grounds={"NT": ""},
)  # fmt: skip
UNITS = Register((Unit("a", "甲局"), Unit("b", "乙局"), Unit("c", "丙局", closed=date(2020, 1, 1))))
AMOUNTS = (None, *range(-1, 8))


def book(*rules):
    return Rulebook("draft", rules, {}, "a", "b")


def proof(*rules, **options):
    return check(book(*rules), WORDS, UNITS, DAY, **options)


def codes(certificate):
    return [(finding.code, finding.rules) for finding in certificate.findings]


def test_the_shipped_book_is_proved_without_a_finding():
    certificate = check(BOOK, HOME.vocabulary, HOME.register, DAY)
    assert certificate.findings == ()
    assert certificate.ok
    assert certificate.analysed
    assert set(certificate.reaches) == set(HOME.vocabulary.categories)
    assert "n-emergency-words" in certificate.opaque


def test_a_category_without_a_rule_is_a_gap_with_a_circumstance_that_shows_it():
    certificate = check(
        replace(BOOK, rules=tuple(r for r in BOOK.rules if r.id != "c-qykb")),
        HOME.vocabulary, HOME.register, DAY,
    )  # fmt: skip
    (gap,) = certificate.findings
    assert gap.code == "gap"
    assert gap.witness["category"] == "qykb"
    shown = Facts(**{key: value for key, value in gap.witness.items() if key != "text"})
    assert (
        decide(
            shown,
            replace(BOOK, rules=tuple(r for r in BOOK.rules if r.id != "c-qykb")),
            HOME.register,
        ).ground
        == "NR"
    )


def test_words_never_count_as_covering():
    certificate = proof(Rule("w", 1, (Mentions(("水",)),), Outcome(lead="a")))
    assert [code for code, _ in codes(certificate)] == ["gap"]
    assert certificate.opaque == ("w",)


def test_a_rule_covered_by_a_union_of_earlier_ones_is_shadowed():
    certificate = proof(
        Rule("low", 1, (Within("amount", None, 4),), Outcome(lead="a")),
        Rule("high", 2, (Within("amount", 5),), Outcome(lead="b")),
        Rule("never", 3, (Within("amount", 3, 9),), Outcome(lead="a")),
        Rule("unknown", 4, (), Outcome(lead="a")),
    )
    assert codes(certificate) == [("shadowed", ("never",))]


def test_equal_rank_with_different_ends_is_a_conflict_and_equal_ends_are_not():
    one, two = (
        Rule("r1", 1, (Is("kind", "help"),), Outcome(lead="a")),
        Rule("r2", 1, (), Outcome(lead="b")),
    )
    assert codes(proof(one, two)) == [("conflict", ("r1", "r2"))]
    assert proof(one, two).findings[0].witness["kind"] == "help"
    assert proof(one, replace(two, outcome=Outcome(lead="a"))).ok


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Rule("r", 1, (), Outcome(lead="zz")), "unknown_unit"),
        (Rule("r", 1, (), Outcome(lead="c")), "closed_unit"),
        (Rule("r", 1, (), Outcome(task=99)), "unknown_task"),
        (Rule("r", 1, (), Outcome(ground="RJ99")), "unknown_ground"),
        (Rule("r", 1, (), Outcome(lead="a", urgency="soon")), "unknown_urgency"),
        (
            Rule("r", 1, (OneOf("place", frozenset({"p1", "p9"})),), Outcome(lead="a")),
            "unknown_place",
        ),
        (Rule("r", 1, (Is("category", "c9"),), Outcome(lead="a")), "unknown_category"),
    ],
)
def test_whatever_the_book_names_must_exist(rule, code):
    assert code in [finding.code for finding in proof(rule).findings]


def test_two_rules_cannot_share_a_name():
    same = Rule("r", 1, (), Outcome(lead="a"))
    assert ("duplicate_id", ("r",)) in codes(proof(same, same))


def test_past_the_limit_the_proof_says_what_it_did_not_analyse():
    rules = [
        Rule(f"r{n}", n, (Within("amount", n * 2, n * 2), Is("kind", "help")), Outcome(lead="a"))
        for n in range(1, 30)
    ]
    certificate = proof(*rules, limit=1)
    assert not certificate.analysed
    assert not certificate.ok
    assert "shadowed" not in [finding.code for finding in certificate.findings]


CONDITIONS = st.one_of(
    st.builds(Is, st.just("category"), st.sampled_from(WORDS.categories)),
    st.builds(Is, st.just("kind"), st.sampled_from(WORDS.kinds)),
    st.builds(OneOf, st.just("place"), st.frozensets(st.sampled_from(WORDS.places), min_size=1)),
    st.builds(Is, st.just("urgency"), st.sampled_from(WORDS.urgencies)),
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
        lambda ends: Within("amount", min(ends), max(ends))
    ),
    st.integers(0, 5).map(lambda low: Within("amount", low)),
)
RULES = st.lists(
    st.tuples(
        st.integers(1, 4), st.lists(CONDITIONS, max_size=3), st.sampled_from(["a", "b"]), st.booleans()
    ),
    max_size=6,
)  # fmt: skip


def circumstances():
    for category, kind, place, urgency, amount in product(
        WORDS.categories, WORDS.kinds, ("", *WORDS.places), WORDS.urgencies, AMOUNTS
    ):
        yield Facts(category=category, kind=kind, place=place, urgency=urgency, amount=amount)


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_the_proof_agrees_with_trying_every_circumstance(drawn):
    rules = [
        Rule(
            f"r{i}",
            rank,
            (*conditions, *((Mentions(("水",)),) if opaque else ())),
            Outcome(lead=lead),
        )
        for i, (rank, conditions, lead, opaque) in enumerate(drawn)
    ]
    gaps, reached, conflicts = set(), set(), set()
    ordered = sorted(rules, key=lambda rule: (rule.rank, rule.id))
    for facts in circumstances():
        sure_rank = None
        holding = []
        for rule in ordered:
            opaque = any(isinstance(c, Mentions) for c in rule.conditions)
            if not all(holds(c, facts) for c in rule.conditions if not isinstance(c, Mentions)):
                continue
            if sure_rank is None or rule.rank == sure_rank[0]:
                holding.append(rule)
            if sure_rank is None:
                reached.add(rule.id)
                if not opaque:
                    sure_rank = (rule.rank, rule.id)
        if sure_rank is None:
            gaps.add(facts.category)
        for i, one in enumerate(holding):
            for other in holding[i + 1 :]:
                if one.rank == other.rank and one.outcome != other.outcome:
                    conflicts.add((one.id, other.id))
    certificate = proof(*rules)
    found = certificate.findings
    shadowed = {f.rules[0] for f in found if f.code == "shadowed"}
    assert shadowed == {rule.id for rule in rules} - reached
    assert {f.rules for f in found if f.code == "conflict"} == conflicts
    assert bool(gaps) == any(f.code == "gap" for f in found)
    for finding in (f for f in found if f.code == "gap"):
        assert decide(Facts(**finding.witness), book(*rules), UNITS).ground == "NR"
    # the closed space meets every value the book can tell apart, and gaps name each category once
    assert {c for c, goals in certificate.reaches.items() if not goals} <= gaps


def test_rows_survive_the_way_in_and_out():
    rows = [row_of(rule) for rule in BOOK.rules]
    assert rules_from(rows, HOME.register) == BOOK.rules


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"rank": 1}, "id"),
        ({"id": "r", "rank": "first"}, "rank"),
        ({"id": "r", "rank": 1, "when": {"colour": ["red"]}, "then": {"task": 1}}, "colour"),
        ({"id": "r", "rank": 1, "when": {"kind": []}, "then": {"task": 1}}, "kind"),
        ({"id": "r", "rank": 1, "when": {"kind": [3]}, "then": {"task": 1}}, "kind"),
        ({"id": "r", "rank": 1, "when": {"amount": [9, 1]}, "then": {"task": 1}}, "amount"),
        ({"id": "r", "rank": 1, "when": {"amount": ["x", ""]}, "then": {"task": 1}}, "amount"),
        ({"id": "r", "rank": 1, "when": {"amount": ["", ""]}, "then": {"task": 1}}, "amount"),
        ({"id": "r", "rank": 1, "when": {"day": ["soon", ""]}, "then": {"task": 1}}, "day"),
        ({"id": "r", "rank": 1, "then": {}}, "then"),
        ({"id": "r", "rank": 1, "then": {"task": "one"}}, "task"),
        ({"id": "r", "rank": 1, "then": {"task": 1, "ground": "NT"}}, "ground"),
        ({"id": "r", "rank": 1, "then": {"taks": 1}}, "taks"),
    ],
)
def test_a_row_that_is_no_rule_is_refused_by_its_cell(row, column):
    with pytest.raises(RulebookRefused) as refused:
        rules_from([row], HOME.register)
    (fault,) = refused.value.faults
    assert fault.column == column
    assert fault.message
