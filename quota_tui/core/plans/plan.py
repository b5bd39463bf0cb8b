"""What a plan file says. Places (`start`, `end`, `mark_at`) are offsets into the text that was read."""

from __future__ import annotations

import msgspec

from quota_tui.core.estimating.subject import TaskType


class Box(msgspec.Struct, frozen=True, gc=False):
    """A checkbox; `mark_at` is the place of the character between the brackets."""

    text: str
    done: bool
    mark_at: int


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan itself says a phase takes: hours and tokens, from - to, and the kind of work."""

    hours_low: float | None = None
    hours_high: float | None = None
    tokens_low: int | None = None
    tokens_high: int | None = None
    task_type: TaskType | None = None

    def or_else(self, other: Size) -> Size:
        """This, and where it is silent the other."""
        hours = self if self.hours_low is not None else other
        tokens = self if self.tokens_low is not None else other
        return Size(
            hours_low=hours.hours_low,
            hours_high=hours.hours_high,
            tokens_low=tokens.tokens_low,
            tokens_high=tokens.tokens_high,
            task_type=self.task_type or other.task_type,
        )


class PlanPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase. `name` is its heading without label, size and done mark; `label` as in "Phase 2" or "3".

    `size` is what its heading or its lines say; `task_type` is that, or guessed from the words
    (`type_is_guessed`). `complexity` holds the lines about complexity and risk. `mark_at` is the place in
    the heading where a done mark goes (-1: the whole file is the phase, it has no heading of its own);
    `box` is the checkbox that is the phase itself, for phases that are entries of a task list.
    """

    name: str
    label: str = ""
    line: int = 0
    size: Size = Size()
    task_type: TaskType = TaskType.IMPLEMENTATION
    type_is_guessed: bool = True
    complexity: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    box: Box | None = None
    is_marked_done: bool = False
    mark_at: int = -1
    start: int = 0
    end: int = 0
    steps: int = 0

    @property
    def boxes_done(self) -> int:
        """How many of its checkboxes are ticked."""
        return sum(box.done for box in self.boxes)

    @property
    def is_done(self) -> bool:
        """Marked as done, or every checkbox in it is ticked; an entry of a task list has its own box."""
        if self.box is not None:
            return self.is_marked_done
        return self.is_marked_done or (bool(self.boxes) and self.boxes_done == len(self.boxes))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan. `phases` is never empty: without any the whole file is one.

    `status` is the person's own word; `status_at` is where it stands (start, end), None when the file has
    none. `front` are the simple `key: value` pairs of the front matter, keys in lower case.
    """

    title: str = ""
    status: str = ""
    phases: tuple[PlanPhase, ...] = ()
    front: tuple[tuple[str, str], ...] = ()
    status_at: tuple[int, int] | None = None
    title_end: int = 0
    is_whole: bool = False
    """No phases were found: the one phase is the whole file."""

    def said(self, key: str) -> str:
        """A value of the front matter; empty without one."""
        return next((value for name, value in self.front if name == key), "")
