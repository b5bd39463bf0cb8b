"""Which scheduler wakes us: the one that was asked for, or the best that survives a reboot."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from quota_tui.automation.schedulers.base import Scheduler, SchedulerError
from quota_tui.automation.schedulers.own_entries import own_entries

AUTO = "auto"
NAMES = (AUTO, "systemd", "at", "cron", "launchd", "windows", "dashboard")


def schedulers(env: Mapping[str, str] | None = None, platform: str = sys.platform) -> list[Scheduler]:
    """What a platform has, the preferred one first; the open dashboard, which is everywhere, last.

    On macOS neither `at` (atrun is disabled) nor cron (it may not open a person's folders) is of use.
    """
    # Imported here: the platform's own ones only, and none for a program that only wants the names.
    from quota_tui.automation.schedulers.dashboard import Dashboard

    own = own_entries(env)
    if platform == "darwin":
        from quota_tui.automation.schedulers.launchd import Launchd

        return [Launchd(own), Dashboard(own)]
    if platform == "win32":
        from quota_tui.automation.schedulers.windows import Windows

        return [Windows(own), Dashboard(own)]
    from quota_tui.automation.schedulers.at import At
    from quota_tui.automation.schedulers.cron import Cron
    from quota_tui.automation.schedulers.systemd import Systemd

    return [Systemd(own), At(own), Cron(own), Dashboard(own)]


def choose(name: str = AUTO, env: Mapping[str, str] | None = None, platform: str = sys.platform) -> Scheduler:
    """The scheduler of that name. Raises `SchedulerError` when it is unknown or cannot be used here.

    "auto": the best usable one (`best`); its `survives().words` say what it cannot.
    """
    known = schedulers(env, platform)
    if name == AUTO:
        return best(known)
    if name not in NAMES:
        raise SchedulerError(f"there is no scheduler {name!r}; there are {', '.join(NAMES)}")
    for each in known:
        if each.name == name:
            if trouble := each.available():
                raise SchedulerError(f"{name} cannot be used here: {trouble}")
            return each
    here = ", ".join(each.name for each in known)
    raise SchedulerError(f"the scheduler {name} is not for this system; here there are {here}")


def best(known: Sequence[Scheduler]) -> Scheduler:
    """The first in `ranked` that can be used. Raises `SchedulerError` when none can."""
    usable = [each for each in known if not each.available()]
    if not usable:
        raise SchedulerError("no scheduler can be used here")
    return ranked(usable)[0]


def ranked(known: Sequence[Scheduler]) -> list[Scheduler]:
    """Those first that survive most: a reboot, then sleep, then logout; then in the order given.

    So systemd without lingering comes after `at`, but before cron, which loses what is slept through.
    """

    def loses(each: Scheduler) -> tuple[bool, bool, bool]:
        outlives = each.survives()
        return not outlives.reboot, not outlives.sleep, not outlives.logout

    return sorted(known, key=loses)
