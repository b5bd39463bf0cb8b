"""`quota-tui hook EVENT`: what Claude Code's hooks run (`install hooks`). Not for people, so not listed.

A hook must be quick and must never disturb a session: nothing on standard error, nothing on standard output
but the context of a session that starts, always exit 0. What goes wrong is kept for `doctor`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from quota_tui.cli.setup import Setup, utc_now
from quota_tui.config import load_settings_lenient
from quota_tui.sources.hook_input import MOST_BYTES, HookInput, parse_hook
from quota_tui.store.faults import note_fault
from quota_tui.store.paths import claude_config_dirs, our_paths
from quota_tui.store.projects import project_path

_RUNS = {
    "session-start": "quota_tui.cli.hook_start:run",
    "stop-failure": "quota_tui.cli.hook_failure:run",
    "session-end": "quota_tui.cli.hook_end:run",
    "write-handoff": "quota_tui.cli.hook_handover:write_later",
}
BUSY_S = 0.1
"""How long to wait for another process that writes to one of our files."""

_Result = TypeVar("_Result")


class Hook(msgspec.Struct, frozen=True):
    """One run: what Claude Code told (`data` as it came), where our things are, and what time it is.

    `project` is that of the folder the session was started in; work may have led into another one since.
    """

    name: str
    told: HookInput
    setup: Setup
    now: datetime
    data: bytes
    project: str

    def attempt(self, what: str, work: Callable[[], _Result]) -> _Result | None:
        """Do one part; None when it fails: the other parts are still worth having."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the session's hook
            self.note(f"{what}: {_told(error)}")
            return None

    def note(self, text: str) -> None:
        """Keep something for `doctor`."""
        note_fault(self.setup.paths, self.name, text, self.now)


def main(arguments: list[str]) -> int:
    """Run the hook that is named. Always 0."""
    name = arguments[0] if arguments else ""
    if sys.stdin is None or sys.stdin.isatty():
        print("quota-tui: Claude Code runs this; `quota-tui install hooks` tells it to", file=sys.stderr)
        return 0
    said = io.StringIO()
    try:
        data = sys.stdin.buffer.read(MOST_BYTES)
        with contextlib.redirect_stderr(said):
            text = _run(name, data)
        if text:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - see above: always 0
        with contextlib.suppress(Exception):
            note_fault(our_paths(), name, said.getvalue().strip() or _told(error), datetime.now(UTC))
        with contextlib.suppress(OSError):  # whoever read our output has gone: nothing to say at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _run(name: str, data: bytes) -> str:
    """What goes to standard output."""
    place = _RUNS.get(name)
    if place is None:
        raise ValueError(f"there is no hook {name[:40]!r}; `quota-tui install hooks` brings the present ones")
    paths = our_paths()
    settings, problems = load_settings_lenient(paths.config_file, os.environ)
    setup = Setup(paths, claude_config_dirs(), settings)
    told = parse_hook(data)
    folder = _folder(told)
    if not told.session_id or not os.path.isabs(folder):
        raise ValueError("it was told no session, or no folder")
    hook = Hook(name, told, setup, utc_now(), data, project_path(folder))
    for problem in problems[:1]:
        hook.note(f"settings: {problem}")
    module, _, function = place.partition(":")
    run: Callable[[Hook], str] = getattr(importlib.import_module(module), function)
    return run(hook)


def _folder(told: HookInput) -> str:
    folder = os.environ.get("CLAUDE_PROJECT_DIR", "")
    return folder if os.path.isabs(folder) and os.path.isdir(folder) else told.cwd


def _told(error: BaseException) -> str:
    """The error and where it came from, in one line."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({os.path.basename(last[0].filename)}:{last[0].lineno})" if last else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"
