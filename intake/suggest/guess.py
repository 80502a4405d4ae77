"""A guess: what a text is about, how sure, and why. Advice; only above a threshold more."""

from collections.abc import Mapping
from dataclasses import dataclass

from intake.suggest.alarms import Alarm, alarms
from intake.suggest.model import Model, Scores

# a matter nobody may dispatch needs little suspicion to reach a person
SUSPICION = 0.03
# life and limb: the model alone is enough from here on
DANGER = 0.15


@dataclass(frozen=True, slots=True)
class Guess:
    """`ranked` holds categories that may be dispatched, likeliest first, with their shares.

    `category` is the likeliest of all, `caution` the category that calls for a person (empty
    when none does), `words` the runs of the text that spoke for it.
    """

    category: str
    share: float
    ranked: tuple[tuple[str, float], ...]
    kind: str
    urgency: str
    caution: str
    words: tuple[str, ...]
    model: str

    def sure_of(self, owners: Mapping[str, str]) -> float:
        """How sure the first choice's owner is right: shares of all categories he owns."""
        if not self.ranked or self.caution:
            return 0.0
        owner = owners.get(self.ranked[0][0], "")
        return sum(share for name, share in self.ranked if owners.get(name) == owner and owner)


def guess(text: str, model: Model, cautions: frozenset[str]) -> Guess:
    """What the text is about. `cautions` are the categories only a person may decide on."""
    scores = model.scores(text)
    raised = alarms(text)
    caution = _caution(scores, raised, cautions)
    best = max(scores.category, key=scores.category.__getitem__)
    ranked = sorted(
        ((name, share) for name, share in scores.category.items() if name not in cautions),
        key=lambda pair: -pair[1],
    )
    kind = max(scores.kind, key=scores.kind.__getitem__)
    words = tuple(alarm.words for alarm in raised if alarm.category == caution) + scores.words
    return Guess(
        category=best,
        share=scores.category[best],
        ranked=tuple(ranked),
        kind=kind,
        urgency=_urgency(scores, caution),
        caution=caution,
        words=tuple(dict.fromkeys(words)),
        model=model.version,
    )


def _caution(scores: Scores, raised: tuple[Alarm, ...], cautions: frozenset[str]) -> str:
    """The gravest alarm; else the likeliest caution when all together are suspicious enough."""
    likely = max(cautions, key=lambda name: scores.category.get(name, 0.0), default="")
    together = sum(scores.category.get(name, 0.0) for name in cautions)
    for alarm in raised:
        if alarm.category in cautions:
            return alarm.category
    return likely if likely and together >= SUSPICION else ""


def _urgency(scores: Scores, caution: str) -> str:
    if caution == "jjqx" or scores.urgency.get("critical", 0.0) >= DANGER:
        return "critical"
    return max(scores.urgency, key=scores.urgency.__getitem__)
