"""The world as it is: this machine's clock, journal, schedulers, terminals and processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from quota_tui.automation.quota_facts import QuotaFacts, quota_facts
from quota_tui.automation.schedulers.choose import ranked, schedulers
from quota_tui.automation.tell import Told
from quota_tui.automation.terminals.base import Terminal
from quota_tui.automation.terminals.choose import choices
from quota_tui.automation.world import Clock, World, this_process
from quota_tui.config import Settings
from quota_tui.sources.zone import local_zone
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths


@contextmanager
def open_world(
    settings: Settings,
    paths: Paths,
    claude_dirs: Sequence[Path],
    clock: Clock = lambda: datetime.now(UTC),
) -> Iterator[World]:
    """The world with the journal open. Raises StoreUnavailableError and StoreCorruptError.

    A journal that cannot be written is no journal for this: what is started must be recorded.
    """
    with closing(Journal(paths.journal_db)) as journal:
        yield make_world(settings, paths, claude_dirs, journal, clock)


def make_world(
    settings: Settings, paths: Paths, claude_dirs: Sequence[Path], journal: Journal, clock: Clock
) -> World:
    """The world around an open journal: use it in one thread at a time."""
    zone = zone_of(settings)

    def look(now: datetime) -> QuotaFacts:
        return quota_facts(settings, paths, claude_dirs, now)

    def terminals(name: str, env: Mapping[str, str]) -> Sequence[Terminal]:
        template = settings.automation.terminal_command
        return [choice.terminal for choice in choices(name, env, sys.platform, template)]

    return World(
        paths=paths,
        claude_dirs=tuple(claude_dirs),
        settings=settings,
        jobs=Jobs(journal.db),
        schedulers=tuple(ranked(schedulers())),
        terminals=terminals,
        quota=look,
        tell=Told(os.environ),
        holder=this_process(),
        zone=zone,
        zone_name=_name_of(zone),
        env=os.environ,
        clock=clock,
    )


def zone_of(settings: Settings) -> tzinfo:
    """The zone in which times are typed and told."""
    if settings.display.timezone:
        from zoneinfo import ZoneInfo

        return ZoneInfo(settings.display.timezone)
    return local_zone()


def _name_of(zone: tzinfo) -> str:
    """The IANA name; empty for a zone of the system that has none."""
    return str(getattr(zone, "key", "") or "")
