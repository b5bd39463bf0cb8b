"""What is measured. Every case runs the program as a person would, in an environment of its own."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.bench import live
from tests.bench.measure import Measured, Program, in_turn, median, run
from tests.bench.peers import LIVE, NATIVE, NPM
from tests.bench.table import Line, judged, ms
from tests.bench.trees import Counts, GrowingTree, Tree

CASES = ("first", "nothing", "appended", "statusline", "dashboard", "latency")
OURS = "quota-tui"
ROOT = Path(__file__).parents[2]
STDIN = ROOT / "tests" / "data" / "statusline-stdin.jsonl"
MB = 1_000_000

# Of the wall time of native ccusage, on the smaller tree and on the larger one.
FIRST_GOAL, NOTHING_GOAL, APPENDED_GOAL = (1.0, 0.8), (0.4, 0.4), (0.45, 0.45)
GROWTH_GOAL = 1.3
STATUSLINE_GOAL_S, CONTENT_GOAL_S, LATENCY_GOAL_S = 0.120, 0.600, 0.300
REST_GOAL_PCT, REST_GOAL_MB = 1.0, 80.0

_CALLS = re.compile(r"\$[\d.,]+k? · ([\d,]+) calls?")


class _Timed(NamedTuple):
    case: str
    wall_s: float


class Bench:
    """Measures trees one after the other; `lines` is the table so far."""

    def __init__(
        self,
        work: Path,
        runs: int,
        peers: Mapping[str, str],
        rest_s: float,
        appends: int,
        say: Callable[[str], None],
    ) -> None:
        self.lines: list[Line] = []
        self._work, self._runs, self._peers = work, runs, peers
        self._rest_s, self._appends, self._say = rest_s, appends, say
        self._timed: dict[str, list[_Timed]] = {}
        self._number = 0

    def measure(self, name: str, tree: Tree, cases: Collection[str]) -> None:
        """All cases on one tree. The tree itself is not changed."""
        growing = GrowingTree(tree, self._fresh())
        on_tree = _OnTree(self, name, growing)
        for case in CASES:
            if case in cases:
                self._say(f"{name}: {case}")
                getattr(on_tree, case)()
        shutil.rmtree(growing.home)

    def compare_trees(self) -> None:
        """How each case grows from one tree to the next."""
        names = list(self._timed)
        for small, large in zip(names, names[1:], strict=False):
            before = {each.case: each.wall_s for each in self._timed[small]}
            for each in self._timed[large]:
                if each.case in before:
                    growth = each.wall_s / before[each.case]
                    goal = f"<= {GROWTH_GOAL}" if "first" not in each.case else ""
                    met = judged(growth, GROWTH_GOAL) if goal else ""
                    told = f"{ms(before[each.case])} -> {ms(each.wall_s)}"
                    self.lines.append(
                        Line("larger tree", f"{large}/{small}", each.case, told, ratio=f"{growth:.2f}", goal=goal, met=met)
                    )
    def _fresh(self) -> Path:
        self._number += 1
        return self._work / f"{self._number:04d}"
