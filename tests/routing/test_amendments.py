"""A proposal becomes the smallest change of a book that answers it."""

from routing.amendments import amendment

WIDE = {"id": "w", "rank": 500, "when": {"category": ["a", "b"]}, "then": {"task": 1}}
SPECIAL = {
    "id": "s",
    "rank": 100,
    "when": {"category": ["a"], "kind": ["help"]},
    "then": {"lead": "x"},
}
ALONE = {"id": "one", "rank": 500, "when": {"category": ["c"]}, "then": {"task": 2}}
LEADS = {"w": "x", "s": "x", "one": "y"}


def made(category, sent_to):
    return amendment(
        [SPECIAL, ALONE, WIDE],
        lambda row: LEADS[row["id"]],
        category=category,
        sent_to=sent_to,
        went_to="z",
        reason="why",
    )


def test_a_rule_of_one_category_is_changed_and_keeps_its_task() -> None:
    found = made("c", "y")
    assert found.added == ()
    assert found.changed == ({**ALONE, "then": {"task": 2, "lead": "z"}, "reason": "why"},)
    assert found.rule == "one"


def test_a_rule_of_several_categories_keeps_the_others_and_the_special_case_is_left_alone() -> None:
    found = made("a", "x")
    assert [row["when"]["category"] for row in found.changed] == [["b"]]
    assert found.added[0]["when"] == {"category": ["a"]}
    assert found.added[0]["then"] == {"task": 1, "lead": "z"}
    assert found.rule == "a-z"


def test_where_no_rule_named_a_unit_one_is_added() -> None:
    found = made("d", "")
    assert found.changed == ()
    assert found.added == (
        {
            "id": "d-z",
            "rank": 500,
            "when": {"category": ["d"]},
            "then": {"lead": "z"},
            "reason": "why",
        },
    )


def test_a_new_rule_never_takes_the_number_of_another() -> None:
    rules = [{"id": "d-z", "rank": 1, "when": {"category": ["q"]}, "then": {"task": 1}}]
    found = amendment(rules, lambda _: "", category="d", sent_to="", went_to="z", reason="")
    assert found.rule == "d-z-2"
