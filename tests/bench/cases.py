"""What is measured on one tree. Every program runs as a person would run it, in an environment of its own."""

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
from tests.bench.lines import Counts
from tests.bench.measure import Measured, Program, in_turn, median, run
from tests.bench.peers import LIVE, NATIVE, NPM
from tests.bench.table import Line, judged, ms
from tests.bench.trees import GrowingTree, Tree

CASES = ("first", "nothing", "appended", "statusline", "rest", "latency")
OURS = "quota-tui"
ROOT = Path(__file__).parents[2]
STDIN = ROOT / "tests" / "data" / "statusline-stdin.jsonl"
MB = 1_000_000

# Wall time as a share of native ccusage's: on a smaller tree, and from LARGE_CALLS calls on.
GOALS = {"first": (1.0, 0.8), "nothing": (0.4, 0.4), "appended": (0.45, 0.45)}
LARGE_CALLS = 100_000
STATUSLINE_GOAL_S, CONTENT_GOAL_S, LATENCY_GOAL_S = 0.120, 0.600, 0.300
REST_GOAL_PCT, REST_GOAL_MB = 1.0, 80.0

_CALLS = re.compile(r"\$[\d.,]+k? · ([\d,]+) calls?")
TITLES = {
    "first": "first scan, empty index",
    "nothing": "nothing new",
    "appended": "1 MB appended",
}


class Options(NamedTuple):
    """How to measure. `work` is for temporary files; `say` tells how far it is."""

    work: Path
    runs: int
    peers: Mapping[str, str]
    rest_s: float
    appends: int
    say: Callable[[str], None]


