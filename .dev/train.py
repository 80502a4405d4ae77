# ruff: noqa: INP001, T201 - scripts for developers, not a package
"""Trains the shipped suggester from the texts in intake/data and writes intake/data/weibin.

.venv/bin/python .dev/train.py           train and write
.venv/bin/python .dev/train.py FILE      measure the shipped one on JSON lines of a test set
"""

import hashlib
import json
import sys
from pathlib import Path
from time import perf_counter

from intake.data import texts
from intake.suggest.training import Example, train
from intake.suggesters import SHIPPED_FILE
from routing.data import district
from web.filing import own_words

ROOT = Path(__file__).parent.parent
FILE = ROOT / "intake" / "data" / "weibin" / SHIPPED_FILE


def examples() -> list[Example]:
    """Everything the shipped suggester learns from."""
    return [*texts(), *own_words()]


def write() -> None:
    """Train and write."""
    learnt = examples()
    digest = hashlib.sha256("\n".join(map(repr, learnt)).encode()).hexdigest()[:10]
    started = perf_counter()
    model = train(learnt, version=f"shipped-{digest}")
    FILE.write_bytes(model.as_bytes())
    print(f"{len(learnt)} texts, {len(model.vocabulary)} runs, heat {model.heat},")
    print(f"{FILE.stat().st_size} bytes, {perf_counter() - started:.0f} s: {model.version}")


def measure(path: Path) -> None:
    """What the shipped suggester does with texts it has not seen."""
    from web.suggesting import Adviser  # noqa: PLC0415 - only when measured

    desk = Adviser(district())
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    right = top = lead = auto = wrong = critical = missed = stopped = 0
    kinds = urgencies = 0
    plain = [row for row in rows if not row["never"]]
    for row in rows:
        said = desk.suggest(row["text"])
        kinds += said["kind"] == row["kind"]
        urgencies += said["urgency"] == row["urgency"]
        if row["urgency"] == "critical":
            critical += 1
            if said["urgency"] == "normal" and said["caution"] != "jjqx":
                missed += 1
                print("NOT URGENT", row["id"], row["text"][:60])
        if row["never"]:
            if said["auto_route"]:
                print("DISPATCHED", row["never"], said["category"], row["text"][:70])
            else:
                stopped += 1
            continue
        good = bool(said["lead"]) and said["lead"][0] in row["leads"]
        lead += good
        right += said["task"] in row["tasks"]
        top += bool(set(said["top3"]) & set(row["tasks"]))
        if said["auto_route"]:
            auto += 1
            wrong += not good
        if not good:
            print(
                "WRONG",
                row["tasks"],
                said["task"],
                said["category"],
                said["caution"],
                said["confidence"],
                row["text"][:60],
            )
    n = len(plain)
    print(f"{n} to dispatch: lead {lead / n:.1%} task {right / n:.1%} top3 {top / n:.1%}")
    print(f"by itself {auto / n:.1%}, of which wrong {wrong / max(auto, 1):.1%}")
    print(f"never: {stopped} of {len(rows) - n} stopped; critical {critical - missed}/{critical}")
    print(f"kind {kinds / len(rows):.1%} urgency {urgencies / len(rows):.1%}")


if __name__ == "__main__":
    measure(Path(sys.argv[1])) if len(sys.argv) > 1 else write()
