"""Every background actor that is promised is declared."""

import re
from pathlib import Path

from dramatiq.brokers.stub import StubBroker

from core.settings import Settings
from web import background

ROOT = Path(__file__).parents[2]
POSTED = re.compile(r'post\(\s*desk,\s*"([a-z.]+)"')


def test_every_posted_actor_is_declared_by_the_worker() -> None:
    posted = {
        name
        for room in ("core", "intake", "routing", "sla", "notify", "web")
        for path in (ROOT / room).rglob("*.py")
        for name in POSTED.findall(path.read_text(encoding="utf-8"))
    }
    broker = StubBroker()
    background.declare(broker, Settings())
    assert posted
    assert posted <= set(broker.actors)
