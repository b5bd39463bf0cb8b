"""An invented follower: says what it was asked, holds back or fails where it is told to."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec

from quota_tui.core.estimating.estimate import Confidence
from quota_tui.core.estimating.fitting import Verdict
from quota_tui.core.estimating.numbers import EstimateNumbers, Numbers
from quota_tui.core.estimating.subject import TaskType
from quota_tui.core.estimating.trackrecord import History
from quota_tui.core.snapshot import PhaseEnd
from quota_tui.core.tracking.report import ModelChange, Report, render
from quota_tui.core.tracking.report_head import Head, head_of, rate
from quota_tui.core.tracking.state import (
    Deviation,
    Estimated,
    PhaseStatus,
    TrackedPhase,
    Tracking,
    TrackStatus,
)
from quota_tui.core.velocity import Velocity
from tests.ui.invent import NOW, minutes

PLAN = "/home/ada/code/api/SESSION_3_PLAN.md"
PLANS = (PLAN, "/home/ada/code/api/docs/ROADMAP.md", "/home/ada/code/api/TODO.md")


def numbers(name: str, median: int, **changes: object) -> Numbers:
    made = Numbers(
        name=name,
        median_tokens=median,
        low_tokens=round(median * 0.64),
        high_tokens=round(median * 1.58),
        median_hours=round(median / 23_500, 2),
        low_hours=round(median / 40_000, 2),
        high_hours=round(median / 14_000, 2),
        cost_usd=round(median * 2.6e-5, 2),
        low_cost_usd=round(median * 1.7e-5, 2),
        high_cost_usd=round(median * 4.1e-5, 2),
        share_five_hour_pct=round(median / 2_000, 1),
        share_weekly_pct=round(median / 21_000, 1),
        confidence=Confidence.MEDIUM,
        reasons=(),
    )
    return msgspec.structs.replace(made, **changes)


def estimate() -> EstimateNumbers:
    """What the plan of the sketches will take, from 24 sessions before it."""
    kinds = (
        ("WebSocket server", 28_500, TaskType.IMPLEMENTATION, Confidence.HIGH),
        ("Dashboard", 35_000, TaskType.IMPLEMENTATION, Confidence.MEDIUM),
        ("Visualisation", 31_500, TaskType.IMPLEMENTATION, Confidence.LOW),
        ("History", 17_500, TaskType.TESTING, Confidence.MEDIUM),
    )
    phases = tuple(
        numbers(
            name,
            median,
            task_type=kind,
            confidence=sure,
            reasons=(f"{kind.value} phases of yours take 1.2 times what the plan says",),
        )
        for name, median, kind, sure in kinds
    )
    return EstimateNumbers(
        total=numbers(
            "Session 3: a live dashboard",
            112_500,
            reasons=(
                "24 past sessions of yours, 9 of them with a plan",
                "a session with an average plan takes ≈ 96k tokens",
                "4 phases with 19 steps: × 1.17",
            ),
        ),
        phases=phases,
        fits=Verdict.SPLIT,
        break_after=2,
        chance_now=0.06,
        chance_after_reset=0.91,
        fits_text="break after phase 2: 61k ± 20k fits a full window",
        risks=("Visualisation: few sessions of this kind, its range is wide",),
        history=History(sessions=24, coverage_pct=79.2, median_error_pct=31.0, shown=9),
    )


def tracking() -> Tracking:
    """The plan of the sketches, at its end."""
    amounts = ((28_500, 32_100), (35_000, 41_800), (31_500, 58_200), (17_500, 15_900))
    names = ("WebSocket server", "Dashboard", "Visualisation", "History")
    phases = tuple(
        TrackedPhase(
            key=f"p{at}",
            name=name,
            task_type="implementation",
            state=PhaseStatus.DONE,
            estimate=planned,
            actual=took,
            hours=took / 30_000,
            start=NOW - minutes(300 - 60 * at),
            end=NOW - minutes(240 - 60 * at),
        )
        for at, (name, (planned, took)) in enumerate(zip(names, amounts, strict=True), 1)
    )
    return Tracking(
        id="20261120-1240",
        start=NOW - minutes(300),
        end=NOW,
        plan_file=PLAN,
        project="/home/ada/code/api",
        title="Session 3: a live dashboard",
        status=TrackStatus.COMPLETED,
        estimated=Estimated(total=112_500, low=84_000, high=151_000, hours=4.8),
        phases=phases,
        total=148_000,
        hours=4.9,
        cost_usd=3.84,
        deviations=(
            Deviation(
                phase="Visualisation",
                extra_tokens=26_700,
                category="debugging",
                reason="the chart library leaks listeners",
                preventable=True,
                lesson="try a library in a scratch file first",
            ),
        ),
    )


def heads() -> tuple[Head, ...]:
    """Eleven sessions, the newest first; the newest is `tracking()`."""
    before = []
    shapes = (
        ("Rate limits", 61_000, 58_000),
        ("Search", 92_000, 141_000),
        ("Session 2: the API", 105_000, 97_000),
        ("Login", 48_000, 51_000),
        ("Refactor the store", 70_000, 118_000),
        ("Session 1: set up", 40_000, 36_000),
        ("Import", 55_000, 64_000),
        ("Prices", 33_000, 31_000),
        ("Invoices [draft]", 82_000, 103_000),
        ("Old session", None, 44_000),
    )
    for at, (title, planned, took) in enumerate(shapes, 1):
        start = NOW - timedelta(days=2 * at, hours=1)
        before.append(
            Head(
                id=f"before-{at:02d}",
                title=title,
                start=start,
                end=start + minutes(200),
                status="completed",
                rating=rate(took, planned),
                tokens=took,
                estimated_tokens=planned,
                hours=3.1,
            )
        )
    return (head_of(tracking()), *before)


def report(head: Head) -> str:
    """The report as the program writes it."""
    if head.id != tracking().id:
        return f"---\nid: {head.id}\n---\n\n# Report: {head.title}\n\n- Tokens: {head.tokens:,}\n"
    return render(
        Report(
            tracking=tracking(),
            velocity=Velocity(
                changes=212,
                files=31,
                tokens=148_000,
                tokens_per_change=698.0,
                rating="monitor",
                lines_written=4_120,
                lines_again=610,
                rework_pct=14.8,
            ),
            changes=(ModelChange("implementation", "× 1.12, 8 sessions", "× 1.19, 9 sessions"),),
            before=heads()[1:],
            window_tokens=200_000,
        )
    )


def ended(**changes: object) -> PhaseEnd:
    """The second phase, which took half again as much as it should have."""
    made = PhaseEnd(
        key="p2",
        name="Dashboard",
        at=NOW,
        actual_tokens=51_000,
        estimate_tokens=35_000,
        variance_tokens=16_000,
        percent=145.7,
        impact_pct=14.2,
        projected_total_tokens=131_000,
        fits_quota=False,
        tokens_per_min=420.0,
        target_tokens_per_min=390.0,
        asks_why=True,
    )
    return msgspec.structs.replace(made, **changes)


class FakeFollower:
    """`asked` is what was done, in order; `errors` and `holds` are by the name of the method."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.errors: dict[str, Exception] = {}
        self.holds: dict[str, threading.Event] = {}
        self.found_plans: tuple[str, ...] = PLANS
        self.estimated = estimate()
        self.end: PhaseEnd | None = ended()
        self.found_velocity: Velocity | None = Velocity(
            changes=61,
            files=14,
            tokens=42_300,
            tokens_per_change=693.4,
            rating="monitor",
            lines_written=1_180,
            lines_again=130,
            rework_pct=11.0,
        )
        self.heads = heads()

    def _did(self, name: str, *with_what: str) -> None:
        self.asked.append((name, *with_what))
        if name in self.holds:
            assert self.holds[name].wait(20)
        if name in self.errors:
            raise self.errors[name]

    def plans(self) -> tuple[str, ...]:
        self._did("plans")
        return self.found_plans

    def estimate(self, path: str) -> EstimateNumbers:
        self._did("estimate", path)
        return self.estimated

    def save(self, path: str) -> str:
        self._did("save", path)
        return "kept: the plan will be judged by it"

    def start(self, path: str) -> str:
        self._did("start", path)
        return "tracking 4 phases, ≈112k tokens"

    def phase_done(self, expected: str = "") -> PhaseEnd | None:
        self._did("phase_done", expected)
        return self.end

    def phase_start(self, number: int) -> None:
        self._did("phase_start", str(number))

    def dismiss(self) -> None:
        self._did("dismiss")

    def why(self, category: str) -> None:
        self._did("why", category)

    def note(self, text: str) -> None:
        self._did("note", text)

    def pause(self) -> None:
        self._did("pause")

    def resume(self) -> None:
        self._did("resume")

    def stop(self) -> str:
        self._did("stop")
        return tracking().id

    def velocity(self) -> Velocity | None:
        self._did("velocity")
        return self.found_velocity

    def reports(self) -> tuple[Head, ...]:
        self._did("reports")
        return self.heads

    def report(self, report_id: str) -> str:
        self._did("report", report_id)
        return report(next(each for each in self.heads if each.id == report_id))
