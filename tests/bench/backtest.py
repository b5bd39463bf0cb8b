"""Replays real calls and judges the forecast: `python -m tests.bench.backtest [--calls FILE]`.

At every five-minute instant with use in the last half hour and 10-80 % used, the forecast sees the past
only and says when 80 % is reached. All sessions are taken as one account's. Windows are derived: the first
call after the last window's end starts the next.

The window's limit is not in the data, so one is assumed, from past windows only: their median cost is 80 %
(about half of the windows cross it), from the ninth window on. `--size` makes it smaller or larger.

"error" is the median of |predicted - true| in minutes where 80 % truly came before the reset, every
prediction capped at the reset; "all" is the mean over every instant, the truth capped too. Instants of a
window are one experience, so the interval of the coverage comes from resampling windows. "if reached" and
"at" are the forecast's `at_if_reached` and `at` (None: the reset); "path median" is where `path_median`
crosses; the two rates are the baselines. Everything was chosen on the early 60 % of the sessions.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from quota_tui.core.forecast import forecast
from quota_tui.core.habits import Habits, learn_habits
from quota_tui.core.snapshot import Forecast
from quota_tui.core.usage import BAR_S, Bar, UsageTotals

SAMPLE = Path(__file__).parents[1] / "data" / "calls_sample.csv.gz"
WINDOW_S = 5 * 3600
PAST_WINDOWS = 8
EARLY_SHARE = 0.6
TARGET_PCT = 80.0
PRICES = {  # $ per million tokens: input, output, cache write (five minutes), cache read
    "opus": (5.0, 25.0, 6.25, 0.5),
    "sonnet": (3.0, 15.0, 3.75, 0.3),
    "haiku": (1.0, 5.0, 1.25, 0.1),
}
METHODS = ("if reached", "at", "path median", "window rate", "10-min rate")


class Call(NamedTuple):
    at_s: float
    session: int
    totals: UsageTotals


class Instant(NamedTuple):
    """One moment to judge. `reached_s` is when 80 % truly came, None: not before the reset."""

    window: int
    now_s: float
    reset_s: float
    used_pct: float
    pct_per_usd: float
    reached_s: float | None


class Score(NamedTuple):
    """Minutes. `errors` and `chances` by method; `late` for the part that nothing was tuned on."""

    window: int
    late: bool
    reached: bool
    covered: bool
    width: float
    errors: dict[str, float]
    chances: dict[str, float]


def read_calls(path: Path) -> list[Call]:
    """A row is one call or, in the sample, one session's calls of two minutes, at the first one's time."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return sorted((_call(row) for row in csv.DictReader(file)), key=lambda call: call.at_s)


def _call(row: dict[str, str]) -> Call:
    counts = [int(row[name]) for name in ("input", "output", "cache_write", "cache_read")]
    prices = next(each for family, each in PRICES.items() if family in row["model"])
    cost = sum(count * price for count, price in zip(counts, prices, strict=True)) / 1e6
    fresh, out, write, read = counts
    totals = UsageTotals(fresh, out, write, read, cost, int(row.get("calls") or 1))
    return Call(datetime.fromisoformat(row["timestamp"]).timestamp(), int(row["session"]), totals)


