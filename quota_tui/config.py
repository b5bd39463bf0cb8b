"""Settings: defaults < TOML file < environment < flags.

`load_settings` refuses what is wrong, `load_settings_lenient` goes on without it and says so; both name
the file, the line and the key. The environment's names are `QUOTA_TUI_<SECTION>_<KEY>`; lists there are
comma separated, or a TOML list. `[keys]` and `[prices]` come from the file only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from quota_tui.core.settingload import Schema

ENV_PREFIX = "QUOTA_TUI_"
OTHER_VARIABLES = frozenset({"QUOTA_TUI_HOME", "QUOTA_TUI_NOW"})
"""Variables of ours that are no settings: where our files are, and what time it is."""


class Readings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[readings]`."""

    ask_client: bool = False
    """Ask the Claude Code client for its usage (no model tokens), at most every five minutes."""
    ask_every_s: int = 300
    """Seconds between two such questions; 300 at the least: the service behind it blocks who asks more."""
    client: str = ""
    """Absolute path of the client; empty: found on PATH."""


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[quota]`: used only while Anthropic has not said better."""

    limit_tokens: int = 0
    """Your own figure for a five-hour window, in tokens as this program counts them; 0: none."""
    weekly_limit_tokens: int = 0
    """The same for a weekly window; 0: none."""
    plan: str = ""
    """A preset guess: "pro", "max5" or "max20". Anthropic publishes no figures: shown as a guess."""
    ready_pct: int = 90
    """`check` says READY when at least this much is left."""


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[alerts]`."""

    thresholds: tuple[int, ...] = (25, 50, 80, 90, 95)
    """Used percentages that raise an alert, 1 to 100; an empty list: none."""
    limit_hit: bool = True
    """Alert when Anthropic refuses a call because a limit is reached."""
    bell: bool = True
    """Ring the terminal's bell with an alert."""
    desktop: bool = True
    """Desktop notification where one can be shown, else OSC 9 to the terminal."""
    desktop_from_pct: int = 80
    """Desktop notifications from this threshold on; lower ones stay in the terminal."""


