from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from quota_tui.ui.ticks import SLACK_S, is_due, seconds_to_next
from tests.ui.invent import NOW, RESET, arranged, job, working
from tests.ui.scenes import fresh, nothing


def quiet(snapshot):
    """All data older than a minute."""
    old = NOW - timedelta(minutes=5)
    windows = [
        msgspec.structs.replace(each, as_of=old, reading_at=old)
        for each in (snapshot.five_hour, snapshot.weekly, *snapshot.model_windows)
    ]
    return msgspec.structs.replace(
        snapshot,
        five_hour=windows[0],
        weekly=windows[1],
        model_windows=tuple(windows[2:]),
        sources=msgspec.structs.replace(snapshot.sources, data_at=old),
        automation=arranged(),
    )


def test_the_last_hour_before_a_session_starts_is_counted_in_seconds():
    scene = msgspec.structs.replace(quiet(working()), automation=arranged(job()))
    now = RESET - timedelta(minutes=50, seconds=30.4)
    scene = msgspec.structs.replace(scene, five_hour=msgspec.structs.replace(scene.five_hour, resets_at=None))
    assert seconds_to_next(scene, now) == pytest.approx(0.4 + SLACK_S)


@pytest.mark.parametrize(
    ("scene", "now", "seconds"),
    [
        (None, NOW, 50.0),
        (quiet(working()), NOW, 50.0),
        (working(), NOW, 5.0),
        (working(), NOW + timedelta(seconds=2), 3.0),
        (quiet(working()), RESET - timedelta(minutes=59, seconds=30.4), 0.4),
        (quiet(working()), RESET + timedelta(seconds=1), 59.0),
        (nothing(), NOW, 50.0),
    ],
)
def test_the_screen_is_looked_at_as_seldom_as_it_allows(scene, now, seconds):
    assert seconds_to_next(scene, now) == pytest.approx(seconds + SLACK_S)


def test_a_weekly_reset_counts_down_too():
    soon = msgspec.structs.replace(working().weekly, resets_at=NOW + timedelta(minutes=30))
    snapshot = quiet(msgspec.structs.replace(fresh(), weekly=soon))
    assert seconds_to_next(snapshot, NOW) == pytest.approx(1.0 + SLACK_S)


@pytest.mark.parametrize(
    ("tried", "now", "poll_s", "due"),
    [
        (NOW, NOW + timedelta(seconds=40), None, False),
        (NOW, NOW + timedelta(seconds=50), None, True),
        (NOW, NOW - timedelta(hours=1), None, True),
        (NOW, NOW + timedelta(seconds=9), 10.0, False),
        (NOW, NOW + timedelta(seconds=10), 10.0, True),
        (RESET - timedelta(milliseconds=500), RESET, None, True),
    ],
)
def test_when_to_read_again(tried, now, poll_s, due):
    assert is_due(tried, working(), now, poll_s) is due
    assert is_due(tried, None, NOW, None) is (tried.minute != NOW.minute)


def test_a_reset_within_the_minute_makes_a_reading_due():
    half = NOW.replace(second=30)
    snapshot = working()
    snapshot = msgspec.structs.replace(
        snapshot, five_hour=msgspec.structs.replace(snapshot.five_hour, resets_at=half)
    )
    assert is_due(NOW, snapshot, half, None)
    assert not is_due(NOW, snapshot, half - timedelta(seconds=1), None)
    assert not is_due(half, snapshot, half + timedelta(seconds=1), None)
