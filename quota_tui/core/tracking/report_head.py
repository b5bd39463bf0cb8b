"""The head of a report: what a list or a trend needs, as front matter of `key: value` lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from quota_tui.core.tracking.state import Tracking
from quota_tui.core.tracking.view import estimated_total

RATINGS = ((10.0, "excellent"), (25.0, "good"), (50.0, "fair"))
"""Within so many percent of the estimate, above or below, it is rated so; further off it is poor."""
MAX_HEAD = 8_192
"""Bytes that hold the head of any report."""
_KEYS = ("id", "title", "project", "plan_file", "start", "end", "status", "rating")
_MOST = 1e15
_NUMBERS = ("tokens", "estimated_tokens", "hours", "estimated_hours", "cost_usd")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a report. Texts are empty, and numbers None, where it says nothing."""

    id: str
    title: str = ""
    project: str = ""
    plan_file: str = ""
    start: datetime | None = None
    end: datetime | None = None
    status: str = ""
    rating: str = ""
    tokens: int | None = None
    estimated_tokens: int | None = None
    hours: float | None = None
    estimated_hours: float | None = None
    cost_usd: float | None = None

    @property
    def percent(self) -> float | None:
        """What it took as a percentage of its estimate."""
        if self.tokens is None or not self.estimated_tokens:
            return None
        return 100.0 * self.tokens / self.estimated_tokens


def rate(tokens: int, estimated: int | None) -> str:
    """How good the estimate was: excellent within 10 %, good within 25 %, fair within 50 %, else poor."""
    if not estimated:
        return "not estimated"
    off = abs(100.0 * tokens / estimated - 100.0)
    return next((word for most, word in RATINGS if off <= most), "poor")


def head_of(tracking: Tracking) -> Head:
    """The head that the report of a tracking has."""
    estimated = estimated_total(tracking)
    return Head(
        id=tracking.id,
        title=tracking.title,
        project=tracking.project,
        plan_file=tracking.plan_file,
        start=tracking.start,
        end=tracking.end,
        status=tracking.status.value,
        rating=rate(tracking.total, estimated),
        tokens=tracking.total,
        estimated_tokens=estimated,
        hours=tracking.hours,
        estimated_hours=tracking.estimated.hours,
        cost_usd=tracking.cost_usd,
    )


def front_lines(head: Head) -> list[str]:
    """The lines of the head, with its marks."""
    lines = ["---"]
    for key in (*_KEYS, *_NUMBERS):
        value = getattr(head, key)
        if value is None or value == "":
            continue
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, str):
            value = _quoted(value)
        lines.append(f"{key}: {value:.6g}" if isinstance(value, float) else f"{key}: {value}")
    return [*lines, "---"]


def parse_head(text: str, report_id: str) -> Head:
    """The head of a report, as far as it can be read. Never raises; the file's name is the id."""
    said: dict[str, str] = {}
    lines = text[:MAX_HEAD].removeprefix("\ufeff").split("\n")
    for line in lines[1:] if lines and lines[0].rstrip() == "---" else ():
        if line.rstrip() == "---":
            break
        key, colon, value = line.partition(":")
        if colon:
            said[key.strip()] = _unquoted(value.strip())
    numbers = {key: _number(said.get(key, "")) for key in _NUMBERS}
    return Head(
        id=report_id,
        title=said.get("title", ""),
        project=said.get("project", ""),
        plan_file=said.get("plan_file", ""),
        start=_instant(said.get("start", "")),
        end=_instant(said.get("end", "")),
        status=said.get("status", ""),
        rating=said.get("rating", ""),
        tokens=_whole(numbers["tokens"]),
        estimated_tokens=_whole(numbers["estimated_tokens"]),
        hours=numbers["hours"],
        estimated_hours=numbers["estimated_hours"],
        cost_usd=numbers["cost_usd"],
    )


def _quoted(text: str) -> str:
    sound = text.encode("utf-8", "replace").decode()
    is_plain = re.fullmatch(r"[\w/.](?:[\w /.,()+-]|:(?=\w))*", sound) is not None and sound == sound.strip()
    if is_plain and not re.fullmatch(r"[\d.,+-]+|true|false|null|yes|no", sound, re.IGNORECASE):
        return sound
    return msgspec.json.encode(sound).decode()


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            found = msgspec.json.decode(value.encode("utf-8", "replace"))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return value
        return found if isinstance(found, str) else value
    return value


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if 0 <= value <= _MOST else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
