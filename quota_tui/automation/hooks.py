"""Our hooks in Claude Code's `settings.json`: `hooks.<Event>[{matcher, hooks:[{type, command, timeout}]}]`.

The lists are shared: ours are added at the end, beside what other tools and the person put there, and known
again by their command wherever they stand by then.
"""

from __future__ import annotations

import msgspec

from quota_tui.automation.installed import EntryRecord
from quota_tui.automation.own import is_own_command, own_command
from quota_tui.store import jsonedit

HOOKS = "hooks"
TIMEOUT_S = 5
"""More than ever needed. Claude Code stops a hook after it, and the session goes on."""


class Hook(msgspec.Struct, frozen=True):
    """One hook of ours: `argument` is what the program is called with, `matcher` which events it is for."""

    event: str
    argument: str
    matcher: str = ""


ALL = (
    # Not for resumed and compacted sessions: they know what they were told.
    Hook("SessionStart", "session-start", "startup|clear"),
    Hook("StopFailure", "stop-failure"),
    Hook("SessionEnd", "session-end"),
)
_ROOT = ("hooks",)
_Place = tuple[int, int]
"""Which group of an event's list, and which hook in it."""


class HooksEntry(msgspec.Struct, frozen=True):
    """All hooks of ours as one entry (see `entries.Entry`). `executable` runs them."""

    executable: str
    platform: str
    name: str = HOOKS

    def put(self, text: str, kept: EntryRecord | None) -> tuple[str, EntryRecord | None]:
        """See `entries.Entry`. The record's path is `("hooks",)` when we made that object, else empty."""
        made = _ROOT if jsonedit.get_text(text, _ROOT) is None else ()
        ours = False
        for hook in ALL:
            places = _places(text, hook)
            if places:
                ours = True
                text = self._renew(text, hook, places)
            elif not _calls_us(text, hook):
                ours = True
                text = jsonedit.append(text, (*_ROOT, hook.event), self._group(hook))
        return (text, kept or EntryRecord(self.name, made)) if ours else (text, None)

    def take(self, text: str, kept: EntryRecord | None) -> str:
        """See `entries.Entry`."""
        before = text
        for hook in ALL:
            for group, item in reversed(_places(text, hook)):
                text = _take_one(text, hook.event, group, item)
        if text == before or jsonedit.get(text, _ROOT) != {} or (kept and kept.path != _ROOT):
            return text
        return jsonedit.remove(text, _ROOT)

    def _renew(self, text: str, hook: Hook, places: list[_Place]) -> str:
        """The first one with the command as it is now, the others taken out."""
        for group, item in reversed(places[1:]):
            text = _take_one(text, hook.event, group, item)
        group, item = places[0]
        path = (*_ROOT, hook.event, group, "hooks", item, "command")
        same = jsonedit.get(text, path) == self._command(hook)
        return text if same else jsonedit.put(text, path, self._command(hook))

    def _group(self, hook: Hook) -> dict[str, object]:
        run = {"type": "command", "command": self._command(hook), "timeout": TIMEOUT_S}
        return {"matcher": hook.matcher, "hooks": [run]} if hook.matcher else {"hooks": [run]}

    def _command(self, hook: Hook) -> str:
        return own_command(f"hook {hook.argument}", self.executable, self.platform)


def _places(text: str, hook: Hook) -> list[_Place]:
    """Where hooks of ours for an event stand, whatever else is in the list."""
    return [
        (group, item)
        for group, item, command in _commands(text, hook.event)
        if is_own_command(command, f"hook {hook.argument}")
    ]


def _calls_us(text: str, hook: Hook) -> bool:
    """Whether a person's own hook runs ours, in whatever words."""
    commands = [command for _, _, command in _commands(text, hook.event)]
    return any(
        f"{name} hook {hook.argument}" in command
        for name in ("quota_tui", "quota-tui")
        for command in commands
    )


def _commands(text: str, event: str) -> list[tuple[int, int, str]]:
    found = []
    for group, value in enumerate(_list(jsonedit.get(text, (*_ROOT, event)))):
        items = _list(value.get("hooks")) if isinstance(value, dict) else []
        for item, hook in enumerate(items):
            command = hook.get("command") if isinstance(hook, dict) else None
            if isinstance(command, str):
                found.append((group, item, command))
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _take_one(text: str, event: str, group: int, item: int) -> str:
    """Take one hook out, and with it the group and the event's list when nothing else is in them."""
    path = (*_ROOT, event, group, "hooks", item)
    text = jsonedit.remove(text, path)
    if not jsonedit.get(text, path[:4]):
        text = jsonedit.remove(text, path[:3])
    if not jsonedit.get(text, path[:2]):
        text = jsonedit.remove(text, path[:2])
    return text
