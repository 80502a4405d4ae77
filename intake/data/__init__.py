"""What ships for guessing: texts to learn from, written for the purpose, and what was learnt."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from intake.suggest.training import Example, examples_from

UNCLEAR = "bqs"
# categories only a person may decide on; the district's vocabulary says the same to the rules
CAUTIONS = frozenset({"jjqx", "sszc", "wjwf", "xffy", "qyjf", "qwsx", "dzjq", UNCLEAR})
# words of a list teach what they mean, but nobody files a complaint of one word
WORD_WEIGHT = 0.5
PLAN_WEIGHT = 0.5


@cache
def texts(code: str = "weibin") -> tuple[Example, ...]:
    """Every text written for a district's suggester."""
    return tuple(
        example
        for file in sorted((files(__name__) / code).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".tsv")
        for example in examples_from(file.read_text(encoding="utf-8").splitlines(), unclear=UNCLEAR)
    )


def word_examples(words: Mapping[str, tuple[str, ...]]) -> Iterator[Example]:
    """Callers' words by category, each as a small text of its own."""
    for category, found in words.items():
        for word in found:
            yield Example(word, category, weight=WORD_WEIGHT)


def plan_examples(bodies: Mapping[str, str]) -> Iterator[Example]:
    """What the plan says of each category's task, sentence by sentence."""
    for category, body in bodies.items():
        for sentence in re.split(r"[。；;\n]", body):
            if len(sentence) > 6:
                yield Example(sentence, category, weight=PLAN_WEIGHT)
