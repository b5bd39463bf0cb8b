"""Pane 5: the arranged next session."""

from __future__ import annotations

from quota_tui.core.jobs.job import ARMED, ASKS, OPEN, Job, JobState
from quota_tui.core.jobs.words import (
    amount_words,
    handoff_words,
    head_words,
    log_words,
    mismatch_words,
    scheduler_words,
    state_glyph,
    state_word,
    what_words,
    when_words,
)
from quota_tui.core.phrases import NOTHING_SCHEDULED
from quota_tui.core.snapshot import Snapshot, ZoneName
from quota_tui.core.words import Face, clean
from quota_tui.ui.rows import (
    ALARM,
    MUTED,
    PLAIN,
    Rank,
    Row,
    chain,
    first_spread,
    fit_height,
    row,
    styled,
    wrap,
    zone_style,
)
from quota_tui.ui.view import View

_COLOURS = {
    JobState.WAITING: ZoneName.MODERATE,
    JobState.MISSED: ZoneName.DANGER,
    JobState.FAILED: ZoneName.CRITICAL,
    JobState.STARTED: ZoneName.EXCELLENT,
}


def state_style(job: Job) -> str:
    """The colour of its state: exceptions stand out, a quiet wait does not."""
    return zone_style(_COLOURS.get(job.state, ZoneName.GOOD), strong=True)


def head_row(view: View, job: Job, width: int) -> Row:
    """`● SCHEDULED    18:45 · in 1h 11m`."""
    mark = row((f"{state_glyph(job, view.face)} {state_word(job)}", state_style(job)))
    pairs = [(mark, row((each, PLAIN))) for each in when_words(job, view.now, view.face)]
    return first_spread(width, [*pairs, (mark, ())])


def job_rows(
    view: View, job: Job, width: int, window_tokens: int | None, *, in_full: bool = False
) -> list[Rank]:
    """One job; what is wrong goes last. `in_full` leaves out what a screen of its own tells elsewhere."""
    face, now = view.face, view.now
    ranked: list[Rank] = [(0, head_row(view, job, width))]
    ranked.append((2, chain(width, styled(what_words(job, face), PLAIN))))
    alarm = mismatch_words(job, face)
    ranked += [(1, line) for line in wrap(alarm, width, ALARM, face, most=2)]
    if job.reason:
        ranked += [(1, line) for line in wrap(clean(job.reason, face), width, PLAIN, face, most=3)]
    ranked += [(3, line) for line in handoff_rows(job, width, face, window_tokens)]
    if job.state in ARMED:
        said = scheduler_words(job, now, face, job.survives)
        ranked += [(4, line) for line in wrap(said[0], width, MUTED, face, most=3)]
    if job.log and job.log[-1].text != job.reason and not in_full:
        ranked += [(5, line) for line in wrap(log_words(job.log[-1], now, face), width, MUTED, face, most=2)]
    return [(rank, line) for rank, line in ranked if line]


def handoff_rows(job: Job, width: int, face: Face, window_tokens: int | None) -> list[Row]:
    """The handoff and what it may take, on one row where that fits."""
    *joint, file = handoff_words(job, face, window_tokens)
    amounts = amount_words(job, face, window_tokens)
    together = chain(width, styled(joint, MUTED))
    if together or not amounts:
        return [together or chain(width, styled((file,), MUTED))]
    return [chain(width, styled((file,), MUTED)), chain(width, styled(amounts, MUTED))]


def rows(view: View, snapshot: Snapshot, width: int, height: int) -> list[Row]:
    """The next session, then one row for each other one; the key that arranges one while there is none."""
    key, plan_key = view.keys.get("automation", "a"), view.keys.get("plan", "p")
    promise = f"{plan_key} plans the next session and says when it starts"
    if not snapshot.automation.jobs:
        said_none = wrap(NOTHING_SCHEDULED.capitalize(), width, PLAIN, view.face, most=1)
        ranked: list[Rank] = [(0, line) for line in said_none]
        ranked += [(3, line) for line in wrap(promise, width, MUTED, view.face, most=2)]
        return fit_height(ranked, height)
    first, *others = snapshot.automation.jobs
    ranked = job_rows(view, first, width, snapshot.five_hour.limit_tokens)
    if first.state in ASKS:
        asked = f"{key}: start it now, at another time, or not"
        ranked += [(2, line) for line in wrap(asked, width, PLAIN, view.face, most=2)]
    elif first.state not in OPEN:
        ranked += [(6, line) for line in wrap(promise, width, MUTED, view.face, most=2)]
    for at, job in enumerate(others):
        said = head_words(job, view.now, view.face)
        ranked.append(
            (min(9, 6 + at), chain(width, styled(said, state_style(job) if job.state in ASKS else MUTED)))
        )
    return fit_height(ranked, height)


def is_wrong(snapshot: Snapshot) -> bool:
    """Whether the next session needs the person."""
    jobs = snapshot.automation.jobs
    return bool(jobs) and bool(jobs[0].mismatch or jobs[0].state in ASKS)


def work_words(view: View, snapshot: Snapshot) -> tuple[Row, ...]:
    """For a row that tells of many things: `● SCHEDULED  18:45 · in 1h 11m · api`, and shorter."""
    if not snapshot.automation.jobs:
        return (row((NOTHING_SCHEDULED, MUTED)),)
    style = ALARM if is_wrong(snapshot) else MUTED
    return tuple(styled(head_words(snapshot.automation.jobs[0], view.now, view.face), style))
