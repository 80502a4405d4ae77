"""Decisions and proofs against a dictionary look-up and against public rule engines, one table."""

import json
import random
from collections.abc import Callable
from datetime import date

from bench.timing import each, tell
from intake.data import CAUTIONS
from intake.suggest import guess
from intake.suggesters import shipped
from routing.data import District, district
from routing.rulebook import category_rules, check, compile_book, duties_of
from routing.rules import Facts, Is, Outcome, Rule, Rulebook, decide

DICE = random.Random(3)


def run() -> None:
    home = district()
    tasks = {category.code: category.task for category in home.categories}
    limit = each(lambda: tasks["qykb"], 100_000)
    shipped_book = home.book(home.plan())
    facts = Facts(category="qykb", text="公司设立登记卡了两周，窗口每次说法都不一样")
    taken = each(lambda: decide(facts, shipped_book, home.register), 5_000)
    tell(f"decide, the shipped {len(shipped_book.rules)} rules", taken, "dict look-up", limit)
    rows = table(home, 300)
    asked = [
        Facts(DICE.choice(list(tasks)), place=DICE.choice(home.vocabulary.places))
        for _ in range(200)
    ]
    book = book_of(home, rows)
    ours = over(asked, lambda one: decide(one, book, home.register))
    tell(f"decide, {len(book.rules)} rules", ours, "dict look-up", limit)
    for name, engine in (("zen-engine", zen(rows)), ("rule-engine", expressions(rows))):
        if engine is None:
            print(f"{name} is not installed")
            continue
        taken = over(asked, engine)
        tell(f"{name}, the same table", taken, "ours", ours)
    proof(home)
    suggestion(limit)


def table(home: District, size: int) -> list[tuple[str, str, int]]:
    """Rows (category, place, task), no two alike, in order of trial."""
    own = [c for c in home.categories if c.task is not None]
    pairs = [(c.code, place, c.task) for c in own for place in home.vocabulary.places]
    return DICE.sample(pairs, size - len(own))


def book_of(home: District, rows: list[tuple[str, str, int]]) -> Rulebook:
    rules = [
        Rule(f"r{n}", n + 1, (Is("category", category), Is("place", place)), Outcome(task=task))
        for n, (category, place, task) in enumerate(rows)
    ]
    return compile_book(
        "bench",
        [*rules, *category_rules(home.categories)],
        duties_of(home.plan(), home.register),
        conflict_unit=home.conflict_unit,
        second_unit=home.second_unit,
        routes={},
    )


def over(asked: list[Facts], engine: Callable[[Facts], object]) -> float:
    """Seconds a decision, over all that is asked."""
    return each(lambda: [engine(one) for one in asked], 5) / len(asked)


def zen(rows: list[tuple[str, str, int]]) -> Callable[[Facts], object] | None:
    """The table as a decision table of a public engine written in Rust."""
    try:
        import zen
    except ImportError:
        return None
    content = {
        "hitPolicy": "first",
        "inputs": [
            {"id": "c", "name": "category", "field": "category"},
            {"id": "p", "name": "place", "field": "place"},
        ],
        "outputs": [{"id": "t", "name": "task", "field": "task"}],
        "rules": [
            {"_id": f"r{n}", "c": f'"{category}"', "p": f'"{place}"', "t": str(task)}
            for n, (category, place, task) in enumerate(rows)
        ],
    }
    nodes = [
        {"id": "i", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "d", "name": "table", "type": "decisionTableNode", "content": content,
         "position": {"x": 0, "y": 0}},
        {"id": "o", "name": "out", "type": "outputNode", "position": {"x": 0, "y": 0}},
    ]  # fmt: skip
    edges = [
        {"id": "e1", "sourceId": "i", "targetId": "d", "type": "edge"},
        {"id": "e2", "sourceId": "d", "targetId": "o", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda facts: decision.evaluate({"category": facts.category, "place": facts.place})


def expressions(rows: list[tuple[str, str, int]]) -> Callable[[Facts], object] | None:
    """The table as expressions of a public Python engine, the first that holds."""
    try:
        import rule_engine
    except ImportError:
        return None
    compiled = [
        (rule_engine.Rule(f'category == "{category}" and place == "{place}"'), task)
        for category, place, task in rows
    ]

    def first(facts: Facts) -> int | None:
        things = {"category": facts.category, "place": facts.place}
        return next((task for rule, task in compiled if rule.matches(things)), None)

    return first


def proof(home: District) -> None:
    """The certificate of a book of 500 rows, in seconds against one pass over its rules."""
    book = book_of(home, table(home, 500))
    day = date(2026, 11, 23)
    taken = each(lambda: check(book, home.vocabulary, home.register, day), 1, rounds=3)
    limit = each(lambda: sorted(book.rules, key=lambda rule: (rule.rank, rule.id)), 20)
    tell(f"proof of {len(book.rules)} rules", taken, "sorting them", limit)


def suggestion(limit: float) -> None:
    """A guess over a text of a hundred signs."""
    model = shipped()
    text = (
        "我公司新厂房申请用电报装，资料交了一个多月，供电所一直说等通知，机器进场了没有电开不了工。"
        * 2
    )
    taken = each(lambda: guess(text, model, CAUTIONS), 100)
    tell("a guess over ninety signs", taken, "dict look-up", limit)
