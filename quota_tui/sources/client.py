"""Asking the Claude Code client for the account's usage: its `get_usage` control request.

No model tokens are spent and no credentials are touched: the client asks with its own. `--safe-mode` keeps
the user's hooks from firing (we may run in one), `skip_behaviors` keeps the client from reading every
transcript first (0.3 s instead of 1.5 s with 300 MB of them). Understood by 2.1.197 and later.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from quota_tui.core.readings import Reading
from quota_tui.sources.client_reply import Answer, readings_of, told_at, windows_of
from quota_tui.sources.client_talk import GRACE_S, ClientFailure, FailureReason, Talk, failure_of, start

STALE_AFTER = timedelta(minutes=5)

_NO_TRAFFIC = "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"
# Set inside a session of the client: a client that sees them takes itself for a part of it.
_SESSION_MARKS = ("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID")


class ClientUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What the client answered.

    `at` is when Anthropic told it so, which can be well before we asked; `is_stale` when more than five
    minutes before. `readings` carry `at`. A window that is not open has no reading.
    """

    at: datetime
    readings: tuple[Reading, ...]
    subscription_type: str = ""
    is_stale: bool = False


def find_client(setting: str = "", env: Mapping[str, str] | None = None) -> Path | None:
    """The client's absolute path: the setting's (and then no other), PATH's, or a usual install place."""
    environ = os.environ if env is None else env
    if setting:
        chosen = Path(setting).expanduser()
        return chosen if chosen.is_absolute() and _is_program(chosen) else None
    # Relative entries of PATH would make the program depend on the folder we happen to stand in.
    entries = [entry for entry in environ.get("PATH", "").split(os.pathsep) if Path(entry).is_absolute()]
    found = shutil.which("claude", path=os.pathsep.join(entries)) if entries else None
    if found is not None and Path(found).is_absolute():
        return Path(found)
    return next((place for place in _usual_places(environ) if _is_program(place)), None)


def ask_usage(
    client: Path,
    timeout_s: float = 20.0,
    env: Mapping[str, str] | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ClientUsage | ClientFailure:
    """Ask `client` for the account's usage. Blocks for up to `timeout_s` and the seconds it takes to end it.

    Never raises for anything the client does. A client that hangs is killed with its process group.
    """
    environ = dict(os.environ if env is None else env)
    for mark in _SESSION_MARKS:
        environ.pop(mark, None)
    deadline = time.monotonic() + timeout_s
    try:
        process = start(client, environ)
    except (OSError, ValueError) as error:
        return ClientFailure(reason=FailureReason.NOT_STARTED, text=f"{client}: {error}")
    talk = Talk(process)
    answered = False
    try:
        outcome = talk.answer(deadline)
        answered = isinstance(outcome, Answer)
    finally:
        talk.end(grace_s=GRACE_S if answered else 0.0)
    if isinstance(outcome, ClientFailure):
        return outcome
    return _understand(outcome, environ, clock())


def _understand(answer: Answer, environ: Mapping[str, str], now: datetime) -> ClientUsage | ClientFailure:
    if answer.error:
        return failure_of(answer.error)
    plan = answer.body.get("subscription_type")
    plan = plan if isinstance(plan, str) else ""
    limits = answer.body.get("rate_limits")
    if not isinstance(limits, dict):
        if not answer.body.get("rate_limits_available"):
            why = "this login has no plan limits (an API key, or a token that may not read them)"
        elif environ.get(_NO_TRAFFIC):
            why = f"the client may not ask for them: {_NO_TRAFFIC} is set"
        else:
            why = "the client could not get them from Anthropic just now"
        return ClientFailure(reason=FailureReason.NO_NUMBERS, text=why, subscription_type=plan)
    windows = windows_of(limits)
    at = told_at(windows, _config_file(environ), now)
    return ClientUsage(
        at=at, readings=readings_of(windows, at), subscription_type=plan, is_stale=now - at > STALE_AFTER
    )


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _usual_places(environ: Mapping[str, str]) -> list[Path]:
    """Where the installers put it: native, local, npm, Homebrew, bun."""
    home = Path(environ.get("HOME") or Path.home())
    if os.name == "nt":
        places = [home / ".local/bin/claude.exe"]
        if environ.get("APPDATA"):
            places.append(Path(environ["APPDATA"]) / "npm/claude.cmd")
        return places
    return [
        home / ".local/bin/claude",
        home / ".claude/local/claude",
        Path("/opt/homebrew/bin/claude"),
        Path("/usr/local/bin/claude"),
        home / ".npm-global/bin/claude",
        home / ".bun/bin/claude",
    ]


def _config_file(environ: Mapping[str, str]) -> Path:
    folder = environ.get("CLAUDE_CONFIG_DIR") or environ.get("HOME") or Path.home()
    return Path(folder) / ".claude.json"
