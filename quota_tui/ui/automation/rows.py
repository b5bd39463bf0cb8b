"""The rows of the automation screen: all sessions, and the marked one in full."""

from __future__ import annotations

from collections.abc import Sequence

from quota_tui.core.jobs.job import ASKS, Job
from quota_tui.core.jobs.words import head_words, log_words
from quota_tui.core.phrases import NOTHING_SCHEDULED
from quota_tui.core.words import clean, project_name
from quota_tui.ui.panes.automation import job_rows, state_style
from quota_tui.ui.rows import BOLD, FAINT, MUTED, PLAIN, Row, as_face, chain, row, styled, wrap
from quota_tui.ui.view import View


def list_rows(view: View, jobs: Sequence[Job], marked: str, width: int) -> list[Row]:
    """A row for each session, the marked one with a mark."""
    made = []
    for job in jobs:
        here = job.id == marked
        style = state_style(job) if here or job.state in ASKS else PLAIN
        said = chain(width - 2, styled(head_words(job, view.now, view.face), style))
        made.append(row(("▸ " if here else "  ", MUTED), *said))
    return made


def detail_rows(view: View, job: Job, width: int, window_tokens: int | None) -> list[Row]:
    """What there is to know of one session, then what happened to it lately."""
    made = [line for _, line in job_rows(view, job, width, window_tokens, in_full=True)]
    pairs = (
        *((("title", job.title),) if job.title else ()),
        ("folder", project_name(job.project, view.face)),
        ("terminal", job.terminal),
        ("model", job.model or "the client's own choice"),
        ("permissions", job.permission_mode or "the client's own default"),
        ("handoff", project_name(job.handoff, view.face)),
    )
    made.append(())
    for name, value in pairs:
        lines = wrap(clean(value, view.face), width - 13, PLAIN, view.face, most=3)
        heads = [(f"{name:<13}", MUTED), *((" " * 13, MUTED) for _ in lines[1:])]
        made += [row(head, *line) for head, line in zip(heads, lines, strict=False)]
    made += [(), row(("What happened", BOLD))]
    for entry in job.log:
        made += wrap(log_words(entry, view.now, view.face), width, MUTED, view.face, most=3)
    return made


def empty_rows(view: View, latest: str, width: int) -> list[Row]:
    """Nothing is arranged: what can be done."""
    made = wrap(f"{NOTHING_SCHEDULED.capitalize()}.", width, BOLD, view.face)
    if latest:
        said = f"{view.keys.get('automation.new', 'n')} arranges the last handoff: {clean(latest, view.face)}"
        made += wrap(said, width, PLAIN, view.face, most=3)
    made += wrap("Plan the next session, and it is arranged as you choose there.", width, MUTED, view.face)
    return made


def page(view: View, jobs: Sequence[Job], marked: Job | None, latest: str, width: int) -> list[Row]:
    """The whole page."""
    if view.snapshot is None or marked is None:
        return as_face(empty_rows(view, latest, width), view.face)
    made = list_rows(view, jobs, marked.id, width) if len(jobs) > 1 else []
    if made:
        made.append(row(("─" * width, FAINT)))
    made += detail_rows(view, marked, width, view.snapshot.five_hour.limit_tokens)
    return as_face(made, view.face)
