"""Limit lines: what the client writes into a transcript when Anthropic refuses for quota.

Structure (`quotaLimits`, since 2.1.3xx) is believed before words, since the words change with versions:

- 1.0: "Claude AI usage limit reached|<epoch seconds>"
- 2.0: "Session limit reached ∙ resets 6:17pm", "Opus weekly limit reached ∙ resets Nov 24, 4:37am",
  "Spending cap reached resets …"
- 2.1: "You've hit your [session|weekly|Opus|…] limit · resets 6:07pm (UTC)", "You're out of extra usage"

A plain 429 or 529 ("API Error: Request rejected (429)", "Overloaded", "Server is temporarily limiting
requests (not your usage limit)") says nothing about the quota.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from quota_tui.core.limit_names import model_family, window_of
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.reset_times import ResetTime, reset_in_text
from quota_tui.core.windows import FIVE_HOURS

TOLERANCE = timedelta(minutes=15)
"""Slack when a reset's distance decides the window: clocks differ, and resets fall on 10-minute marks."""

_LOOK_AT = 2000
_EPOCH = re.compile(r"limit reached\s*\|\s*([0-9]{10,13})(?![0-9])", re.IGNORECASE)
_HIT = re.compile(
    r"\byou.{0,6}ve\s+(?:hit|reached)\s+your\s+([^·∙•|\n]{0,40}?)\s*\b(?:limit|cap)\b", re.IGNORECASE
)
_REACHED = re.compile(
    r"\W{0,8}(?:claude\s+)?(?:ai\s+)?([\w.\-]{1,20}(?:\s+[\w.\-]{1,20}){0,2}?)\s+(?:limit|cap)\s+reached\b",
    re.IGNORECASE,
)
_EXHAUSTED = re.compile(r"\bout of (?:extra usage|usage credits|usage\b)", re.IGNORECASE)
_NOT_QUOTA = "not your usage limit"

_MONEY = frozenset({"spend", "spending", "extra", "overage", "credit", "credits", "monthly"})
_FIVE_HOUR = frozenset({"session", "5-hour", "five-hour", "5h", "hour", "hourly"})
_WEEK = frozenset({"week", "weekly", "7-day", "seven-day"})
_SAYS_NOTHING = frozenset(
    {
        "usage",
        "plan",
        "account",
        "claude",
        "ai",
        "daily",
        "team",
        "org",
        "organization",
        "seat",
        "current",
        "max",
        "pro",
    }
)
_OTHER_LIMITS = frozenset(
    {"rate", "request", "requests", "token", "tokens", "context", "fast", "turn", "turns", "output", "input"}
    | {"length", "size", "nesting", "concurrent", "concurrency", "recursion", "message", "messages", "device"}
    | {
        "export",
        "watch",
        "image",
        "file",
        "tool",
        "retry",
        "time",
        "memory",
        "depth",
        "subagent",
        "agent",
        "budget",
    }
)
_FAMILIES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos"})
# Errors that a refusal for quota is filed under; lines of old versions carry none.
_ERRORS = frozenset({"", "rate_limit", "rate_limit_error", "billing_error", "usage_limit_reached"})