class OnTree:
    """The cases on one tree; `lines` is what the table gets, `walls_s` our own times by case.

    The tree is not changed: what grows is a copy that shares its files.
    """

    def __init__(self, name: str, tree: Tree, options: Options) -> None:
        self.lines: list[Line] = []
        self.walls_s: dict[str, float] = {}
        self._name, self._options = name, options
        self._made = 0
        self._tree = GrowingTree(tree, self._fresh())
        self._big = tree.calls >= LARGE_CALLS
        self._warm = self._fresh()

    def measure(self, cases: Collection[str]) -> None:
        """The cases asked for, in their order."""
        for case in CASES:
            if case in cases:
                self._options.say(f"{self._name}: {case}")
                getattr(self, f"_{case}")()
        shutil.rmtree(self._tree.home)

    # -- the command line

    def _first(self) -> None:
        used: list[Path] = []

        def prepare() -> Program:
            for home in used:
                shutil.rmtree(home)
            used[:] = [self._fresh()]
            return self._usage(used[0])

        self._against_ccusage("first", prepare)

    def _nothing(self) -> None:
        run(self._usage(self._warm))
        self._against_ccusage("nothing", lambda: self._usage(self._warm))

    def _appended(self) -> None:
        def prepare() -> Program:
            self._tree.append(MB, datetime.now(UTC))
            return self._usage(self._warm)

        run(self._usage(self._warm))
        self._against_ccusage("appended", prepare)

    def _against_ccusage(self, case: str, ours: Callable[[], Program]) -> None:
        programs: dict[str, Callable[[], Program]] = {OURS: ours}
        for name in (NATIVE, NPM):
            if name in self._options.peers:
                theirs = self._peer(name, "blocks", "--json", "--offline")
                programs[name] = lambda program=theirs: program  # type: ignore[misc]
        found = in_turn(programs, self._options.runs)
        limit = GOALS[case][self._big]
        base = found[NATIVE].wall_s if NATIVE in found else None
        self.walls_s[case] = found[OURS].wall_s
        for name, each in found.items():
            ratio = each.wall_s / base if base else None
            goal = (f"<= {limit} x native", judged(ratio, limit)) if name == OURS else ("", "")
            self._line(TITLES[case], name, each, ratio, *goal)
        self._check_totals(case)
        if case == "first" and NATIVE in found:
            for what, mine, theirs_is in (
                ("cpu", found[OURS].cpu_s, found[NATIVE].cpu_s),
                ("peak memory", found[OURS].peak_mb, found[NATIVE].peak_mb),
            ):
                self.lines.append(
                    Line(
                        TITLES[case],
                        self._name,
                        what,
                        ratio=f"{mine / theirs_is:.2f}",
                        goal="< native",
                        met=judged(mine, theirs_is),
                    )
                )

    def _check_totals(self, case: str) -> None:
        home = self._fresh() if case == "first" else self._warm
        told = json.loads(run(self._usage(home)).output)["totals"]
        names = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
        same = Counts(*(told[name] for name in names)) == self._tree.totals
        self.lines.append(
            Line(
                TITLES[case],
                self._name,
                "totals",
                goal="as expected, to the token",
                met="yes" if same else "NO",
            )
        )

    def _statusline(self) -> None:
        run(self._usage(self._warm))
        told = json.loads(STDIN.read_text(encoding="utf-8").splitlines()[0])
        as_is = self._stdin(told)
        own = self._stdin({**told, "transcript_path": str(self._tree.grows)})

        def after_a_line() -> Program:
            self._tree.append(1, datetime.now(UTC))
            return self._ours(self._warm, "statusline", stdin=own)

        programs: dict[str, Callable[[], Program]] = {
            OURS: lambda: self._ours(self._warm, "statusline", stdin=as_is),
            f"{OURS}, after a line": after_a_line,
        }
        if NATIVE in self._options.peers:
            theirs = self._peer(NATIVE, "statusline", "--offline", "--no-cache", stdin=as_is)
            programs[NATIVE] = lambda: theirs
        found = in_turn(programs, 3 * self._options.runs, warm_up=2)
        base = found[NATIVE].wall_s if NATIVE in found else None
        for name, each in found.items():
            mine = name.startswith(OURS)
            goal = (
                (f"<= {STATUSLINE_GOAL_S * 1000:.0f} ms", judged(each.wall_s, STATUSLINE_GOAL_S))
                if mine
                else ("", "")
            )
            self._line("status line", name, each, each.wall_s / base if base else None, *goal)

    # -- the dashboard

    def _rest(self) -> None:
        for hours in (3.0, 0.75):
            program = self._dashboard(hours)
            found = live.at_rest(program, lambda text: "resets" in text, self._options.rest_s)
            self._rest_line(f"{OURS}, reset in {hours:g} h", found, mine=True)
        if LIVE in self._options.peers:
            program = self._peer(LIVE)
            self._rest_line(
                LIVE,
                live.at_rest(program, lambda text: "Burn Rate:" in text, self._options.rest_s),
                mine=False,
            )

    def _rest_line(self, name: str, found: live.Rest, *, mine: bool) -> None:
        cpu, memory = f"{found.cpu_pct:.2f} %", f"{found.peak_mb:.0f}"
        met = judged(found.cpu_pct, REST_GOAL_PCT), judged(found.peak_mb, REST_GOAL_MB)
        goal = f"<= {REST_GOAL_PCT:g} % of a core, <= {REST_GOAL_MB:g} MB"
        said = (goal, "yes" if met == ("yes", "yes") else "NO") if mine else ("", "")
        self.lines.append(
            Line("live, at rest", self._name, name, cpu=cpu, memory=memory, goal=said[0], met=said[1])
        )
        goal = f"<= {CONTENT_GOAL_S * 1000:.0f} ms"
        said = (goal, judged(found.first_s, CONTENT_GOAL_S)) if mine else ("", "")
        self.lines.append(
            Line("live, first numbers", self._name, name, ms(found.first_s), goal=said[0], met=said[1])
        )

    def _latency(self) -> None:
        def count_of(text: str) -> int | None:
            found = _CALLS.search(text)
            return int(found[1].replace(",", "")) if found else None

        # Pauses of uneven length, so that no clock of the program stays in step with them.
        pick = random.Random(self._name)
        pauses = [pick.uniform(0.6, 1.6) for _ in range(self._options.appends)]
        program = self._dashboard(3.0)
        found = live.latencies(program, count_of, lambda: self._tree.append(1, datetime.now(UTC)), pauses)
        seen = [each for each in found if each is not None]
        middle = median(seen) if seen else None
        late = f"{len(found) - len(seen)} not seen" if len(seen) < len(found) else ""
        spread = f"{ms(min(seen))}-{ms(max(seen))} ms" if seen else ""
        self.lines.append(
            Line(
                "appended line -> screen",
                self._name,
                f"{OURS}, {len(found)} lines {late}".rstrip(),
                ms(middle),
                cpu=spread,
                goal=f"<= {LATENCY_GOAL_S * 1000:.0f} ms",
                met="NO" if late else judged(middle, LATENCY_GOAL_S),
            )
        )

    def _dashboard(self, reset_h: float) -> Program:
        """The dashboard over a warm index, with a call just made and a reading that names the reset."""
        home = self._fresh()
        now = datetime.now(UTC)
        self._tree.append(1, now)
        run(self._usage(self._warm))
        shutil.copytree(self._warm, home)
        resets = int((now + timedelta(hours=reset_h)).timestamp())
        limits = {"five_hour": {"used_percentage": 42, "resets_at": resets}}
        run(self._ours(home, "statusline", stdin=self._stdin({"rate_limits": limits})))
        return self._ours(home)

    # -- what runs

    def _usage(self, home: Path) -> Program:
        return self._ours(home, "usage", "--by", "window", "--json")

    def _ours(self, home: Path, *arguments: str, stdin: Path = Path(os.devnull)) -> Program:
        env = {**self._env(), "QUOTA_TUI_HOME": str(home), "PYTHONPATH": str(ROOT)}
        return Program((sys.executable, "-m", "quota_tui", *arguments), env, stdin)

    def _peer(self, name: str, *arguments: str, stdin: Path = Path(os.devnull)) -> Program:
        return Program((self._options.peers[name], *arguments), self._env(), stdin)

    def _env(self) -> dict[str, str]:
        return {"HOME": str(self._tree.home), "PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}

    def _stdin(self, told: Mapping[str, object]) -> Path:
        path = self._fresh()
        path.write_text(json.dumps(told), encoding="utf-8")
        return path

    def _fresh(self) -> Path:
        self._made += 1
        return self._options.work / f"{self._name}-{self._made}"

    def _line(
        self, case: str, program: str, found: Measured, ratio: float | None, goal: str = "", met: str = ""
    ) -> None:
        shown = "-" if ratio is None else f"{ratio:.2f}"
        figures = (ms(found.wall_s), ms(found.cpu_s), f"{found.peak_mb:.0f}", shown)
        self.lines.append(Line(case, self._name, program, *figures, goal, met))
