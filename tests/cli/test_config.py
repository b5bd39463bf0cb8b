from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from quota_tui.cli.config import config
from quota_tui.cli.config_init import commented_file, setting_docs
from quota_tui.config import Settings, load_settings, schema
from quota_tui.store import files
from quota_tui.store.files import StoreError


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUOTA_TUI_HOME", str(home))
    (home / "config").mkdir()
    return home / "config" / "config.toml"


def run(*arguments: str, flags: dict[str, object] | None = None) -> Result:
    return CliRunner().invoke(config, arguments, obj=flags)


def test_path(file: Path) -> None:
    done = run("path")
    assert (done.exit_code, done.stdout) == (0, f"{file}\n")


def test_init_writes_every_setting_with_its_meaning_and_changes_nothing(file: Path) -> None:
    file.parent.rmdir()
    assert run("init").exit_code == 0
    text = file.read_text()
    assert load_settings(file, {}) == Settings()
    for path in schema().fixed:
        assert f"\n# {path[-1]} = " in text
        assert setting_docs()[path].split()[0].lower() in text.lower()
    again = run("init")
    assert again.exit_code == 1
    assert again.stderr == f"quota-tui: {file} exists already; nothing was changed\n"
    assert file.read_text() == text


def test_every_setting_says_what_it_means() -> None:
    docs = setting_docs()
    assert {path for path in schema().fixed if not docs.get(path)} == set()


def test_the_commented_defaults_are_the_defaults(file: Path) -> None:
    lines = commented_file().split("\n")
    examples = lines.index("[keys]")
    live = [line[2:] if line.startswith("# ") and " = " in line else line for line in lines[:examples]]
    file.write_text("\n".join(live))
    assert load_settings(file, {}) == Settings()
    parsed = tomllib.loads(file.read_text())
    assert parsed["display"] == json.loads(msgspec.json.encode(Settings().display))
    live = [line.removeprefix("# ") for line in lines[examples:]]
    file.write_text("\n".join(live))
    assert load_settings(file, {}).keys == {"history": "H"}
    assert load_settings(file, {}).prices == {"claude-opus-5": {"input": 5.0, "output": 25.0}}


def test_get_one_and_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[display]\nclock = "12h"\n[prices."my.model"]\ninput = 3\n')
    monkeypatch.setenv("QUOTA_TUI_ALERTS_THRESHOLDS", "90,50")
    assert run("get", "display.clock").stdout == "12h\n"
    assert run("get", "alerts.thresholds").stdout == "[50, 90]\n"
    assert run("get", "alerts.bell", "--json").stdout == "true\n"
    assert run("get", 'prices."my.model".input').stdout == "3.0\n"
    assert run("get", "keys.none").stdout == "\n"
    everything = run("get", flags={"display.ascii": True}).stdout
    assert f'display.clock = "12h"  # {file}\n' in everything
    assert "alerts.thresholds = [50, 90]  # QUOTA_TUI_ALERTS_THRESHOLDS\n" in everything
    assert "display.ascii = true  # command line\n" in everything
    assert "quota.ready_pct = 90\n" in everything
    parsed = tomllib.loads(everything)
    assert parsed["prices"] == {"my.model": {"input": 3.0}}
    assert msgspec.convert(parsed, Settings).display == Settings().display.__class__(clock="12h", ascii=True)
    as_json = json.loads(run("get", "--json").stdout)
    assert msgspec.convert(as_json, Settings) == load_settings(file, os.environ)


