"""Pages: escaping, strictness, the frame, the assets they stand on, colours one can read."""

import re
import runpy
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from core.moments import SHANGHAI
from web import rendering
from web.frame import PLACES
from web.narration import LINES
from web.rendering import Frame, NavItem, environment, page, render, static

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "web/templates"
STATIC = ROOT / "web/static"
VENDOR = runpy.run_path(str(ROOT / ".dev/vendor.py"))
NOW = datetime(2026, 11, 23, 15, 20, tzinfo=SHANGHAI)
HAN = re.compile(r"[\u4e00-\u9fff]")
# sent by itself as a file, where no policy and no address exist
FILE_PAGES = {"bulletin/file.html"}
LINE = {"at": NOW, "detail": "", "who": "系统", "icon": "inbox", "tone": "plain"}
POINTS = [{"label": str(n), "received": n, "replied": n // 2, "breached": n % 2} for n in range(9)]


def patterns(frame: Frame) -> str:
    lines = [{**LINE, "title": "收到诉求"}]
    return render("patterns.html", frame, {"lines": lines, "points": POINTS, "now": NOW})


def own_ticket(**changes: object) -> dict[str, object]:
    ticket = {
        "number": "6103022026112300000123",
        "title": "办照两周没有结果",
        "content": "走流程",
        "status_word": "待评价",
        "step": 3,
        "lead_name": "区行政审批局",
        "due_at": NOW,
        "due_reason": "",
        "held_until": None,
        "late": False,
        "received_at": NOW,
        "result_word": "",
    }
    acts = ("rate", "rate_again", "withdraw", "add", "reopen", "ask_review")
    can = {f"can_{act}": True for act in acts}
    rest = {"timeline": [], "reply": "已办好", "key": "k", "faults": {}, "now": NOW}
    rest |= {"review_days": 30}
    return {"ticket": ticket | changes, **can, **rest}


class Page(HTMLParser):
    """What a page is made of, as far as these tests ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.mark.parametrize("name", environment().list_templates())
def test_every_template_is_sound(name):
    for language in ("zh", "en"):
        environment(language).get_template(name)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_needs_what_the_content_policy_forbids(path):
    if path.relative_to(TEMPLATES).as_posix() in FILE_PAGES:
        pytest.skip("sent as a file")
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(src|href)=\"https?://", text)


def test_markup_in_what_people_write_stays_text():
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}'
    html = render(
        "citizen/ticket.html",
        Frame(),
        own_ticket(title=hostile, content=hostile) | {"reply": hostile},
    )
    assert "<script>alert" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;alert(1)") == 3


def test_a_forgotten_value_is_an_error_and_not_a_hole():
    with pytest.raises(UndefinedError, match="query_code"):
        render("citizen/filed.html", Frame(), {"number": "1", "lead_name": "", "due_at": None})


def test_a_page_without_a_frame_has_safe_ones():
    answer = page(SimpleNamespace(state=SimpleNamespace()), "citizen/home.html", status=404)
    assert answer.status_code == 404
    assert b'<html lang="zh-CN">' in answer.body


def test_choices_of_the_reader_stand_on_the_root_element():
    html = render("citizen/home.html", Frame(language="en", theme="dark", large=True), {})
    assert '<html lang="en" data-theme="dark" data-large>' in html


def test_places_search_and_badge_are_for_those_who_are_logged_in():
    visitor = render("citizen/home.html", Frame(), {})
    nav = (NavItem("/board", "本单位承办", "inbox", current=True),)
    staff = render("citizen/home.html", Frame(name="承办人", nav=nav, unread=7), {})
    for mark in ("data-badge", 'class="places"', "/logout", "htmx"):
        assert mark in staff
        assert mark not in visitor
    assert 'href="/board" aria-current="page"' in staff


def test_every_form_that_posts_carries_the_token():
    html = render("citizen/ticket.html", Frame(csrf="the-token"), own_ticket())
    assert html.count('method="post"') == 6
    assert html.count('name="csrf" value="the-token"') == 6


def test_english_pages_hold_no_chinese_but_the_name_and_the_switch():
    for html in (render("citizen/home.html", Frame(language="en"), {}), patterns_english()):
        text = re.sub(r"接诉|中文|系统|收到诉求", "", html)
        assert HAN.findall(text) == []


def patterns_english() -> str:
    return patterns(Frame(language="en"))


def test_every_element_is_named_once_and_every_label_and_description_finds_its_own():
    found = Page(patterns(Frame()))
    ids = found.all("id")
    assert sorted(ids) == sorted(set(ids))
    wanted = found.all("for") + found.all("aria-describedby") + found.all("aria-labelledby")
    assert set(wanted) <= set(ids)
    links = {link[1:] for link in found.all("href") if link.startswith("#") and len(link) > 1}
    assert links <= set(ids)


def test_every_icon_that_is_asked_for_is_drawn():
    drawn = set(re.findall(r'symbol id="(\w+)"', (STATIC / "img/icons.svg").read_text()))
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    asked = set(re.findall(r'icon\("(\w+)"', text))
    asked |= {line.icon for line in LINES.values()} | {place[2] for place in PLACES}
    asked |= set(re.findall(r"icons\.svg\?v=\w+#(\w+)", patterns(Frame())))
    assert asked - drawn == set()


def test_a_chart_says_the_same_in_its_table():
    html = patterns(Frame())
    assert 'role="img"' in html
    assert re.search(r"<td>8</td><td class=\"figure\">8</td><td class=\"figure\">4</td>", html)


def test_an_asset_changes_its_address_with_its_content(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "STATIC", tmp_path)
    seen = set()
    for content in ("a", "b", "a"):
        (tmp_path / "x.css").write_text(content)
        static.cache_clear()
        seen.add(static("x.css"))
    static.cache_clear()
    assert len(seen) == 2


def test_vendored_files_are_the_ones_that_were_fetched():
    assert VENDOR["CHECKSUMS"].read_text(encoding="utf-8") == VENDOR["checksums"]()


def test_vendored_folders_carry_version_and_licence():
    folders = {path for path in (STATIC / "vendor").iterdir() if path.is_dir()}
    wanted = {f"{folder}-{version}" for _, version, folder, _ in VENDOR["ASSETS"]}
    assert {folder.name for folder in folders} == wanted
    assert all((folder / "LICENSE").is_file() for folder in folders)


def test_styles_ask_nothing_of_other_places():
    for path in (STATIC / "css").glob("*.css"):
        assert not re.search(r"@import|url\(", path.read_text(encoding="utf-8")), path.name


def themes() -> dict[str, dict[str, str]]:
    """Token values by theme: light, dark by choice, dark by the system's wish."""
    text = (STATIC / "css/tokens.css").read_text(encoding="utf-8")
    blocks = [dict(re.findall(r"--ji-([\w-]+): ([^;]+);", part)) for part in text.split("}")]
    light, dark, system = (block for block in blocks if "paper" in block)
    return {"light": light, "dark": dark, "system": system}


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_dark_is_the_same_whether_chosen_or_wished_for():
    found = themes()
    assert found["dark"] == found["system"]


SIGNALS = ("red", "yellow", "blue", "green", "accent")
READ = [(text, ground) for text in ("ink", "soft") for ground in ("paper", "card", "sunk")]
READ += [("accent", ground) for ground in ("paper", "card", "sunk")]
READ += [(signal, f"{signal}-pale") for signal in SIGNALS]
READ += [(signal, "card") for signal in SIGNALS]
READ += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("card", "red")]
READ += [("accent-strong", "accent-pale"), ("soft", "yellow-pale"), ("ink", "yellow-pale")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_told_from_its_ground_as_wcag_aa_asks(theme):
    tokens = themes()[theme]
    faint = {
        (text, ground): round(contrast(tokens[text], tokens[ground]), 2)
        for text, ground in READ
        if contrast(tokens[text], tokens[ground]) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_fields_and_the_ring_of_focus_are_seen(theme):
    tokens = themes()[theme]
    for edge in ("edge", "accent", "red"):
        assert contrast(tokens[edge], tokens["card"]) >= 3


@given(st.text(), st.text())
def test_marking_what_was_found_adds_nothing_and_escapes_all(text, wanted):
    marked = rendering.mark(text, wanted)
    assert marked.striptags() == rendering.escape(text).striptags()
    assert "<" not in re.sub("</?mark>", "", marked)


def test_a_share_of_nothing_is_a_dash():
    assert rendering.percent(None) == "—"
    assert rendering.percent("94.36") == "94.4%"


def test_a_ticket_number_is_grouped_for_reading_aloud_and_another_is_left_alone():
    assert rendering.grouped("610302202611230000012X") == "610302 20261123 0 000012 X"
    assert rendering.grouped("2509") == "2509"
