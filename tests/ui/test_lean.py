"""What must not be imported before it is needed: a slow start is felt each time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    """What a fresh interpreter has imported after the statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_the_dashboard_starts_without_tables_markdown_and_plots():
    loaded = modules_after("import quota_tui.ui.app")
    late = {
        "quota_tui.ui.screens.history",
        "quota_tui.ui.screens.help",
        "textual.widgets._data_table",
        "textual.widgets._markdown",
        "plotext",
        "textual_plotext",
        "watchfiles",
        "sqlite3",
    }
    assert "quota_tui.ui.screens.dashboard" in loaded
    assert not late & loaded


@pytest.mark.parametrize(
    "module",
    [
        "quota_tui.core.text",
        "quota_tui.core.report",
        "quota_tui.ui.layout",
        "quota_tui.ui.panes.specs",
        "quota_tui.ui.panes.card",
        "quota_tui.ui.panes.history",
        "quota_tui.ui.ticks",
    ],
)
def test_what_is_pure_needs_no_terminal_library(module):
    loaded = modules_after(f"import {module}")
    assert module in loaded
    assert not {"textual", "rich"} & loaded
