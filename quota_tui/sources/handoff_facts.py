"""What the world says about a handoff: do its files, branch, agent and plan exist?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from quota_tui.core.handoff import Handoff
from quota_tui.core.handoff_check import CheckFacts, file_names
from quota_tui.sources.git import branch_exists

_BUILT_IN_AGENTS = frozenset({"claude", "explore", "general-purpose", "plan", "statusline-setup"})
_NAMED = re.compile(rb"^name:[ \t]*[\"']?([^\r\n\"']+?)[\"']?[ \t]*\r?$", re.MULTILINE)
_HEAD = 4096
_MAX_AGENTS = 500


def check_facts(
    handoff: Handoff,
    now: datetime,
    *,
    available_tokens: int | None = None,
    config_dirs: Iterable[Path] = (),
) -> CheckFacts:
    """Look for all that the handoff names. `config_dirs` are Claude Code's own folders. Never raises."""
    project = handoff.project
    exists = os.path.isdir(project) if project else None
    branch = handoff.state.branch
    return CheckFacts(
        now=now,
        available_tokens=available_tokens,
        missing_files=frozenset(entry for entry in handoff.files if exists and not _is_there(project, entry)),
        project_exists=exists,
        branch_exists=branch_exists(project, branch) if exists and branch else None,
        agent_exists=agent_exists(handoff.agent, project, config_dirs) if handoff.agent else None,
        plan_exists=_is_there(project, handoff.plan_file) if exists and handoff.plan_file else None,
    )


def agent_exists(name: str, project: str, config_dirs: Iterable[Path]) -> bool | None:
    """Whether an agent is defined in the project or for the user; None when that cannot be told.

    A plugin's agents (`plugin:agent`) and managed ones lie elsewhere.
    """
    if name.casefold() in _BUILT_IN_AGENTS:
        return True
    if ":" in name:
        return None
    folders = [os.path.join(folder, "agents") for folder in config_dirs]
    if project:
        folders.append(os.path.join(project, ".claude", "agents"))
    return any(_defines(folder, name) for folder in folders)


def _defines(folder: str, name: str) -> bool:
    """Whether a file below the folder has the name, or says it in its front."""
    looked_at = 0
    for here, _, names in os.walk(folder):
        for file_name in sorted(names):
            if file_name.endswith(".md") and looked_at < _MAX_AGENTS:
                looked_at += 1
                if file_name == f"{name}.md" or _said_name(os.path.join(here, file_name)) == name:
                    return True
    return False


def _said_name(path: str) -> str:
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    found = _NAMED.search(head)
    return found[1].decode("utf-8", "replace") if found else ""


def _is_there(project: str, entry: str) -> bool:
    """Whether an entry names a file or folder, relative to the project, absolute, or below `~`."""
    try:
        return any(
            os.path.lexists(os.path.join(project, os.path.expanduser(name))) for name in file_names(entry)
        )
    except ValueError:  # a NUL in it: there is no such file
        return False
