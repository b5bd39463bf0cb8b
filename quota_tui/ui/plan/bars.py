"""The rows around the form: its title with the quota, and the row that says what is going on."""

from __future__ import annotations

from datetime import datetime

from quota_tui.core.planform import Spot
from quota_tui.core.planstart import start_words, verdict, window_words
from quota_tui.core.words import Face, cells, clean, clip, in_face, moment, pct, project_name
from quota_tui.handing.form import Facts
from quota_tui.ui.plan.sheet import Sheet
from quota_tui.ui.rows import ALARM, BOLD, MUTED, PLAIN, Row, chain, first_spread, row, styled

TITLE = "Plan the next session"
ROOMY = 60


def head_row(facts: Facts | None, project: str, now: datetime, face: Face, width: int) -> Row:
    """`Plan the next session · ~/code/api        81 % used · resets 18:40 · next window ≈200k (181–222k)`."""
    title = row((f" {TITLE}", BOLD))
    if facts is None:
        return title
    used = "" if facts.used_pct is None else f"{'≈' * facts.used_is_estimate}{pct(facts.used_pct)}"
    resets = f"resets {moment(facts.resets_at, now, face)}" if facts.resets_at else ""
    window = [f"next window {words}" for words in window_words(facts.next_window)]
    items = [
        styled(([f"{used} used"] if width >= ROOMY else []) + [used] if used else [], PLAIN),
        styled([resets] if resets else [], PLAIN),
        styled(window, PLAIN),
    ]
    named = row((f" · {clip(project_name(project, face), 40, face)}", MUTED)) if project else ()
    room = width - 1
    full = chain(room, *items)
    tight = [chain(size, *items) for size in (room - len(TITLE) - 3, room - 10)]
    ends = (*full, (" ", PLAIN))
    short = row((" Plan", BOLD))
    return first_spread(
        width,
        [
            ((*title, *named), ends),
            (title, ends),
            (title, (*tight[0], (" ", PLAIN))),
            (short, (*tight[1], (" ", PLAIN))),
            (title, ()),
            (short, ()),
        ],
    )


def status_row(
    sheet: Sheet, facts: Facts, now: datetime, face: Face, told: tuple[str, bool], width: int
) -> Row:
    """What is wrong, else what was told last, else how the spot at the cursor is understood."""
    words, alarm = told
    if sheet.problem:
        said, style = [sheet.problem], "bold $zone-moderate"
    elif words:
        said, style = [words], ALARM if alarm else MUTED
    else:
        said, style = _about(sheet.cursor, sheet, facts, now, face), MUTED
    fitting = [text for text in said if cells(text) <= width - 2] or said[-1:] or [""]
    return row((f" {clip(clean(in_face(fitting[0], face), face), width - 2, face)}", style))


def _about(spot: Spot, sheet: Sheet, facts: Facts, now: datetime, face: Face) -> list[str]:
    """Alternatives, longest first."""
    if spot.field == "start":
        return [start_words(sheet.handoff.start, facts.resets_at, now, face)]
    if spot.part == "tokens":
        return ["tokens it will take: 15k, 15000 or 9-24k"]
    if spot.field == "objectives" and spot.part == "add":
        return [
            "what the next session should do; an estimate may follow: ≈15k",
            "what to do next, as in: Fix it ≈15k",
        ]
    if spot.field == "failed" and spot.part == "add":
        return [
            "what was tried and did not work: the next session will not try it again",
            "what did not work",
        ]
    if spot.field == "agent" and facts.agents:
        return ["agents here: " + ", ".join(facts.agents)]
    said = verdict(sheet.handoff.objectives, facts.next_window)
    return [f"{amount} · {words}" for amount in said.amount for words in said.words]
