"""Every background actor that is promised is declared, and the other way round."""

import ast
from pathlib import Path

from dramatiq.brokers.stub import StubBroker

from core.settings import Settings
from web import background

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "intake", "routing", "sla", "notify", "web")


def is_post(call: ast.Call) -> bool:
    """Whether it is `outbox.post(desk, …)`, with or without its module's name."""
    of_outbox = isinstance(call.func, ast.Attribute) and (
        isinstance(call.func.value, ast.Name) and call.func.value.id == "outbox"
    )
    named = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
    return named == "post" and (of_outbox or isinstance(call.func, ast.Name))


def posted() -> set[str]:
    names = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and is_post(node):
                    actor = node.args[1]
                    # a name put together at run time could not be checked before it is lost
                    assert isinstance(actor, ast.Constant), f"{path}:{node.lineno}"
                    names.add(actor.value)
    return names


def test_every_posted_actor_is_declared_by_the_worker_and_every_declared_one_posted() -> None:
    broker = StubBroker()
    background.declare(broker, Settings())
    assert posted() == set(broker.actors)
