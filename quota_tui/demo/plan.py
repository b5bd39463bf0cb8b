"""The invented day's plan and the session that is arranged in it: what panes 4 and 5 show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from quota_tui.core.jobs import machine
from quota_tui.core.jobs.job import DEADLINE_AFTER, Holder, Job, JobState, LogLine
from quota_tui.core.plans.edit import tick
from quota_tui.core.plans.parse import parse
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.state import Estimated, EstimatedPhase, Tracking
from quota_tui.demo.scenario import Scenario, uuid4
from quota_tui.store.files import write_atomic
from quota_tui.store.jobs import Jobs
from quota_tui.store.journal import Journal
from quota_tui.store.paths import Paths
from quota_tui.store.tracking import Trackings

API, WEB = "code/shop-api", "code/shop-web"
PLAN = """# Refresh tokens

## Phase 1: Token table (30m)
- [ ] migration
- [ ] expiry

## Phase 2: Refresh endpoint (30-45m)
- [ ] rotate on use
- [ ] revoke

## Phase 3: Tests (30m)
- [ ] replayed tokens

## Phase 4: Docs (15m)
"""
_PHASES = (
    (70_000, 40_000, 120_000),
    (90_000, 50_000, 150_000),
    (120_000, 70_000, 210_000),
    (25_000, 12_000, 45_000),
)
"""Median and 80 % range of each, in tokens."""
_ENDS = ("13:52", "14:27", "15:02")
"""When the phases are over, on the day that is played."""
ARRANGED, STARTS = "16:55", "18:23"

Step = tuple[datetime, Callable[[], None]]


class DemoPlan:
    """Steps of a plan and of an arranged session, each at its time. `clock` turns "HH:MM" into an instant."""

    def __init__(
        self, scenario: Scenario, folder: Path, claude: Path, paths: Paths, clock: Callable[[str], datetime]
    ) -> None:
        self._home, self._clock, self._paths = scenario.home, clock, paths
        self._file = folder / "refresh-tokens-PLAN.md"
        self._trackings = Trackings(claude)
        self._id = ""

    def steps(self) -> Iterator[Step]:
        """In the order of time."""
        yield self._clock("13:20"), self._begin
        for at in map(self._clock, _ENDS):
            yield at, partial(self._finish, at)
        yield self._clock(ARRANGED), self._arrange
        yield self._clock(STARTS), self._start

    def _begin(self) -> None:
        now = self._clock("13:20")
        write_atomic(self._file, PLAN.encode())
        plan = parse(PLAN)
        estimated = Estimated(
            total=sum(each[0] for each in _PHASES),
            low=210_000,
            high=470_000,
            hours=1.9,
            confidence="medium",
            phases=tuple(
                EstimatedPhase(name=phase.name, tokens=amount[0], low=amount[1], high=amount[2])
                for phase, amount in zip(plan.phases, _PHASES, strict=True)
            ),
        )

        def make(tracking_id: str) -> Tracking:
            return steps.begin(
                plan,
                now,
                tracking_id=tracking_id,
                plan_file=str(self._file),
                project=f"{self._home}/{API}",
                estimated=estimated,
            )

        self._id = self._trackings.begin(f"{self._home}/{API}", "", now, make).tracking.id

    def _finish(self, at: datetime) -> None:
        """The phase in work is over, its boxes ticked."""
        text = self._file.read_text("utf-8")
        phase = next(each for each in parse(text).phases if not each.is_done)
        for box in phase.boxes:
            text = tick(text, box)
        write_atomic(self._file, text.encode())
        self._trackings.change(self._id, lambda tracking: steps.finish_phase(tracking, at))

    def _arrange(self) -> None:
        """Planned at 80 %: it waits for the reset."""
        now, at = self._clock(ARRANGED), self._clock(STARTS)
        job = Job(
            id="shop-web-next",
            project=f"{self._home}/{WEB}",
            title="Checkout form: errors beside their fields",
            handoff=f"{self._home}/.claude/session-handoffs/handoff-{now:%Y%m%d-%H%M}-checkout.md",
            session_id=uuid4("arranged"),
            launch_at=at,
            chosen_at=at,
            deadline=at + DEADLINE_AFTER,
            created_at=now,
            start="reset+3m",
            estimate_tokens=180_000,
            estimate_low=95_000,
            estimate_high=330_000,
            scheduler="systemd",
            survives="survives logout and reboot",
            terminal="tmux",
            log=(LogLine(now, JobState.SCHEDULED, "scheduled"),),
        )
        with closing(Journal(self._paths.journal_db)) as journal:
            Jobs(journal.db).add(job)

    def _start(self) -> None:
        at, holder = self._clock(STARTS), Holder(1, 1.0)

        def walked(job: Job) -> Job:
            return machine.started(job, at + timedelta(seconds=4), "its client runs")

        with closing(Journal(self._paths.journal_db)) as journal:
            jobs = Jobs(journal.db)
            jobs.change("shop-web-next", lambda job: machine.claimed(job, holder, at))
            jobs.change("shop-web-next", lambda job: machine.verifying(job, holder, at))
            jobs.change("shop-web-next", lambda job: machine.launching(job, holder, at, "tmux"))
            jobs.change("shop-web-next", walked)
