"""How numbers, times and names are written: the same on the dashboard and on the command line."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo

import msgspec

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
AGE_STEP_S = 5
"""Ages under a minute are told in steps, so that a fresh number does not flicker each second."""


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """How one person wants times and glyphs written. `zone` None is this machine's own zone.

    `home` is shortened to `~` in paths.
    """

    zone: tzinfo | None = None
    clock_12h: bool = False
    ascii: bool = False
    home: str = ""


# Every one is one cell for one cell, so aligned text stays aligned.
_TO_ASCII = str.maketrans(
    {
        "≈": "~",
        "·": "-",
        "–": "-",
        "—": "-",
        "…": ".",
        "×": "x",
        "→": ">",
        "▸": ">",
        "✓": "+",
        "✗": "x",
        "●": "*",
        "○": "o",
        "▲": "!",
    }
)


def in_face(text: str, face: Face) -> str:
    """Our own wording in the person's glyph set, of the same width."""
    return text.translate(_TO_ASCII) if face.ascii else text


def cells(text: str) -> int:
    """Terminal cells the text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def clean(text: str, face: Face) -> str:
    """Text from a file made safe to draw: no control or direction characters, ASCII where wished."""
    kept = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).strip()
    return kept.encode("ascii", "replace").decode("ascii") if face.ascii else kept


def ellipsis(face: Face) -> str:
    """What stands for a part that was cut."""
    return "..." if face.ascii else "…"


def clip(text: str, width: int, face: Face) -> str:
    """At most `width` cells, the end cut and marked."""
    if cells(text) <= width:
        return text
    out = ""
    for char in text:
        if cells(out + char) > width - cells(ellipsis(face)):
            break
        out += char
    return (out + ellipsis(face))[: max(0, width)]


def clip_path(text: str, width: int, face: Face) -> str:
    """At most `width` cells of a path, its beginning cut: the end is what tells projects apart."""
    if cells(text) <= width:
        return text
    parts = text.split("/")
    for drop in range(1, len(parts)):
        short = ellipsis(face) + "/" + "/".join(parts[drop:])
        if cells(short) <= width:
            return short
    return clip(parts[-1], width, face)


def tokens(count: float) -> str:
    """`950`, `1.2k`, `162k`, `3.4M`: three figures are what a glance takes in."""
    for size, letter in ((1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")):
        value = count / size
        if letter and value < 9.95:
            return f"{value:.1f}{letter}"
        if value < 999.5:
            return f"{value:.0f}{letter}"
    return f"{count / 1e9:.0f}G"


def figure(value: float) -> str:
    """A percentage without its sign: never 100 before it is, never 0 once it is more."""
    if 0 < value < 1:
        return "<1"
    if 99 <= value < 100:
        return "99"
    return f"{value:.0f}"


def pct(value: float) -> str:
    """`81 %`."""
    return f"{figure(value)} %"


def usd(value: float) -> str:
    """`$4.12`, `$1,204`."""
    return f"${value:,.2f}" if value < 100 else f"${value:,.0f}"


def clock(at: datetime, face: Face) -> str:
    """`17:34`, or `5:34pm`."""
    local = at.astimezone(face.zone)
    if not face.clock_12h:
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def moment(at: datetime, now: datetime, face: Face) -> str:
    """A clock time, with the day where the clock alone could mean another one."""
    apart_s = abs((at - now).total_seconds())
    local, today = at.astimezone(face.zone), now.astimezone(face.zone)
    if apart_s < 12 * HOUR_S or local.date() == today.date():
        return clock(at, face)
    if apart_s < 7 * DAY_S:
        return f"{local:%a} {clock(at, face)}"
    return f"{local.day} {local:%b} {clock(at, face)}"


def countdown(at: datetime, now: datetime, *, tight: bool = False) -> str:
    """`3d 11h`, `1h 06m`, `42m 10s`; `tight` is `3d11h`, `1h06m`, `42m`. `now` when it has come."""
    left_s = int((at - now).total_seconds())
    gap = "" if tight else " "
    if left_s <= 0:
        return "now"
    if left_s >= DAY_S:
        return f"{left_s // DAY_S}d{gap}{left_s % DAY_S // HOUR_S:02d}h"
    if left_s >= HOUR_S:
        return f"{left_s // HOUR_S}h{gap}{left_s % HOUR_S // MINUTE_S:02d}m"
    if tight:
        return f"{left_s // MINUTE_S}m" if left_s >= MINUTE_S else f"{left_s}s"
    return f"{left_s // MINUTE_S}m {left_s % MINUTE_S:02d}s"


def age(at: datetime, now: datetime) -> str:
    """`just now`, `10 s ago`, `3 min ago`, `2 h ago`, `4 d ago`."""
    past_s = int((now - at).total_seconds())
    if past_s < AGE_STEP_S:
        return "just now"
    if past_s < MINUTE_S:
        return f"{past_s // AGE_STEP_S * AGE_STEP_S} s ago"
    if past_s < HOUR_S:
        return f"{past_s // MINUTE_S} min ago"
    if past_s < 2 * DAY_S:
        return f"{past_s // HOUR_S} h ago"
    return f"{past_s // DAY_S} d ago"


def model_name(model: str, face: Face) -> str:
    """`claude-sonnet-5-5-20260930` is `sonnet-5-5`."""
    name = clean(model, face).removeprefix("claude-")
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) == 8 and tail.isdigit() else name


def project_name(path: str, face: Face) -> str:
    """A project's path as a person says it: below home with `~`."""
    shown = clean(path, face).replace("\\", "/")
    home = clean(face.home, face).replace("\\", "/").rstrip("/")
    if home and (shown == home or shown.startswith(home + "/")):
        return "~" + shown[len(home) :]
    return shown
