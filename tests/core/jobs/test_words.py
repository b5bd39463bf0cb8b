from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from quota_tui.core.jobs import words
from quota_tui.core.jobs.job import AT_WORK, JobState, LogLine
from quota_tui.core.words import Face, cells
from tests.core.jobs.kit import DUE, NOW, H, M, a_job

FACE = Face(zone=ZoneInfo("UTC"), home="/home/ada")
ASCII = Face(zone=ZoneInfo("UTC"), ascii=True)


def test_the_pane_of_a_scheduled_job():
    job = a_job(
        agent="implementation-agent",
        scheduler="systemd",
        estimate_tokens=45_000,
        estimate_low=30_000,
        estimate_high=60_000,
    )
    assert words.job_lines(job, NOW, FACE, survives="survives logout and reboot", window_tokens=200_000) == [
        "● SCHEDULED  18:45 · in 1h 11m",
        "api · implementation-agent",
        "handoff-20261120-1731.md · ≈45k (30k–60k) · 22 % of a window",
        "systemd: survives logout and reboot; notice at 18:40",
        "17:34  scheduled",
    ]
    assert words.head_words(job, NOW, FACE) == (
        "● SCHEDULED  18:45 · in 1h 11m · api",
        "● SCHEDULED  18:45 · in 1h 11m",
        "● SCHEDULED 18:45",
        "● SCHEDULED",
    )
    assert words.short_words(job, NOW, FACE) == ("next 18:45",)
    assert words.armed_words(job, NOW, FACE, "safe to close") == (
        "starts 18:45 · handoff-20261120-1731.md · safe to close"
    )


def test_a_day_is_told_where_the_clock_is_not_enough():
    job = a_job(launch_at=DUE + 60 * H)
    assert words.when_words(job, NOW, FACE) == ("Mon 06:45 · in 2d 13h", "Mon 06:45")
    assert words.when_words(a_job(), DUE, FACE)[0] == "18:45 · due"


def test_waiting_tells_why_and_missed_what_to_do():
    job = a_job(
        state=JobState.WAITING, reason="≈12 % left: waiting for more", scheduler="at", mismatch="at lost it"
    )
    assert words.job_lines(job, NOW, FACE)[3:] == [
        "at; notice at 18:40",
        "▲ at lost it",
        "≈12 % left: waiting for more",
        "17:34  scheduled",
    ]
    gone = a_job(
        state=JobState.MISSED, reason="6 h late", log=(LogLine(DUE + 7 * H, JobState.MISSED, "6 h late"),)
    )
    assert words.job_lines(gone, DUE + 8 * H, FACE) == [
        "▲ MISSED  01:45",
        "api",
        "handoff-20261120-1731.md",
        "6 h late",
        "run it now, choose another time, or cancel it",
    ]
    assert words.short_words(gone, DUE, FACE)[0] == "next session MISSED"


def test_no_notice_is_promised_that_does_not_come():
    assert words.scheduler_words(a_job(scheduler="at"), DUE - M, FACE) == ("at", "at")
    kept = a_job(scheduler="at", survives="survives logout", state=JobState.STARTED)
    assert words.scheduler_words(kept, NOW, FACE)[0] == "at: survives logout"
    assert words.scheduler_words(a_job(notify_before_s=0), NOW, FACE, "x")[0] == "no scheduler: x"


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_a_word_a_glyph_and_a_notice(state):
    job = a_job(state=state, reason="because", how="tmux window 3", started_at=DUE)
    assert cells(words.state_glyph(job, FACE)) == 1
    assert words.state_glyph(job, ASCII).isascii()
    assert words.state_word(job).isupper()
    title, text = words.notice_words(job, NOW, FACE)
    assert title.startswith("api: ")
    assert text


def test_in_ascii_and_with_hostile_text():
    nasty = "\x1b[31mred\u202e'; touch pwned; '"
    job = a_job(
        state=JobState.WAITING, agent=nasty, title=nasty, reason=nasty, mismatch=nasty, scheduler=nasty,
        project=f"/home/{nasty}", handoff=f"/x/{nasty}.md", how=nasty, estimate_tokens=5,
        log=(LogLine(NOW, JobState.WAITING, nasty + "!"),),
    )  # fmt: skip
    said = "".join(
        [
            *words.job_lines(job, NOW, ASCII),
            *words.notice_words(job, NOW, ASCII),
            *words.head_words(job, NOW, ASCII),
        ]
    )
    assert said.isascii()
    assert said.isprintable()


def test_which_job_a_single_row_tells_of():
    later, soon = a_job(id="b", launch_at=DUE + H), a_job(id="a")
    asks = a_job(id="c", state=JobState.FAILED)
    history = [a_job(id="d", state=JobState.STARTED), a_job(id="e", state=JobState.CANCELLED)]
    assert words.main_job([]) is None
    assert words.main_job(history) is None
    assert words.main_job([*history, asks]) is asks
    assert words.main_job([*history, asks, later, soon]) is soon
    for state in AT_WORK:
        at_work = a_job(id="f", state=state, launch_at=DUE + 2 * H)
        assert words.main_job([soon, at_work, asks]) is at_work
