"""Real sessions as the estimator takes them; made from what is in the repository.

`data/plans.csv` has the plans in numbers, one row per phase. It was made from the plans' texts, which are not
here, with `python -m tests.bench.estimate_data FOLDER`: FOLDER/plans/NNN.md opened session NNN, FOLDER/calls.csv.gz
has every call; see `data/README.md`.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from quota_tui.core.estimating.subject import PastSession, PhaseSubject, PlanSubject, TaskType
from quota_tui.core.plans.parse import parse
from quota_tui.core.plans.subject import plan_subject

CALLS = Path(__file__).parents[1] / "data" / "calls_sample.csv.gz"
PLANS = Path(__file__).with_name("data") / "plans.csv"
PROGRESS = PLANS.with_name("progress.csv")
PROJECT = "cli"
MARKS = (0.25, 0.5, 0.75)
FEWEST_CALLS = 10
PAUSE = timedelta(minutes=15)
STEP = timedelta(minutes=2)
PRICES = {  # $ per million tokens: input, output, cache write (five minutes), cache read
    "opus": (5.0, 25.0, 6.25, 0.5),
    "sonnet": (3.0, 15.0, 3.75, 0.3),
    "haiku": (1.0, 5.0, 1.25, 0.1),
}
HEADS = ("session", "phase", "task_type", "done", "files", "steps", "words")
_ADDED = "If you need specific details from before exiting plan mode"  # by the client, below every plan


class Halfway(NamedTuple):
    """Tokens spent in a session when the share `done` of its calls was made."""

    session: int
    done: float
    spent: int


class Step(NamedTuple):
    """Two minutes of a session."""

    at: datetime
    model: str
    calls: int
    tokens: int
    output_tokens: int
    cost_usd: float


def sessions() -> list[PastSession]:
    """All 273 in the order in which they began; 49 of them with a plan."""
    plans = subjects()
    return [_session(number, steps, plans.get(number)) for number, steps in sorted(steps_of().items())]


def steps_of() -> dict[int, list[Step]]:
    """The steps of every session, in order."""
    found: dict[int, list[Step]] = defaultdict(list)
    with gzip.open(CALLS, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[int(row["session"])].append(_step(row))
    return {number: sorted(steps) for number, steps in found.items()}


def subjects() -> dict[int, PlanSubject]:
    """The plans by session."""
    phases: dict[int, list[PhaseSubject]] = defaultdict(list)
    with PLANS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            phase = PhaseSubject(
                name=f"Phase {row['phase']}",
                task_type=TaskType(row["task_type"]),
                done=row["done"] == "1",
                files_named=int(row["files"]),
                steps=int(row["steps"]),
                words=int(row["words"]),
            )
            phases[int(row["session"])].append(phase)
    return {
        number: PlanSubject(title=f"Plan {number}", phases=tuple(each), project=PROJECT)
        for number, each in phases.items()
    }


def progress() -> list[Halfway]:
    """Of every session of ten calls or more, at every one of `MARKS`."""
    with PROGRESS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        Halfway(int(row["session"]), mark, int(row[_column(mark)]))
        for row in rows
        for mark in MARKS
        if int(row["calls"]) >= FEWEST_CALLS
    ]


def _column(mark: float) -> str:
    return f"spent_{mark * 100:.0f}"


def _step(row: dict[str, str]) -> Step:
    counts = tuple(int(row[name]) for name in ("input", "output", "cache_write", "cache_read"))
    price = next(prices for family, prices in PRICES.items() if family in row["model"])
    return Step(
        at=datetime.fromisoformat(row["timestamp"]),
        model=row["model"],
        calls=int(row["calls"]),
        tokens=sum(counts[:3]),
        output_tokens=counts[1],
        cost_usd=sum(count * each for count, each in zip(counts, price, strict=True)) / 1e6,
    )


def _session(number: int, steps: Sequence[Step], plan: PlanSubject | None) -> PastSession:
    gaps = (later.at - earlier.at for earlier, later in pairwise(steps))
    worked = sum((gap for gap in gaps if gap <= PAUSE), STEP)
    return PastSession(
        id=f"{number:03}",
        at=steps[0].at.astimezone(UTC),
        ended_at=steps[-1].at.astimezone(UTC) + STEP,
        project=PROJECT,
        tokens=sum(step.tokens for step in steps),
        hours=worked / timedelta(hours=1),
        cost_usd=sum(step.cost_usd for step in steps),
        model=steps[0].model,
        subject=plan,
        is_lower_bound=True,
    )


def main(folder: Path) -> None:
    """Write the data from the plans' texts and the calls."""
    _write_plans(folder / "plans")
    _write_progress(folder / "calls.csv.gz")


def _write_plans(folder: Path) -> None:
    with PLANS.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADS)
        for path in sorted(folder.glob("[0-9]*.md")):
            text = path.read_text(encoding="utf-8").split(_ADDED)[0]
            for number, each in enumerate(plan_subject(text, parse(text)).phases, start=1):
                kind, done = each.task_type.value, int(each.done)
                row = (int(path.stem), number, kind, done, each.files_named, each.steps, each.words)
                writer.writerow(row)


def _write_progress(calls: Path) -> None:
    spent: dict[int, list[tuple[str, int]]] = defaultdict(list)
    with gzip.open(calls, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            tokens = sum(int(row[name]) for name in ("input", "output", "cache_write"))
            spent[int(row["session"])].append((row["timestamp"], tokens))
    with PROGRESS.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("session", "calls", *map(_column, MARKS)))
        for number, made in sorted(spent.items()):
            tokens_in_order = [tokens for _, tokens in sorted(made)]
            parts = (sum(tokens_in_order[: round(mark * len(made))]) for mark in MARKS)
            writer.writerow((number, len(made), *parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
