"""What is estimated, and what is learned from: a plan in numbers, and past sessions.

This is the contract between plan files and tracking, which make these values, and the estimator, which
reads nothing else. tokens are input + output + cache writes, subagents included.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from quota_tui.core.estimating.ranges import Range


class TaskType(StrEnum):
    """What kind of work a phase is."""

    PLANNING = "planning"
    IMPLEMENTATION = "implementation"
    REFACTORING = "refactoring"
    TESTING = "testing"
    DEBUGGING = "debugging"
    POLISH = "polish"


class ProjectSize(StrEnum):
    """Of the repository: small is below 5,000 lines."""

    UNKNOWN = ""
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    ENTERPRISE = "enterprise"


class Stack(StrEnum):
    """How well the libraries are known here, from memory of past sessions."""

    UNKNOWN = ""
    FAMILIAR = "familiar"
    LEARNING = "learning"
    NEW = "new"


class Quality(StrEnum):
    """Of the code that is worked on, as the person says."""

    UNKNOWN = ""
    CLEAN = "clean"
    MIXED = "mixed"
    LEGACY = "legacy"


class PhaseSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One phase of a plan. Hours and tokens are what the plan itself says, None where it says nothing.

    `steps` are checkboxes, list items and sub-headings; `words` counts all of its text; `files_named` the
    different file names in it.
    """

    name: str = ""
    task_type: TaskType = TaskType.IMPLEMENTATION
    hours_low: float | None = None
    hours_high: float | None = None
    tokens_low: int | None = None
    tokens_high: int | None = None
    steps: int = 0
    words: int = 0
    files_named: int = 0
    done: bool = False


class PlanSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in numbers. Without phases it stands for a session of which nothing but its place is known.

    `libraries` are canonical names that the plan mentions; their factors are learned one by one.
    """

    title: str = ""
    phases: tuple[PhaseSubject, ...] = ()
    project: str = ""
    project_size: ProjectSize = ProjectSize.UNKNOWN
    stack: Stack = Stack.UNKNOWN
    quality: Quality = Quality.UNKNOWN
    model: str = ""
    libraries: tuple[str, ...] = ()


class PastPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase that was worked on: what it took, and what had been estimated for it."""

    name: str = ""
    task_type: TaskType = TaskType.IMPLEMENTATION
    tokens: int = 0
    hours: float = 0.0
    estimated: Range | None = None


class PastSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has ended. `at` is its start; `ended_at` its end (None: `at` plus `hours`).

    `hours` is working time: gaps of more than fifteen minutes between calls are left out. `estimated` is
    the range of tokens that was shown before it began, None when there was none. `subject` is its plan,
    None for a session without one; `task_type` None when nobody knows. `is_lower_bound`: its output was
    not counted fully (placeholder in the transcript), so `tokens` is what it took at least.
    """

    id: str
    at: datetime
    ended_at: datetime | None = None
    project: str = ""
    task_type: TaskType | None = None
    tokens: int = 0
    hours: float = 0.0
    cost_usd: float = 0.0
    model: str = ""
    estimated: Range | None = None
    subject: PlanSubject | None = None
    phases: tuple[PastPhase, ...] = ()
    is_lower_bound: bool = False
