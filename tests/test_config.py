from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quota_tui import config
from quota_tui.config import ConfigError, Settings, load_settings, load_settings_lenient


def problems_of(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    _, problems = load_settings_lenient(file, env or {})
    return [problem.replace(f"{file} ", "") for problem in problems]


def test_without_anything_the_defaults_hold_and_no_toml_reader_is_loaded(tmp_path: Path) -> None:
    assert (
        load_settings(tmp_path / "none" / "config.toml", {"QUOTA_TUI_HOME": "/x", "PATH": ""}) == Settings()
    )
    code = (
        "import sys; from pathlib import Path; from quota_tui.config import load_settings;"
        f"load_settings(Path({str(tmp_path / 'none')!r}), {{}}, {{'display.ascii': None}});"
        "print({'tomllib', 'quota_tui.core.settingload', 'difflib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_each_layer_beats_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'transcript_dirs = ["/a"]\n[display]\nclock = "12h"\ntheme = "a"\nascii = true\n'
        '[keys]\n"history" = "H"\n[prices."my.model"]\ninput = 3\n[statusline]\nchain_timeout_s = 1\n'
    )
    env = {
        "QUOTA_TUI_DISPLAY_THEME": "b",
        "QUOTA_TUI_DISPLAY_CLOCK": "24h",
        "QUOTA_TUI_READINGS_ASK_CLIENT": "1",
        "QUOTA_TUI_ALERTS_THRESHOLDS": "90, 50,50",
        "QUOTA_TUI_TRANSCRIPT_DIRS": '["/b,c", "/d"]',
        "QUOTA_TUI_DISPLAY_HIDDEN_PANES": "",
        "QUOTA_TUI_UNRELATED": "x",
        "OTHER": "y",
    }
    settings = load_settings(
        file, env, {"display.theme": "c", "display.clock": None, "quota.ready_pct": "75"}
    )
    assert settings.display == config.Display(theme="c", clock="24h", ascii=True)
    assert settings.readings.ask_client is True
    assert settings.alerts.thresholds == (50, 90)
    assert settings.transcript_dirs == ("/b,c", "/d")
    assert settings.quota.ready_pct == 75
    assert settings.keys == {"history": "H"}
    assert settings.prices == {"my.model": {"input": 3.0}}
    assert settings.statusline.chain_timeout_s == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('theme = "x"', "line 1: theme is not a setting; did you mean display.theme?"),
        ('[display]\n\nthme = "x"', "line 3: display.thme is not a setting; did you mean display.theme?"),
        ("[displya]\nascii = true", "line 1: displya is not a setting; did you mean [display]?"),
        ("zebra = 1", "line 1: zebra is not a setting; `quota-tui config get` lists them all"),
        ("quota = 3", "line 1: quota is a section; write [quota] and its keys below it"),
        ("[prices]\nx = 3", "line 2: prices.x is a section; write [prices.x] and its keys below it"),
        ('[alerts]\nbell = "yes"', 'line 2: alerts.bell must be true or false, not "yes"'),
        ("[alerts]\nbell = 1", "line 2: alerts.bell must be true or false, not 1"),
        ("[quota]\nlimit_tokens = 1.5", "line 2: quota.limit_tokens must be a whole number, not 1.5"),
        ("[quota]\nlimit_tokens = true", "line 2: quota.limit_tokens must be a whole number, not true"),
        (
            "[quota]\nlimit_tokens = -1",
            "line 2: quota.limit_tokens must be between 0 and 1000000000000, not -1",
        ),
        (
            f"[quota]\nweekly_limit_tokens = {2**70}",
            f"line 2: quota.weekly_limit_tokens must be between 0 and 1000000000000, not {2**70}",
        ),
        ("[quota]\nready_pct = 101", "line 2: quota.ready_pct must be between 0 and 100, not 101"),
        ('[quota]\nplan = "max"', 'line 2: quota.plan must be pro, max5 or max20, not "max"'),
        (
            "[alerts]\nthresholds = [\n  50, # half\n  0,\n]",
            "line 2: alerts.thresholds must be between 1 and 100, not 0",
        ),
        (
            '[alerts]\nthresholds = ["50"]',
            'line 2: alerts.thresholds must be a list of whole numbers, as [25, 50], not ["50"]',
        ),
        (
            "[alerts]\nthresholds = 50",
            "line 2: alerts.thresholds must be a list of whole numbers, as [25, 50], not 50",
        ),
        ('display.clock = "25h"', 'line 1: display.clock must be 24h or 12h, not "25h"'),
        (
            'a.b = 1\n[display]\n"timezone" = "Mars/Base"',
            'line 3: display.timezone must be the name of a time zone, as "Europe/Berlin", not "Mars/Base"',
        ),
        ("[display]\ntimezone = '../etc'", "line 2: display.timezone must be the name of a time zone"),
        ("[display]\ntimezone = 'Europe'", "line 2: display.timezone must be the name of a time zone"),
        ("[display]\ntheme = ' '", "line 2: display.theme must not be empty"),
        ("[display]\ntheme = 2026-11-20", "line 2: display.theme must be text in quotes, not"),
        ("[display]\nhidden_panes = ['zones']", "line 2: display.hidden_panes must be quota, burn, zone"),
        ("[readings]\nask_every_s = 60", "line 2: readings.ask_every_s must be between 300 and 86400, not 60"),
        ("[readings]\nclient = 'claude'", 'line 2: readings.client must be an absolute path, not "claude"'),
        ("transcript_dirs = ['logs']", 'line 1: transcript_dirs must be an absolute path, not "logs"'),
        ("[statusline]\nchain_timeout_s = nan", "line 2: statusline.chain_timeout_s must be between 0.1 and 60, not nan"),
        ("[statusline]\nchain_timeout_s = inf", "line 2: statusline.chain_timeout_s must be between 0.1 and 60, not inf"),
        ("[keys]\nhistory = 5", "line 2: keys.history must be text in quotes, not 5"),
        ("[keys]\nhistory = ''", "line 2: keys.history must not be empty"),
        ("[prices.m]\ninput = -1", "line 2: prices.m.input must be 0 or more, not -1.0"),
        ("[prices.m]\ninput = inf", "line 2: prices.m.input must be 0 or more, not inf"),
        (
            "prices.m.inptu = 1",
            "line 1: prices.m.inptu is not a setting; a price is one of input, output, write_5m, write_1h, read",
        ),
        ("x = { a = 1,\nb = 2 }", "line 1: not TOML (invalid initial character for a key part); repair it; none of it"),
        ("[display]\nclock = ", "line 2: not TOML (invalid value); repair it; nothing from line 2 on is used"),
        ("[alerts]\nbell = false\nbell = true", "line 3: not TOML (cannot overwrite a value); repair it; nothing from line 3"),
        ("[alerts]\nthresholds = [1,\n2\n", "line 2: not TOML (unclosed array); repair it; nothing from line 2 on is used"),
        ("a = " + "[" * 5000, "line 1: nested too deeply; none of it is used"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_place_key_and_advice(
    tmp_path: Path, text: str, expected: str
) -> None:
    problems = problems_of(tmp_path, text)
    assert problems[-1].startswith(expected)
    assert len(problems) == (2 if text.startswith("a.b") else 1)
    assert "\n" not in problems[-1]
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "config.toml", {})
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value.problems[-1].startswith(f"{tmp_path / 'config.toml'} {expected}")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.mkdir()
    settings, problems = load_settings_lenient(file, {"QUOTA_TUI_DISPLAY_ASCII": "yes"})
    assert settings == Settings(display=config.Display(ascii=True))
    assert len(problems) == 1
    assert problems[0].startswith(f"{file} cannot be read (")
    file.rmdir()
    file.write_bytes(b"[display]\nascii = true\ntheme = '\xff'\n")
    settings, problems = load_settings_lenient(file, {})
    assert settings == Settings()
    assert problems == [f"{file} line 3: not UTF-8 text; save the file as UTF-8; none of it is used"]


def test_what_windows_editors_write_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[display]\r\nascii = true\r\nclok = '24h'\r\n")
    settings, problems = load_settings_lenient(file, {})
    assert settings.display.ascii
    assert problems == [f"{file} line 3: display.clok is not a setting; did you mean display.clock?"]


def test_good_keys_hold_beside_bad_ones(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[display]\nclock = "12h"\nascii = 3\n[prices.m]\ninput = 1\noops = 2\n[alerts]\nbell = false\n'
    )
    settings, problems = load_settings_lenient(
        file, {"QUOTA_TUI_DISPLAY_CLOCK": "13h"}, {"alerts.bell": True}
    )
    assert (settings.display.clock, settings.display.ascii) == ("12h", False)
    assert (settings.prices, settings.alerts.bell) == ({"m": {"input": 1.0}}, True)
    assert len(problems) == 3
    file.write_text('[display]\nclock = "12h"\nascii = 1\n[alerts\nbell = false\n')
    settings, problems = load_settings_lenient(file, {})
    assert (settings.display.clock, settings.alerts.bell) == ("12h", True)
    assert [problem.removeprefix(str(file)) for problem in problems] == [
        " line 4: not TOML (expected ']' at the end of a table declaration); repair it; nothing from line 4 on is used",
        " line 3: display.ascii must be true or false, not 1",
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("READINGS_ASK_CLIENT", "maybe", 'readings.ask_client must be true or false, not "maybe"'),
        ("QUOTA_READY_PCT", "9O", 'quota.ready_pct must be a whole number, not "9O"'),
        ("QUOTA_READY_PCT", "1" * 5000, 'quota.ready_pct must be a whole number, not "111'),
        ("STATUSLINE_CHAIN_TIMEOUT_S", "soon", 'statusline.chain_timeout_s must be a number, not "soon"'),
        ("ALERTS_THRESHOLDS", "50;60", "alerts.thresholds must be a list of whole numbers"),
        ("ALERTS_THRESHOLDS", "[50", "alerts.thresholds must be a list of whole numbers"),
        ("DISPLAY_THEM", "x", "no such setting; did you mean QUOTA_TUI_DISPLAY_THEME?"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, name: str, value: str, expected: str) -> None:
    variable = f"QUOTA_TUI_{name}"
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "none", {variable: value})
    assert str(caught.value).startswith(f"environment variable {variable}: {expected}")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("word", ["1", "true", "YES", " on "])
def test_yes_in_many_words(tmp_path: Path, word: str) -> None:
    assert load_settings(tmp_path / "none", {"QUOTA_TUI_DISPLAY_ASCII": word}).display.ascii is True


def test_a_bad_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"on the command line: quota\.ready_pct must be between 0 and 100"):
        load_settings(tmp_path / "none", {}, {"quota.ready_pct": 300})


def test_home_is_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    settings = load_settings(tmp_path / "none", {"QUOTA_TUI_TRANSCRIPT_DIRS": "~/old logs,/b"})
    assert settings.transcript_dirs == (str(tmp_path / "old logs"), "/b")


def test_names_as_typed() -> None:
    assert config.read_value("display.clock", "12h") == (("display", "clock"), "12h")
    assert config.read_value('prices."my.model".input', "3") == (("prices", "my.model", "input"), 3.0)
    assert config.value_at(Settings(), config.setting_path("alerts.bell")) is True
    assert config.value_at(Settings(keys={"a": "b"}), ("keys", "a")) == "b"
    assert config.value_at(Settings(), ("prices", "m", "input")) is None
    for name, hint in {
        "display": "display is a section, not a setting; it has display.theme, display.ascii,",
        "keys": "keys is a section, not a setting",
        "": " is not the name of a setting",
        "a b": "a b is not the name of a setting",
        "bell": "did you mean alerts.bell?",
    }.items():
        with pytest.raises(ConfigError) as caught:
            config.setting_path(name)
        assert hint in str(caught.value)
