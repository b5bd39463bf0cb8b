"""A tracking as JSON, with the names of the issue that asked for it; a person may edit it.

Reading is lenient: what is missing has its default, what makes no sense is passed over with a note. Writing
keeps every name that is not ours. `variance` and `percent` are written for readers and never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from quota_tui.core.tracking.jsonvalues import Values
from quota_tui.core.tracking.state import (
    Burn,
    Deviation,
    Estimated,
    EstimatedPhase,
    PhaseStatus,
    Span,
    TrackedPhase,
    Tracking,
    TrackStatus,
)

VERSION = 1
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Damaged(ValueError):  # noqa: N818 - a state, told as it is
    """The file is no tracking. The text says why, for a person."""


class TooNew(Damaged):
    """A newer version of this program wrote it: it is sound, and must not be touched."""


class Read(msgspec.Struct, frozen=True):
    """A tracking, the document it was read from, and sentences about what in it could not be used."""

    tracking: Tracking
    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def read(data: bytes, tracking_id: str) -> Read:
    """Read a file's bytes; its name is the id. Raises `Damaged`, and `TooNew`."""
    document = _document(data)
    top = Values(document, "")
    start = top.instant("start")
    if start is None:
        raise Damaged("it does not say when it was started (`start`)")
    actual, estimated, burn = top.part("actual"), top.part("estimated"), top.part("burn_rate")
    phases = tuple(_phase(each, at) for at, each in enumerate(actual.parts("phases")))
    tracking = Tracking(
        id=tracking_id,
        start=start,
        plan_file=top.text("plan_file"),
        project=top.text("project"),
        title=top.text("title"),
        claude_session=top.text("claude_session"),
        end=top.instant("end"),
        status=top.one_of("status", TrackStatus) or TrackStatus.STOPPED,
        estimated=_estimated(estimated),
        phases=_apart(phases, actual.text("current_phase"), top.notes),
        spans=tuple(_span(each) for each in top.parts("spans") if each.instant("start") is not None),
        total=actual.count("total") or 0,
        hours=actual.number("hours") or 0.0,
        cost_usd=actual.number("cost_usd") or 0.0,
        as_of=actual.instant("as_of"),
        burn=Burn(
            current=burn.number("current") or 0.0,
            average=burn.number("average"),
            projected_total=burn.count("projected_total"),
        ),
        deviations=tuple(_deviation(each) for each in top.parts("deviations") if each.text("phase")),
    )
    return Read(tracking, document, tuple(top.notes))


def written(tracking: Tracking, document: Mapping[str, Any]) -> bytes:
    """The file's bytes: the tracking laid over the document it was read from."""
    whole = _laid_over(document, to_json(tracking))
    return msgspec.json.format(msgspec.json.encode(_sound(whole)), indent=2) + b"\n"


def to_json(tracking: Tracking) -> dict[str, Any]:
    """The tracking under the names of the file."""
    current = tracking.current
    return {
        "version": VERSION,
        "session_id": tracking.id,
        "claude_session": tracking.claude_session,
        "title": tracking.title,
        "plan_file": tracking.plan_file,
        "project": tracking.project,
        "start": _at(tracking.start),
        "end": _at(tracking.end),
        "status": tracking.status.value,
        "estimated": {
            "total": tracking.estimated.total,
            "low": tracking.estimated.low,
            "high": tracking.estimated.high,
            "hours": tracking.estimated.hours,
            "confidence": tracking.estimated.confidence,
            "phases": [msgspec.to_builtins(phase) for phase in tracking.estimated.phases],
        },
        "actual": {
            "total": tracking.total,
            "hours": tracking.hours,
            "cost_usd": tracking.cost_usd,
            "as_of": _at(tracking.as_of),
            "current_phase": current.name if current else None,
            "phases": [_phase_json(phase) for phase in tracking.phases],
        },
        "burn_rate": msgspec.to_builtins(tracking.burn),
        "deviations": [msgspec.to_builtins(each) for each in tracking.deviations],
        "spans": [
            {"phase": span.phase, "start": _at(span.start), "end": _at(span.end)} for span in tracking.spans
        ],
    }


def _phase_json(phase: TrackedPhase) -> dict[str, Any]:
    percent = phase.percent
    return {
        "key": phase.key,
        "name": phase.name,
        "label": phase.label,
        "task_type": phase.task_type,
        "state": phase.state.value,
        "estimate": phase.estimate,
        "low": phase.low,
        "high": phase.high,
        "estimated_hours": phase.estimated_hours,
        "actual": phase.actual,
        "variance": phase.variance,
        "percent": None if percent is None else round(percent, 1),
        "start": _at(phase.start),
        "end": _at(phase.end),
        "hours": phase.hours,
        "notes": list(phase.notes),
        "dismissed": phase.dismissed,
    }


