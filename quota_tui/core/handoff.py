"""The handoff: what the next session must know to begin work at once.

Plain values only. `core.handoff_markdown` writes it as a file that a person edits and reads it back
without loss; `core.handoff_json` is the form for programs; `core.handoff_check` says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

START_RESET = "reset"
START_AFTER_RESET = "reset+5m"
START_MANUAL = "manual"
STARTS = (START_RESET, START_AFTER_RESET, START_MANUAL)
"""The choices of start that are words; every other start is an ISO 8601 time."""

AFTER_RESET = timedelta(minutes=5)
"""Five minutes after the reset the numbers are certain to be new."""

MAX_TOKENS = 10**12
"""Estimates run from 0 up to this; a larger number is damage."""


class Note(msgspec.Struct, frozen=True):
    """Something in a handoff's text that could not be read as meant. `line` counts from 1."""

    line: int
    text: str


class Section(msgspec.Struct, frozen=True):
    """A part of the document that is not ours: kept as it stands. An empty heading: before all headings."""

    heading: str
    body: str = ""


class Objective(msgspec.Struct, frozen=True):
    """One thing the next session should do.

    `tokens` is what it will take: the person's own number, or the median of an estimate whose 80 % range is
    `tokens_low` to `tokens_high`. `done` is a box that was ticked in the file.
    """

    text: str
    tokens: int | None = None
    tokens_low: int | None = None
    tokens_high: int | None = None
    steps: tuple[str, ...] = ()
    done: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the project stands: in words, as a person would read them. `other` are lines that name none."""

    branch: str = ""
    last_commit: str = ""
    tests: str = ""
    files_modified: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """The quota when the handoff was made. `next_tokens` is what the next window will hold, an estimate."""

    used_pct: float | None = None
    basis: str = ""
    resets_at: datetime | None = None
    next_tokens: int | None = None


class Handoff(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document. Empty text means "not said".

    `start` is one of `STARTS` or an ISO 8601 time, `scheduled_for` the instant it came to. `project` is
    a path. `files`, `commands`: to read first, and to run, when the session begins. `extra_front` and
    `extra_sections` are what others wrote into the file, in order.
    """

    id: str = ""
    title: str = ""
    from_session: str = ""
    project: str = ""
    agent: str = ""
    plan_file: str = ""
    start: str = ""
    scheduled_for: datetime | None = None
    created_at: datetime | None = None
    quota: Quota = Quota()
    accomplished: tuple[str, ...] = ()
    state: State = State()
    objectives: tuple[Objective, ...] = ()
    decisions: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    instructions: str = ""
    extra_front: tuple[tuple[str, str], ...] = ()
    extra_sections: tuple[Section, ...] = ()


class Total(msgspec.Struct, frozen=True):
    """The estimates of `counted` out of `open` objectives, added up. `low` and `high` where one has a range.

    The ends are added as they are: errors of a plan's parts go together more often than they cancel.
    """

    tokens: int
    low: int | None
    high: int | None
    counted: int
    open: int


def total(objectives: Iterable[Objective]) -> Total | None:
    """What is still to do, in tokens; None when no open objective has a number."""
    still_open = [item for item in objectives if not item.done]
    sized = [item for item in still_open if item.tokens is not None]
    if not sized:
        return None
    ranged = any(item.tokens_low is not None or item.tokens_high is not None for item in sized)
    tokens = low = high = 0
    for item in sized:
        middle = item.tokens or 0
        tokens += middle
        low += middle if item.tokens_low is None else item.tokens_low
        high += middle if item.tokens_high is None else item.tokens_high
    return Total(tokens, low if ranged else None, high if ranged else None, len(sized), len(still_open))


def instant(text: str, zone: tzinfo | None = UTC) -> datetime | None:
    """An ISO 8601 time as aware UTC; one without a zone is in `zone`, with None in this machine's own.

    None when it is no time.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def start_instant(start: str, resets_at: datetime | None, zone: tzinfo | None = UTC) -> datetime | None:
    """When `start` is, given the reset; None by hand, without a known reset, or when it says no time."""
    if start == START_MANUAL:
        return None
    if start == START_RESET:
        return resets_at
    if start == START_AFTER_RESET:
        return resets_at + AFTER_RESET if resets_at is not None else None
    return instant(start, zone)


def is_start(start: str) -> bool:
    """Whether it is a choice of start: one of the words, or a time."""
    return start in STARTS or instant(start) is not None


def with_texts(handoff: Handoff, change: Callable[[str, str], str]) -> Handoff:
    """The handoff with every text that a person or a model wrote passed through `change(field, text)`.

    In the order of the document. `field` is the text's path, as in `objectives[0].steps[1]`. Ids, the
    project's path, the agent and times are not such texts.
    """

    def each(field: str, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(change(f"{field}[{at}]", text) for at, text in enumerate(texts))

    def objective(field: str, item: Objective) -> Objective:
        text, steps = change(f"{field}.text", item.text), each(f"{field}.steps", item.steps)
        return msgspec.structs.replace(item, text=text, steps=steps)

    def sections() -> Iterator[Section]:
        for at, item in enumerate(handoff.extra_sections, 1):
            name = f"section {at}"
            yield Section(change(name, item.heading), change(name, item.body))

    old = handoff.state
    changes: dict[str, object] = {"title": change("title", handoff.title)}
    changes["accomplished"] = each("accomplished", handoff.accomplished)
    changes["state"] = State(
        branch=change("state.branch", old.branch),
        last_commit=change("state.last_commit", old.last_commit),
        tests=change("state.tests", old.tests),
        files_modified=each("state.files_modified", old.files_modified),
        other=each("state.other", old.other),
    )
    changes["objectives"] = tuple(
        objective(f"objectives[{at}]", item) for at, item in enumerate(handoff.objectives)
    )
    for field in ("decisions", "failed", "blockers", "files", "commands"):
        changes[field] = each(field, getattr(handoff, field))
    changes["instructions"] = change("instructions", handoff.instructions)
    changes["extra_front"] = tuple((key, change(f"front.{key}", value)) for key, value in handoff.extra_front)
    return msgspec.structs.replace(handoff, **changes, extra_sections=tuple(sections()))
