"""Which values of a setting make sense, beyond their type.

Errors are `ValueError`s whose text goes on from "the key": `must be 12h or 24h, not "25h"`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from quota_tui.core.settingvalues import must_be

ASK_AT_LEAST_S = 300
"""The service behind the client's usage answers those who ask more often with long refusals."""
MOST_TOKENS = 10**12
LONGEST_CHAIN_S = 60
MOST_CONTEXT_TOKENS = 10_000
"""Claude Code takes at most 10,000 characters of context from a hook."""
PLANS = ("pro", "max5", "max20")
PANES = ("quota", "burn", "zone", "phases", "automation", "sessions", "alerts")
CLOCKS = ("24h", "12h")
SCHEDULERS = ("auto", "systemd", "at", "cron", "launchd", "windows", "dashboard")
TERMINAL_COMMAND = "{command}"
"""What stands for our own arguments in the template of a terminal."""
OURS_TO_SAY = frozenset(
    {
        *("--session-id", "--agent", "--print", "-p", "--resume", "-r", "--continue", "-c", "--fork-session"),
        *("--version", "-v", "--help", "-h", "--"),
    }
)
"""Arguments of the client that a job decides itself, or with which no session of its own would start."""


def checked(name: str, value: Any) -> Any:
    """`value` of the setting `name`, in its one normal form. Raises `ValueError` when it makes no sense."""
    if name.startswith("prices."):
        return _between(0, math.inf)(value)
    if name.startswith("keys."):
        return _filled(value)
    rule = _RULES.get(name)
    return rule(value) if rule else value


def _between(low: float, high: float) -> Callable[[Any], Any]:
    span = f"{low} or more" if high == math.inf else f"between {low} and {high}"

    def rule(value: Any) -> Any:
        if not low <= value <= high or value == math.inf:  # not: nan is refused too
            raise ValueError(must_be(span, value))
        return value

    return rule


def _one_of(*words: str) -> Callable[[Any], Any]:
    listed = ", ".join(words[:-1]) + f" or {words[-1]}"

    def rule(value: Any) -> Any:
        if value not in words:
            raise ValueError(must_be(listed, value))
        return value

    return rule


def _each(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda values: tuple(inner(value) for value in values)


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty; remove the line instead")
    return value


def _word(value: str) -> str:
    """A value for an option of the client: never one that could pass for an option itself."""
    if value.startswith("-") or any(char.isspace() for char in value):
        raise ValueError(must_be("one word that does not begin with -", value))
    return value


def _client_arguments(values: tuple[str, ...]) -> tuple[str, ...]:
    """Further arguments of the client; the first is an option, so that none can pass for the prompt."""
    for value in values:
        name = value.partition("=")[0]
        if name in OURS_TO_SAY:
            raise ValueError(f"must not hold {name}: the job decides that")
    if values and not values[0].startswith("-"):
        raise ValueError(must_be("options, as --add-dir, each followed by its values", values[0]))
    return values


def _terminal_command(values: tuple[str, ...]) -> tuple[str, ...]:
    if values and not values[0].strip():
        raise ValueError("must begin with the terminal's program")
    if values and TERMINAL_COMMAND not in values:
        raise ValueError(f'must have an entry "{TERMINAL_COMMAND}", which stands for what is run inside')
    return values


def _absolute(value: str) -> str:
    """A path, `~` written out. Relative ones would mean another place in every folder."""
    path = Path(value)
    with suppress(RuntimeError):  # no such user, no home: stays relative
        path = path.expanduser()
    if not path.is_absolute():
        raise ValueError(must_be("an absolute path", value))
    return str(path)


def _timezone(value: str) -> str:
    if value:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # unknown; not a name; the name of a folder
            example = 'the name of a time zone, as "Europe/Berlin"'
            raise ValueError(must_be(example, value)) from None
    return value


_RULES: dict[str, Callable[[Any], Any]] = {
    "transcript_dirs": _each(_absolute),
    "readings.ask_every_s": _between(ASK_AT_LEAST_S, 86_400),
    "readings.client": lambda value: value and _absolute(value),
    "quota.limit_tokens": _between(0, MOST_TOKENS),
    "quota.weekly_limit_tokens": _between(0, MOST_TOKENS),
    "quota.plan": lambda value: value and _one_of(*PLANS)(value),
    "quota.ready_pct": _between(0, 100),
    "alerts.thresholds": lambda values: tuple(sorted(set(_each(_between(1, 100))(values)))),
    "alerts.desktop_from_pct": _between(0, 100),
    "display.theme": _filled,
    "display.timezone": _timezone,
    "display.clock": _one_of(*CLOCKS),
    "display.hidden_panes": _each(_one_of(*PANES)),
    "statusline.chain_timeout_s": _between(0.1, LONGEST_CHAIN_S),
    "handoff.context_tokens": _between(0, MOST_CONTEXT_TOKENS),
    "automation.model": _word,
    "automation.permission_mode": _word,
    "automation.extra_args": _client_arguments,
    "automation.terminal": _filled,
    "automation.terminal_command": _terminal_command,
    "automation.scheduler": _one_of(*SCHEDULERS),
    "automation.notify_before_min": _between(0, 24 * 60),
    "automation.deadline_h": _between(0.1, 7 * 24),
}