def test_get_of_a_wrong_file_shows_what_holds_and_says_what_is_wrong(file: Path) -> None:
    file.write_text('[display]\nclock = "25h"\nascii = true\n')
    done = run("get")
    assert done.exit_code == 3
    assert "display.ascii = true" in done.stdout
    assert done.stderr == f'quota-tui: {file} line 2: display.clock must be 24h or 12h, not "25h"\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "display.clok"), "display.clok is not a setting; did you mean display.clock?"),
        (("set", "display.clok", "12h"), "display.clok is not a setting; did you mean display.clock?"),
        (("set", "display.clock", "25h"), 'display.clock must be 24h or 12h, not "25h"'),
        (("set", "alerts.bell", "maybe"), 'alerts.bell must be true or false, not "maybe"'),
        (("set", "display", "x"), "display is a section, not a setting; it has display.theme"),
    ],
)
def test_wrong_words_are_a_usage_error(file: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not file.exists()


BEFORE = """\
# my settings
[display]  # how it looks
clock = "24h"  # as at home
# theme = "dark"

[alerts]
thresholds = [
  50, # half
  90,
]
"""


@pytest.mark.parametrize(
    ("key", "value", "after"),
    [
        ("display.clock", "12h", BEFORE.replace('"24h"', '"12h"')),
        ("display.theme", 'a "b"', BEFORE.replace('"dark"\n', '"dark"\ntheme = "a \\"b\\""\n')),
        ("display.ascii", "yes", BEFORE.replace("as at home\n", "as at home\nascii = true\n")),
        ("alerts.thresholds", "95, 80", BEFORE.replace("[\n  50, # half\n  90,\n]", "[80, 95]")),
        ("alerts.bell", "off", f"{BEFORE}bell = false\n"),
        ("quota.plan", "pro", f'{BEFORE}\n[quota]\nplan = "pro"\n'),
        ("transcript_dirs", "/a,/b", f'transcript_dirs = ["/a", "/b"]\n{BEFORE}'),
        ('prices."my.model".input', "3", f'{BEFORE}\n[prices."my.model"]\ninput = 3.0\n'),
        ("keys.history", "H", f'{BEFORE}\n[keys]\nhistory = "H"\n'),
    ],
)
def test_set_changes_one_key_and_keeps_the_rest(file: Path, key: str, value: str, after: str) -> None:
    file.write_text(BEFORE)
    done = run("set", key, value)
    assert (done.exit_code, done.stderr) == (0, "")
    assert file.read_text() == after
    again = run("set", key, value)
    assert again.stdout == done.stdout.rstrip("\n") + " already; nothing was changed\n"
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_set_keeps_line_ends_and_the_byte_order_mark(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[display]\r\nclock = "24h"')
    assert run("set", "display.ascii", "1").exit_code == 0
    assert run("set", "transcript_dirs", "/a").exit_code == 0
    assert file.read_bytes() == (
        b'\xef\xbb\xbftranscript_dirs = ["/a"]\r\n[display]\r\nclock = "24h"\r\nascii = true\r\n'
    )


def test_set_makes_the_file(file: Path) -> None:
    file.parent.rmdir()
    assert run("set", "display.clock", "12h").stdout == 'display.clock = "12h"\n'
    assert file.read_text() == '[display]\nclock = "12h"\n'


def test_set_says_when_the_environment_comes_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTA_TUI_DISPLAY_CLOCK", "24h")
    done = run("set", "display.clock", "12h")
    assert done.exit_code == 0
    assert "QUOTA_TUI_DISPLAY_CLOCK comes before the file" in done.stderr


def test_set_repairs_one_wrong_key_beside_another(file: Path) -> None:
    file.write_text('[display]\nclock = "25h"\ntheme = 3\n')
    assert run("set", "display.clock", "12h").exit_code == 0
    assert file.read_text() == '[display]\nclock = "12h"\ntheme = 3\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'display = { clock = "24h" }\n', 'line 1 is written in a way that cannot be changed safely; set display.clock = "12h" by hand'),
        (b"display = 3\n", "line 1 is written in a way that cannot be changed safely"),
        (b"[display\n", "is not TOML: Expected ']'"),
        (b"# \xff\n", "is not UTF-8 text"),
    ],
)  # fmt: skip
def test_set_refuses_what_it_cannot_do_safely(file: Path, text: bytes, said: str) -> None:
    file.write_bytes(text)
    done = run("set", "display.clock", "12h")
    assert done.exit_code == 3
    assert said in done.stderr
    assert file.read_bytes() == text


@pytest.mark.parametrize("arguments", [("set", "display.clock", "12h"), ("init",)])
def test_a_full_disk_is_a_data_problem(
    file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def full(path: Path, _data: bytes) -> None:
        raise StoreError("write", path, OSError(28, "No space left on device"))

    monkeypatch.setattr(files, "write_atomic", full)
    done = run(*arguments)
    assert done.exit_code == 3
    assert done.stderr == (
        f"quota-tui: cannot write {file}: the disk is full; free some space and run it again\n"
    )
    assert list(file.parent.iterdir()) == []


SETTER = "from quota_tui.cli.config import config; import sys; config(['set', sys.argv[1], '7'])"


def test_many_setters_at_once_lose_nothing(file: Path) -> None:
    file.write_text(BEFORE)
    keys = [f"keys.k{number}" for number in range(6)]
    setters = [subprocess.Popen([sys.executable, "-c", SETTER, key], stdout=-1, stderr=-1) for key in keys]
    for setter in setters:
        setter.communicate()
        assert setter.returncode == 0
    assert load_settings(file, {}).keys == {f"k{number}": "7" for number in range(6)}
