"""The recorded scenario, `data/demo-day.json`: who worked on what and when, and the invented limits.

Times in the file are wall clock times on days counted from the day that is played (0). Here they are
seconds after the opening of the played window (negative: before it), so that a day with a clock change
plays like any other.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b
from pathlib import Path

import msgspec

DATA = Path(__file__).parent.parent / "data" / "demo-day.json"
_DAY_S = 24 * 3600


class Moment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at` ("HH:MM") on a day."""

    day: int
    at: str


class Elsewhere(Moment, frozen=True, forbid_unknown_fields=True):
    """Use outside this machine: `pct` points of the five-hour window."""

    pct: float


class Stint(Moment, frozen=True, forbid_unknown_fields=True):
    """`calls` API calls, spread over `minutes`; by a subagent of the session when `agent` names one."""

    minutes: int
    calls: int
    session: str
    project: str
    model: str
    agent: str = ""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    `home` is the invented person's home folder, to which projects are relative; `version` the client's.
    The played part runs from `begins` to `ends` on day 0; its five-hour window opens at `opens`.
    `five_hour_usd` and `week_usd` are what 100 % of a window costs; at each moment in `looked` a dashboard
    had been open before.
    """

    about: str
    home: str
    version: str
    opens: str
    begins: str
    ends: str
    five_hour_usd: float
    week_usd: float
    week_resets: Moment
    looked: tuple[Moment, ...]
    elsewhere: tuple[Elsewhere, ...]
    prompts: dict[str, tuple[str, ...]]
    stints: tuple[Stint, ...]

    def seconds(self, moment: Moment) -> float:
        """Seconds after the played window's opening."""
        return moment.day * _DAY_S + _clock_s(moment.at) - _clock_s(self.opens)

    @property
    def begins_s(self) -> float:
        """When the played part begins."""
        return self.seconds(Moment(0, self.begins))

    @property
    def ends_s(self) -> float:
        """When the played part ends."""
        return self.seconds(Moment(0, self.ends))


def load_scenario() -> Scenario:
    """Read the recorded scenario. It is ours: a mistake in it is a bug and raises."""
    return msgspec.json.decode(DATA.read_bytes(), type=Scenario)


def unit(*key: object) -> float:
    """A number in [0, 1) that depends on `key` alone: variety that is the same on every run and Python."""
    return int.from_bytes(_digest(key, 7)) / 2**56


def token(length: int, *key: object) -> str:
    """Letters and digits that look random and depend on `key` alone, for ids."""
    return b32encode(_digest(key, 20)).decode()[:length]


def uuid4(*key: object) -> str:
    """A version 4 UUID that depends on `key` alone."""
    digits = _digest(key, 16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _digest(key: tuple[object, ...], size: int) -> bytes:
    return blake2b("\0".join(map(str, key)).encode(), digest_size=size).digest()


def _clock_s(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
