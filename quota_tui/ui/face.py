"""The face of this person: time zone, clock and glyphs from the settings."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quota_tui.config import Display
from quota_tui.core.words import Face


def face_for(display: Display, home: str) -> tuple[Face, tuple[str, ...]]:
    """The face, and notices about settings that cannot be followed."""
    zone: tzinfo | None = None
    notices: tuple[str, ...] = ()
    if display.timezone:
        try:
            zone = ZoneInfo(display.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            notices = (f'display.timezone: no time zone "{display.timezone}"; using this machine\'s',)
    return Face(zone=zone, clock_12h=display.clock == "12h", ascii=display.ascii, home=home), notices


def zone_of(face: Face) -> tzinfo:
    """The person's zone, for grouping by day; this machine's present offset when none is set."""
    return face.zone or datetime.now(UTC).astimezone().tzinfo or UTC
