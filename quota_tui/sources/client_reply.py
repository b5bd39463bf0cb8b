"""What the client's answer to `get_usage` says, and how old its numbers are.

The answer carries numbers the client remembers without saying so (for a minute, and for as long as the
server refuses to be asked). They then equal `cachedUsageUtilization` in its `.claude.json`, which has
their time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from quota_tui.core.limit_names import model_family, window_of
from quota_tui.core.readings import Reading, ReadingSource, WindowKind

Windows = dict[tuple[WindowKind, str], tuple[float, datetime]]
"""Used percentage and reset, by window kind and model."""

_MAX_EPOCH_S = 4 * 10**9
_MAX_CONFIG_BYTES = 64 * 2**20
_ERROR_SHOWN = 200


class Answer(msgspec.Struct, frozen=True):
    """The client's answer to one control request: `body`, or in `error` why there is none."""

    body: dict[str, Any]
    error: str = ""


class _Cached(msgspec.Struct):
    fetchedAtMs: float = 0  # noqa: N815 - the client's own name
    utilization: Any = None


class _Config(msgspec.Struct):
    """The one key that is decoded; everything else in the file is passed over."""

    cachedUsageUtilization: _Cached | None = None  # noqa: N815


def answer_in(line: bytes, request_id: str) -> Answer | None:
    """The answer to `request_id` in one line of the client's output; None for any other line."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        message = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("type") != "control_response":
        return None
    response = message.get("response")
    if not isinstance(response, dict) or response.get("request_id") != request_id:
        return None
    body = response.get("response")
    if response.get("subtype") == "success" and isinstance(body, dict):
        return Answer(body)
    error = response.get("error")
    return Answer(
        {}, error[:_ERROR_SHOWN] if isinstance(error, str) and error else "an answer without content"
    )


def windows_of(limits: object) -> Windows:
    """The windows in `rate_limits`; what is null, malformed or without a reset is left out."""
    found: Windows = {}
    if not isinstance(limits, dict):
        return found
    for name, value in limits.items():
        _add(found, window_of(name), value, "utilization")
    for entry in _objects(limits.get("limits")):
        _add(found, _window_of_entry(entry), entry, "percent")
    for entry in _objects(limits.get("model_scoped")):
        family = _family(entry)
        _add(found, (WindowKind.WEEKLY_MODEL, family) if family else None, entry, "utilization")
    return found


def readings_of(windows: Windows, at: datetime) -> tuple[Reading, ...]:
    """One reading a window, told at `at`."""
    return tuple(
        Reading(
            at=at, kind=kind, used_pct=used, resets_at=resets_at, source=ReadingSource.CLIENT, model=model
        )
        for (kind, model), (used, resets_at) in windows.items()
    )


def told_at(windows: Windows, config_file: Path, now: datetime) -> datetime:
    """When Anthropic told the client these numbers: `now`, unless they are the ones it remembers."""
    try:
        if config_file.stat().st_size > _MAX_CONFIG_BYTES:
            return now
        cached = msgspec.json.decode(config_file.read_bytes(), type=_Config).cachedUsageUtilization
    except (OSError, ValueError, RecursionError):  # no such file, or one that says nothing about it
        return now
    if cached is None or not 0 < cached.fetchedAtMs / 1000 < _MAX_EPOCH_S:
        return now
    remembered = windows_of(cached.utilization)
    if not remembered or any(windows.get(key) != value for key, value in remembered.items()):
        return now
    return min(now, datetime.fromtimestamp(cached.fetchedAtMs / 1000, UTC))


def _add(found: Windows, window: tuple[WindowKind, str] | None, value: object, used_key: str) -> None:
    """Add the window unless a better-named source has said it already."""
    if window is None or window in found or not isinstance(value, dict):
        return
    used, resets_at = value.get(used_key), _instant(value.get("resets_at"))
    if resets_at is None or isinstance(used, bool) or not isinstance(used, int | float):
        return
    if 0 <= used < _MAX_EPOCH_S:
        found[window] = (float(used), resets_at)


def _window_of_entry(entry: dict[str, Any]) -> tuple[WindowKind, str] | None:
    """The window of an entry of `limits`; a weekly one with a scope is a model's, or not ours."""
    kind = entry.get("kind")
    if kind == "weekly_scoped":
        scope = entry.get("scope")
        model = scope.get("model") if isinstance(scope, dict) else None
        family = _family(model) if isinstance(model, dict) else ""
        return (WindowKind.WEEKLY_MODEL, family) if family else None
    return window_of(kind) if isinstance(kind, str) else None


def _family(model: dict[str, Any]) -> str:
    name = model.get("display_name") or model.get("id")
    return model_family(name) if isinstance(name, str) else ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _instant(value: object) -> datetime | None:
    """ISO 8601 (without a zone: UTC) or epoch seconds."""
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_EPOCH_S:
        return None
    return datetime.fromtimestamp(value, UTC)
