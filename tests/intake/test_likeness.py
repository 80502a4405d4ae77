"""Which earlier texts a text is like."""

from hypothesis import given
from hypothesis import strategies as st

from intake.suggest.likeness import alike

TEXT = "营业执照办了三周还没有下来，窗口让我再等"
WORDS = st.text(alphabet="执照窗口三周等办没材料水电费拖欠工资", min_size=3, max_size=40)


def test_the_likest_text_stands_first_and_a_strange_one_is_left_out() -> None:
    others = [
        ("far", "燃气公司每年收安检费不交就停气"),
        ("near", "执照办了三周没有下来"),
        ("same", TEXT),
    ]
    found = alike(TEXT, others, 5)
    assert [key for key, _ in found] == ["same", "near"]
    assert found[0][1] == 1.0


@given(WORDS, st.lists(WORDS, max_size=6), st.integers(1, 3))
def test_there_are_never_more_than_asked_for_and_the_order_is_by_share(text, others, limit) -> None:
    found = alike(text, enumerate(others), limit)
    assert len(found) <= limit
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share <= 1 for share in shares)