def _phase(values: Values, at: int) -> TrackedPhase:
    return TrackedPhase(
        key=values.text("key") or f"p{at + 1}",
        name=values.text("name") or f"phase {at + 1}",
        label=values.text("label"),
        task_type=values.text("task_type"),
        state=values.one_of("state", PhaseStatus) or PhaseStatus.OPEN,
        estimate=values.count("estimate"),
        low=values.count("low"),
        high=values.count("high"),
        estimated_hours=values.number("estimated_hours"),
        actual=values.count("actual") or 0,
        start=values.instant("start"),
        end=values.instant("end"),
        hours=values.number("hours") or 0.0,
        notes=values.texts("notes"),
        dismissed=values.text("dismissed"),
    )


def _apart(phases: tuple[TrackedPhase, ...], current: str, notes: list[str]) -> tuple[TrackedPhase, ...]:
    """Each key once, and one phase in work at most: the one that `current_phase` names."""
    found: dict[str, TrackedPhase] = {}
    in_work = [phase.key for phase in phases if phase.state is PhaseStatus.CURRENT]
    named = [phase.key for phase in phases if phase.name == current and phase.key in in_work]
    keep = (named or in_work or [""])[0]
    for phase in phases:
        key, number = phase.key, len(found) + 1
        while key in found:
            number += 1
            key = f"p{number}"
        if key != phase.key:
            notes.append(f"two phases have the key {phase.key}; one is now {key}")
        is_second = phase.state is PhaseStatus.CURRENT and (phase.key != keep or key != phase.key)
        if is_second:
            notes.append(f"two phases are in work; {phase.name} is taken as open")
        state = PhaseStatus.OPEN if is_second else phase.state
        found[key] = msgspec.structs.replace(phase, key=key, state=state)
    return tuple(found.values())


def _estimated(values: Values) -> Estimated:
    said = values.document.get("confidence")
    confidence = said if isinstance(said, str | float | int) and not isinstance(said, bool) else None
    return Estimated(
        total=values.count("total"),
        low=values.count("low"),
        high=values.count("high"),
        hours=values.number("hours"),
        confidence=float(confidence) if isinstance(confidence, int) else confidence,
        phases=tuple(
            EstimatedPhase(
                name=each.text("name"),
                tokens=each.count("tokens"),
                low=each.count("low"),
                high=each.count("high"),
                hours=each.number("hours"),
            )
            for each in values.parts("phases")
        ),
    )


def _span(values: Values) -> Span:
    start = values.instant("start") or _LONG_AGO
    end = values.instant("end")
    return Span(phase=values.text("phase"), start=start, end=end if end is None else max(start, end))


def _deviation(values: Values) -> Deviation:
    said = values.document.get("preventable")
    return Deviation(
        phase=values.text("phase"),
        reason=values.text("reason"),
        extra_tokens=values.count("extra_tokens", negative=True) or 0,
        category=values.text("category"),
        preventable=said if isinstance(said, bool) else None,
        lesson=values.text("lesson"),
    )


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"it is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise Damaged("it is not a JSON object")
    version = document.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise TooNew(f"it was made by a newer quota-tui (version {version}); update this one")
    return document


def _laid_over(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new`, with the names of `before` that it does not have, at every depth; phases by their key."""
    whole: dict[str, Any] = {**before}
    for name, value in new.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            whole[name] = _laid_over(old, value)
        elif isinstance(value, list) and isinstance(old, list) and name != "notes":
            whole[name] = _lists(old, value, "key" if name == "phases" else "")
        else:
            whole[name] = value
    return whole


def _lists(old: list[Any], new: list[Any], key: str) -> list[Any]:
    """The entries of `new`; each keeps the names that its own entry of `old` had besides."""
    by = {_identity(each, key): each for each in reversed(old) if isinstance(each, dict)}
    return [
        _laid_over(by[_identity(each, key)], each) if _identity(each, key) in by else each for each in new
    ]


def _identity(entry: Any, key: str) -> tuple[str, str]:
    """What tells entries of a list apart: the key of a phase, the start of a span, else the name."""
    if not isinstance(entry, dict):
        return "", ""
    if key and "key" in entry:
        return "key", str(entry["key"])
    if "start" in entry and "phase" in entry:
        return "span", f"{entry['phase']} {entry['start']}"
    return "name", str(entry.get("name", entry.get("phase", "")))


def _sound(value: Any) -> Any:
    """Half characters (from a file name that is no UTF-8) cannot be written: replaced."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sound(name): _sound(each) for name, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list) else value


def _at(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None
