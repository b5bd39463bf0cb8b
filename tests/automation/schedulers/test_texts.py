"""Instants and crontabs, as pure functions: daylight saving, rounding, and every byte that is not ours."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_tui.automation.schedulers import crontab_text, instants, units
from quota_tui.automation.schedulers.commands import job_in, shell_line
from quota_tui.automation.schedulers.cron import Cron
from quota_tui.automation.schedulers.own_entries import own_entries
from tests.automation.schedulers import rig
from tests.conftest import NOW

OWN = own_entries({"HOME": "/home/x", "QUOTA_TUI_HOME": "/home/x/ours"})
ZONES = [
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
]
MINUTE = timedelta(minutes=1)
some_instants = st.lists(st.integers(-500_000_000, 500_000_000), min_size=1, max_size=4).map(
    lambda values: [NOW + timedelta(milliseconds=each) for each in values]
)


@given(some_instants, st.sampled_from([instants.SECOND, MINUTE]))
def test_instants_are_never_early_and_never_lost(asked: list[datetime], step: timedelta) -> None:
    held = instants.to_come(asked, NOW, step)
    assert held == tuple(sorted(set(held)))
    assert all(at >= NOW + instants.SOON for at in held)
    assert all(at.microsecond == 0 and at.timestamp() % step.total_seconds() == 0 for at in held)
    last = max(asked)
    assert timedelta(0) <= held[-1] - max(last, NOW) < step + instants.SOON
    for each in asked:
        if each > NOW:
            assert any(timedelta(0) <= at - each < step + instants.SOON for at in held)


@given(st.sampled_from(ZONES), st.integers(0, 2 * 366 * 24 * 60))
def test_wall_clock_there_and_back(zone: ZoneInfo, minutes: int) -> None:
    """Never early; at most the length of the doubled hour late; read back as what it is."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
    local = instants.wall(at, zone)
    assert timedelta(0) <= local.astimezone(UTC) - at <= timedelta(hours=1)
    read = instants.instant_of(local.month, local.day, local.hour, local.minute, at, zone)
    assert read == local.astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 1),
        ("America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 1),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 45, tzinfo=UTC), 0.5),
    ],
)
def test_the_night_the_clocks_go_back(zone: str, first: datetime, hours: float) -> None:
    """The first showing is held as it is; the second one waits until times are shown once again."""
    where = ZoneInfo(zone)
    second = first + timedelta(hours=hours)
    assert first.astimezone(where).replace(fold=0) == second.astimezone(where).replace(fold=0)
    assert instants.wall(first, where).astimezone(UTC) == first
    late = instants.wall(second, where)
    assert late.utcoffset() == late.replace(fold=1 - late.fold).utcoffset()
    assert timedelta(0) < late.astimezone(UTC) - second <= timedelta(hours=hours)


def test_29_february() -> None:
    assert instants.instant_of(2, 29, 12, 0, datetime(2028, 2, 28, tzinfo=UTC), UTC) == datetime(
        2028, 2, 29, 12, tzinfo=UTC
    )
    assert instants.instant_of(2, 29, 12, 0, datetime(2026, 2, 28, tzinfo=UTC), UTC) is None
    assert instants.instant_of(1, 1, 0, 5, datetime(2026, 12, 31, 23, 55, tzinfo=UTC), UTC) == datetime(
        2027, 1, 1, 0, 5, tzinfo=UTC
    )


