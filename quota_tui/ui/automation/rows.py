"""The rows of the automation screen: all sessions, and the marked one in full."""

from __future__ import annotations

from collections.abc import Sequence

from quota_tui.core.jobs.job import ARMED, ASKS, OPEN, Job
from quota_tui.core.jobs.words import head_words, log_words
from quota_tui.core.phrases import NOTHING_SCHEDULED
from quota_tui.core.words import clean, moment, project_name
from quota_tui.handing.form import Latest
from quota_tui.ui.panes.automation import job_rows, state_style
from quota_tui.ui.plan.page import wrap_whole
from quota_tui.ui.rows import BOLD, FAINT, MUTED, PLAIN, Row, as_face, chain, row, styled, wrap
from quota_tui.ui.view import View

READING = "reading …"
_NAME_WIDTH = 13


def list_rows(view: View, jobs: Sequence[Job], marked: str, width: int) -> list[Row]:
    """A row for each session, the marked one with a mark."""
    made = []
    for job in jobs:
        here = job.id == marked
        style = state_style(job) if here or job.state in ASKS else PLAIN
        said = chain(width - 2, styled(head_words(job, view.now, view.face), style))
        made.append(row(("▸ " if here else "  ", MUTED), *said))
    return made


def _facts(view: View, job: Job) -> list[tuple[str, str]]:
    """What the pane has no room for."""
    is_auto = job.terminal in {"", "auto"}
    found = [
        ("title", job.title),
        ("folder", project_name(job.project, view.face)),
        ("handoff", project_name(job.handoff, view.face)),
        ("terminal", "the one it was arranged in, else another" if is_auto else job.terminal),
        ("model", job.model or "the client's own choice"),
        ("permissions", job.permission_mode or "the client's own default"),
        ("no later than", moment(job.deadline, view.now, view.face) if job.state in ARMED else ""),
    ]
    return [(name, value) for name, value in found if value]


def detail_rows(
    view: View, job: Job, width: int, window_tokens: int | None, *, headed: bool = True
) -> list[Row]:
    """What there is to know of one session, then what happened to it lately.

    Not `headed`: its first row is in sight already.
    """
    face = view.face
    made: list[Row] = [line for _, line in job_rows(view, job, width, window_tokens, in_full=True)]
    made = made if headed else made[1:]
    if job.how:
        made += wrap_whole(clean(job.how, face), width, PLAIN, face, most=3)
    made.append(())
    for name, value in _facts(view, job):
        lines = wrap_whole(clean(value, face), width - _NAME_WIDTH - 1, PLAIN, face, most=6)
        heads = [(f"{name:<{_NAME_WIDTH}} ", MUTED), *((" " * (_NAME_WIDTH + 1), MUTED) for _ in lines[1:])]
        made += [row(head, *line) for head, line in zip(heads, lines, strict=False)]
    made += [(), row(("What happened", BOLD))]
    for entry in job.log:
        made += wrap(log_words(entry, view.now, face), width, MUTED, face, most=3)
    return made


def offer_rows(view: View, latest: Latest | None, width: int) -> list[Row]:
    """What can be done where nothing is to come."""
    made: list[Row] = []
    if latest is not None:
        said = f"{view.keys.get('automation.new', 'n')} arranges the last handoff: {latest.title}"
        made += wrap(clean(said, view.face), width, PLAIN, view.face, most=3)
    plan = view.keys.get("automation.plan", "p")
    made += wrap(f"{plan} plans the next session and says when it starts", width, MUTED, view.face)
    return made


def page(view: View, jobs: Sequence[Job], marked: Job | None, latest: Latest | None, width: int) -> list[Row]:
    """The whole page. `latest` is the handoff that may be arranged."""
    if view.snapshot is None:
        return as_face([row((READING, MUTED))], view.face)
    if marked is None:
        said = wrap(f"{NOTHING_SCHEDULED.capitalize()}.", width, BOLD, view.face)
        return as_face([*said, *offer_rows(view, latest, width)], view.face)
    listed = list_rows(view, jobs, marked.id, width) if len(jobs) > 1 else []
    made = [*listed]
    if listed:
        made.append(row((("-" if view.face.ascii else "─") * width, FAINT)))
    window_tokens = view.snapshot.five_hour.limit_tokens
    made += detail_rows(view, marked, width, window_tokens, headed=not listed)
    if not any(job.state in OPEN | ASKS for job in jobs):
        made += [(), *offer_rows(view, latest, width)]
    return as_face(made, view.face)
