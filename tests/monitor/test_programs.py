"""Several programs at once: nothing is counted, kept or fired twice, and prices do not fight."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.config import Quota, Settings
from quota_tui.core.readings import ReadingSource
from quota_tui.store.database import connect
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import (
    REPO,
    history_calls,
    monitor,
    paths,
    quota,
    readings,
    settings_file,
    shown,
    tell,
    work,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIMIT = Settings(quota=Quota(limit_tokens=200_000))


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
    write_transcript(
        home,
        [
            line(
                "l",
                None,
                model="<synthetic>",
                at=NOW - MINUTE,
                error="rate_limit",
                apiError="usage_limit_reached",
                isApiErrorMessage=True,
                quotaLimits={
                    "status": "rejected",
                    "resetsAt": int((NOW + 2 * HOUR).timestamp()),
                    "rateLimitType": "five_hour",
                },
                content=limit,
            )
        ],
        "-p/l.jsonl",
    )
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
    workers = [
        subprocess.Popen([sys.executable, "-c", code, f"w{i}"], stdin=subprocess.PIPE, env=env, cwd=REPO)
        for i in range(3)
    ]
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


# -- prices


def test_new_prices_reach_everything_that_is_known(home: Path) -> None:
    work(home, hours=30, calls=300)
    tell(40, at=NOW - 10 * HOUR, resets_at=NOW - 8 * HOUR)
    tell(80, at=NOW - 9 * HOUR, resets_at=NOW - 8 * HOUR)
    with monitor() as running:
        before = running.collect(NOW, alerts=False)
    settings_file(
        "[prices.claude-sonnet-4-5]\ninput = 6.0\noutput = 30.0\nwrite_5m = 7.5\nwrite_1h = 12.0\nread = 0.6\n"
    )
    doubled = Settings(
        prices={
            "claude-sonnet-4-5": {
                "input": 6.0,
                "output": 30.0,
                "write_5m": 7.5,
                "write_1h": 12.0,
                "read": 0.6,
            }
        }
    )
    with monitor(settings=doubled) as running:
        after = running.collect(NOW, alerts=False)
        past = running._learned.past_windows(NOW)
    assert after.burn.window_cost_usd == pytest.approx(2 * before.burn.window_cost_usd)
    assert [b.totals.cost_usd for b in after.burn.bars] == pytest.approx(
        [2 * b.totals.cost_usd for b in before.burn.bars]
    )
    # What a dollar is worth was learned in old dollars: it is learned again.
    assert after.five_hour.used_pct == pytest.approx(before.five_hour.used_pct)
    assert after.five_hour.limit_tokens == pytest.approx(before.five_hour.limit_tokens)
    with monitor() as running:
        assert shown(running.collect(NOW, alerts=False)) == shown(before)
        assert sum(each.cost_usd for each in past) == pytest.approx(
            2 * sum(each.cost_usd for each in running._learned.past_windows(NOW))
        )


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
                assert old.collect(
                    NOW + minute * MINUTE, rescan=True, alerts=False
                ).burn.window_cost_usd == pytest.approx(cost)
                assert new.collect(
                    NOW + minute * MINUTE, rescan=True, alerts=False
                ).burn.window_cost_usd == pytest.approx(cost)
