"""What the slash commands say to Claude. Short: every word of them is paid for with the user's tokens.

No text of a person's reaches a shell: what Claude adds to a handoff goes through a file that it writes with
its own tool, and the lines that are run are the same for everybody. (Claude Code 2.1.329 asks for permission
when a shell command holds JSON, and for every file below its own configuration; both would stop the work.)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from quota_tui.automation.command_names import DRAFTS, marked
from quota_tui.automation.own import NoInterpreter, own_command
from quota_tui.store.paths import Paths

_REFUSED = frozenset("`$()\\\n\r")
"""Backticks end a command in a command file, a dollar is replaced there, and Claude Code 2.1.329 matches no
permission rule with parentheses in it (tried in every form of the front matter)."""
_REFUSED_IN_FOLDERS = frozenset('"*?[')

_PLAN = """\
The next session in this project is being prepared. This is what files and git tell already, at no cost:

!`{program} slash plan-next-session 2>&1 || true`

Add what only you know from this conversation; invent nothing, repeat nothing of the above.
1. With the Write tool write {draft}, a JSON object with only the keys that you add or correct:
   "title", "accomplished": [..], "objectives": [{{"text", "tokens", "steps": [..]}}] in order, for the next \
session, "decisions": [..] each with its reason, "failed": [..] what was tried, and why it did not work \
(worth the most to whoever goes on), "blockers": [..], "files": [..] to read first, "commands": [..] to run \
on start, "instructions".
   A key that you leave out keeps the value above; a list that you give takes its place.
2. Run: {program} plan --from {quoted_draft}
3. In two lines, tell the person the path that it prints and what is still open. If it refuses, correct the \
file as it says and run it again.

What the person adds to this (may be empty): $ARGUMENTS
"""
_SAY = """\
!`{program} slash {name} 2>&1 || true`

{request}
"""
_SHORT = {
    "session-status": (
        "Quota now: used, left, reset, pace, and this session's share (quota-tui)",
        "Tell the person this in a few lines, every `≈`, range and basis as it stands. Do nothing else.",
    ),
    "automation-status": (
        "Is the next session arranged? (quota-tui)",
        "Tell the person this as it stands, and do nothing else.",
    ),
    "cancel-next-session": (
        "Cancel the session that was arranged (quota-tui)",
        "Tell the person this as it stands, and do nothing else.",
    ),
    "estimate-session": (
        "How much would the work ahead take? (quota-tui)",
        "Tell the person this as it stands, and do nothing else.",
    ),
}


def command_texts(paths: Paths, executable: str = "", platform: str = sys.platform) -> dict[str, bytes]:
    """The files by name. Raises `NoInterpreter` when no line can be written that finds us again."""
    program = own_command("", executable or sys.executable, platform).rstrip()
    drafts = paths.data_dir / DRAFTS
    for text, refused in ((program, _REFUSED), (drafts.as_posix(), _REFUSED | _REFUSED_IN_FOLDERS)):
        bad = sorted(refused & set(text))
        if bad:
            raise NoInterpreter(f"no slash command can hold the {bad[0]!r} in {text}")
    return {
        "plan-next-session": _plan(program, drafts, platform),
        **{name: _short(program, name) for name in _SHORT},
    }


def _plan(program: str, drafts: Path, platform: str) -> bytes:
    draft = f"{drafts.as_posix()}/${{CLAUDE_SESSION_ID}}.json"
    front = _front(
        "Prepare the next session: a handoff from what was done here (quota-tui)",
        [
            _rule(program, "slash plan-next-session"),
            _rule(program, "plan --from"),
            # A rule for Edit is what Claude Code asks for its Write tool.
            f"Edit({_rule_path(drafts, platform)}/*)",
        ],
        hint="[what the next session should do]",
    )
    return marked(front, _PLAN.format(program=program, draft=draft, quoted_draft=_quoted(draft)))


def _short(program: str, name: str) -> bytes:
    about, request = _SHORT[name]
    front = _front(about, [_rule(program, f"slash {name}")])
    return marked(front, _SAY.format(program=program, name=name, request=request))


def _front(about: str, allowed: list[str], hint: str = "") -> str:
    """Front matter; JSON strings are YAML strings, whatever is in them."""
    lines = [f"description: {_json(about)}"]
    if hint:
        lines.append(f"argument-hint: {_json(hint)}")
    return "\n".join([*lines, f"allowed-tools: {_json(allowed)}", ""])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(path: str) -> str:
    """For every shell that Claude Code uses; double quotes, since the client puts the session's id in."""
    return f'"{path}"'


def _rule(program: str, arguments: str) -> str:
    """A permission for a command with any further words. A star is a wildcard unless it is escaped."""
    escaped = program.replace("*", "\\*")
    return f"Bash({escaped} {arguments} *)"


def _rule_path(folder: Path, platform: str) -> str:
    """An absolute path in a permission rule: two slashes; on Windows the drive as a folder."""
    path = folder.as_posix()
    if platform == "win32" and path[1:2] == ":":
        return f"//{path[0].lower()}{path[2:]}"
    return f"/{path}"
