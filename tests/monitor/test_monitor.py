"""collect(now): the same whether one program watched all the time or has just begun, alone or not."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.config import Quota, Settings
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.snapshot import Basis, Snapshot
from quota_tui.monitor.monitor import SAFETY_RESCAN
from quota_tui.store.database import connect
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import REPO, WEEK_RESET, history_calls, monitor, paths, quota, readings, settings_file, tell, work

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIMIT = Settings(quota=Quota(limit_tokens=200_000))


def told(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without what is about the program that made it."""
    about = replace(snapshot.sources, notices=(), roots=(), transcripts=0)
    return flat(msgspec.to_builtins(replace(snapshot, sources=about)))


def known(snapshot: Snapshot) -> dict[str, Any]:
    """The same without what rests on the user's habits: those are looked at every few minutes only."""
    slow = ("forecast", "projected", "fits", "to_next", "advice")
    return {key: value for key, value in told(snapshot).items() if not any(word in key for word in slow)}


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Names to single values, so that a difference says what differs."""
    if isinstance(value, dict):
        return {key: each for inner in value for key, each in flat(value[inner], f"{name}.{inner}").items()}
    if isinstance(value, list | tuple):
        return {key: each for at, inner in enumerate(value) for key, each in flat(inner, f"{name}[{at}]").items()}
    return {name: value}


# -- one program, over time


def test_a_snapshot_of_a_working_day(home: Path) -> None:
    work(home)
    tell(50, at=NOW - HOUR)
    tell(62.5)
    with monitor() as running:
        found = running.collect(NOW)
    assert (found.five_hour.used_pct, found.five_hour.basis) == (62.5, Basis.OFFICIAL)
    assert found.five_hour.remaining_tokens is not None
    assert found.burn.tokens_per_min_now == pytest.approx(2040 / 3.5, rel=0.3)
    assert found.burn.pct_per_hour_now is not None
    assert [each.threshold_pct for each in found.forecast.thresholds] == [80, 90, 95, 100]
    assert [alert.threshold_pct for alert in found.alerts] == [50]
    assert found.sources.calls == 60
    assert [root.exists for root in found.sources.roots].count(True) == 1


kinds = st.sampled_from(["call", "call", "call", "reading", "late call", "limit", "wait", "elsewhere"])
steps = st.lists(st.tuples(kinds, st.integers(1, 90), st.integers(0, 4000)), min_size=1, max_size=10)


@settings(max_examples=12, deadline=None, phases=[Phase.generate, Phase.explicit, Phase.reuse])
@given(steps)
def test_watching_all_the_time_shows_what_a_fresh_look_shows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    home = tmp_path_factory.mktemp("h")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("TZ", "UTC")
        write_transcript(home, [line("m", "r", at=NOW - 26 * HOUR)])
        now = NOW - 24 * HOUR
        with monitor(now, LIMIT) as running:
            running.collect(now)
            for number, (kind, minutes, size) in enumerate(steps):
                now += minutes * MINUTE
                path = home / ".claude" / "projects" / "-home-dev-api" / f"s{size % 3}.jsonl"
                at = now - 9 * HOUR if kind == "late call" else now
                if "call" in kind:
                    append(path, line(f"m{number}", "r", at=at, tokens=(1, size, 5, 9), session=f"s{size % 3}") + "\n")
                elif kind == "reading":
                    tell(size % 101, at=now, resets_at=now + (size % 5) * HOUR + MINUTE)
                elif kind == "limit":
                    tell(100, at=now, resets_at=now + 2 * HOUR, source=ReadingSource.LIMIT_LINE)
                elif kind == "elsewhere":  # another program reads it before we look
                    append(path, line(f"e{number}", "r", at=at - 3 * HOUR, tokens=(1, size, 5, 9)) + "\n")
                    with monitor(now, LIMIT) as other:
                        other.collect(now, alerts=False)
                seen = running.collect(now, rescan=True, alerts=False)
                with monitor(now, LIMIT) as fresh:
                    assert known(fresh.collect(now, alerts=False)) == pytest.approx(known(seen))
                    assert fresh._learned.past_windows(now) == running._learned.past_windows(now)


def test_only_what_changed_is_read_until_everything_is_due(home: Path) -> None:
    path = work(home)
    with monitor() as running:
        running.collect(NOW)
        other = work(home, name="s2", calls=5)
        append(path, line("n", "n", at=NOW) + "\n")
        running.changes.add([str(path)])
        assert running.collect(NOW + timedelta(seconds=1)).sources.calls == 61
        assert running.collect(NOW + timedelta(seconds=2)).sources.calls == 61
        assert running.collect(NOW + SAFETY_RESCAN + timedelta(seconds=1)).sources.calls == 66
        other.unlink()
        running.changes.add((), everything=True)
        assert running.collect(NOW + SAFETY_RESCAN + timedelta(seconds=2)).sources.calls == 66


def test_not_scanning_reads_nothing(home: Path) -> None:
    work(home)
    with monitor() as running:
        found = running.collect(NOW, scan=False)
        assert (found.sources.calls, found.five_hour.used_tokens) == (0, 0)


# -- several programs


def test_what_another_program_read_is_seen(home: Path) -> None:
    write_transcript(home, [line("m0", "r", at=NOW - 2 * HOUR)])
    with monitor() as running:
        first = running.collect(NOW)
        work(home, name="s2", hours=4, calls=40)
        quota("status")  # reads all of it; nothing is left for us to read
        found = running.collect(NOW + timedelta(seconds=1), rescan=True)
        assert (first.sources.calls, found.sources.calls) == (1, 41)
        assert sum(bar.totals.calls for bar in found.burn.bars) == found.five_hour.used.calls


def test_what_another_program_learned_is_seen(home: Path) -> None:
    work(home, hours=40, calls=80)
    with monitor() as running:
        running.collect(NOW)
        before = running._learned.past_windows(NOW)
        work(home, name="s2", hours=10, calls=40, tokens=9000, now=NOW - 12 * HOUR)
        quota("status")
        running.collect(NOW + timedelta(seconds=1), rescan=True)
        with monitor() as fresh:
            fresh.collect(NOW + timedelta(seconds=1))
            assert running._learned.past_windows(NOW) == fresh._learned.past_windows(NOW) != before


def test_two_programs_at_once_count_and_fire_once(home: Path) -> None:
    for i in range(12):
        work(home, calls=30, name=f"s{i}")
    limit = '{"type":"rate_limit"}'
    write_transcript(home, [line("l", None, model="<synthetic>", at=NOW - MINUTE, error="rate_limit", apiError="usage_limit_reached", isApiErrorMessage=True, quotaLimits={"status": "rejected", "resetsAt": int((NOW + 2 * HOUR).timestamp()), "rateLimitType": "five_hour"}, content=limit)], "-p/l.jsonl")
    code = """
