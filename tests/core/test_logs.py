"""Logs: a line is one JSON object and carries the ids of what it concerns."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lines(code, level="info"):
    """What a process of its own writes to standard error: configuring logs is for a whole one."""
    done = subprocess.run(
        [sys.executable, "-c", f"from core import logs\nlogs.configure({level!r}, 'test')\n{code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_is_json_and_carries_the_bound_ids():
    code = "logs.bind(ticket='N1', request='r1'); logs.get('web').info('filed', extra='x')"
    [line] = lines(code)
    assert line["event"] == "filed"
    assert (line["ticket"], line["request"], line["extra"]) == ("N1", "r1", "x")
    assert (line["process"], line["logger"], line["level"]) == ("test", "web", "info")
    assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None


def test_what_is_unbound_is_gone_from_the_next_line():
    first, second = lines(
        "logs.bind(ticket='N1'); logs.get('a').info('one');"
        "logs.unbind('ticket'); logs.get('a').info('two')"
    )
    assert first["ticket"] == "N1"
    assert "ticket" not in second
    assert second["process"] == "test"


def test_a_librarys_line_has_the_same_shape_and_ids():
    code = "import logging; logs.bind(message='m1'); logging.getLogger('lib').warning('slow %s', 3)"
    [line] = lines(code)
    assert (line["event"], line["logger"], line["message"]) == ("slow 3", "lib", "m1")


def test_an_exception_stays_inside_its_line():
    [line] = lines("try:\n    1/0\nexcept ZeroDivisionError:\n    logs.get('a').exception('bad')")
    assert line["event"] == "bad"
    assert "ZeroDivisionError" in line["exception"]
    assert line["level"] == "error"


def test_a_text_with_line_breaks_and_chinese_is_one_readable_line():
    [line] = lines("logs.get('a').info('一\\n二')")
    assert line["event"] == "一\n二"


def test_lines_below_the_level_are_not_written():
    code = "logs.get('a').info('no'); logs.get('a').warning('yes')"
    assert [line["event"] for line in lines(code, "warning")] == ["yes"]


def test_the_servers_own_access_lines_are_off_because_they_carry_query_strings():
    code = "import logging; logging.getLogger('uvicorn.access').error('GET /track?code=1')"
    assert lines(code) == []
