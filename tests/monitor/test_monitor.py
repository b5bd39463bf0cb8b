"""collect(now): the same whether one program watched all the time or has just begun."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from quota_tui.config import Quota, Settings
from quota_tui.core.readings import ReadingSource, WindowKind
from quota_tui.core.snapshot import Basis
from quota_tui.monitor.monitor import SAFETY_RESCAN
from quota_tui.store.database import connect
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import (
    WEEK_RESET,
    known,
    monitor,
    paths,
    shown,
    tell,
    work,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIMIT = Settings(quota=Quota(limit_tokens=200_000))


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
                    append(
                        path,
                        line(f"m{number}", "r", at=at, tokens=(1, size, 5, 9), session=f"s{size % 3}") + "\n",
                    )
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
        assert shown(running.collect(NOW, alerts=False)) == shown(before)


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
    assert [(alert.window, alert.threshold_pct) for alert in found.alerts] == [
        ("weekly", 25),
        ("weekly_model", 50),
    ]
