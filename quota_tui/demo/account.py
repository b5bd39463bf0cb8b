"""Anthropic's side of the demo: an invented account that counts, tells percentages, and refuses."""

from __future__ import annotations

import msgspec

from quota_tui.demo.scenario import Scenario

FIVE_HOURS_S = 5 * 3600
WEEK_S = 7 * 24 * 3600
_MARK_S = 600


class Told(msgspec.Struct, frozen=True, gc=False):
    """What comes with the head of a reply: whole percentages, and resets in seconds like `Call.at_s`."""

    five_hour_pct: int
    five_hour_resets_s: float
    week_pct: int
    week_resets_s: float


class Account:
    """Both windows of one account. To be told of everything in order of time."""

    def __init__(self, scenario: Scenario) -> None:
        self._five_hour_usd, self._week_usd = scenario.five_hour_usd, scenario.week_usd
        self._week_resets_s = scenario.seconds(scenario.week_resets)
        self._elsewhere = sorted((scenario.seconds(each), each.pct) for each in scenario.elsewhere)
        self._resets_s = float("-inf")
        self._used_usd = self._week_used_usd = 0.0
        self._week_number: int | None = None
        self._refused = False

    def ask(self, at_s: float) -> Told:
        """A request arrives: what the head of its reply says, without this request's own cost."""
        while self._elsewhere and self._elsewhere[0][0] <= at_s:
            moment_s, pct = self._elsewhere.pop(0)
            self._open(moment_s)
            self.spend(pct / 100 * self._five_hour_usd)
        self._open(at_s)
        self._refused = self._refused or self._used_usd >= self._five_hour_usd
        return self._told(at_s)

    @property
    def refuses(self) -> bool:
        """Whether the last request was refused: the five-hour window is full."""
        return self._refused

    def spend(self, usd: float) -> None:
        """A request that was not refused is done."""
        self._used_usd += usd
        self._week_used_usd += usd

    def _open(self, at_s: float) -> None:
        if at_s >= self._resets_s:
            # Resets fall on ten-minute marks.
            self._resets_s = at_s // _MARK_S * _MARK_S + FIVE_HOURS_S
            self._used_usd, self._refused = 0.0, False
        week = int((at_s - self._week_resets_s) // WEEK_S)
        if week != self._week_number:
            self._week_number, self._week_used_usd = week, 0.0

    def _told(self, at_s: float) -> Told:
        week = int((at_s - self._week_resets_s) // WEEK_S)
        return Told(
            100 if self._refused else min(99, round(100 * self._used_usd / self._five_hour_usd)),
            self._resets_s,
            min(99, round(100 * self._week_used_usd / self._week_usd)),
            self._week_resets_s + (week + 1) * WEEK_S,
        )
