"""Randomized launches: starts are counted. `QUOTA_TUI_DRILL=10000` sets how many."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from quota_tui.core.jobs.job import JobState
from tests.automation.drill import Drill, Outcome, furnish

RUNS = int(os.environ.get("QUOTA_TUI_DRILL", "1000"))


@pytest.mark.timeout(1200)
def test_starts_are_counted(tmp_path: Path, home: Path) -> None:
    """Always 0 or 1; 1 whenever a healthy wake came before the deadline; nothing is lost without a word."""
    furnish(tmp_path)
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        drill = Drill(seed, tmp_path)
        with closing(drill.db):
            found = drill.run()
        told = f"seed {seed}: {found}"
        assert found.starts in {0, 1}, told
        assert found.state is not JobState.STARTED or found.starts == 1, told
        assert found.armed or found.reason or found.state is JobState.STARTED or not found.healthy_wake, told
        if found.healthy_wake and found.gentle and not found.called_off:
            assert found.starts == 1, told
        _count(seen, found)
    print(f"\n{RUNS} runs: {dict(sorted(seen.items()))}")
    assert seen["starts 1"] > RUNS / 2
    assert seen["starts 0"] > 0
    assert seen["state started"] > RUNS / 2


def _count(seen: Counter[str], found: Outcome) -> None:
    seen[f"starts {found.starts}"] += 1
    seen[f"state {found.state}"] += 1
    seen["wakes"] += found.wakes
    seen["healthy wake in time"] += found.healthy_wake
    seen["called off"] += found.called_off
