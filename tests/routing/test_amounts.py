"""How much money a text speaks of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import amounts


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("欠我们工程款120万", 1_200_000),
        ("欠款1,250,000元一直不给", 1_250_000),
        ("一共三百五十万元", 3_500_000),
        ("还差八十七万没给", 870_000),
        ("罚了两万八千块", 28_000),
        ("罚了两万八块", 28_000),
        ("每年收两百块安检费", 200),
        ("收了3.5万余元", 35_000),
        ("先付20万，余下1.2亿元", 120_000_000),
        ("二十来万", 200_000),
        ("技改补贴四十多万块", 400_000),
        ("押金五百圆", 500),
        ("欠款貳拾", None),
        ("一百零五万元", 1_050_000),
        ("两千万", 20_000_000),
        ("3千万的项目", 30_000_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(text, yuan) -> None:
    assert amounts.largest(text) == yuan


@pytest.mark.parametrize(
    "text",
    [
        "万一有问题怎么办",
        "来了三万人",
        "建了2万平方米厂房",
        "跑了五趟",
        "打12345热线",
        "电话13900000000",
        "2023年3月1日",
        "两块地",
        "",
    ],
)
def test_what_is_no_money_is_none(text) -> None:
    assert amounts.largest(text) is None


@given(st.integers(1, 99_999_999))
def test_every_sum_in_figures_is_read_back(yuan) -> None:
    assert amounts.largest(f"拖欠{yuan}元") == yuan
    assert amounts.largest(f"拖欠{yuan:,}元") == yuan


@given(st.text(alphabet="零一二三四五六七八九十百千万亿两几多余元块0123456789.,，", max_size=60))
def test_no_run_of_figures_and_numerals_breaks_it(text) -> None:
    found = amounts.largest(text)
    assert found is None or 0 < found < amounts.MOST
