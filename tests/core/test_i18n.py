"""Words, instants and lengths of time in two languages."""

import io
import re
import runpy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import i18n
from core.moments import SHANGHAI

ROOT = Path(__file__).parents[2]
WORDS = runpy.run_path(str(ROOT / ".dev/words.py"))
HAN = re.compile(r"[\u4e00-\u9fff]")
FRIDAY = datetime(2026, 11, 20, 17, 0, tzinfo=SHANGHAI)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_word_shown_to_people_has_english():
    lacking = WORDS["missing"](WORDS["words"](), WORDS["english"]())
    assert not lacking, "run .dev/words.py --add and fill what is empty"


def test_english_has_the_gaps_of_its_chinese_and_no_chinese_of_its_own():
    words = i18n.catalogue("en")
    assert [text for text, english in words.items() if gaps(text) != gaps(english)] == []
    assert [english for english in words.values() if HAN.search(english)] == []


def test_the_search_for_words_finds_messages_and_leaves_docstrings_and_patterns():
    source = '"""文档"""\nimport re\nP = re.compile("[甲乙]")\n\n\nclass E:\n    """也是"""\n\n    message = "读者看得到"\n'
    source += 'def f(n: int) -> str:\n    return translate("en", "共{n}件" if n else "没有") + f"不算{n}"\n'
    found = WORDS["literals"](io.BytesIO(source.encode()), (), (), {})
    assert {text for _, _, text, _ in found} == {"读者看得到", "共{n}件", "没有"}


def test_the_search_for_words_reaches_templates_and_every_floor():
    places = {where for found in WORDS["words"]().values() for where, _ in found}
    for beginning in (
        "web/templates/",
        "web/pages/",
        "core/errors.py",
        "intake/",
        "routing/service",
    ):
        assert any(where.startswith(beginning) for where in places), beginning


def test_a_sentence_is_translated_and_its_gaps_are_filled():
    assert i18n.translate("zh", "最多{limit}个附件", limit=9) == "最多9个附件"
    assert i18n.translate("en", "最多{limit}个附件", limit=9) == "At most 9 attachments"


def test_a_sentence_nobody_translated_stays_chinese():
    assert i18n.translate("en", "这句话没有人译过") == "这句话没有人译过"


def test_what_fills_a_gap_is_never_read_as_a_pattern():
    assert (
        i18n.translate("zh", "不在可选范围内：{allowed}", allowed="{0}{x}")
        == "不在可选范围内：{0}{x}"
    )


@pytest.mark.parametrize(
    ("accept", "chosen", "language"),
    [
        (None, None, "zh"),
        ("en-GB,en;q=0.9", None, "en"),
        ("en;q=0.3, zh-CN;q=0.8", None, "zh"),
        ("fr, en;q=0", None, "zh"),
        ("fr, de;q=0.9, en;q=0.1", None, "en"),
        ("en", "zh", "zh"),
        ("zh", "en", "en"),
        ("en", "xx", "en"),
        ("en;q=many", None, "zh"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_best_liked(accept, chosen, language):
    assert i18n.negotiate(accept, chosen) == language


@given(st.none() | st.text(), st.none() | st.text())
def test_any_header_gives_a_language_we_have(accept, chosen):
    assert i18n.negotiate(accept, chosen) in i18n.LANGUAGES


def test_an_instant_is_shown_in_shanghai_with_its_weekday():
    assert i18n.instant("zh", FRIDAY.astimezone(UTC)) == "2026年11月20日 17:00（星期五）"
    assert i18n.instant("en", FRIDAY.astimezone(UTC)) == "Fri 20 Nov 2026, 17:00"
    assert i18n.short_instant("zh", FRIDAY) == "11月20日 17:00"


def test_a_late_evening_in_utc_is_the_next_day_in_shanghai():
    assert i18n.day("zh", datetime(2026, 12, 31, 16, 30, tzinfo=UTC)) == "2027年1月1日"
    assert i18n.day("en", date(2026, 12, 31)) == "31 Dec 2026"


def test_a_length_of_time_has_its_two_largest_units():
    length = timedelta(days=1, hours=3, minutes=20)
    assert i18n.duration("zh", length) == "1天3小时"
    assert i18n.duration("en", length) == "1 d 3 h"
    assert i18n.duration("zh", timedelta(seconds=59)) == "不到1分钟"
    assert i18n.duration("en", timedelta()) == "under 1 min"


def test_working_time_counts_days_of_seven_hours():
    assert i18n.working("zh", timedelta(hours=10)) == "1个工作日3小时"
    assert i18n.working("en", timedelta(hours=10)) == "1 working d 3 h"
    assert i18n.working("zh", timedelta(hours=10), timedelta(hours=8)) == "1个工作日2小时"


@given(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=4000)))
def test_no_length_of_a_minute_or_more_is_shown_as_nothing(length):
    shown = i18n.duration("zh", length)
    assert re.fullmatch(r"(\d+天)?(\d+小时)?(\d+分钟)?", shown)
    assert shown


def test_ago_tells_past_from_future():
    assert i18n.ago("zh", FRIDAY - timedelta(hours=3), FRIDAY) == "3小时前"
    assert i18n.ago("en", FRIDAY + timedelta(days=2), FRIDAY) == "in 2 days"