def test_system_zone(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    assert instants.system_zone(file) is UTC
    file.write_bytes(b"damaged")
    assert instants.system_zone(file) is UTC
    assert instants.system_zone().utcoffset(NOW.replace(tzinfo=None)) is not None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_shell_line_there_and_back(name: str) -> None:
    wake = rig.two(NOW, program=f"/o p/{name}")
    line = shell_line(wake.command)
    assert "\n" not in line
    assert job_in(line) == "job-1"
    assert job_in(f"{line} x") == ""


any_crontab = (
    st.none()
    | st.binary()
    | st.lists(
        st.sampled_from(
            [b"# quota-tui ", b"\n", b"@reboot x", b"#", b"50 % \xff", b" # quota-tui 000000 job-1 boot"]
        )
    ).map(b"".join)
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(any_crontab, st.sampled_from(ZONES), st.booleans())
def test_crontab_is_kept_to_the_byte(text: bytes | None, zone: ZoneInfo, other_first: bool) -> None:
    """Two jobs armed and disarmed in either order around whatever is there, with or without a last line end."""
    one, two = rig.two(NOW, program="/50% p'\"/x"), rig.two(NOW, job_id="job-2")
    armed = text
    for wake in (one, two):
        armed = crontab_text.with_lines(armed, crontab_text.job_lines(OWN, wake, wake.instants, zone))
    assert crontab_text.held(OWN, armed, zone) == {"job-1": one.instants, "job-2": two.instants}
    left: bytes | None = armed
    for job_id in ("job-2", "job-1") if other_first else ("job-1", "job-2"):
        left = crontab_text.without_job(OWN, left, job_id)
    assert left == text


def test_crontab_tells_what_cron_will_do() -> None:
    """The machine moved to another zone: the same line comes at another instant, and that is what is told."""
    berlin, york = ZONES[:2]
    wake = rig.two(NOW)
    text = crontab_text.job_lines(OWN, wake, wake.instants, berlin)
    assert crontab_text.held(OWN, text, york) == {
        "job-1": tuple(at + timedelta(hours=6) for at in wake.instants)
    }


def test_a_line_added_to_our_crontab_stays() -> None:
    wake = rig.two(NOW)
    made = crontab_text.with_lines(None, crontab_text.job_lines(OWN, wake, wake.instants, UTC))
    assert crontab_text.without_job(OWN, made + b"* * * * * mine\n", "job-1") == b"* * * * * mine\n"
    foreign = made.replace(OWN.tag.encode(), b"000000")
    assert crontab_text.without_job(OWN, foreign, "job-1") == foreign


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_crontab_without_a_last_line_end(tmp_path: Path) -> None:
    """Debian's crontab takes none, others do: a stand-in that stores what it is given."""
    stored = tmp_path / "stored"
    rig.program(
        tmp_path / "bin" / "crontab",
        f'#!/bin/sh\ncase "$1" in\n-l) cat {stored} ;;\n-r) rm {stored} ;;\n-) cat > {stored} ;;\nesac\n',
    )
    own = rig.own_in(tmp_path / "home", PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    scheduler = Cron(own, lambda: NOW, zone=lambda: ZONES[0], runs=lambda: True)
    for text in (b"MAILTO=x\n0 5 * * * backup", None):
        if text is not None:
            stored.write_bytes(text)
        else:
            stored.unlink()
        assert scheduler.available() == ""
        scheduler.arm(rig.two(NOW))
        assert scheduler.inspect() == {"job-1": rig.two(NOW).instants}
        assert stored.read_bytes().endswith(text or b"Z\n")
        # The lines are still there in eight days and would come again in a year: nothing is to come of the job.
        over = Cron(own, lambda: NOW + timedelta(days=8), zone=lambda: ZONES[0], runs=lambda: True)
        assert over.inspect() == {"job-1": ()}
        scheduler.disarm("job-1")
        assert (stored.read_bytes() if stored.exists() else None) == text


@pytest.mark.skipif(sys.platform != "linux", reason="systemd")
def test_units_pass_systemds_own_check(tmp_path: Path) -> None:
    """`systemd-analyze verify` where it is; the calendar as systemd reads it."""
    from shutil import which

    if not which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    wake = rig.two(NOW, program="/opt/a 'b\" $c 50%/python")
    (tmp_path / "x.service").write_text(units.service_text("job-1", wake.command, which("systemd-run") or ""))
    (tmp_path / "x.timer").write_text(units.timer_text("job-1", wake.instants))
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--user",
            "--man=no",
            str(tmp_path / "x.timer"),
            str(tmp_path / "x.service"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert "x.service" not in done.stderr, done.stderr
    assert "x.timer" not in done.stderr, done.stderr
