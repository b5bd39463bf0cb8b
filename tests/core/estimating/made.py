"""Plans and histories for the tests, made by hypothesis or by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from quota_tui.core.estimating.ranges import Range
from quota_tui.core.estimating.subject import (
    PastPhase,
    PastSession,
    PhaseSubject,
    PlanSubject,
    ProjectSize,
    Quality,
    Stack,
    TaskType,
)

START = datetime(2026, 3, 1, 9, tzinfo=UTC)

hours = st.none() | st.floats(0, 1e6, allow_nan=False)
tokens = st.none() | st.integers(-5, 10**13)
phases = st.builds(
    PhaseSubject,
    name=st.text(max_size=8),
    task_type=st.sampled_from(TaskType),
    hours_low=hours,
    hours_high=hours,
    tokens_low=tokens,
    tokens_high=tokens,
    steps=st.integers(0, 500),
    words=st.integers(0, 10**6),
    files_named=st.integers(0, 500),
    done=st.booleans(),
)
plans = st.builds(
    PlanSubject,
    title=st.text(max_size=8),
    phases=st.lists(phases, max_size=8).map(tuple),
    project=st.sampled_from(["", "one", "two"]),
    project_size=st.sampled_from(ProjectSize),
    stack=st.sampled_from(Stack),
    quality=st.sampled_from(Quality),
    model=st.sampled_from(["", "claude-opus-4-6", "claude-haiku-4-5", "other"]),
    libraries=st.lists(st.sampled_from(["redis", "docker", "a/b"]), max_size=3).map(tuple),
)
ranges = st.lists(st.floats(0, 1e9), min_size=3, max_size=3).map(lambda three: Range(*sorted(three)))
past_phases = st.builds(
    PastPhase,
    name=st.just("p"),
    task_type=st.sampled_from(TaskType),
    tokens=st.integers(-1, 10**13),
    hours=st.floats(0, 1e9),
    estimated=st.none() | ranges,
)
past_sessions = st.builds(
    PastSession,
    id=st.sampled_from(["a", "b", "c", ""]),
    at=st.integers(-(10**7), 10**7).map(lambda s: START + timedelta(seconds=s)),
    ended_at=st.none() | st.integers(-(10**7), 10**7).map(lambda s: START + timedelta(seconds=s)),
    project=st.sampled_from(["", "one", "two"]),
    task_type=st.none() | st.sampled_from(TaskType),
    tokens=st.integers(-1, 10**14),
    hours=st.floats(-1, 1e300, allow_nan=False),
    cost_usd=st.floats(-1, 1e9, allow_nan=False),
    model=st.sampled_from(["", "claude-opus-4-6"]),
    estimated=st.none() | ranges,
    subject=st.none() | plans,
    phases=st.lists(past_phases, max_size=4).map(tuple),
)
histories = st.lists(past_sessions, max_size=12)


def session(number: int, taken: int, **more: object) -> PastSession:
    """Session `number`, one a day, of one hour."""
    given = {"hours": 1.0, "project": "one", "cost_usd": taken * 15e-6, "model": "claude-opus-4-6", **more}
    return PastSession(id=f"{number:04}", at=START + timedelta(days=number), tokens=taken, **given)  # type: ignore[arg-type]


def plan(*types: TaskType, files: int = 6, steps: int = 7, **more: object) -> PlanSubject:
    """A plan with a phase of each type; files and steps are in the first."""
    made = tuple(
        PhaseSubject(
            name=f"phase {place}",
            task_type=kind,
            files_named=files * (place == 0),
            steps=steps * (place == 0),
        )
        for place, kind in enumerate(types or (TaskType.IMPLEMENTATION,))
    )
    return PlanSubject(title="a plan", phases=made, project="one", model="claude-opus-4-6", **more)  # type: ignore[arg-type]


def history(
    count: int, middle: int = 100_000, spread: float = 0.5, seed: int = 1, **more: object
) -> list[PastSession]:
    """Sessions with sizes around `middle`; each has a plan unless `subject` says otherwise."""
    dice = random.Random(seed)
    given = {"subject": plan(), **more}
    return [
        session(number, round(middle * dice.lognormvariate(0, spread)), **given) for number in range(count)
    ]
