"""Run the program on a home of its own: in this process, in a true one, or by its monitor alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result
from msgspec.structs import replace

from quota_tui.cli.root import cli
from quota_tui.config import Settings
from quota_tui.core.readings import Reading, ReadingSource, WindowKind
from quota_tui.core.snapshot import Snapshot
from quota_tui.monitor.monitor import Monitor
from quota_tui.store.history import History
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths, claude_config_dirs, our_paths
from tests.conftest import NOW
from tests.lines import line, write_transcript

REPO = Path(__file__).parent.parent.parent
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
RESET, WEEK_RESET = NOW + timedelta(hours=2), NOW + timedelta(days=3)


def quota(*args: str, stdin: bytes | None = None, **env: str) -> Result:
    """One command in this process; what it did not expect is raised."""
    return CliRunner().invoke(cli, args, input=stdin, env=env, prog_name="quota-tui", catch_exceptions=False)


def json_of(*args: str, **env: str) -> Any:
    result = quota(*args, "--json", **env)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def start(*args: str, python: tuple[str, ...] = (), cwd: Path = REPO, **env: str) -> subprocess.Popen[bytes]:
    """One command in a process of its own."""
    command = [sys.executable, *python, "-m", "quota_tui", *args]
    where = {**os.environ, "PYTHONPATH": str(REPO), **env}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=where, cwd=cwd)


def run(*args: str, stdin: bytes = b"", cwd: Path = REPO, **env: str) -> subprocess.CompletedProcess[bytes]:
    process = start(*args, cwd=cwd, **env)
    out, err = process.communicate(stdin, timeout=60)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


@contextmanager
def monitor(now: datetime = NOW, settings: Settings | None = None, busy_s: float = 0.2) -> Iterator[Monitor]:
    """A monitor of the home in force."""
    made = Monitor(settings or Settings(), our_paths(), claude_config_dirs(), now, busy_s=busy_s)
    try:
        yield made
    finally:
        made.close()


def paths() -> Paths:
    return our_paths()


def settings_file(text: str) -> Path:
    """Write the settings."""
    file = our_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def tell(
    pct: float,
    at: datetime = NOW,
    resets_at: datetime | None = None,
    kind: WindowKind = WindowKind.FIVE_HOUR,
    source: ReadingSource = ReadingSource.STATUS_LINE,
    session: str = "s1",
    model: str = "",
) -> None:
    """Put a reading into the journal, as if a status line had told it."""
    reset = resets_at or (RESET if kind is WindowKind.FIVE_HOUR else WEEK_RESET)
    journal = Journal(our_paths().journal_db)
    journal.add_readings(
        [
            Reading(
                at=at,
                kind=kind,
                used_pct=pct,
                resets_at=reset,
                source=source,
                session_id=session,
                model=model,
            )
        ]
    )
    journal.close()


def work(
    home: Path, hours: float = 3.5, calls: int = 60, tokens: int = 2000, name: str = "s1", now: datetime = NOW
) -> Path:
    """A transcript of steady work in the hours before `now`."""
    step = timedelta(hours=hours) / calls
    first = now - timedelta(hours=hours) + step / 2
    lines = [
        line(f"{name}-m{i}", f"{name}-r{i}", at=first + i * step, tokens=(10, tokens, 30, 40), session=name)
        for i in range(calls)
    ]
    return write_transcript(home, lines, f"-home-dev-api/{name}.jsonl")


def history_calls() -> int:
    """How many calls the history file holds, looked at from outside."""
    history = History(our_paths().history_db)
    try:
        return history.call_count()
    finally:
        history.close()


def readings() -> list[Reading]:
    """What the journal holds, looked at from outside."""
    journal = Journal(our_paths().journal_db)
    try:
        return journal.readings(ALWAYS[0])
    finally:
        journal.close()


RESET_S, WEEK_S = int(RESET.timestamp()), int(WEEK_RESET.timestamp())


def told(pct: float | None = 62.5, week: float | None = 30, **more: Any) -> bytes:
    """What Claude Code writes on stdin."""
    limits = {}
    if pct is not None:
        limits["five_hour"] = {"used_percentage": pct, "resets_at": RESET_S}
    if week is not None:
        limits["seven_day"] = {"used_percentage": week, "resets_at": WEEK_S}
    return json.dumps({"session_id": "s1", "version": "2.1.329", "rate_limits": limits, **more}).encode()


def show(stdin: bytes = b"", at: datetime = NOW, **env: str) -> str:
    """Run it here; what it printed, colours left out."""
    result = quota(
        "statusline", stdin=stdin, QUOTA_TUI_NOW=at.isoformat(), NO_COLOR=env.pop("NO_COLOR", "1"), **env
    )
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def shown(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without what is about the program that made it."""
    about = replace(snapshot.sources, notices=(), roots=(), transcripts=0)
    return flat(msgspec.to_builtins(replace(snapshot, sources=about)))


def known(snapshot: Snapshot) -> dict[str, Any]:
    """The same without what rests on the user's habits: those are looked at every few minutes only."""
    slow = ("forecast", "projected", "fits", "to_next", "advice")
    return {key: value for key, value in shown(snapshot).items() if not any(word in key for word in slow)}


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Names to single values, so that a difference says what differs."""
    if isinstance(value, dict):
        return {key: each for inner in value for key, each in flat(value[inner], f"{name}.{inner}").items()}
    if isinstance(value, list | tuple):
        return {
            key: each for at, inner in enumerate(value) for key, each in flat(inner, f"{name}[{at}]").items()
        }
    return {name: value}
