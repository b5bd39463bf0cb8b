"""A handoff filled in before the person types, and where every entry came from.

Only what is known: commits, todos, tool calls, the last handoff, the plan. Nothing is invented and no model
is asked. Every entry is a proposal, to be changed or thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from quota_tui.core.facts import GitState, OpenPhase, SessionFacts
from quota_tui.core.handoff import (
    START_AFTER_RESET,
    START_MANUAL,
    Handoff,
    Objective,
    Quota,
    State,
    start_instant,
)
from quota_tui.core.words import Face, moment

MAX_ACCOMPLISHED = 30
MAX_OBJECTIVES = 12
MAX_FILES = 8
MAX_MODIFIED = 100
_Entry = TypeVar("_Entry", str, Objective)
_MAX_TITLE = 80
_MAX_COMMAND = 200
_PRIVATE = re.compile(
    r"(?:^|/)(?:\.env(?:\..*)?|\.netrc|\.npmrc|\.pgpass|id_[a-z0-9]+|[^/]*\.(?:pem|key|p12|pfx|keystore))$"
)
"""Files that hold secrets: the next session is not told to read them."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that a proposal is made of. `last` is the project's last handoff, `phases` the plan's open ones."""

    session: SessionFacts = SessionFacts()
    git: GitState = GitState()
    last: Handoff | None = None
    phases: tuple[OpenPhase, ...] = ()
    plan_file: str = ""
    quota: Quota = Quota()


class Proposed(msgspec.Struct, frozen=True):
    """A proposed handoff. `sources` names where an entry came from by its path, as in `objectives[0]`."""

    handoff: Handoff
    sources: dict[str, str]

    def source(self, field: str, at: int | None = None) -> str:
        """Where an entry came from, in words; empty when it was not proposed."""
        return self.sources.get(field if at is None else f"{field}[{at}]", "")


def propose(known: Known, now: datetime, face: Face) -> Proposed:
    """The handoff that the facts give. Times in words are in the zone of `face`."""
    maker = _Maker(known, now, face)
    accomplished = maker.accomplished()
    objectives = maker.objectives([text for text, _ in accomplished])
    handoff = Handoff(
        from_session=known.session.session_id,
        created_at=now,
        quota=known.quota,
        accomplished=maker.listed("accomplished", accomplished),
        state=maker.state(),
        objectives=maker.listed("objectives", objectives),
        decisions=maker.listed("decisions", maker.of_last("decisions")),
        failed=maker.listed("failed", maker.of_last("failed")),
        files=maker.listed("files", maker.files()),
        commands=maker.listed("commands", maker.commands()),
    )
    heads = maker.heads(objectives[0][0].text if objectives else "")
    handoff = msgspec.structs.replace(handoff, **heads)
    return Proposed(handoff, maker.sources)


def same(one: str, other: str) -> bool:
    """Whether two texts name the same piece of work: the same words, or nearly all of them."""
    a, b = _words(one), _words(other)
    if a == b:
        return bool(a) or one.strip() == other.strip()
    small, large = sorted((a, b), key=len)
    return len(small) >= 3 and small <= large and len(small) >= 0.6 * len(large)