class Display(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[display]`."""

    theme: str = "dark"
    """"dark", "light", "contrast", or any theme name Textual knows."""
    ascii: bool = False
    """Draw with ASCII only."""
    timezone: str = ""
    """An IANA name; empty: this machine's own."""
    clock: str = "24h"
    """"24h" or "12h"."""
    hidden_panes: tuple[str, ...] = ()
    """Of "quota", "burn", "zone", "phases", "automation", "sessions", "alerts"."""


class StatusLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[statusline]`."""

    chain_timeout_s: float = 2.0
    """Seconds your own status line command may take before its output is left out."""


class Handoff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[handoff]`."""

    context_tokens: int = 2500
    """Most tokens that a new session is given to begin with (`install hooks`); 0: none."""


class Automation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[automation]`: the next session, when it starts by itself."""

    model: str = ""
    """What `--model` is given; empty: the client's own choice."""
    permission_mode: str = ""
    """What `--permission-mode` is given; empty: the client's own default. Nothing here skips permissions
    unless you write it: "bypassPermissions"."""
    extra_args: tuple[str, ...] = ()
    """Further arguments for the client, as ["--add-dir", "/home/me/lib"]."""
    terminal: str = "auto"
    """"auto" (the one in which it was arranged), "tmux", "kitty", … as `automation schedule --help` lists."""
    terminal_command: tuple[str, ...] = ()
    """Your own terminal, as ["xterm", "-e", "{command}"]; {command} stands for the arguments to run."""
    scheduler: str = "auto"
    """"auto" (the best that survives a reboot), or "systemd", "at", "cron", "launchd", "windows", "dashboard"
    (it must be open then)."""
    notify_before_min: int = 5
    """Minutes before the start at which you are told of it."""
    deadline_h: float = 6.0
    """Hours after its time in which a session may still start by itself; later it says "missed" and asks."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a person can set. Unknown keys are refused by name."""

    transcript_dirs: tuple[str, ...] = ()
    """Further Claude configuration folders (each with a `projects` folder), or folders of transcripts."""
    readings: Readings = Readings()
    quota: Quota = Quota()
    alerts: Alerts = Alerts()
    display: Display = Display()
    statusline: StatusLine = StatusLine()
    handoff: Handoff = Handoff()
    automation: Automation = Automation()
    keys: dict[str, str] = {}
    """Key rebinding: action id to key, as `"history" = "H"`."""
    prices: dict[str, dict[str, float]] = {}
    """Price overrides by model id: `input`, `output`, `write_5m`, `write_1h`, `read`, in $ per million."""


class ConfigError(Exception):
    """Settings that cannot be used. `problems` has one sentence each, naming place, key and what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def load_settings(
    config_file: Path, env: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Settings:
    """The settings in force. `flags` maps dotted names to what was typed; None means not typed.

    A file that does not exist is fine. Raises `ConfigError` with everything that is wrong.
    """
    settings, problems = load_settings_lenient(config_file, env, flags)
    if problems:
        raise ConfigError(problems)
    return settings


def load_settings_lenient(
    config_file: Path, env: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> tuple[Settings, list[str]]:
    """The settings as far as they are right, and a sentence for everything that is not.

    A wrong value leaves what held before it: the file's, or the default. Of a file that is not TOML,
    what stands above the broken statement is used.
    """
    text, problems = _read(config_file)
    names = sorted(name for name in env if name.startswith(ENV_PREFIX) and name not in OTHER_VARIABLES)
    given = {name: env[name] for name in names}
    typed = {name: value for name, value in (flags or {}).items() if value is not None}
    if text is None and not given and not typed:
        return Settings(), problems
    from quota_tui.core.settingload import Loader

    loader = Loader(schema(), problems)
    loader.read_toml(str(config_file), text or "")
    loader.read_env(ENV_PREFIX, given)
    loader.read_flags(typed)
    return msgspec.convert(loader.tree(), Settings), loader.problems


def read_value(name: str, text: str) -> tuple[tuple[str, ...], Any]:
    """The path and the value of a setting given as text. Raises `ConfigError`."""
    from quota_tui.core.settingload import Loader

    path = setting_path(name)
    loader = Loader(schema(), [])
    loader.take(path, text, "", as_text=True)
    if loader.problems:
        raise ConfigError(loader.problems)
    return path, loader.values[path]


def value_at(settings: Settings, path: tuple[str, ...]) -> Any:
    """What `settings` say at a path of `setting_path`; None for a free name that is not set."""
    value: Any = settings
    for part in path:
        if value is not None:
            value = value.get(part) if isinstance(value, dict) else getattr(value, part)
    return value


def setting_path(name: str) -> tuple[str, ...]:
    """The path of a dotted name, as typed. Raises `ConfigError` when there is no such setting."""
    from quota_tui.core.tomltext import parse_key

    try:
        path = parse_key(name)
    except ValueError:
        raise ConfigError(
            [f"{name} is not the name of a setting; `quota-tui config get` lists all"]
        ) from None
    if schema().type_of(path) is None:
        raise ConfigError([schema().unknown(path)])
    return path


@cache
def schema() -> Schema:
    """The names and types of all settings, in the order of the classes above."""
    from quota_tui.core.settingload import Schema

    fixed: dict[tuple[str, ...], Any] = {}
    sections: list[str] = []
    for outer in msgspec.structs.fields(Settings):
        if isinstance(outer.default, msgspec.Struct):
            sections.append(outer.name)
            fixed |= {(outer.name, inner.name): inner.type for inner in msgspec.structs.fields(outer.type)}
        elif outer.name not in ("keys", "prices"):
            fixed[(outer.name,)] = outer.type
    return Schema(fixed, tuple(sections))


def _read(file: Path) -> tuple[str | None, list[str]]:
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"), []
    except FileNotFoundError:
        return None, []
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, [f"{file} line {line}: not UTF-8 text; save the file as UTF-8; none of it is used"]
    except OSError as error:
        return None, [f"{file} cannot be read ({error.strerror}); none of it is used"]
