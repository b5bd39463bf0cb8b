"""Clocks that jump, calls of the future, files that change while they are read."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quota_tui.config import Quota, Settings
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import (
    known,
    monitor,
    quota,
    shown,
    tell,
    work,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIMIT = Settings(quota=Quota(limit_tokens=200_000))


# -- clocks


@pytest.mark.parametrize("reported", [True, False])
@pytest.mark.parametrize("back", [timedelta(minutes=59), HOUR, timedelta(minutes=90)])
def test_a_clock_that_goes_back_takes_nothing_away(home: Path, reported: bool, back: timedelta) -> None:
    path = work(home, hours=2.5)
    if reported:
        tell(81)
    with monitor(NOW, LIMIT) as running:
        before = running.collect(NOW)
        assert before.alerts
        now = NOW - back
        for minute in range(0, 130, 10):
            if minute == 60:
                append(path, line("n", "n", at=now + minute * MINUTE, tokens=(1, 500, 0, 0)) + "\n")
            after = running.collect(now + minute * MINUTE, rescan=True)
            assert after.five_hour.used_tokens >= before.five_hour.used_tokens
            assert after.five_hour.used_pct is not None
            assert after.five_hour.used_pct >= (before.five_hour.used_pct or 0) - 0.01
            fired = [alert.threshold_pct for alert in after.alerts]
            assert len(fired) == len(set(fired))
            assert fired == [alert.threshold_pct for alert in before.alerts]
            with monitor(now, LIMIT) as fresh:
                assert known(fresh.collect(now + minute * MINUTE)) == pytest.approx(known(after))


def test_a_clock_that_goes_forward_and_back_again(home: Path) -> None:
    work(home)
    tell(62.5)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
        running.collect(NOW + timedelta(days=40), alerts=False)
        assert shown(running.collect(NOW, alerts=False)) == shown(before)


def test_calls_dated_in_the_future_are_not_now(home: Path) -> None:
    path = work(home)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
        for i, at in enumerate(
            [NOW + 3 * HOUR, NOW + timedelta(days=400), datetime(2099, 12, 31, tzinfo=UTC)]
        ):
            append(path, line(f"f{i}", "r", at=at, tokens=(1, 10**6, 0, 0)) + "\n")
        after = running.collect(NOW, rescan=True, alerts=False)
    assert after.five_hour.used_tokens == before.five_hour.used_tokens
    assert after.burn == before.burn
    assert after.sources.data_at == before.sources.data_at
    assert after.sources.calls == 63
    assert quota("usage", "--by", "day").exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999Z",
        "9999-12-31T23:59:59-14:00",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_lines_that_no_call_can_have_made_are_skipped_with_their_number(home: Path, text: str) -> None:
    path = write_transcript(home, [line(at=NOW), line("m2", "r2", timestamp=text), line("m3", "r3", at=NOW)])
    with monitor() as running:
        found = running.collect(NOW)
        (file,) = running.stores.index.with_notes()
        assert file.path == str(path)
        assert b"timestamp" in (file.notes or b"")
    assert (found.sources.calls, found.sources.lines_skipped) == (2, 1)
    for by in ("day", "month", "window", "session"):
        assert quota("usage", "--by", by, "--timezone", "Pacific/Kiritimati").exit_code == 0


# -- files that change under our hands


def test_a_file_that_shrinks_while_it_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_transcript(home, [line(f"m{i}", "r", at=NOW) for i in range(40)])
    monkeypatch.setattr("quota_tui.sources.reading.BLOCK", 2000)
    reads: list[int] = []
    real = os.read

    def read(fd: int, size: int) -> bytes:
        reads.append(size)
        if len(reads) == 3:
            os.truncate(path, 3000)
        return real(fd, size)

    with monitor() as running:
        monkeypatch.setattr("quota_tui.sources.reading.os.read", read)
        first = running.collect(NOW)
        assert 0 < first.sources.calls < 40
        monkeypatch.undo()
        monkeypatch.setenv("HOME", str(home))
        path.write_text("".join(line(f"m{i}", "r", at=NOW) + "\n" for i in range(50)))
        assert running.collect(NOW + MINUTE, rescan=True).sources.calls == 50


def test_a_file_that_vanishes_between_the_look_and_the_reading(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(home)
    gone = work(home, name="s2")
    real = open

    def vanish(path: Any, *args: Any, **kwargs: Any) -> Any:
        if path == str(gone):
            gone.unlink(missing_ok=True)
        return real(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", vanish)
    with monitor() as running:
        assert running.collect(NOW).sources.calls == 60
        assert running.collect(NOW + MINUTE, rescan=True).sources.notices == ()


def test_an_unreadable_file_is_told_and_the_rest_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work(home)
    secret = work(home, name="s2")
    real = open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if path == str(secret):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", refuse)
    with monitor() as running:
        found = running.collect(NOW)
        assert found.sources.calls == 60
        assert found.sources.notices == (
            f"{secret}: cannot be read (Permission denied); check its permissions",
        )
        monkeypatch.undo()
        monkeypatch.setenv("HOME", str(home))
        found = running.collect(NOW + MINUTE, rescan=True)
        assert (found.sources.calls, found.sources.notices) == (120, ())
