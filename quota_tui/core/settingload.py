"""Settings from TOML text, environment and command line, checked one by one.

Every value is taken on its own, so that one mistake costs one setting; what is wrong becomes a sentence
that names the place, the key and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from quota_tui.core import settingrules, settingvalues, tomltext
from quota_tui.core.tomltext import Key

PRICE_NAMES = ("input", "output", "write_5m", "write_1h", "read")


class Schema(msgspec.Struct, frozen=True):
    """Which settings there are: `fixed` paths with their types, and the two sections with free names.

    `[keys]` maps action ids to keys, `[prices.<model>]` has the numbers of `PRICE_NAMES`.
    """

    fixed: dict[Key, Any]
    sections: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The dotted names of all settings whose name is fixed."""
        return tuple(tomltext.join_key(path) for path in self.fixed)

    def type_of(self, path: Key) -> Any | None:
        """The type of the setting at `path`; None when there is none."""
        if path[:1] == ("keys",):
            return str if len(path) == 2 else None
        if path[:1] == ("prices",):
            return float if len(path) == 3 and path[2] in PRICE_NAMES else None
        return self.fixed.get(path)

    def is_section(self, path: Key) -> bool:
        """Whether a table belongs at `path`."""
        if len(path) == 1:
            return path[0] in (*self.sections, "keys", "prices")
        return len(path) == 2 and path[0] == "prices"

    def unknown(self, path: Key) -> str:
        """One sentence on a name that is none: what was meant, or what there is."""
        name = tomltext.join_key(path)
        if path[0] == "prices" and len(path) == 3:
            return f"{name} is not a setting; a price is one of {', '.join(PRICE_NAMES)}"
        if self.is_section(path):
            names = ", ".join(known for known in self.names if known.startswith(f"{name}."))
            return f"{name} is a section, not a setting{f'; it has {names}' if names else ''}"
        elsewhere = [known for known in self.names if known.rpartition(".")[2] == path[-1]]
        if elsewhere:
            return f"{name} is not a setting; did you mean {elsewhere[0]}?"
        sections = [f"[{section}]" for section in self.sections] if len(path) == 1 else []
        hint = _did_you_mean(name, [*self.names, *sections])
        return f"{name} is not a setting{hint or '; `quota-tui config get` lists them all'}"


class Loader:
    """Takes one value after the other, later ones over earlier ones, and notes what is wrong."""

    def __init__(self, schema: Schema, problems: list[str]) -> None:
        self.schema = schema
        self.values: dict[Key, Any] = {}
        self.problems = problems

    def take(self, path: Key, raw: object, where: str | Callable[[], str], *, as_text: bool = False) -> None:
        """Keep `raw` as the value at `path` if it is right, else note a problem that begins with `where`."""
        type_ = self.schema.type_of(path)
        name = tomltext.join_key(path)
        if type_ is None:
            problem = self.schema.unknown(path)
        else:
            try:
                value = settingvalues.from_text(str(raw), type_) if as_text else raw
                self.values[path] = settingrules.checked(name, settingvalues.convert(value, type_))
            except ValueError as error:
                problem = f"{name} {error}"
            else:
                return
        self.problems.append((where if isinstance(where, str) else where()) + problem)

    def read_toml(self, file: str, text: str) -> None:
        """Take the settings of a TOML text; `file` is its name in problems."""
        data, problem = tomltext.parse_as_far_as_good(text)
        if problem:
            self.problems.append(f"{file} {problem}")

        def where(path: Key) -> str:
            return f"{file} line {tomltext.line_of(text, path)}: "

        self._take_tables(where, data, ())

    def _take_tables(self, where: Callable[[Key], str], data: dict[str, Any], above: Key) -> None:
        for name, value in data.items():
            path = (*above, name)
            if not self.schema.is_section(path):
                self.take(path, value, partial(where, path))
            elif isinstance(value, dict):
                self._take_tables(where, value, path)
            else:
                section = tomltext.join_key(path)
                what = f"{section} is a section; write [{section}] and its keys below it"
                self.problems.append(where(path) + what)

    def read_env(self, prefix: str, env: Mapping[str, str]) -> None:
        """Take `<prefix><SECTION>_<KEY>`. Variables that begin with no section of ours are let be."""
        known = {prefix + "_".join(path).upper(): path for path in self.schema.fixed}
        sections = tuple(f"{prefix}{section.upper()}_" for section in self.schema.sections)
        for name, value in env.items():
            where = f"environment variable {name}: "
            if name in known:
                self.take(known[name], value, where, as_text=True)
            elif name.startswith(sections):
                self.problems.append(f"{where}no such setting{_did_you_mean(name, list(known))}")

    def read_flags(self, flags: Mapping[str, object]) -> None:
        """Take what was typed on the command line, by dotted name."""
        for name, value in flags.items():
            path = tuple(name.split("."))
            self.take(path, value, "on the command line: ", as_text=isinstance(value, str))

    def tree(self) -> dict[str, Any]:
        """All values taken, nested as in the file."""
        tree: dict[str, Any] = {}
        for path, value in self.values.items():
            inner = tree
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = value
        return tree


def _did_you_mean(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
