"""What a status line says goes into the journal, when it can be true."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from quota_tui.monitor.record import keep_readings
from quota_tui.sources.statusline import parse_status_line
from quota_tui.store.journal import Journal

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
GOOD = {"used_percentage": 41, "resets_at": int((AT + timedelta(hours=2)).timestamp())}


@pytest.mark.parametrize(
    ("limits", "kept", "refused"),
    [
        ({"five_hour": GOOD}, [41.0], 0),
        (
            {"five_hour": {**GOOD, "used_percentage": 100.6}, "seven_day": {**GOOD, "used_percentage": 12.5}},
            [100.0, 12.5],
            0,
        ),
        ({"five_hour": {**GOOD, "used_percentage": GOOD["resets_at"]}}, [], 1),
        (
            {
                "five_hour": {**GOOD, "resets_at": int((AT - timedelta(hours=1)).timestamp())},
                "seven_day": GOOD,
            },
            [41.0],
            1,
        ),
        ({"five_hour": "none", "seven_week": GOOD}, [], 2),
    ],
)
def test_what_can_be_true_is_kept_and_the_rest_remembered(
    limits: dict[str, object], kept: list[float], refused: int
) -> None:
    told = parse_status_line(json.dumps({"session_id": "s1", "rate_limits": limits}).encode())
    journal = Journal(None)
    keep_readings(journal, told.readings(AT), "status line", AT, told.notes)
    assert [reading.used_pct for reading in journal.readings(EVER)] == kept
    assert len(journal.refused()) == refused
    journal.close()
