"""The front of a handoff: `key: value` lines between two `---` lines.

The format, a strict part of YAML: one key and one value on a line. A value is plain text up to the end of
the line (`#` does not begin a comment), or a JSON string, or text in single quotes. Times are ISO 8601.
A key that is not known is kept as it stands with the indented or `-` lines that follow it; a line that is no
`key: value` is kept as it is. Known keys may be written with spaces or hyphens, in any case. A key in double
quotes is never a known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

import msgspec

from quota_tui.core.handoff import MAX_TOKENS, Handoff, Note, Quota, instant
from quota_tui.core.handoff_text import is_plain, quote, unquote, unquote_first

MARK = "---"
_TEXT_KEYS = ("id", "title", "from_session", "project", "agent", "plan_file", "start")
_TIME_KEYS = ("created_at", "scheduled_for", "quota_resets_at")
_KEYS = (
    *_TEXT_KEYS,
    "scheduled_for",
    "created_at",
    "quota_used_pct",
    "quota_basis",
    "quota_resets_at",
    "quota_next_tokens",
)
_ALIASES = {
    "session": "from_session",
    "created": "created_at",
    "plan": "plan_file",
    "project_path": "project",
}
_KEY = re.compile(r"[^\W\d][\w .-]*")
_CONTINUES = re.compile(r"[ \t]+\S|-(?: |$)")
"""What may follow an unknown key: an indented line, or one of a list."""
_NOT_PLAIN_YAML = re.compile(r"^$|^[-?:,\[\]{}#&*!|>'\"%@`]|: | #|:$|\n")
"""Other programs read front matter as YAML: what means something there is written in quotes."""

_NUMBER = re.compile(r"\d[\d,_]*")


class Front(msgspec.Struct):
    """What the front says: the values of known keys, and the rest in order."""

    values: dict[str, str | float | datetime]
    extra: list[tuple[str, str]]
    notes: list[Note]


def read_front(numbered: Iterable[tuple[int, str]], zone: tzinfo | None = UTC) -> Front:
    """Read the lines between the marks. Values that make no sense are noted, and kept as unknown ones."""
    front = Front({}, [], [])
    below: dict[int, list[str]] = {}
    open_key = False
    for number, line in numbered:
        if open_key and _CONTINUES.match(line):
            below[len(front.extra) - 1].append(line)
        elif line.strip():
            open_key = _take(front, number, line, zone)
            if open_key:
                below[len(front.extra) - 1] = []
    for at, lines in below.items():
        key, value = front.extra[at]
        front.extra[at] = (key, _kept("\n".join([value, *lines])))
    return front


def write_front(handoff: Handoff) -> list[str]:
    """The lines of the front, with its marks."""
    quota = handoff.quota
    values: dict[str, str | float | datetime | None] = {
        **{key: getattr(handoff, key) for key in _TEXT_KEYS},
        "scheduled_for": handoff.scheduled_for,
        "created_at": handoff.created_at,
        "quota_used_pct": quota.used_pct,
        "quota_basis": quota.basis,
        "quota_resets_at": quota.resets_at,
        "quota_next_tokens": quota.next_tokens,
    }
    # The title always: without it a first heading in the text would be taken for one.
    lines = [
        f"{key}: {_written(values[key])}" for key in _KEYS if values[key] not in {None, ""} or key == "title"
    ]
    for key, value in handoff.extra_front:
        lines += _write_extra(key, value)
    return [MARK, *lines, MARK]


def apply_front(front: Front, handoff: Handoff) -> Handoff:
    """The handoff with what the front says."""
    said = dict(front.values)
    quota = {key.removeprefix("quota_"): said.pop(key) for key in list(said) if key.startswith("quota_")}
    changes = {**said, "quota": Quota(**quota), "extra_front": tuple(front.extra)}  # type: ignore[arg-type]
    return msgspec.structs.replace(handoff, **changes)


def _take(front: Front, number: int, line: str, zone: tzinfo | None) -> bool:
    """Take one line; whether it is an unknown key, which lines that belong to it may follow."""
    quoted = unquote_first(line)
    if quoted is not None and quoted[1].lstrip().startswith(":"):
        front.extra.append((quoted[0], quoted[1].lstrip()[1:].strip(" \t")))
        return True
    name, colon, rest = line.partition(":")
    if not colon or not _KEY.fullmatch(name) or rest[:1] not in {"", " ", "\t"}:
        front.notes.append(Note(number, "this line of the front is not `key: value`; it is kept as it is"))
        front.extra.append(("", line))
        return False
    name, raw = name.rstrip(" "), rest.strip(" \t")
    key = re.sub(r"[ .-]+", "_", name).lower()
    key = _ALIASES.get(key, key)
    if key not in _KEYS:
        front.extra.append((name, raw))
        return True
    value = _value(key, _plain(raw), zone)
    if value is None:
        front.notes.append(Note(number, f"`{name}` must be {_wanted(key)}; the line is kept as it is"))
        front.extra.append((name, raw))
        return True
    if key in front.values:
        front.notes.append(Note(number, f"`{name}` is there twice; the last one counts"))
    front.values[key] = value
    return False


def _plain(raw: str) -> str:
    quoted = unquote(raw)
    if quoted is not None:
        return quoted
    if len(raw) >= 2 and raw[0] == raw[-1] == "'":
        return raw[1:-1].replace("''", "'")
    return raw


def _value(key: str, text: str, zone: tzinfo | None) -> str | float | datetime | None:
    """The value of a known key; None when the text is none."""
    if key in _TIME_KEYS:
        return instant(text, zone)
    if key == "quota_used_pct":
        try:
            number = float(text.removesuffix("%").strip())
        except ValueError:
            return None
        return number if abs(number) <= MAX_TOKENS else None
    if key == "quota_next_tokens":
        if not _NUMBER.fullmatch(text) or len(text) > 20:
            return None
        count = int(re.sub("[,_]", "", text))
        return count if count <= MAX_TOKENS else None
    return text


def _wanted(key: str) -> str:
    if key in _TIME_KEYS:
        return "a time such as 2026-11-20T18:45:00Z"
    return "a number" if key == "quota_used_pct" else "a whole number"


def _written(value: str | float | datetime | None) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    text = str(value)
    plain = text == text.strip() and is_plain(text) and not _NOT_PLAIN_YAML.search(text)
    return text if plain and _plain(text) == text else quote(text)


def _kept(raw: str) -> str:
    """An unknown value: unquoted where writing it quotes it again in the same way, else to the byte."""
    quoted = unquote(raw)
    return quoted if quoted is not None and _unknown_value(quoted) == raw else raw


def _unknown_value(value: str) -> str:
    return value if _reads_back("x", value, _joined("x", value)) else quote(value)


def _write_extra(key: str, value: str) -> list[str]:
    """The plainest lines for an unknown key that are read back as it."""
    forms = [_joined(key, value), _joined(key, quote(value))] if key else []
    if not key and not _CONTINUES.match(value):
        forms = [value]
    forms.append(_joined(quote(key), value))
    for form in forms:
        if _reads_back(key, value, form):
            return form.split("\n")
    return [_joined(quote(key), quote(value))]


def _joined(key: str, value: str) -> str:
    return f"{key}:{value}" if not value or value.startswith("\n") else f"{key}: {value}"


def _reads_back(key: str, value: str, form: str) -> bool:
    lines = form.split("\n")
    if not is_plain(form) or any(line.rstrip() == MARK for line in lines):
        return False
    front = read_front(enumerate(lines))
    return front.extra == [(key, value)] and not front.values
