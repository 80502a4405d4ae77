"""`jiesu suggest`: guesses for texts on standard input; needs no server and no database."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from intake.suggest import Guess, guess
from intake.suggesters import THRESHOLD, shipped
from routing.amounts import largest
from routing.data import District, district
from routing.rulebook import duties_of
from routing.rules import Facts, Rulebook, decide

TOP = 3
CLEARLY = 0.6


def suggest_lines(lines: Iterable[str]) -> Iterator[str]:
    """JSON lines `{id, text}` in, a guess each out; a line that is none gets `{id, error}`."""
    desk = Adviser(district())
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(desk, line), ensure_ascii=False)


def _answer(desk: "Adviser", line: str) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except ValueError:
        return {"id": None, "error": "not JSON"}
    if not isinstance(asked, Mapping):
        return {"id": None, "error": "not an object"}
    if not isinstance(asked.get("text"), str):
        return {"id": asked.get("id"), "error": "text must be a string"}
    return {"id": asked.get("id")} | desk.suggest(asked["text"])


class Adviser:
    """The shipped suggester over a district's shipped plan and rulebook."""

    def __init__(self, home: District) -> None:
        plan = home.plan()
        self.home = home
        self.model = shipped()
        self.book: Rulebook = home.book(plan)
        self.duties = duties_of(plan, home.register)
        self.names = {unit.code: unit.name for unit in home.register}
        self.cautions = frozenset(home.vocabulary.cautions)
        self.tasks = {category.code: category.task for category in home.categories}
        self.owners = {
            category.code: self._lead(category.code) or "" for category in home.categories
        }

    def _lead(self, category: str) -> str | None:
        return decide(Facts(category), self.book, self.home.register).lead

    def suggest(self, text: str) -> dict[str, Any]:
        """`auto_route task category lead[] kind urgency top3[] reasons[]` and the share."""
        found = guess(text, self.model, self.cautions)
        # a mere suspicion holds the text back, but still says whose it would be
        never = found.category in self.cautions and found.share >= CLEARLY
        chosen = found.category if never else found.ranked[0][0]
        task = self.tasks.get(chosen)
        facts = Facts(
            chosen,
            found.kind,
            text,
            amount=largest(text),
            urgency=found.urgency,
            caution=found.caution,
        )
        decision = decide(facts, self.book, self.home.register)
        share = found.sure_of(self.owners)
        return {
            "auto_route": decision.lead is not None and 100 * share >= THRESHOLD,
            "task": task,
            "category": chosen,
            "lead": self._leads(chosen, task),
            "kind": found.kind,
            "urgency": found.urgency if found.urgency == "critical" else decision.urgency,
            "top3": self._top(found),
            "reasons": self._reasons(found, decision.ground),
            "confidence": round(share, 3),
            "caution": found.caution,
        }

    def _leads(self, category: str, task: int | None) -> list[str]:
        """The task's leads as the plan names them, the rulebook's own first."""
        duty = self.duties.get(task) if task is not None else None
        codes = [self.owners.get(category, ""), *(duty.leads if duty else ())]
        return [self.names.get(code, code) for code in dict.fromkeys(codes) if code]

    def _top(self, found: Guess) -> list[int]:
        tasks = (self.tasks.get(name) for name, _ in found.ranked)
        return list(dict.fromkeys(task for task in tasks if task is not None))[:TOP]

    def _reasons(self, found: Guess, ground: str) -> list[str]:
        said = [f"「{word}」" for word in found.words]
        return said + ([self.home.grounds[ground].zh] if ground in self.home.grounds else [])