class Replay:
    """The calls, their five-minute bars and their windows as (start, first call, after the last call)."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.times = [call.at_s for call in calls]
        self.windows: list[tuple[float, int, int]] = []
        sums: dict[int, UsageTotals] = {}
        for index, call in enumerate(calls):
            start = int(call.at_s) // BAR_S * BAR_S
            sums[start] = sums.get(start, UsageTotals()) + call.totals
            if not self.windows or call.at_s >= self.windows[-1][0] + WINDOW_S:
                self.windows.append((call.at_s, index, index))
            self.windows[-1] = (*self.windows[-1][:2], index + 1)
        self.bars = [Bar(start, totals) for start, totals in sums.items()]
        starts: dict[int, float] = {}
        for call in calls:
            starts.setdefault(call.session, call.at_s)
        self.late_from_s = sorted(starts.values())[int(len(starts) * EARLY_SHARE)]

    def bars_until(self, now_s: float) -> list[Bar]:
        """The bars as they stood at `now_s`; the last one may be partial."""
        bars = self.bars[: bisect_left(self.bars, now_s, key=lambda bar: bar.start_s)]
        if bars and bars[-1].start_s + BAR_S > now_s:
            begin = bars[-1].start_s
            part = sum((call.totals for call in self.between(begin, now_s)), UsageTotals())
            bars[-1:] = [Bar(begin, part)] if part.calls else []
        return bars

    def between(self, since_s: float, until_s: float) -> Sequence[Call]:
        return self.calls[bisect_left(self.times, since_s) : bisect_left(self.times, until_s)]

    def instants(self, size: float, offset_s: float) -> Iterator[Instant]:
        past: list[float] = []
        for number, (start_s, first, after) in enumerate(self.windows):
            calls = self.calls[first:after]
            if len(past) >= PAST_WINDOWS:
                pct_per_usd = TARGET_PCT / (statistics.median(past) * size)
                yield from self._in_window(number, start_s, calls, pct_per_usd, offset_s)
            past.append(_cost(calls))

    def _in_window(
        self, number: int, start_s: float, calls: Sequence[Call], pct_per_usd: float, offset_s: float
    ) -> Iterator[Instant]:
        reset_s = start_s + WINDOW_S
        used, reached_s = 0.0, None
        for call in calls:
            used += call.totals.cost_usd * pct_per_usd
            if used >= TARGET_PCT:
                reached_s = call.at_s
                break
        now_s = (start_s // BAR_S + 1) * BAR_S + offset_s
        while now_s < reset_s:
            used = _cost(self.between(start_s, now_s)) * pct_per_usd
            if 10 <= used < TARGET_PCT and self.between(now_s - 1800, now_s):
                yield Instant(number, now_s, reset_s, used, pct_per_usd, reached_s)
            now_s += BAR_S


def _cost(calls: Sequence[Call]) -> float:
    return sum(call.totals.cost_usd for call in calls)


def run(calls: Sequence[Call], size: float = 1.0, offset_s: float = 0.0) -> list[Score]:
    """Judge every instant. Habits are learned once a window, as a dashboard that never re-learns would."""
    replay = Replay(calls)
    scores: list[Score] = []
    number, habits = -1, Habits()
    for instant in replay.instants(size, offset_s):
        now, bars = _utc(instant.now_s), replay.bars_until(instant.now_s)
        if number != instant.window:
            number, habits = instant.window, learn_habits(now, bars)
        outlook = forecast(
            now, instant.used_pct, _utc(instant.reset_s), instant.pct_per_usd, bars, habits=habits
        )
        recent_usd = _cost(replay.between(instant.now_s - 600, instant.now_s))
        late = replay.windows[number][0] >= replay.late_from_s
        scores.append(_score(instant, outlook, recent_usd, late))
    return scores


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _score(instant: Instant, outlook: Forecast, recent_usd: float, late: bool) -> Score:
    left = (instant.reset_s - instant.now_s) / 60
    ahead = outlook.thresholds[0]
    to_go = TARGET_PCT - instant.used_pct

    def minutes(at: datetime | None) -> float:
        return left if at is None else (at.timestamp() - instant.now_s) / 60

    def steady(pct_per_minute: float) -> float:
        return min(left, to_go / pct_per_minute) if pct_per_minute > 0 else left

    passed = (instant.now_s - (instant.reset_s - WINDOW_S)) / 60
    said = {
        "if reached": minutes(ahead.at_if_reached),
        "at": minutes(ahead.at),
        "path median": _crossing(outlook.path_median, left),
        "window rate": steady(instant.used_pct / passed),
        "10-min rate": steady(recent_usd * instant.pct_per_usd / 10),
    }
    reached = instant.reached_s is not None
    truth = left if instant.reached_s is None else (instant.reached_s - instant.now_s) / 60
    chances = {name: float(value < left) for name, value in said.items()}
    chances["if reached"] = chances["at"] = ahead.chance_before_reset
    low, high = minutes(ahead.at_low), minutes(ahead.at_high)
    covered = low <= truth <= high if reached else ahead.at_high is None
    if reached and ahead.at_low is None:
        covered = False
    errors = {name: abs(value - truth) for name, value in said.items()}
    return Score(instant.window, late, reached, covered, high - low, errors, chances)


def _crossing(path: Sequence[float], left: float) -> float:
    """Minutes until a path of five-minute steps crosses 80 %, `left` when it does not."""
    for index in range(1, len(path)):
        if path[index] >= TARGET_PCT:
            share = (TARGET_PCT - path[index - 1]) / (path[index] - path[index - 1])
            return min(left, (index - 1 + share) * 5)
    return left


def coverage(scores: Sequence[Score]) -> float:
    return statistics.fmean(score.covered for score in scores)


def interval(scores: Sequence[Score], figure: Callable[[Sequence[Score]], float]) -> tuple[float, float]:
    """90 % interval of a figure, by resampling whole windows 400 times."""
    groups: dict[int, list[Score]] = {}
    for score in scores:
        groups.setdefault(score.window, []).append(score)
    pools, dice = list(groups.values()), random.Random(7)
    values = sorted(
        figure([score for pool in dice.choices(pools, k=len(pools)) for score in pool]) for _ in range(400)
    )
    return values[19], values[379]


def median_error(scores: Sequence[Score], method: str) -> float:
    """Over the instants after which 80 % was truly reached."""
    kept = [score.errors[method] for score in scores if score.reached]
    return statistics.median(kept) if kept else float("nan")


def mean_error(scores: Sequence[Score], method: str) -> float:
    return statistics.fmean(score.errors[method] for score in scores)


def brier(scores: Sequence[Score], method: str) -> float:
    return statistics.fmean((score.chances[method] - score.reached) ** 2 for score in scores)


def describe(title: str, scores: Sequence[Score]) -> str:
    windows = {score.window for score in scores}
    crossed = {score.window for score in scores if score.reached}
    reached = sum(score.reached for score in scores)
    low, high = interval(scores, coverage)
    width = statistics.fmean(score.width for score in scores)
    text = (
        f"{title}: {len(scores)} instants in {len(windows)} windows;"
        f" 80 % was reached after {reached} of them, in {len(crossed)} windows\n"
        f"  80 % range: coverage {coverage(scores):.1%} (90 % interval {low:.0%}-{high:.0%}),"
        f" mean width {width:.0f} min\n"
        f"  {'predicted by':<14}{'error':>8}{'all':>8}{'Brier':>8}"
    )
    for method in METHODS:
        figures = median_error(scores, method), mean_error(scores, method), brier(scores, method)
        text += "\n  {:<14}{:>8.1f}{:>8.1f}{:>8.3f}".format(method, *figures)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description="Back-test of the forecast.")
    parser.add_argument("--calls", type=Path, default=SAMPLE, help="a calls.csv.gz")
    parser.add_argument(
        "--size", type=float, action="append", help="of the assumed limit (default 1, 0.6, 1.5)"
    )
    parser.add_argument("--part", choices=("early", "late", "all"), action="append")
    parser.add_argument("--offset-s", type=float, default=0.0, help="judge between bars' edges")
    args = parser.parse_args()
    calls = read_calls(args.calls)
    for size in args.size or (1.0, 0.6, 1.5):
        begin = time.perf_counter()
        scores = run(calls, size, args.offset_s)
        each_ms = (time.perf_counter() - begin) / max(1, len(scores)) * 1000
        print(f"\nlimit x {size:g} ({each_ms:.1f} ms an instant, the replay included)")
        for part in args.part or ("early", "late", "all"):
            chosen = [score for score in scores if part == "all" or score.late == (part == "late")]
            if chosen:
                print(describe(part, chosen))


if __name__ == "__main__":
    main()
