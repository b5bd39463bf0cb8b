"""What a command costs to start: nothing that it does not need is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quota_tui import __version__
from quota_tui.cli.root import _COMMANDS, cli
from tests.monitor.rig import REPO, quota, tell, work

CODE = """
import sys
sys.argv = ["quota-tui", *sys.argv[1:]]
from quota_tui.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
print(code, *sorted(sys.modules), file=sys.stderr)
"""


def run_and_tell(*args: str, **env: str) -> tuple[str, int, set[str]]:
    """(what it printed, exit code, what it imported)."""
    where = {**os.environ, "PYTHONPATH": str(REPO), **env}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=where,
        stdin=subprocess.DEVNULL,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    return done.stdout, int(code), set(modules)


def test_help_imports_no_command(home: Path) -> None:
    text, code, modules = run_and_tell("--help")
    assert code == 0
    ours = {name for name in modules if name.startswith("quota_tui.")}
    assert ours == {"quota_tui.cli", "quota_tui.cli.root", "quota_tui.cli.lazy"}
    assert all(name in text for name in _COMMANDS)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["status"], 0),
        (["status", "--json"], 0),
        (["status", "--line"], 0),
        (["usage", "--by", "window"], 0),
        (["check"], 1),
        (["statusline"], 0),
        (["config", "get"], 0),
        (["config", "path"], 0),
        (["doctor"], 0),
        (["--version"], 0),
        ([], 2),
        (["status", "--help"], 0),
        (["install", "--help"], 0),
    ],
)
def test_no_command_pays_for_the_dashboard(home: Path, args: list[str], wanted: int) -> None:
    work(home)
    tell(62)
    text, code, modules = run_and_tell(*args)
    assert code == wanted
    assert bool(text) is (wanted != 2)
    heavy = {"textual", "rich", "watchfiles", "asyncio", "plotext", "typing_extensions"}
    assert heavy.isdisjoint(modules)
    assert not any(name.startswith("quota_tui.ui") for name in modules)


def test_prompts_and_status_lines_do_not_even_pay_for_what_people_see(home: Path) -> None:
    tell(62)
    _, _, line = run_and_tell("statusline")
    assert {"click", "subprocess", "tomllib", "json"}.isdisjoint(line)
    _, _, status = run_and_tell("status", "--line")
    assert {"subprocess", "tomllib"}.isdisjoint(status)


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_is_there_and_explains_itself(home: Path, name: str) -> None:
    result = quota(name, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 3
    assert cli.get_command(None, name) is cli.get_command(None, name)  # type: ignore[arg-type]


def test_a_command_that_is_none(home: Path) -> None:
    result = quota("nonsense")
    assert result.exit_code == 2
    assert "nonsense" in result.stderr
    assert cli.get_command(None, "nonsense") is None  # type: ignore[arg-type]


def test_its_version(home: Path) -> None:
    assert quota("--version").stdout == f"quota-tui, version {__version__}\n"


def test_the_shell_completes_commands_and_options(home: Path) -> None:
    source, code, _ = run_and_tell(_QUOTA_TUI_COMPLETE="bash_source")
    assert (code, "_QUOTA_TUI_COMPLETE=bash_complete" in source) == (0, True)

    def complete(words: str, at: int) -> list[str]:
        text, _, modules = run_and_tell(
            _QUOTA_TUI_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(at)
        )
        assert {"textual", "rich"}.isdisjoint(modules)
        return [line.split(",")[1] for line in text.splitlines()]

    assert complete("quota-tui sta", 1) == ["status", "statusline"]
    assert complete("quota-tui usage --by w", 3) == ["week", "window"]
    assert set(complete("quota-tui status --", 2)) >= {"--json", "--line", "--watch"}


def test_a_library_may_import_it_without_its_commands() -> None:
    code = "import sys, quota_tui.cli; print(sorted(m for m in sys.modules if m.startswith(('click', 'msgspec', 'textual'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO)
    assert done.stdout == "[]\n"
