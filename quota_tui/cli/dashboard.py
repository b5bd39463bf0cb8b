"""`quota-tui`: open the dashboard."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quota_tui.cli.setup import EXIT_OK, EXIT_USAGE, fail, utc_now, zone
from quota_tui.config import Settings, load_settings_lenient
from quota_tui.core.snapshot import Alert, Snapshot
from quota_tui.core.words import Face
from quota_tui.ingest.scan import pending_bytes
from quota_tui.monitor.client_poll import ClientPoll
from quota_tui.monitor.monitor import Monitor
from quota_tui.sources.discover import find
from quota_tui.store.lock import hold
from quota_tui.store.paths import Paths, claude_config_dirs, our_paths

if TYPE_CHECKING:
    from quota_tui.handing.arranger import Arranger
    from quota_tui.handing.following import Following
    from quota_tui.handing.planner import Planner
    from quota_tui.handing.tending import Tending

MUCH_TO_READ = 48 << 20
"""Bytes; a first scan of more runs in a process of its own, so that the screen stays quick meanwhile."""


class LiveMonitor(Monitor):
    """A monitor for a program with a screen. `tending` looks after the jobs; without it none are arranged."""

    tending: Tending | None = None

    def collect(
        self,
        now: datetime,
        *,
        rescan: bool = False,
        scan: bool = True,
        parallel: bool = False,
        alerts: bool = True,
    ) -> Snapshot:
        """As `Monitor.collect`; the first one leaves a large scan to another process."""
        if self._scanned_at is None and self.stores.index.path is not None:
            roots = [find(root) for root in self.roots]
            if self.attempt(lambda: pending_bytes(roots, self.stores.index)) > MUCH_TO_READ:
                # It prints a small report nobody reads; all that counts is what it leaves in the stores.
                subprocess.run(
                    [sys.executable, "-m", "quota_tui", "usage", "--by", "month", "--json"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
        snapshot = super().collect(now, rescan=rescan, scan=scan, parallel=parallel, alerts=alerts)
        if self.tending is not None:
            self.tending.see(snapshot.automation.jobs)
        return snapshot

    def planner(self, face: Face, clock: Callable[[], datetime]) -> Planner:
        """What one plan form asks."""
        from quota_tui.handing.planner import Planner

        arranger = self.arranger(clock)
        arrange = None if arranger is None else lambda path: arranger.schedule(str(path))
        return Planner(self, face, clock, arrange=arrange, sizes=True)

    def follower(self, clock: Callable[[], datetime]) -> Following | None:
        """What is asked about plans and reports; None in the demo, whose project is on no disk."""
        if self.tending is None:
            return None
        from quota_tui.handing.following import Following

        return Following(self, clock)

    def arranger(self, clock: Callable[[], datetime]) -> Arranger | None:
        """What is asked about jobs; None where nothing is to be arranged."""
        if self.tending is None:
            return None
        from quota_tui.handing.arranger import Arranger

        return Arranger(self.settings, self.paths, self.claude_dirs, clock)


def run(flags: Mapping[str, object], *, demo: bool = False, speed: float | None = None) -> int:
    """Open the dashboard, on this machine's data or on the demo's; returns the exit code."""
    if speed is not None and not demo:
        fail("--speed goes with --demo", EXIT_USAGE)
    if not (sys.stdout.isatty() and sys.stderr.isatty()):  # it is drawn on the latter
        fail("the dashboard needs a terminal; `quota-tui status` prints the same as text", EXIT_USAGE)
    if demo:
        from quota_tui.demo.play import open_demo

        settings, _ = load_settings_lenient(Path(os.devnull), {}, flags)
        with contextlib.closing(open_demo(speed, zone=zone(settings))) as day:
            day.start()
            settings, problems = load_settings_lenient(
                day.paths.config_file, {}, {**day.settings_overrides, **flags}
            )
            # Invented alerts stay on the screen: nobody's desktop is told of them, and nothing is started.
            return _open(
                settings,
                problems,
                day.paths,
                day.claude_dirs,
                day.clock,
                home=day.person_home,
                clock_speed=day.speed * 60,
                arranges=False,
            )
    paths = our_paths()
    settings, problems = load_settings_lenient(paths.config_file, os.environ, flags)
    return _open(settings, problems, paths, claude_config_dirs(), utc_now, _show_outside)


def _open(
    settings: Settings,
    problems: list[str],
    paths: Paths,
    claude_dirs: tuple[Path, ...],
    clock: Callable[[], datetime],
    on_alert: Callable[[Alert], object] | None = None,
    home: str | None = None,
    clock_speed: float = 1.0,
    *,
    arranges: bool = True,
) -> int:
    from quota_tui.ui.app import QuotaApp

    monitor = LiveMonitor(settings, paths, claude_dirs, clock(), notices=problems)
    lock = hold(paths.dashboard_lock)
    poll = ClientPoll(settings.readings, paths, clock, monitor.tell_client_query)
    if settings.readings.ask_client:
        poll.start()
    if arranges:
        from quota_tui.handing.tending import Tending

        monitor.tending = Tending(settings, paths, claude_dirs, clock, monitor.tell_jobs)
        monitor.tending.start()
    try:
        QuotaApp(monitor, clock, on_alert=on_alert, home=home, clock_speed=clock_speed).run()
    finally:
        poll.stop()
        if monitor.tending is not None:
            monitor.tending.stop()
        monitor.close()
        if lock is not None:
            os.close(lock)
    return EXIT_OK


def _show_outside(alert: Alert) -> str:
    """The best rung above the toast and the bell: on the desktop, else what the terminal is to be told."""
    from quota_tui.automation.notify import RungName, notification_rung, osc_sequence, send_desktop

    rung = notification_rung(is_tty=True).name
    if rung is RungName.DESKTOP and send_desktop(alert.title, alert.text):
        return ""
    return osc_sequence(alert.title, alert.text, os.environ)