class _Maker:
    def __init__(self, known: Known, now: datetime, face: Face) -> None:
        self.sources: dict[str, str] = {}
        self._known = known
        self._now = now
        self._face = face

    def listed(self, field: str, entries: Sequence[tuple[_Entry, str]]) -> tuple[_Entry, ...]:
        """The entries; where each came from is remembered under its place."""
        for at, (_, source) in enumerate(entries):
            self.sources[f"{field}[{at}]"] = source
        return tuple(entry for entry, _ in entries)

    def accomplished(self) -> list[tuple[str, str]]:
        """Commits, the oldest first, then finished todos that no commit names."""
        commits = [
            (commit.subject, f"commit {commit.hash}, {self._at(commit.at)}")
            for commit in self._known.git.commits
        ]
        done = [(todo.text, "todo list") for todo in self._known.session.todos if todo.status == "completed"]
        return _apart([*commits, *done])[-MAX_ACCOMPLISHED:]

    def objectives(self, done: list[str]) -> list[tuple[Objective, str]]:
        """Open todos, the one in work first; what the last handoff left; the plan's open phases."""
        todos = [todo for todo in self._known.session.todos if todo.status != "completed"]
        todos.sort(key=lambda todo: todo.status != "in_progress")
        name = self._known.plan_file.replace("\\", "/").rpartition("/")[2]
        plan = f"plan {name}" if name else "plan"
        last = self._known.last
        found = [(Objective(todo.text), "todo list") for todo in todos]
        found += [(item, self._of_last()) for item in (last.objectives if last else ()) if not item.done]
        found += [(Objective(it.name, it.tokens, it.low, it.high), plan) for it in self._known.phases]
        unlike: list[tuple[Objective, str]] = []
        for item, source in found:
            known = [*done, *(other.text for other, _ in unlike)]
            if item.text.strip() and not any(same(item.text, text) for text in known):
                unlike.append((item, source))
        return unlike[:MAX_OBJECTIVES]

    def of_last(self, field: str) -> list[tuple[str, str]]:
        """What the last handoff said there: decisions and failures stay true."""
        last = self._known.last
        return _apart([(text, self._of_last()) for text in getattr(last, field)]) if last else []

    def files(self) -> list[tuple[str, str]]:
        """The files most worked on, relative to the project where they are in it."""
        project = self._known.session.project
        found = []
        for file in self._known.session.files:
            name = _below(project, file.path)
            is_worked_on = file.edits or file.reads > 1
            if name is not None and file.exists and is_worked_on and not _PRIVATE.search(name):
                found.append(
                    (name, f"edited {_times(file.edits)}" if file.edits else f"read {_times(file.reads)}")
                )
        return found[:MAX_FILES]

    def commands(self) -> list[tuple[str, str]]:
        """The test command that ran, and what the last handoff had run."""
        tests = self._known.session.tests
        ran = []
        if tests and len(tests.command) <= _MAX_COMMAND and "\n" not in tests.command:
            ran.append((tests.command, f"ran {self._at(tests.at)}".rstrip()))
        return _apart([*ran, *self.of_last("commands")])

    def state(self) -> State:
        """How the project stands, from git, and from the transcript where git says nothing."""
        git, session = self._known.git, self._known.session
        branch, last_commit = git.branch, ""
        if branch:
            self.sources["state.branch"] = "git"
        elif git.head is None and session.branch:
            branch, self.sources["state.branch"] = session.branch, "transcript"
        if git.head is not None:
            last_commit = f"{git.head.hash} {git.head.subject}"
            self.sources["state.last_commit"] = f"git, {self._at(git.head.at)}"
        modified, other = self._modified()
        return State(
            branch=branch, last_commit=last_commit, tests=self._tests(), files_modified=modified, other=other
        )

    def heads(self, first_objective: str) -> dict[str, str | datetime | None]:
        """The single values."""
        session, last = self._known.session, self._known.last
        lines = first_objective.strip().splitlines()
        found = {
            "title": [
                (session.title, "the session's name"),
                (_clipped(lines[0]) if lines else "", "first objective"),
            ],
            "project": [
                (session.project, "transcript"),
                (self._known.git.root, "git"),
                (last.project if last else "", self._of_last()),
            ],
            "agent": [(last.agent if last else "", self._of_last())],
            "plan_file": [
                (self._known.plan_file, "tracked plan"),
                (last.plan_file if last else "", self._of_last()),
            ],
        }
        values: dict[str, str | datetime | None] = {}
        for field, choices in found.items():
            values[field], source = next(((text, source) for text, source in choices if text), ("", ""))
            if source:
                self.sources[field] = source
        resets_at = self._known.quota.resets_at
        is_ahead = resets_at is not None and resets_at > self._now
        start = START_AFTER_RESET if is_ahead else START_MANUAL
        self.sources["start"] = "recommended" if is_ahead else "no reset is known"
        return {**values, "start": start, "scheduled_for": start_instant(start, resets_at)}

    def _tests(self) -> str:
        tests = self._known.session.tests
        if tests is None:
            return ""
        edits = [file.edited_at for file in self._known.session.files if file.edited_at is not None]
        is_old = tests.at is not None and any(at > tests.at for at in edits)
        self.sources["state.tests"] = "transcript"
        command = _clipped(" ".join(tests.command.split()))
        said = ", ".join(
            part for part in (command, self._at(tests.at), "before the last edit" if is_old else "") if part
        )
        return f"{tests.summary} ({said})"

    def _modified(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Changed files, new ones only where the session made them; and a line when they are too many."""
        git = self._known.git
        names = dict.fromkeys([*git.staged, *git.modified])
        own = [
            name for file in self._known.session.files if file.edits and (name := _below(git.root, file.path))
        ]
        for name in own:
            if any(name == new or (new.endswith("/") and name.startswith(new)) for new in git.untracked):
                names[name] = None
        for at in range(min(len(names), MAX_MODIFIED)):
            self.sources[f"state.files_modified[{at}]"] = "git"
        listed = tuple(names)[:MAX_MODIFIED]
        if len(names) == len(listed) and not git.cut:
            return listed, ()
        count = f"{'more than ' if git.cut else ''}{len(names)}"
        return listed, (f"Files in work: {count}; the first {len(listed)} are listed",)

    def _at(self, at: datetime | None) -> str:
        return moment(at, self._now, self._face) if at is not None else ""

    def _of_last(self) -> str:
        at = self._known.last.created_at if self._known.last else None
        return f"handoff of {at.astimezone(self._face.zone):%Y-%m-%d}" if at else "last handoff"


def _apart(entries: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without empty texts and those that repeat an earlier one."""
    kept: list[tuple[str, str]] = []
    for text, source in entries:
        if text.strip() and not any(same(text, other) for other, _ in kept):
            kept.append((text, source))
    return kept


def _words(text: str) -> set[str]:
    """The words that tell one piece of work from another: without a commit's `feat(auth):`."""
    plain = re.sub(r"^[a-z]{2,10}(?:\([^)\n]{1,40}\))?!?: +", "", text.strip())
    return set(re.findall(r"\w+", plain.casefold()))


def _below(folder: str, path: str) -> str | None:
    """The path relative to the folder, with `/`; None when it is outside."""
    base, name = (text.replace("\\", "/") for text in (folder, path))
    base = base.rstrip("/") + "/"
    return name[len(base) :] if folder and name.startswith(base) and len(name) > len(base) else None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _clipped(text: str) -> str:
    return text if len(text) <= _MAX_TITLE else text[: _MAX_TITLE - 1].rstrip() + "…"
