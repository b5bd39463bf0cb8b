"""The dashboard: one reactive view, fed by the collector's messages and a slow clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from quota_tui.core.readings import WindowKind
from quota_tui.core.snapshot import Alert, Snapshot
from quota_tui.core.words import clean, clock
from quota_tui.ui.collector import CollectFailed, Collector, SnapshotReady, WatchFailed, in_one_line
from quota_tui.ui.face import face_for
from quota_tui.ui.keys import ALL_BINDINGS, APP_BINDINGS, PANE_BINDINGS, shown_keys, split_keymap
from quota_tui.ui.phases.desk import PhaseDesk
from quota_tui.ui.provider import Provider
from quota_tui.ui.screens.dashboard import DashboardScreen
from quota_tui.ui.themes import ORDER, THEMES, pick_theme, variables_for
from quota_tui.ui.ticks import is_due, seconds_to_next
from quota_tui.ui.view import View, chosen_window, leading_window, window_after

ALERT_S, WORD_S = 20, 5
TOAST_FROM_HEIGHT = 12
"""On fewer rows a toast would cover the numbers; the card names the last alert instead."""
FASTEST_S = 0.5
"""Between two looks however fast the demo's clock runs."""
POLL_S = 10.0
"""Between two readings while changes on disk are not noticed by themselves."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def _severity(alert: Alert) -> SeverityLevel:
    if alert.threshold_pct >= 95:
        return "error"
    return "warning" if alert.threshold_pct >= 80 else "information"


class QuotaApp(App[None]):
    """The dashboard.

    `provider` reads the world. `on_alert` shows an alert outside the dashboard; it is called from a thread,
    and a text that it returns is written to the terminal as it is (a notification sequence of its own).
    `clock_speed` is how many seconds of `clock` pass in a real one: more than one in a demo.
    """

    TITLE = "quota-tui"
    CSS_PATH = "styles/quota.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = list(APP_BINDINGS)

    # Panes redraw themselves where they differ; the screen as a whole never has to.
    view: reactive[View | None] = reactive(None, repaint=False)

    def __init__(
        self,
        provider: Provider,
        clock: Callable[[], datetime] = utc_now,
        *,
        on_alert: Callable[[Alert], object] | None = None,
        home: str | None = None,
        clock_speed: float = 1.0,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.provider, self.clock = provider, clock
        self.settings = provider.settings
        self._on_alert, self._clock_speed = on_alert, clock_speed
        self.face, face_notices = face_for(self.settings.display, str(Path.home()) if home is None else home)
        keymap, key_notices = split_keymap(self.settings.keys)
        self.set_keymap(keymap)
        self._keys = shown_keys(keymap)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme, theme_notice = pick_theme(
            self.settings.display.theme, self.available_themes, no_color=self.no_color
        )
        own = (*face_notices, *key_notices, theme_notice)
        self._own_notices = tuple(each for each in own if each)
        self._failure = self._watch_failure = ""
        self._chosen: tuple[WindowKind, str] | None = None
        self._started_at = clock()
        self._known_alerts: frozenset[Alert] | None = None
        self._snapshot: Snapshot | None = None
        self._tried_at: datetime | None = None
        self._collector = Collector(provider, clock, self.post_message)
        self._timer: Timer | None = None
        self.phases = PhaseDesk(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables_for(dark=self.current_theme.dark)

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        if self.no_color:
            # As greys the zones would differ by chance, the most urgent one not the brightest.
            ours = variables_for(dark=self.current_theme.dark)
            variables |= {name: variables["foreground"] for name in ours if name.startswith("zone-")}
        return variables

    def get_default_screen(self) -> DashboardScreen:
        display = self.settings.display
        return DashboardScreen(frozenset(display.hidden_panes), ascii_only=display.ascii)

    def on_load(self) -> None:
        self._collector.start()

    def on_mount(self) -> None:
        self.tick()

    def on_unmount(self) -> None:
        self._collector.stop()

    def on_resize(self, event: events.Resize) -> None:
        if event.size.height < TOAST_FROM_HEIGHT:
            self.clear_notifications()

    # What is known -> the view.

    @on(SnapshotReady)
    def take_snapshot(self, message: SnapshotReady) -> None:
        """The new state, and the alerts that came with it."""
        self._snapshot, self._failure = message.snapshot, ""
        self._tried_at = message.snapshot.now
        self.look()
        self._schedule()
        self._tell_alerts(message.snapshot)
        self.phases.see(message.snapshot)

    @on(CollectFailed)
    def keep_last_good(self, message: CollectFailed) -> None:
        """The numbers stay, with their age, under a notice."""
        self._failure, self._tried_at = message.reason, self.clock()
        self.look()

    @on(WatchFailed)
    def poll_instead(self, message: WatchFailed) -> None:
        """Go on by reading at intervals."""
        self._watch_failure = f"changes are read every {POLL_S:.0f} s: {message.reason}"
        self.look()
        self._schedule()

    def _notices(self) -> tuple[str, ...]:
        failure = ""
        if self._failure:
            shown = f"; numbers of {clock(self._snapshot.now, self.face)}" if self._snapshot else ""
            failure = f"cannot refresh: {self._failure}{shown}"
        told = self._snapshot.sources.notices if self._snapshot else ()
        return tuple(each for each in (failure, self._watch_failure, *told, *self._own_notices) if each)

    @property
    def zoomed(self) -> str:
        """The pane that has the screen to itself; empty while none has."""
        boards = [each.board for each in self.screen_stack if isinstance(each, DashboardScreen)]
        return boards[0].zoomed if boards else ""

    def zoom_changed(self) -> None:
        """A pane got the screen to itself, or gave it back."""
        self.phases.look_closer()
        self.look()

    @property
    def has_room_for_toasts(self) -> bool:
        """Whether a toast of several lines hides nothing that matters."""
        return self.size.height >= TOAST_FROM_HEIGHT

    def look(self) -> None:
        """Show what is known as of now."""
        self.view = View(
            now=self.clock(),
            face=self.face,
            snapshot=self._snapshot,
            chosen=self._chosen,
            notices=self._notices(),
            keys=self._keys,
            zoomed=self.zoomed,
            velocity=self.phases.velocity,
            velocity_note=self.phases.velocity_note,
        )

    def watch_view(self, view: View | None) -> None:
        """Draw; a dashboard under another screen is drawn too, so that leaving that one is instant."""
        for screen in self.screen_stack:
            if view is not None and isinstance(screen, DashboardScreen):
                screen.show(view)

    # The clock.

    def tick(self) -> None:
        """Look again; read again when that is due."""
        now = self.clock()
        poll_s = POLL_S if self._watch_failure else None
        if self._tried_at is not None and is_due(self._tried_at, self._snapshot, now, poll_s):
            self._collector.request()
        self.look()
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        delay = seconds_to_next(self._snapshot, self.clock()) / self._clock_speed
        delay = max(delay, FASTEST_S) if self._clock_speed > 1 else delay
        self._timer = self.set_timer(min(delay, POLL_S) if self._watch_failure else delay, self.tick)

    # Alerts.

    def _tell_alerts(self, snapshot: Snapshot) -> None:
        """Tell the alerts that were not known before; from before the start none is."""
        known, self._known_alerts = self._known_alerts, frozenset(snapshot.alerts)
        new = [
            each
            for each in snapshot.alerts
            if (each.at >= self._started_at if known is None else each not in known)
        ]
        if new and self.has_room_for_toasts:
            self._toast(max(new, key=lambda each: each.at))
        for alert in new:
            self._sound(alert)

    def _toast(self, alert: Alert) -> None:
        """One at a time: a pile of them would hide the numbers they speak of."""
        self.clear_notifications()
        title, text = clean(alert.title, self.face), clean(alert.text, self.face)
        self.notify(text, title=title, severity=_severity(alert), timeout=ALERT_S, markup=False)

    def _sound(self, alert: Alert) -> None:
        """Reach a person who looks elsewhere."""
        settings = self.settings.alerts
        if settings.bell:
            self.bell()
        outside = settings.desktop and alert.threshold_pct >= settings.desktop_from_pct
        if self._on_alert is not None and outside:
            threading.Thread(target=self._outside, args=(self._on_alert, alert), daemon=True).start()

    def _outside(self, on_alert: Callable[[Alert], object], alert: Alert) -> None:
        try:
            sequence = on_alert(alert)
        # A notification that cannot be shown must not take the dashboard with it; the toast was shown.
        except Exception as error:  # noqa: BLE001
            self.call_from_thread(self.tell, f"no notification outside the terminal: {in_one_line(error)}")
        else:
            if isinstance(sequence, str) and sequence:
                self.call_from_thread(self._to_terminal, sequence)

    def _to_terminal(self, sequence: str) -> None:
        """Through Textual's own writer, so that it does not end up inside another sequence."""
        if self._driver is not None:
            self._driver.write(sequence)

    # Actions.

    def tell(self, text: str) -> None:
        """A short word to the person."""
        self.notify(clean(text, self.face), timeout=WORD_S, markup=False)

    def refresh_soon(self) -> None:
        """Something was changed from here: read what is new."""
        self._collector.request()

    def rescan(self) -> None:
        """Look at every folder again."""
        self._collector.request(rescan=True)

    def choose_next_window(self, *, card: bool) -> None:
        """The next window on the big gauge."""
        if self.view is None or self._snapshot is None:
            return
        current = (leading_window if card else chosen_window)(self.view, self._snapshot)
        self._chosen = window_after(self._snapshot, current)
        self.look()

    def action_theme(self) -> None:
        """The next of our themes."""
        at = ORDER.index(self.theme) if self.theme in ORDER else -1
        self.theme = ORDER[(at + 1) % len(ORDER)]

    def action_plan(self) -> None:
        """Plan the next session; the form is imported only now."""
        from quota_tui.ui.plan.screen import PlanScreen

        planner = self.provider.planner(self.face, self.clock)
        self.push_screen(PlanScreen(planner, self.clock, self.face, self._keys))

    def action_automation(self) -> None:
        """The arranged sessions; imported only now."""
        from quota_tui.ui.automation.screen import AutomationScreen

        arranger = self.provider.arranger(self.clock)
        self.push_screen(AutomationScreen(arranger, self.clock, self.face))

    def action_next_phase(self) -> None:
        """The phase in work is done."""
        self.phases.next_phase()

    def action_estimate(self) -> None:
        """Estimate a plan; while one is tracked, how it goes. Imported only now."""
        if self.phases.state is not None:
            from quota_tui.ui.phases.tracked import TrackedScreen

            self.push_screen(TrackedScreen(self.phases, self.face, self._keys))
            return
        from quota_tui.ui.phases.estimate import EstimateScreen

        self.push_screen(EstimateScreen(self.phases.follower, self.face, self._keys))

    def action_report(self) -> None:
        """What came of plans."""
        self.open_reports()

    def open_reports(self, marked: str = "") -> None:
        """The reports, one of them marked; imported only now."""
        from quota_tui.ui.phases.reports import ReportScreen

        self.push_screen(ReportScreen(self.phases.follower, self.face, self._keys, marked))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_palette" and getattr(self.screen, "TAKES_PALETTE_KEY", False):
            return False
        return super().check_action(action, parameters)

    def action_help(self) -> None:
        """Open the help; imported only now."""
        from quota_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self._keys, self.face))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for binding in ALL_BINDINGS:
            if binding.id not in {"palette", "back"}:
                name = binding.description.capitalize()
                title = f"Pane {name}" if binding in PANE_BINDINGS else name
                run = partial(screen.run_action, binding.action)
                yield SystemCommand(title, f"{binding.tooltip} ({self._keys[binding.id or '']})", run)
