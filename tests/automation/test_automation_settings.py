from __future__ import annotations

from pathlib import Path

import pytest

from quota_tui.cli.config_init import commented_file
from quota_tui.config import Automation, load_settings_lenient


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('model = "-p"', "must be one word that does not begin with -"),
        ('permission_mode = "plan now"', "must be one word"),
        ('extra_args = ["--resume"]', "must not hold --resume: the job decides that"),
        ('extra_args = ["--session-id=1"]', "must not hold --session-id"),
        ('extra_args = ["go on"]', 'must be options, as --add-dir, each followed by its values, not "go on"'),
        ('terminal_command = ["xterm", "-e"]', 'must have an entry "{command}"'),
        ('terminal_command = ["", "{command}"]', "must begin with the terminal's program"),
        ('scheduler = "sundial"', "must be auto, systemd, at, cron, launchd, windows or dashboard"),
        ("notify_before_min = -1", "must be between 0 and 1440"),
        ("deadline_h = 0", "must be between 0.1 and 168"),
        ("deadline_h = nan", "must be between 0.1 and 168"),
        ('terminal = ""', "must not be empty"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[automation]\n{line}\n")
    settings, problems = load_settings_lenient(file, {})
    assert len(problems) == 1
    assert why in problems[0]
    assert settings.automation == Automation()


def test_what_makes_sense_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[automation]\nmodel = "opus"\npermission_mode = "bypassPermissions"\nextra_args = ["--add-dir", "/a b"]\n'
        'terminal_command = ["xterm", "-e", "{command}"]\nscheduler = "cron"\n'
    )
    settings, problems = load_settings_lenient(file, {"QUOTA_TUI_AUTOMATION_DEADLINE_H": "2"})
    assert problems == []
    assert settings.automation == Automation(
        model="opus",
        permission_mode="bypassPermissions",
        extra_args=("--add-dir", "/a b"),
        terminal_command=("xterm", "-e", "{command}"),
        scheduler="cron",
        deadline_h=2.0,
    )


def test_nothing_is_skipped_unless_it_is_written() -> None:
    assert Automation().permission_mode == ""
    assert Automation().extra_args == ()
    assert "[automation]" in commented_file()
    assert "# terminal_command = []" in commented_file()
