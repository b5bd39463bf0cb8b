"""`usage`: every grouping, every kind of day, and totals that are the sums of their rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quota_tui.monitor.rows import GROUPINGS
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.monitor.rig import history_calls, json_of, quota, settings_file, tell

FIELDS = [
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
    "total_tokens",
    "cost_usd",
    "calls",
]
MORE = ["active_minutes", "first_at", "last_at"]


def calls_at(home: Path, *instants: str, **fields: Any) -> None:
    """A call at each instant (ISO 8601)."""
    lines = [
        line(f"m{i}", f"r{i}", at=datetime.fromisoformat(instant), **fields)
        for i, instant in enumerate(instants)
    ]
    write_transcript(home, lines)


def rows(*args: str, **env: str) -> list[tuple[str, int]]:
    return [(row["key"], row["calls"]) for row in json_of("usage", *args, **env)["rows"]]


@pytest.mark.parametrize("by", GROUPINGS)
def test_fields_and_totals_of_every_grouping(home: Path, by: str) -> None:
    write_transcript(
        home,
        [
            line(
                f"m{i}",
                f"r{i}",
                at=NOW - timedelta(hours=7 * i),
                tokens=(1, 10 * i, 3, 4),
                model=model,
                session=f"s{i % 3}",
                cwd=f"/p{i % 2}",
            )
            for i, model in enumerate(["claude-opus-5-5", "claude-sonnet-4-5", "claude-haiku-5-5"] * 5)
        ],
    )
    found = json_of("usage", "--by", by)
    assert list(found) == ["by", "totals", "rows"]
    assert list(found["totals"]) == FIELDS
    assert all(list(row) == ["key", *FIELDS, *MORE] for row in found["rows"])
    assert len({row["key"] for row in found["rows"]}) == len(found["rows"])
    for name in FIELDS:
        assert found["totals"][name] == pytest.approx(sum(row[name] for row in found["rows"]), abs=1e-5)
    for row in [found["totals"], *found["rows"]]:
        assert row["total_tokens"] == row["input_tokens"] + row["output_tokens"] + row["cache_write_tokens"]
    assert found["totals"]["calls"] == 15
    assert found["totals"]["output_tokens"] == sum(10 * i for i in range(15))
    assert sum(row["active_minutes"] for row in found["rows"]) == 15


def test_all_groupings_agree_on_any_range(home: Path) -> None:
    calls_at(home, *[(NOW - timedelta(minutes=11 * i, seconds=7 * i)).isoformat() for i in range(200)])
    for since, until in [
        ("2026-11-20T03:07:11Z", "2026-11-20T14:52:03.500Z"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-19T23:59:59.999Z", "2026-11-20"),
    ]:
        found = [
            json_of("usage", "--by", by, "--since", since, "--until", until)["totals"] for by in GROUPINGS
        ]
        assert all(totals == pytest.approx(found[0]) for totals in found)
        assert found[0]["calls"] > 20


def test_the_table_for_people(home: Path) -> None:
    calls_at(home, "2026-11-19T10:00Z", "2026-11-20T10:00Z", tokens=(1000, 2000, 30, 4_000_000))
    lines = quota("usage").stdout.splitlines()
    assert lines[0].split("  ")[0] == "day"
    assert [cells.split()[0] for cells in lines[2:4]] == ["2026-11-19", "2026-11-20"]
    assert lines[-1].split() == ["total", "6,060", "2,000", "4,000", "60", "8,000,000", "$2.47", "2"]


def test_a_home_where_nothing_is(home: Path) -> None:
    assert quota("usage").stdout == "no use in that range\n"
    found = json_of("usage")
    assert found["rows"] == []
    assert set(found["totals"].values()) == {0}


# -- ranges


def test_since_and_until(home: Path) -> None:
    calls_at(home, *[f"2026-11-{day:02}T12:00Z" for day in range(1, 11)])
    assert len(rows("--since", "2026-11-04")) == 7
    assert len(rows("--until", "2026-11-04")) == 4  # a day is included
    assert len(rows("--until", "2026-11-04T12:00Z")) == 3  # an instant is not
    assert len(rows("--since", "2026-11-04T12:00:00+00:00", "--until", "2026-11-04T12:00:00.001Z")) == 1
    assert len(rows("--since", "2026-11-04T17:30", "--timezone", "Asia/Kolkata")) == 7
    assert len(rows("--since", "2026-11-04T17:31", "--timezone", "Asia/Kolkata")) == 6
    assert rows("--since", "2026-11-05", "--until", "2026-11-04") == []
    assert rows("--since", "0001-01-01", "--until", "9998-12-31", "--by", "month") == [("2026-11", 10)]


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--since", "yesterday"),
        ("--until", "2026-13-01"),
        ("--since", ""),
        ("--until", "9999-12-31"),
        ("--since", "2026-11-20T25:00"),
    ],
)
def test_a_range_that_is_none_is_a_usage_error(home: Path, option: str, text: str) -> None:
    result = quota("usage", option, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert option in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../../etc/passwd", "Europe", "", "\x01"])
def test_a_zone_that_is_none_is_a_usage_error(home: Path, zone: str) -> None:
    result = quota("usage", "--timezone", zone)
    if zone:
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    else:
        assert result.exit_code == 0  # not named: this machine's own


@pytest.mark.parametrize("by", ["hour", "", "DAY"])
def test_a_grouping_that_is_none_is_a_usage_error(home: Path, by: str) -> None:
    assert quota("usage", "--by", by).exit_code == 2


def test_the_zone_of_the_settings(home: Path) -> None:
    calls_at(home, "2026-11-20T19:00Z")
    settings_file('[display]\ntimezone = "Asia/Kolkata"\n')
    assert rows("--by", "day") == [("2026-11-21", 1)]
    assert rows("--by", "day", "--timezone", "UTC") == [("2026-11-20", 1)]
    assert rows("--by", "day", TZ="Europe/Berlin") == [("2026-11-21", 1)]


def test_the_zone_of_this_machine(home: Path) -> None:
    calls_at(home, "2026-11-20T23:30Z")
    assert rows("--by", "day", TZ="Europe/Berlin") == [("2026-11-21", 1)]


# -- windows


def test_windows_without_a_reading_begin_with_their_first_call(home: Path) -> None:
    calls_at(home, "2026-11-20T06:10Z", "2026-11-20T11:09:59Z", "2026-11-20T11:10:00Z", "2026-11-20T15:00Z")
    found = json_of("usage", "--by", "window")["rows"]
    assert [(row["key"], row["calls"]) for row in found] == [
        ("2026-11-20T06:10:00+00:00", 2),
        ("2026-11-20T11:10:00+00:00", 2),
    ]
    assert found[0]["first_at"] == "2026-11-20T06:10:00+00:00"
    assert found[0]["last_at"] == "2026-11-20T11:10:00+00:00"
    assert [row["active_minutes"] for row in found] == [2, 2]


def test_windows_of_readings_and_not_of_readings_that_cannot_be_true(home: Path) -> None:
    calls_at(home, *[f"2026-11-20T{hour:02}:30Z" for hour in range(6, 16)])
    tell(50, at=NOW - timedelta(hours=5), resets_at=NOW - timedelta(hours=4))
    tell(20, at=NOW - timedelta(hours=10), resets_at=NOW - timedelta(hours=2), session="from another world")
    keys = [key for key, _ in rows("--by", "window")]
    assert "2026-11-20T07:00:00+00:00" in keys
    assert keys[-1] == "2026-11-20T12:30:00+00:00"


def test_a_window_shows_only_what_was_asked_for(home: Path) -> None:
    calls_at(home, "2026-11-19T22:00Z", "2026-11-20T01:00Z")
    assert rows("--by", "window", "--since", "2026-11-20") == [("2026-11-19T22:00:00+00:00", 1)]
    assert json_of("usage", "--by", "window", "--since", "2026-11-20")["totals"]["calls"] == 1


# -- more


def test_history_outlives_transcripts(home: Path) -> None:
    calls_at(home, "2026-11-20T10:00Z")
    assert rows() == [("2026-11-20", 1)]
    for path in (home / ".claude").rglob("*.jsonl"):
        path.unlink()
    assert rows() == [("2026-11-20", 1)]


def test_prices_of_the_settings_reach_calls_already_known(home: Path) -> None:
    calls_at(home, "2026-11-20T10:00Z", tokens=(0, 1_000_000, 0, 0))
    assert json_of("usage")["totals"]["cost_usd"] == 15.0
    settings_file('[prices."claude-sonnet-4-5"]\noutput = 20.0\n')
    for by in GROUPINGS:
        assert json_of("usage", "--by", by)["totals"]["cost_usd"] == 20.0
    settings_file("")
    assert json_of("usage", "--by", "model")["totals"]["cost_usd"] == 15.0
    assert history_calls() == 1


def test_unreadable_folders_are_told_and_the_rest_is_counted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls_at(home, "2026-11-20T10:00Z")
    secret = home / ".claude" / "projects" / "-secret"
    secret.mkdir()
    real_scandir = __import__("os").scandir

    def scandir(path: str) -> object:
        if str(path) == str(secret):
            raise PermissionError(13, "Permission denied", path)
        return real_scandir(path)

    monkeypatch.setattr("quota_tui.sources.discover.os.scandir", scandir)
    result = quota("usage", "--json")
    assert result.exit_code == 0
    assert '"calls": 1' in result.stdout
    assert str(secret) in result.stderr
    assert "Permission denied" in result.stderr
