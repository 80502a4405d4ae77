"""What ships for guessing: texts to learn from, written for the purpose, and what was learnt."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from intake.suggest.training import Example, examples_from

UNCLEAR = "bqs"
# categories only a person may decide on; the district's vocabulary says the same to the rules
CAUTIONS = frozenset({"jjqx", "sszc", "wjwf", "xffy", "qyjf", "qwsx", "dzjq", UNCLEAR})
# words of a list teach what they mean, but nobody files a complaint of one word
WORD_WEIGHT = 0.5
PLAN_WEIGHT = 0.5
BAG_WEIGHT = 0.5
BAGS = 12
BAG_SIZES = (2, 3, 4)


@cache
def texts(code: str = "weibin") -> tuple[Example, ...]:
    """Every text written for a district's suggester."""
    return tuple(
        example
        for file in sorted((files(__name__) / code).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".tsv")
        for example in examples_from(file.read_text(encoding="utf-8").splitlines(), unclear=UNCLEAR)
    )


def cards(code: str = "weibin") -> list[dict[str, Any]]:
    """A district's first knowledge cards, as they stand in its file."""
    file = files(__name__) / code / "cards.toml"
    found: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["card"]
    return found


def word_examples(words: Mapping[str, tuple[str, ...]]) -> Iterator[Example]:
    """Callers' words by category, each as a small text of its own."""
    for category, found in words.items():
        for word in found:
            yield Example(word, category, weight=WORD_WEIGHT)


def lexicon(code: str = "weibin") -> Mapping[str, tuple[str, ...]]:
    """Callers' words by category."""
    lines = (files(__name__) / code / "lexicon.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {row[0]: tuple(row[1:]) for row in rows}


def bag_examples(words: Mapping[str, tuple[str, ...]], each: int = BAGS) -> Iterator[Example]:
    """Small handfuls of a category's words, the same every time: texts before grammar."""
    for category, found in words.items():
        dice = Random(category)  # noqa: S311 - the same handfuls every time, not secrets
        for _ in range(each):
            handful = dice.sample(found, min(len(found), dice.choice(BAG_SIZES)))
            yield Example("，".join(handful), category, weight=BAG_WEIGHT)


def plan_examples(bodies: Mapping[str, str]) -> Iterator[Example]:
    """What the plan says of each category's task, sentence by sentence."""
    for category, body in bodies.items():
        for sentence in re.split(r"[。；;\n]", body):
            if len(sentence) > 6:
                yield Example(sentence, category, weight=PLAN_WEIGHT)
