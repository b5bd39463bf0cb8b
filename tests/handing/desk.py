"""A project with a plan, its transcripts as they are written, and the program as it is typed there."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import quota

PLAN = """# Live view

## Phase 1: Server (1h)
- [ ] open `server.py`
- [ ] speak

## Phase 2: Client (1h)
- [ ] draw in `view.py`

## Phase 3: Tests (30min)
- [ ] test `view.py`
"""


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


class Desk:
    """`minutes` are after NOW. What was written to the project's transcripts is added up in `written`."""

    def __init__(self, home: Path, name: str = "api") -> None:
        self.home = home
        self.project = home / name
        (self.project / ".git").mkdir(parents=True)
        self.plan = self.project / "PLAN.md"
        self.plan.write_text(PLAN, encoding="utf-8")
        self.written: list[tuple[float, int]] = []
        self._count = 0

    def call(
        self,
        minutes: float,
        tokens: int,
        session: str = "s1",
        *,
        agent: str = "",
        folder: Path | None = None,
        model: str = "claude-sonnet-4-5-20250929",
    ) -> None:
        """One call, at the end of the transcript of its session or of its subagent."""
        self._count += 1
        name = f"{self.project.name}-{session}-{self._count}"
        file = f"-{self.project.name}/{session}" + (f"/subagents/agent-{agent}.jsonl" if agent else ".jsonl")
        path = self.home / ".claude" / "projects" / file
        if not path.exists():
            write_transcript(self.home, [], file)
        parts = (tokens // 2, tokens - tokens // 2 - tokens // 4, tokens // 4, 50_000)
        where = str(folder or self.project)
        text = line(
            name,
            name,
            at=at(minutes),
            tokens=parts,
            session=session,
            cwd=where,
            side=bool(agent),
            model=model,
        )
        append(path, text + "\n")
        if folder is None:
            self.written.append((minutes, tokens))

    def between(self, first: float, end: float) -> int:
        """The tokens that were written from `first` to before `end`."""
        return sum(tokens for minutes, tokens in self.written if first <= minutes < end)

    def session(self, minutes: float, tokens: int, name: str, calls: int = 4) -> None:
        """A session of the past: some calls, five minutes apart."""
        for step in range(calls):
            self.call(minutes + 5 * step, tokens // calls, name)

    def past(self, count: int = 6, tokens: int = 80_000) -> None:
        """Sessions on the days before NOW."""
        for day in range(count):
            self.session(-24 * 60 * (count - day), tokens + 4_000 * day, f"old-{day}")

    def type(self, minutes: float, *args: str, code: int = 0, **env: str) -> Result:
        """One command, at a time, in the project."""
        done = quota(*args, QUOTA_TUI_NOW=at(minutes).isoformat(), **env)
        assert done.exit_code == code, done.output
        return done

    def track(self, minutes: float, *args: str, code: int = 0, **env: str) -> Result:
        return self.type(minutes, "track", *args, "--project", str(self.project), code=code, **env)

    def estimate(self, minutes: float, *args: str, **env: str) -> dict[str, Any]:
        """The estimate of the plan."""
        where = ("--project", str(self.project))
        done = self.type(minutes, "estimate", str(self.plan), "--json", *args, *where, **env)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def state(self, minutes: float) -> dict[str, Any]:
        """What is known of the tracked plan."""
        found: dict[str, Any] = json.loads(self.track(minutes, "status", "--json").stdout)
        return found
