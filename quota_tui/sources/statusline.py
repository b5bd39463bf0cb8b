"""What Claude Code tells its status line command on stdin.

Every part is optional and believed on its own: a bad part is dropped with a note, the rest is used. Kept
light, since a status line pays for each import several times a minute.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from quota_tui.core.limit_names import window_of
from quota_tui.core.readings import Reading, ReadingSource, WindowKind

_MAX_EPOCH_S = 4 * 10**9
_MAX_NUMBER = 10**18
_SHOWN = 40


class RateLimit(msgspec.Struct, frozen=True):
    """One window as the client reported it, unjudged: the percentage may be above 100, the reset past."""

    kind: WindowKind
    model: str
    used_percentage: float
    resets_at: datetime


class StatusInput(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that were there. Texts are empty and numbers None when absent; `notes` say what was bad."""

    session_id: str = ""
    session_name: str = ""
    transcript_path: str = ""
    cwd: str = ""
    model_id: str = ""
    model_name: str = ""
    version: str = ""
    cost_usd: float | None = None
    context_used_pct: float | None = None
    rate_limits: tuple[RateLimit, ...] = ()
    notes: tuple[str, ...] = ()

    def readings(self, at: datetime) -> tuple[Reading, ...]:
        """The rate limits as readings taken at `at`; whether they can be true is judged elsewhere."""
        return tuple(
            Reading(
                at=at,
                kind=limit.kind,
                used_pct=limit.used_percentage,
                resets_at=limit.resets_at,
                source=ReadingSource.STATUS_LINE,
                model=limit.model,
                session_id=self.session_id,
            )
            for limit in self.rate_limits
        )


def parse_status_line(data: bytes) -> StatusInput:
    """Read the JSON object in `data`. Anything else gives an empty StatusInput with a note. Never raises."""
    notes: list[str] = []
    try:
        whole = _decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):  # msgspec's and json's errors are ValueErrors
        return StatusInput(notes=("the status line input is not JSON",))
    if not isinstance(whole, dict):
        return StatusInput(notes=("the status line input is not a JSON object",))
    model, cost = _object(whole, "model", notes), _object(whole, "cost", notes)
    context = _object(whole, "context_window", notes)
    return StatusInput(
        session_id=_text(whole, "session_id", notes),
        session_name=_text(whole, "session_name", notes),
        transcript_path=_text(whole, "transcript_path", notes),
        cwd=_text(whole, "cwd", notes),
        model_id=_text(model, "id", notes),
        model_name=_text(model, "display_name", notes),
        version=_text(whole, "version", notes),
        cost_usd=_number(cost, "total_cost_usd", notes),
        context_used_pct=_number(context, "used_percentage", notes),
        rate_limits=_rate_limits(_object(whole, "rate_limits", notes), notes),
        notes=tuple(notes),
    )


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        # The stricter reader refuses the whole for one NaN or lone surrogate.
        import json

        return json.loads(data)


def _rate_limits(limits: dict[str, Any], notes: list[str]) -> tuple[RateLimit, ...]:
    found = []
    for name, value in limits.items():
        window = window_of(name)
        if window is None or value is None:
            if window is None:
                notes.append(f"rate limit {name[:_SHOWN]!r} is not known")
            continue
        if not isinstance(value, dict):
            notes.append(f"rate limit {name} is not an object")
            continue
        used = _number(value, "used_percentage", notes, required=name)
        resets_at = _instant(value.get("resets_at"))
        if resets_at is None:
            notes.append(f"rate limit {name}: resets_at is not a time")
        elif used is not None:
            found.append(RateLimit(window[0], window[1], used, resets_at))
    return tuple(found)


def _instant(value: object) -> datetime | None:
    """Epoch seconds up to the year 2096."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_EPOCH_S:
        return None
    return datetime.fromtimestamp(value, UTC)


def _object(whole: dict[str, Any], name: str, notes: list[str]) -> dict[str, Any]:
    value = whole.get(name)
    if isinstance(value, dict):
        return value
    if value is not None:
        notes.append(f"{name} is not an object")
    return {}


def _text(whole: dict[str, Any], name: str, notes: list[str]) -> str:
    value = whole.get(name)
    if isinstance(value, str):
        # A lone surrogate could be neither stored nor printed.
        return value.encode("utf-8", "replace").decode()
    if value is not None:
        notes.append(f"{name} is not a text")
    return ""


def _number(whole: dict[str, Any], name: str, notes: list[str], *, required: str = "") -> float | None:
    """A number of zero or more; `required` names the rate limit that cannot do without it."""
    value = whole.get(name)
    if not isinstance(value, bool) and isinstance(value, int | float) and 0 <= value <= _MAX_NUMBER:
        return float(value)
    if value is not None or required:
        where = f"rate limit {required}: {name}" if required else name
        notes.append(f"{where} is not a number of zero or more: {_shown(value)}")
    return None


def _shown(value: object) -> str:
    """A bad value for a note; long digits and nested things by their kind, since they cannot be printed."""
    if isinstance(value, str):
        return ascii(value[:_SHOWN])
    if (
        value is None
        or isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < _MAX_NUMBER)
    ):
        return repr(value)
    return f"({type(value).__name__})"