import sys
from datetime import timedelta
from tests.monitor.rig import NOW, monitor, tell
with monitor(busy_s=10) as running:
    sys.stdin.read(1)
    for step in range(6):
        tell(90 + step, at=NOW + timedelta(seconds=step), session=sys.argv[1])
        running.collect(NOW + timedelta(seconds=step), rescan=True)
"""
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    workers = [subprocess.Popen([sys.executable, "-c", code, f"w{i}"], stdin=subprocess.PIPE, env=env, cwd=REPO) for i in range(3)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b" ")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 3
    assert history_calls() == 360
    kept = readings()
    assert len([each for each in kept if each.source is ReadingSource.LIMIT_LINE]) == 1
    assert len([each for each in kept if each.source is ReadingSource.STATUS_LINE]) == 18
    with monitor() as running:
        fired = [alert.threshold_pct for alert in running.collect(NOW + MINUTE).alerts]
    assert fired == sorted(set(fired))
    assert 100 in fired


def test_an_alert_that_cannot_be_recorded_comes_again(home: Path) -> None:
    tell(82)
    with monitor(busy_s=0.05) as running:
        running.collect(NOW, alerts=False)
        holder = connect(paths().journal_db)
        holder.execute("BEGIN IMMEDIATE")
        found = running.collect(NOW)
        assert found.alerts == ()
        assert any("alert could not be recorded" in notice for notice in found.sources.notices)
        holder.close()
        found = running.collect(NOW + MINUTE)
        assert [alert.threshold_pct for alert in found.alerts] == [80]
        assert found.sources.notices == ()


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
            if not reported:
                assert fired == [alert.threshold_pct for alert in before.alerts]
            with monitor(now, LIMIT) as fresh:
                assert known(fresh.collect(now + minute * MINUTE)) == pytest.approx(known(after))


def test_a_clock_that_goes_forward_and_back_again(home: Path) -> None:
    work(home)
    tell(62.5)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
        running.collect(NOW + timedelta(days=40), alerts=False)
        assert told(running.collect(NOW, alerts=False)) == told(before)


def test_calls_dated_in_the_future_are_not_now(home: Path) -> None:
    path = work(home)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
        for i, at in enumerate([NOW + 3 * HOUR, NOW + timedelta(days=400), datetime(2099, 12, 31, tzinfo=UTC)]):
            append(path, line(f"f{i}", "r", at=at, tokens=(1, 10**6, 0, 0)) + "\n")
        after = running.collect(NOW, rescan=True, alerts=False)
    assert after.five_hour.used_tokens == before.five_hour.used_tokens
    assert after.burn == before.burn
    assert after.sources.data_at == before.sources.data_at
    assert after.sources.calls == 63
    assert quota("usage", "--by", "day").exit_code == 0


@pytest.mark.parametrize("text", ["2100-01-01T00:00:00Z", "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
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


def test_a_file_that_vanishes_between_the_look_and_the_reading(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert found.sources.notices == (f"{secret}: cannot be read (Permission denied); check its permissions",)
        monkeypatch.undo()
        monkeypatch.setenv("HOME", str(home))
        found = running.collect(NOW + MINUTE, rescan=True)
        assert (found.sources.calls, found.sources.notices) == (120, ())


# -- prices


def test_new_prices_reach_everything_that_is_known(home: Path) -> None:
    work(home, hours=30, calls=300)
    tell(40, at=NOW - 10 * HOUR, resets_at=NOW - 8 * HOUR)
    tell(80, at=NOW - 9 * HOUR, resets_at=NOW - 8 * HOUR)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
    settings_file("[prices.claude-sonnet-4-5]\ninput = 6.0\noutput = 30.0\nwrite_5m = 7.5\nwrite_1h = 12.0\nread = 0.6\n")
    doubled = Settings(prices={"claude-sonnet-4-5": {"input": 6.0, "output": 30.0, "write_5m": 7.5, "write_1h": 12.0, "read": 0.6}})
    with monitor(settings=doubled) as running:
        after = running.collect(NOW, alerts=False)
        past = running._learned.past_windows(NOW)
    assert after.burn.window_cost_usd == pytest.approx(2 * before.burn.window_cost_usd)
    assert [b.totals.cost_usd for b in after.burn.bars] == pytest.approx([2 * b.totals.cost_usd for b in before.burn.bars])
    # What a dollar is worth was learned in old dollars: it is learned again.
    assert after.five_hour.used_pct == pytest.approx(before.five_hour.used_pct)
    assert after.five_hour.limit_tokens == pytest.approx(before.five_hour.limit_tokens)
    with monitor() as running:
        assert told(running.collect(NOW, alerts=False)) == told(before)
        assert sum(each.cost_usd for each in past) == pytest.approx(2 * sum(each.cost_usd for each in running._learned.past_windows(NOW)))


def test_new_prices_found_by_a_report_reach_what_was_learned(home: Path) -> None:
    work(home, hours=30, calls=300)
    with monitor() as running:
        running.collect(NOW, alerts=False)
        before = running._learned.past_windows(NOW)
        settings_file("[prices.claude-sonnet-4-5]\noutput = 150.0\n")
        quota("usage")
        running.collect(NOW + MINUTE, alerts=False)
        after = running._learned.past_windows(NOW)
    assert len(before) == len(after) > 3
    assert sum(each.cost_usd for each in after) > 9 * sum(each.cost_usd for each in before)


def test_calls_added_at_old_prices_are_reckoned_by_the_next_program(home: Path) -> None:
    path = work(home)
    dear = Settings(prices={"claude-sonnet-4-5": {"output": 150.0}})
    with monitor() as old:
        old.collect(NOW, alerts=False)
        with monitor(settings=dear) as new:
            new.collect(NOW, alerts=False)
        append(path, line("n", "n", at=NOW, tokens=(0, 10**6, 0, 0)) + "\n")
        old.collect(NOW + MINUTE, rescan=True, alerts=False)
    with monitor(settings=dear) as new:
        new.collect(NOW + MINUTE, alerts=False)
        assert new.stores.history.totals(NOW, NOW + MINUTE).cost_usd == pytest.approx(150.0)


def test_programs_with_different_prices_do_not_fight(home: Path) -> None:
    work(home)
    dear = Settings(prices={"claude-sonnet-4-5": {"output": 150.0}})
    with monitor() as old:
        cheap = old.collect(NOW, alerts=False).burn.window_cost_usd
        with monitor(settings=dear) as new:
            cost = new.collect(NOW, alerts=False).burn.window_cost_usd
            assert cost > 5 * cheap
            for minute in range(1, 4):  # who began last has its way
                assert old.collect(NOW + minute * MINUTE, rescan=True, alerts=False).burn.window_cost_usd == pytest.approx(cost)
                assert new.collect(NOW + minute * MINUTE, rescan=True, alerts=False).burn.window_cost_usd == pytest.approx(cost)


# -- what is learned


def test_a_journal_that_cannot_be_written_teaches_all_the_same(home: Path) -> None:
    work(home, hours=40, calls=200)
    with monitor(busy_s=0.05) as running:
        running.collect(NOW, alerts=False)
    holder = connect(paths().journal_db)
    holder.execute("DELETE FROM learned")
    holder.execute("BEGIN IMMEDIATE")
    with monitor(busy_s=0.05) as running:
        found = running.collect(NOW, alerts=False)
        assert found.five_hour.used_tokens > 0
        assert len(running._learned.past_windows(NOW)) > 3
    holder.close()


def test_learned_figures_of_another_shape_are_learned_again(home: Path) -> None:
    work(home, hours=40, calls=200)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
        running.stores.journal.db.execute("UPDATE learned SET value=?", (b"\xc1 another shape",))
    with monitor() as running:
        assert told(running.collect(NOW, alerts=False)) == told(before)


def test_a_week_that_was_told_is_shown_with_its_models(home: Path) -> None:
    work(home, hours=40, calls=200)
    tell(10)
    tell(30, kind=WindowKind.WEEKLY)
    tell(55, kind=WindowKind.WEEKLY_MODEL, model="opus")
    with monitor() as running:
        found = running.collect(NOW)
    assert (found.weekly.used_pct, found.weekly.resets_at) == (30, WEEK_RESET)
    (opus,) = found.model_windows
    assert (opus.model, opus.used_pct, opus.used.calls) == ("opus", 55, 0)
    assert [(alert.window, alert.threshold_pct) for alert in found.alerts] == [("weekly", 25), ("weekly_model", 50)]
