"""`check`: READY (0), WAITING (1), UNKNOWN (4), in every basis."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.core.readings import ReadingSource, WindowKind
from tests.conftest import NOW
from tests.monitor.rig import WEEK_RESET, quota, settings_file, tell, work

HOUR = timedelta(hours=1)


def check(*args: str) -> tuple[int, str]:
    result = quota("check", *args)
    assert result.stdout.count("\n") == 1
    return result.exit_code, result.stdout.strip()


def test_official(home: Path) -> None:
    tell(4)
    assert check() == (0, "READY 96 % of the five-hour window is left (official)")


def test_official_and_not_enough(home: Path) -> None:
    tell(62)
    assert check() == (1, "WAITING 38 % of the five-hour window is left (official); resets 18:00, in 2h 00m")


@pytest.mark.parametrize(("pct", "code"), [(10.0, 0), (10.01, 1), (9.99, 0), (100.0, 1), (0.0, 0)])
def test_ninety_per_cent_must_be_left(home: Path, pct: float, code: int) -> None:
    tell(pct)
    assert check()[0] == code


def test_how_much_must_be_left_can_be_set(home: Path) -> None:
    tell(62)
    assert check("--ready-pct", "38")[0] == 0
    assert check("--ready-pct", "39")[0] == 1
    settings_file("[quota]\nready_pct = 30\n")
    assert check()[0] == 0
    assert check("--ready-pct", "50")[0] == 1
    assert quota("check", "--ready-pct", "101").exit_code == 2


def test_fused(home: Path) -> None:
    work(home)
    tell(40, at=NOW - HOUR)
    code, text = check()
    assert code == 1
    assert text.startswith("WAITING ≈")
    assert "(fused)" in text


def test_limit_hit(home: Path) -> None:
    """A past hit says what 100 % cost; now there is a window without a reading."""
    work(home, hours=20, calls=200)
    tell(100, at=NOW - 12 * HOUR, resets_at=NOW - 11 * HOUR, source=ReadingSource.LIMIT_LINE)
    code, text = check()
    assert code == 1
    assert "(limit-hit)" in text


def test_configured(home: Path) -> None:
    work(home)
    settings_file("[quota]\nlimit_tokens = 10000000\n")
    code, text = check()
    assert (code, text.split(" (")[1]) == (0, "configured)")
    settings_file("[quota]\nlimit_tokens = 150000\n")
    code, text = check()
    assert code == 1
    assert "(configured); resets" in text


def test_guess(home: Path) -> None:
    work(home)
    settings_file('[quota]\nplan = "max5"\n')
    code, text = check()
    assert code == 1
    assert "≈" in text
    assert "(guess); resets" in text


def test_unknown(home: Path) -> None:
    assert check() == (4, "UNKNOWN no limit is known for the five-hour window (none)")
    work(home)
    assert check()[0] == 4


def test_no_window_is_open_after_a_reset(home: Path) -> None:
    """Nothing was used since: a new session finds a whole window, whatever the basis."""
    work(home, now=NOW - 6 * HOUR)
    tell(97, at=NOW - 6 * HOUR, resets_at=NOW - 4 * HOUR)
    code, text = check()
    assert code == 0
    assert text.startswith("READY ≈100 %")
    settings_file("[quota]\nlimit_tokens = 100000\n")
    assert check()[0] == 0


def test_no_window_is_open_and_only_the_user_knows_a_limit(home: Path) -> None:
    settings_file("[quota]\nlimit_tokens = 100000\n")
    assert check() == (0, "READY ≈100 % of the five-hour window is left (configured)")


def test_an_hour_after_the_reset_with_use_since(home: Path) -> None:
    work(home, hours=0.5)
    tell(97, at=NOW - 3 * HOUR, resets_at=NOW - HOUR)
    settings_file("[quota]\nlimit_tokens = 10000000\n")
    code, text = check()
    assert code == 0
    assert "≈" in text


def test_a_used_up_week_waits_for_the_week(home: Path) -> None:
    tell(0)
    tell(97, kind=WindowKind.WEEKLY)
    result = quota("check", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["word"], found["remaining_pct"]) == (1, "WAITING", 3)
    assert found["resets_at"] == WEEK_RESET.isoformat().replace("+00:00", "Z")


def test_json(home: Path) -> None:
    tell(62)
    result = quota("check", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "word": "WAITING",
        "why": "38 % of the five-hour window is left",
        "basis": "official",
        "remaining_pct": 38.0,
        "resets_at": "2026-11-20T18:00:00Z",
    }


def test_a_reset_on_another_day_is_told_with_its_day(home: Path) -> None:
    tell(97, kind=WindowKind.WEEKLY)
    tell(0)
    assert "Mon 16:00" in check()[1]


def test_the_same_again_costs_no_answer(home: Path) -> None:
    work(home)
    tell(62)
    assert check() == check()
