"""The StopFailure hook: when a limit stops a session, the hit is recorded and the work is handed over.

Every other failure is none of ours. (In print mode Claude Code ends without waiting for this hook; then the
SessionEnd hook does the same, see `hook_end`.)
"""

from __future__ import annotations

from datetime import timedelta

from quota_tui.cli.hook import Hook
from quota_tui.cli.hook_handover import hand_over
from quota_tui.cli.hook_session import hits_of, open_monitor, read_end
from quota_tui.core.limit_lines import LimitHit, parse_limit_line
from quota_tui.monitor.monitor import Monitor
from quota_tui.monitor.record import keep_readings
from quota_tui.sources.zone import local_zone

ERRORS = frozenset({"", "rate_limit", "rate_limit_error", "usage_limit_reached", "billing_error", "unknown"})
"""What the client may call a limit; anything else is another failure."""
JUST_NOW = timedelta(minutes=10)


def run(hook: Hook) -> str:
    """Record the hit; write a handoff when this session has none. Says nothing."""
    if hook.told.error not in ERRORS:
        return ""
    error = hook.told.error or "rate_limit"
    hit = parse_limit_line(hook.told.message, hook.now, error=error, local_zone=local_zone())
    monitor = open_monitor(hook)
    try:
        path = hook.told.transcript_path
        hook.attempt("transcript", lambda: monitor.attempt(lambda: read_end(monitor, path)))
        if _record(hook, monitor, hit):
            hand_over(hook, monitor)
    finally:
        monitor.close()
    return ""


def _record(hook: Hook, monitor: Monitor, hit: LimitHit | None) -> bool:
    """Keep the hit, unless the transcript has told it already; whether there was one."""
    if hits_of(hook, monitor, hook.now - JUST_NOW):
        return True
    reading = hit.as_reading(hook.told.session_id) if hit is not None else None
    if reading is not None:
        journal = monitor.stores.journal
        hook.attempt("reading", lambda: keep_readings(journal, [reading], "limit hook", hook.now))
    return hit is not None
