"""Alerts: told once, one at a time, as loudly as the settings say."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec
import pytest

from quota_tui.ui.app import QuotaApp
from tests.ui.fakes import Clock, FakeProvider
from tests.ui.invent import NOW, alert, working
from tests.ui.stage import dashboard, settings, text, toasts, until, until_shown


async def tell(pilot, provider, *alerts):
    def scene(now):
        made = working(now)
        return msgspec.structs.replace(made, alerts=(*made.alerts, *alerts))

    provider.scene = scene
    provider.changed()
    await pilot.pause()


async def test_alerts_of_before_are_not_told_again():
    async with dashboard() as (app, _, _):
        assert toasts(app) == []


async def test_a_new_alert_is_a_toast_once_and_rings_once():
    async with dashboard() as (app, pilot, provider):
        rung = []
        app.bell = lambda: rung.append(1)
        new = alert(NOW + timedelta(seconds=1), 90, "wrap up", "90 % is used: commit now.")
        await tell(pilot, provider, new)
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [("wrap up", "90 % is used: commit now.", "warning")]
        calls = len(provider.calls)
        provider.changed()
        await until(pilot, lambda: len(provider.calls) > calls)
        await pilot.pause()
        assert len(toasts(app)) == len(rung) == 1


async def test_of_several_alerts_only_the_last_stays_on_the_screen():
    async with dashboard(alerts={"bell": False}) as (app, pilot, provider):
        first = alert(NOW + timedelta(seconds=1), 90, "wrap up")
        await tell(pilot, provider, first, alert(NOW + timedelta(seconds=2), 95, "save now"))
        await until(pilot, lambda: [title for title, _, _ in toasts(app)] == ["save now"])
        assert toasts(app)[0][2] == "error"


async def test_a_toast_goes_when_the_screen_becomes_too_small_for_it():
    async with dashboard(alerts={"bell": False}) as (app, pilot, provider):
        await tell(pilot, provider, alert(NOW + timedelta(seconds=1), 90, "wrap up"))
        await until_shown(pilot, "wrap up")
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: not toasts(app) and "wrap up" not in text(app))


async def test_an_alert_is_told_though_the_clock_jumped_back():
    async with dashboard(alerts={"bell": False}) as (app, pilot, provider):
        await tell(pilot, provider, alert(NOW - timedelta(hours=1), 90, "wrap up"))
        await until(pilot, lambda: [title for title, _, _ in toasts(app)] == ["wrap up"])


async def test_an_alert_that_the_first_reading_fires_is_told():
    def scene(now):
        made = working(now)
        return msgspec.structs.replace(made, alerts=(*made.alerts, alert(NOW, 90, "wrap up")))

    async with dashboard(scene, alerts={"bell": False}) as (app, pilot, _):
        await until(pilot, lambda: [title for title, _, _ in toasts(app)] == ["wrap up"])


async def test_the_bell_can_be_turned_off_and_a_tiny_screen_has_no_toast():
    async with dashboard(size=(30, 8), alerts={"bell": False}) as (app, pilot, provider):
        app.bell = lambda: pytest.fail("no bell was wanted")
        await tell(pilot, provider, alert(NOW + timedelta(seconds=1), 95, "save now"))
        await until(pilot, lambda: len(app._known_alerts) == 3)
        assert toasts(app) == []


@pytest.mark.parametrize(
    ("threshold", "alerts", "wanted"),
    [(90, {}, True), (50, {}, False), (90, {"desktop": False}, False), (50, {"desktop_from_pct": 25}, True)],
)
async def test_alerts_go_outside_as_the_settings_say(threshold, alerts, wanted):
    told, done = [], threading.Event()

    def outside(each):
        told.append(each.threshold_pct)
        done.set()
        return "\x1b]9;hello\x07"

    provider = FakeProvider(settings=settings(alerts=alerts))
    app = QuotaApp(provider, Clock(), on_alert=outside, home="/home/ada")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        written = []
        app._driver.write = written.append
        await until(pilot, lambda: app.view and app.view.snapshot)
        await tell(pilot, provider, alert(NOW + timedelta(seconds=1), threshold, "now"))
        await until(pilot, lambda: toasts(app))
        if wanted:
            await until(pilot, lambda: "\x1b]9;hello\x07" in written)
            assert told == [threshold]
        else:
            assert told == []


async def test_a_failing_notification_is_only_told():
    def outside(each):
        raise OSError("no bus")

    provider = FakeProvider(settings=settings())
    app = QuotaApp(provider, Clock(), on_alert=outside, home="/home/ada")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.view and app.view.snapshot)
        await tell(pilot, provider, alert(NOW + timedelta(seconds=1), 90, "now"))
        await until(pilot, lambda: any("no bus" in message for _, message, _ in toasts(app)))
