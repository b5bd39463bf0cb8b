"""The face of this person: time zone, clock and glyphs from the settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quota_tui.config import Display
from quota_tui.core.words import Face
from quota_tui.sources.zone import local_zone


def face_for(display: Display, home: str) -> tuple[Face, tuple[str, ...]]:
    """The face, and notices about settings that cannot be followed."""
    zone = local_zone()
    notices: tuple[str, ...] = ()
    if display.timezone:
        try:
            zone = ZoneInfo(display.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            notices = (f'display.timezone: no time zone "{display.timezone}"; using this machine\'s',)
    return Face(zone=zone, clock_12h=display.clock == "12h", ascii=display.ascii, home=home), notices
