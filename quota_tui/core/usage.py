"""One API call, and sums of them.

`tokens` without another word means input + output + cache writes. Cache reads cost little quota and
would drown the rest, so they are counted and shown apart.
"""

from __future__ import annotations

import msgspec

LINE_KEY_PREFIX = "@"
"""What a `line_key` starts with, and a message id does not."""

MAX_TOKENS = 10**12
"""More than any call can have: a larger number is damage, not use."""

LATEST_MS = 4_102_444_800_000
"""2100 in Unix ms: a later call is damage, too."""


class UsageRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True):
    """One line of usage in a transcript, or, after deduplication, one API call.

    Flat and small on purpose: a first scan makes hundreds of thousands of them. `at_ms` is Unix time in
    milliseconds. `message_id` and `request_id` are empty when the line has none; `line_key` then names
    the line itself (file and offset), because a line without a message id is never merged with another.
    `output_is_placeholder` marks output written before the reply was complete (far too low).
    """

    message_id: str
    request_id: str
    at_ms: int
    session_id: str
    project: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float = 0.0
    is_sidechain: bool = False
    agent_id: str = ""
    version: str = ""
    output_is_placeholder: bool = False
    line_key: str = ""
    web_searches: int = 0
    is_fast: bool = False
    is_us_only: bool = False

    @property
    def billed_tokens(self) -> int:
        """All five counts together: what decides which of several lines of one call is the complete one."""
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.cache_read_tokens
        )


class UsageTotals(msgspec.Struct, frozen=True, gc=False):
    """A sum over calls. `cost_usd` is at API prices."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float = 0.0
    calls: int = 0

    @property
    def total_tokens(self) -> int:
        """Input + output + cache writes."""
        return self.input_tokens + self.output_tokens + self.cache_write_tokens

    @property
    def cache_hit_share(self) -> float | None:
        """Cache reads as a share (0-1) of everything that was read in; None when nothing was."""
        read_in = self.input_tokens + self.cache_write_tokens + self.cache_read_tokens
        return self.cache_read_tokens / read_in if read_in else None

    def __add__(self, other: UsageTotals) -> UsageTotals:
        return UsageTotals(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cost_usd + other.cost_usd,
            self.calls + other.calls,
        )


class Bar(msgspec.Struct, frozen=True, gc=False):
    """All calls of one five-minute span that starts at `start_s` (Unix seconds, a multiple of 300)."""

    start_s: int
    totals: UsageTotals


BAR_S = 300
"""Length of a `Bar` in seconds."""