class LimitHit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit was hit at `at`. `resets_at` is None when the line does not say.

    `approximate`: the reset was read from words that leave room (an unknown zone, a day without a time).
    """

    at: datetime
    kind: WindowKind
    model: str = ""
    resets_at: datetime | None = None
    approximate: bool = False

    def as_reading(self, session_id: str = "") -> Reading | None:
        """The hit as a reading of 100 %; None without a reset, since it belongs to no window then."""
        if self.resets_at is None:
            return None
        return Reading(
            at=self.at,
            kind=self.kind,
            used_pct=100.0,
            resets_at=self.resets_at,
            source=ReadingSource.LIMIT_LINE,
            model=self.model,
            session_id=session_id,
        )


def parse_limit_line(
    text: str,
    at: datetime,
    *,
    error: str = "",
    quota_limits: Mapping[str, Any] | None = None,
    api_error: str = "",
    local_zone: tzinfo = UTC,
) -> LimitHit | None:
    """The limit hit that a line of the client's own (a `<synthetic>` reply) reports, or None.

    `text` is the line's text, `at` when it was written (aware), `error`, `quota_limits` and `api_error` its
    fields of those names. `local_zone` is where the client ran: versions before 2.1 name no zone. Never
    raises, whatever the text.
    """
    text = text[:_LOOK_AT]
    worded = _limit_in_words(text) if error in _ERRORS and _NOT_QUOTA not in text.lower() else None
    refused = api_error == "usage_limit_reached"
    kind: WindowKind | None = None
    model = ""
    reset: ResetTime | None = None
    if quota_limits:
        status = quota_limits.get("status")
        if status == "rejected" or (status is None and worded is not None):
            refused = True
        elif not refused and status is not None:
            return None
        name = quota_limits.get("rateLimitType")
        kind, model = (window_of(name) if isinstance(name, str) else None) or (None, "")
        reset = _from_epoch(quota_limits.get("resetsAt"))
    if worded is None and not refused:
        return None
    if kind is None and worded is not None:
        kind, model = worded
    reset = reset or _epoch_in(text) or reset_in_text(text, at, local_zone)
    return LimitHit(
        at=at,
        kind=kind or _kind_by_distance(at, reset),
        model=model,
        resets_at=reset.at if reset else None,
        approximate=bool(reset and reset.approximate),
    )


def _limit_in_words(text: str) -> tuple[WindowKind | None, str] | None:
    """`(kind, model)` of the limit the words name (kind None: not said which); None: no such words."""
    if _EXHAUSTED.search(text):
        return WindowKind.OVERAGE, ""
    if _EPOCH.search(text):
        return None, ""
    hit = _HIT.search(text)
    if hit is not None:
        return _named(hit[1], model_may_be_new=True)
    reached = _REACHED.match(text)
    return _named(reached[1], model_may_be_new=False) if reached is not None else None


def _named(what: str, *, model_may_be_new: bool) -> tuple[WindowKind | None, str] | None:
    """Which window "Opus weekly", "session" or "" means. Other limits (of rate, of context) are None."""
    words = what.lower().replace("’", "'").split()
    if _OTHER_LIMITS.intersection(words):
        return None
    # "Spending cap" arrives here as "spending".
    if _MONEY.intersection(words):
        return WindowKind.OVERAGE, ""
    if _FIVE_HOUR.intersection(words):
        return WindowKind.FIVE_HOUR, ""
    rest = [word for word in words if word not in _SAYS_NOTHING and word not in _WEEK]
    family = model_family(" ".join(rest))
    if family and (family in _FAMILIES or model_may_be_new or _WEEK.intersection(words)):
        return WindowKind.WEEKLY_MODEL, family
    if rest and not model_may_be_new:
        return None
    return (WindowKind.WEEKLY, "") if _WEEK.intersection(words) else (None, "")


def _kind_by_distance(at: datetime, reset: ResetTime | None) -> WindowKind:
    """The window of a limit without a name: a reset further off than five hours is the week's."""
    if reset is not None and reset.at - at > FIVE_HOURS + TOLERANCE:
        return WindowKind.WEEKLY
    return WindowKind.FIVE_HOUR


def _epoch_in(text: str) -> ResetTime | None:
    found = _EPOCH.search(text)
    return _from_epoch(int(found[1])) if found is not None else None


def _from_epoch(value: object) -> ResetTime | None:
    """Epoch seconds (or milliseconds, told by their size) between 2001 and 2096 as an instant."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if 10**9 <= value < 4 * 10**9:  # false for NaN and infinities too
        return ResetTime(datetime.fromtimestamp(value, UTC))
    if 10**12 <= value < 4 * 10**12:
        return ResetTime(datetime.fromtimestamp(value / 1000, UTC))
    return None
