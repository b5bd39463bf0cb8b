"""Playing the story: through files and journal into a real monitor, and without a trace afterwards."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from quota_tui.config import Settings
from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Alert, Basis, Snapshot, ZoneName
from quota_tui.core.zones import ZONES
from quota_tui.demo import play
from quota_tui.demo.play import DEFAULT_SPEED, LAG_S, Demo, open_demo
from quota_tui.demo.story import Kind
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.process_facts import ProcessFacts
from quota_tui.sources.processes import live_sessions, scan_sessions

OPENS = datetime(2026, 11, 20, 13, 20, tzinfo=UTC)
RESET = OPENS + timedelta(hours=5)
EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class FakeTime:
    """Real time, as the test says; `step_s` passes after each look."""

    def __init__(self) -> None:
        self.now_s, self.step_s = 1000.0, 0.0

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s - self.step_s


@pytest.fixture
def real() -> FakeTime:
    return FakeTime()


@pytest.fixture
def demo(real: FakeTime) -> Iterator[Demo]:
    demo = open_demo(opens_at=OPENS, monotonic=real)
    yield demo
    demo.close()


class Played(msgspec.Struct):
    """What a dashboard saw, minute by minute."""

    demo: Demo
    monitor: Monitor
    snapshots: list[Snapshot]
    alerts: list[Alert]

    def at(self, moment: datetime) -> Snapshot:
        return next(each for each in self.snapshots if each.now >= moment)


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    demo = open_demo(opens_at=OPENS)
    monitor = Monitor(Settings(), demo.paths, demo.claude_dirs, demo.clock())
    seen = Played(demo, monitor, [], [])
    now = demo.clock()
    while now <= demo.story.ends_at:
        demo.write_until(now)
        snapshot = monitor.collect(now, rescan=True)
        seen.snapshots.append(snapshot)
        seen.alerts += [each for each in snapshot.alerts if each.at == now]
        now += MINUTE
    yield seen
    monitor.close()
    demo.close()


def test_crosses_every_zone_in_order_and_starts_afresh(played: Played) -> None:
    zones: list[ZoneName] = []
    for snapshot in played.snapshots:
        if not zones or zones[-1] is not snapshot.zone.name:
            zones.append(snapshot.zone.name)
    assert zones == [*(zone.name for zone in ZONES), ZoneName.FRESH]


def test_fires_each_alert_once(played: Played) -> None:
    told = [(alert.window, alert.threshold_pct) for alert in played.alerts]
    assert told == [(WindowKind.FIVE_HOUR, each) for each in (25, 50, 80, 90, 95, 100)]


def test_the_day_before_and_the_morning_had_alerts_of_their_own(played: Played) -> None:
    before = [alert for alert in played.snapshots[0].alerts if alert.at < played.snapshots[0].now]
    assert [(alert.at, alert.threshold_pct) for alert in before] == [
        (played.demo.story.looked_at[1], 50),
        (played.demo.story.looked_at[2], 25),
    ]


def test_the_limit_is_hit_and_then_a_fresh_window_opens(played: Played) -> None:
    full = played.at(RESET - 2 * MINUTE).five_hour
    assert (full.used_pct, full.limit_hit, full.resets_at) == (100, True, RESET)
    reset = played.at(RESET)
    assert (reset.five_hour.used_pct, reset.five_hour.limit_hit) == (0, False)
    last = played.snapshots[-1].five_hour
    assert last.used_pct is not None
    assert 0 < last.used_pct < 10
    assert (last.basis, last.reset_is_reported) == (Basis.OFFICIAL, True)
    assert last.resets_at is not None
    assert last.resets_at > RESET + timedelta(hours=4)


def test_shows_use_elsewhere_a_forecast_and_what_fits(played: Played) -> None:
    before, after = played.at(OPENS + timedelta(minutes=100)), played.at(OPENS + timedelta(minutes=130))
    assert before.five_hour.used_elsewhere_pct == 0
    assert after.five_hour.used_elsewhere_pct is not None
    assert 3 <= after.five_hour.used_elsewhere_pct <= 6  # five points, less what might be the last call's
    late = played.at(OPENS + timedelta(minutes=200))
    assert late.forecast.moments > 50
    assert {each.threshold_pct for each in late.forecast.thresholds} == {80, 90, 95, 100}
    assert late.zone.fits_tokens
    assert late.zone.fits_calls


def test_the_running_session_is_this_process(played: Played) -> None:
    running = {each.name: each for snapshot in played.snapshots for each in snapshot.sessions if each.running}
    assert list(running) == ["refresh-tokens", "checkout-form", "checkout-form-2"]
    assert {each.pid for each in running.values()} == {os.getpid()}
    assert {each.project for each in running.values()} == {
        "/home/dev/code/shop-api",
        "/home/dev/code/shop-web",
    }
    assert max(sum(each.running for each in snapshot.sessions) for snapshot in played.snapshots) == 1


def test_totals_are_the_storys_own(played: Played) -> None:
    for start, end in (EVER, (OPENS, RESET), (OPENS - timedelta(days=3), OPENS)):
        told, found = played.demo.story.totals(start, end), played.monitor.stores.history.totals(start, end)
        assert msgspec.structs.replace(found, cost_usd=0.0) == msgspec.structs.replace(told, cost_usd=0.0)
        assert found.cost_usd == pytest.approx(told.cost_usd)
    window = played.at(RESET - MINUTE).five_hour
    assert window.used_tokens == played.demo.story.totals(OPENS, RESET).total_tokens


def test_nothing_is_skipped_refused_or_complained_about(played: Played) -> None:
    for snapshot in played.snapshots:
        assert snapshot.sources.notices == ()
        assert (snapshot.sources.lines_skipped, snapshot.sources.readings_set_aside) == (0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_everything_is_private(played: Played) -> None:
    for folder, _, files in os.walk(played.demo.home):
        assert os.stat(folder).st_mode & 0o777 == 0o700, folder
        for name in files:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600, name


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_touches_nothing_of_the_users(home: Path, monkeypatch: pytest.MonkeyPatch, real: FakeTime) -> None:
    temporary = home.parent / f"{home.name}-temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for name in (".claude/projects/-p/s.jsonl", ".claude/sessions/1.json", ".config/quota-tui/config.toml"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('[display]\ntheme = "light"\n', encoding="utf-8")
    monkeypatch.setenv("QUOTA_TUI_HOME", str(home / "ours"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
    monkeypatch.chdir(home)
    before, environment = tree(home), dict(os.environ)
    demo = open_demo(opens_at=OPENS, monotonic=real)
    real.step_s = 10_000
    demo.start()
    demo._thread.join(20)
    assert demo.home.parent == temporary
    assert all(path.is_relative_to(demo.home) for path in (*demo.claude_dirs, demo.paths.journal_db))
    demo.close()
    assert tree(home) == before
    assert dict(os.environ) == environment
    assert list(temporary.iterdir()) == []
    assert Path.cwd() == home


def test_the_clock_stands_runs_fast_and_then_as_any_other(demo: Demo, real: FakeTime) -> None:
    begins, ends = demo.story.begins_at, demo.story.ends_at
    real.now_s += 50
    assert demo.clock() == begins
    demo.start()
    real.now_s += 30
    assert demo.clock() == begins + 30 * DEFAULT_SPEED * MINUTE
    length_s = (ends - begins) / MINUTE / DEFAULT_SPEED
    real.now_s += length_s - 30
    assert demo.clock() == ends
    real.now_s += 7
    assert demo.clock() == ends + timedelta(seconds=7)


def test_speed_is_minutes_of_the_day_per_second(real: FakeTime) -> None:
    demo = open_demo(12.5, opens_at=OPENS, monotonic=real)
    try:
        demo.start()
        real.now_s += 4
        assert demo.clock() == demo.story.begins_at + 50 * MINUTE
    finally:
        demo.close()


def test_writes_each_event_once_however_it_is_cut(demo: Demo) -> None:
    events = [event for event in demo.story.events if event.at > demo.story.begins_at]
    cuts = (7, 7, 61, 200, 200, 150, 1000)
    at, written = demo.story.begins_at, 0
    for minutes in cuts:
        at += minutes * MINUTE
        written += demo.write_until(at)
        assert written == sum(event.at <= at for event in events)
    assert written == len(events)
    assert demo.write_until(at) == 0
    expected: dict[str, bytes] = {}
    for event in demo.story.events:
        if event.kind is Kind.LINES:
            expected[event.path] = expected.get(event.path, b"") + event.data
    projects = demo.claude_dirs[0] / "projects"
    on_disk = {path.relative_to(projects).as_posix(): path.read_bytes() for path in projects.rglob("*.jsonl")}
    assert on_disk == expected


def test_the_thread_stays_a_little_behind_the_clock(real: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = open_demo(opens_at=OPENS, monotonic=real)
    asked: list[timedelta] = []

    def write_until(until: datetime) -> int:
        asked.append(demo.clock() - until)
        real.now_s += 40
        return Demo.write_until(demo, until)

    monkeypatch.setattr(demo, "write_until", write_until)
    try:
        real.now_s += 1
        demo.start()
        demo._thread.join(20)
        assert not demo._thread.is_alive()
        assert demo.trouble == ""
        in_play = asked[:-2]
        assert in_play
        assert all(each == DEFAULT_SPEED * LAG_S * MINUTE for each in in_play)
    finally:
        demo.close()


def test_close_stops_the_thread_and_removes_the_home(real: FakeTime) -> None:
    demo = open_demo(opens_at=OPENS, monotonic=real)
    demo.start()
    real.now_s += 20
    demo.close()
    assert not demo._thread.is_alive()
    assert not demo.home.exists()
    demo.close()


def test_stops_quietly_when_the_home_vanishes(real: FakeTime) -> None:
    demo = open_demo(opens_at=OPENS, monotonic=real)
    demo._home.remove()
    real.step_s = 10_000
    demo.start()
    demo._thread.join(20)
    assert not demo._thread.is_alive()
    assert demo.trouble
    assert not demo.home.exists()
    demo.close()


def test_a_failed_opening_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(self: Demo) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Demo, "write_past", fail)
    with pytest.raises(OSError, match="no space left"):
        open_demo(opens_at=OPENS)
    assert list(tmp_path.iterdir()) == []


def test_the_day_is_today_in_the_given_zone(real: FakeTime) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Pacific/Auckland")
    before = datetime.now(zone).date()
    demo = open_demo(zone=zone, monotonic=real)
    try:
        opening = demo.story.opens_at.astimezone(zone)
        assert before <= opening.date() <= datetime.now(zone).date()
        assert (opening.hour, opening.minute) == (13, 20)
        assert demo.story.opens_at.tzinfo is UTC
    finally:
        demo.close()


def test_keeps_invented_limits_off_the_desktop(demo: Demo) -> None:
    from quota_tui.config import load_settings

    settings = load_settings(demo.paths.config_file, {}, demo.settings_overrides)
    assert not settings.alerts.desktop
    assert not settings.readings.ask_client


def test_session_file_holds_where_processes_have_no_ticks(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    created_s = 1_795_000_000.25
    facts = ProcessFacts("", lambda: created_s)
    monkeypatch.setattr(play, "process_facts", lambda _pid: facts)
    demo.write_until(demo.story.begins_at + 10 * MINUTE)
    found = scan_sessions(demo.claude_dirs, facts=lambda _pid: facts)
    assert [each.name for each in found.sessions] == ["refresh-tokens"]
    other = ProcessFacts("", lambda: created_s + 60)
    assert scan_sessions(demo.claude_dirs, facts=lambda _pid: other).sessions == ()


def test_live_sessions_take_the_session_file_for_real(demo: Demo) -> None:
    assert live_sessions(demo.claude_dirs) == ()
    demo.write_until(demo.story.begins_at + 10 * MINUTE)
    (session,) = live_sessions(demo.claude_dirs)
    assert (session.pid, session.name, session.version) == (os.getpid(), "refresh-tokens", "2.1.329")
    assert session.started_at is not None
    assert OPENS < session.started_at < OPENS + 2 * MINUTE


def test_the_day_has_a_plan_and_an_arranged_session() -> None:
    """Panes 4 and 5 have something to show, by the same counting as for real work."""
    with (
        closing(open_demo()) as demo,
        closing(Monitor(Settings(), demo.paths, demo.claude_dirs, demo.clock())) as seen,
    ):
        at = {name: demo._at_clock(name) for name in ("13:40", "14:30", "15:10", "17:00", "18:25")}
        demo.write_until(at["13:40"])
        first = seen.collect(at["13:40"], rescan=True).phases
        assert first.state == "active"
        assert first.current == 0
        assert first.phases[0].actual_tokens > 0
        demo.write_until(at["15:10"])
        later = seen.collect(at["15:10"], rescan=True).phases
        assert [phase.state for phase in later.phases] == ["done", "done", "done", "current"]
        assert all(phase.actual_tokens > 0 for phase in later.phases[:3])
        demo.write_until(at["17:00"])
        assert seen.collect(at["17:00"], rescan=True).automation.state == "scheduled"
        demo.write_until(at["18:25"])
        assert seen.collect(at["18:25"], rescan=True).automation.state == "started"
