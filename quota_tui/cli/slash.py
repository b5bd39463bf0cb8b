"""`quota-tui slash NAME`: what our slash commands run inside Claude Code. Not for people, so not listed.

It answers in a few lines, for Claude to pass on.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from quota_tui.cli.setup import Setup, face_of, fail, set_up, telling_failures, utc_now
from quota_tui.core.text import burn_text, quota_text, zone_text
from quota_tui.core.words import clock, tokens
from quota_tui.monitor.monitor import Monitor
from quota_tui.store.session_usage import sessions_used

_SESSION = "CLAUDE_CODE_SESSION_ID"
"""Claude Code tells the session to every command that it runs."""
PROPOSAL_TOKENS = 1_250
"""With the words of the slash command itself that stays below 2,000 tokens."""
_LONGEST_SESSION = timedelta(days=60)
_RUNS = {
    "automation-status": ["automation", "status"],
    "cancel-next-session": ["automation", "cancel"],
    "estimate-session": ["estimate"],
}


def main(arguments: list[str]) -> int:
    """Print the answer of one slash command; the exit code is that of the command it runs."""
    name = arguments[0] if arguments else ""
    if name in {"session-status", "plan-next-session"}:
        (_status if name == "session-status" else _proposal)()
        return 0
    if name not in _RUNS:
        fail(f"there is no slash command {name[:40]!r}", 2)
    from quota_tui.cli.root import cli

    cli(_RUNS[name])
    return 0


def _status() -> None:
    setup, now = set_up(), utc_now()
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now)
    try:
        with telling_failures(setup):
            snapshot = monitor.collect(now, parallel=True, alerts=False)
            session = _session(monitor, setup, now)
    finally:
        monitor.close()
    face = face_of(setup)
    lines = [
        *quota_text(snapshot, now, face),
        *burn_text(snapshot, now, face),
        *zone_text(snapshot, now, face),
        *([session] if session else []),
        *(f"note: {notice}" for notice in snapshot.sources.notices),
    ]
    print("\n".join(lines))


def _proposal() -> None:
    """What a handoff of this session would begin with, in few words: Claude reads them."""
    from quota_tui.core.brief import brief
    from quota_tui.core.proposal import propose
    from quota_tui.core.secrets import mask_handoff
    from quota_tui.handing.known import gather
    from quota_tui.store.projects import project_path

    setup, now = set_up(), utc_now()
    monitor = Monitor(setup.settings, setup.paths, setup.claude_dirs, now)
    try:
        with telling_failures(setup):
            snapshot = monitor.collect(now, parallel=True, alerts=False)
            transcripts = list(monitor.stores.index.stamps())
    finally:
        monitor.close()
    known = gather(
        snapshot,
        transcripts,
        setup.claude_dirs,
        session_id=os.environ.get(_SESSION, ""),
        here=project_path(os.getcwd()),
    )
    proposed, _ = mask_handoff(propose(known, now, face_of(setup)).handoff)
    print(brief(proposed, PROPOSAL_TOKENS))


def _session(monitor: Monitor, setup: Setup, now: datetime) -> str:
    """What the session that asks has used so far; empty where that is not known."""
    session_id = os.environ.get(_SESSION, "")
    used = sessions_used(monitor.stores.history, [session_id], now - _LONGEST_SESSION).get(session_id)
    if used is None:
        return ""
    since = clock(used.first_at, face_of(setup))
    calls = "1 call" if used.calls == 1 else f"{used.calls} calls"
    return f"this session: {tokens(used.tokens)} tokens in {calls} since {since}"
