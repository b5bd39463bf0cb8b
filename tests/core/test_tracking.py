"""A tracked plan: its steps, the file it is kept in, and the plan that changes meanwhile."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.core.plans.parse import parse
from quota_tui.core.tracking import steps
from quota_tui.core.tracking.matching import merge, open_phases, proposal, signature
from quota_tui.core.tracking.projection import pace_of, project
from quota_tui.core.tracking.report import ModelChange, Report, render
from quota_tui.core.tracking.report_head import head_of, parse_head, rate
from quota_tui.core.tracking.spent import SpanUse, Spent, with_spent
from quota_tui.core.tracking.state import (
    CATEGORIES,
    MAX_TEXT,
    Burn,
    Deviation,
    Estimated,
    EstimatedPhase,
    PhaseStatus,
    Span,
    TrackedPhase,
    Tracking,
    TrackStatus,
)
from quota_tui.core.tracking.steps import TrackError
from quota_tui.core.tracking.summary import end_words, status_lines
from quota_tui.core.tracking.trackingfile import Damaged, TooNew, read, to_json, written
from quota_tui.core.tracking.view import phases_state
from quota_tui.core.velocity import Velocity
from quota_tui.core.words import Face
from tests.core.hostile import texts, tuples

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
PLAN = "# P\n## Phase 1: Server (1h, 20k)\n- [ ] a\n- [ ] b\n## Phase 2: Client (1h, 10k)\n- [ ] c\n## Phase 3: Docs (0.5h, 5k)\n"


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def begun(text: str = PLAN) -> Tracking:
    return steps.begin(parse(text), AT, tracking_id="t1", plan_file="/p/PLAN.md", project="/p")


def counted(tracking: Tracking, *tokens: int, now: datetime | None = None, minutes: int = 30) -> Tracking:
    """With so many tokens in each span."""
    spans = tuple(
        SpanUse(0, each, 1, each / 1e6, minutes * 60_000)
        for each in (*tokens, *[0] * (len(tracking.spans) - len(tokens)))
    )
    return with_spent(tracking, Spent(spans), now or at(60))


def states(tracking: Tracking) -> str:
    return " ".join(phase.state.value for phase in tracking.phases)


# -- steps


def test_from_start_to_stop() -> None:
    one = begun()
    assert states(one) == "current open open"
    assert (one.estimated.total, one.estimated.hours) == (35_000, 2.5)
    two = steps.finish_phase(one, at(30))
    three = steps.finish_phase(two, at(40))
    assert states(three) == "done done current"
    last = steps.finish_phase(three, at(50))
    assert last.current is None
    ended = steps.stop(last, at(55))
    assert (ended.status, ended.end) == (TrackStatus.COMPLETED, at(55))
    assert [(span.phase, span.start, span.end) for span in ended.spans] == [
        ("p1", at(0), at(30)), ("p2", at(30), at(40)), ("p3", at(40), at(50)), ("", at(50), at(55)),
    ]  # fmt: skip
    with pytest.raises(TrackError, match="completed already"):
        steps.stop(ended, at(60))
    with pytest.raises(TrackError, match="begins anew"):
        steps.finish_phase(ended, at(60))


def test_stopped_in_the_middle_the_phase_is_open_again() -> None:
    ended = steps.stop(begun(), at(10))
    assert (ended.status, states(ended)) == (TrackStatus.STOPPED, "open open open")


def test_back_to_a_phase_that_was_done() -> None:
    tracking = steps.start_phase(steps.finish_phase(begun(), at(10)), 1, at(20))
    assert states(tracking) == "current open open"
    assert [span.phase for span in tracking.spans] == ["p1", "p2", "p1"]
    assert tracking.phases[0].start == AT
    assert steps.start_phase(tracking, 1, at(25)) == tracking
    for number in (0, 4):
        with pytest.raises(TrackError, match=f"no phase {number}"):
            steps.start_phase(tracking, number, at(25))


def test_paused_time_is_in_no_span() -> None:
    paused = steps.pause(begun(), at(10))
    with pytest.raises(TrackError, match="paused"):
        steps.finish_phase(paused, at(11))
    with pytest.raises(TrackError, match="paused"):
        steps.pause(paused, at(11))
    again = steps.resume(paused, at(60))
    with pytest.raises(TrackError, match="not paused"):
        steps.resume(again, at(61))
    assert [(span.start, span.end) for span in again.spans] == [(at(0), at(10)), (at(60), None)]


def test_a_phase_that_another_window_has_finished_is_not_finished_twice() -> None:
    after = steps.finish_phase(begun(), at(10), expected="p1")
    with pytest.raises(TrackError, match="Client is in work by now"):
        steps.finish_phase(after, at(10), expected="p1")


def test_a_clock_that_goes_back_makes_no_negative_span() -> None:
    tracking = steps.finish_phase(steps.finish_phase(begun(), at(30)), at(-30))
    assert all(span.end is None or span.end > span.start for span in tracking.spans)
    assert tracking.spans[-1].start == at(30)


def test_a_plan_that_is_done_is_not_tracked() -> None:
    with pytest.raises(TrackError, match="nothing to track"):
        begun("# P\n## Phase 1: a ✅\n")
    assert states(begun("# P\n## Phase 1: a ✅\n## Phase 2: b\n")) == "done current"


def test_notes_and_reasons_are_kept_as_text() -> None:
    hostile = "x\" ' `rm` $(id) \x00\x1b[31m\n---\n# y \u202e " + "z" * 1_000_000
    tracking = steps.add_note(begun(), hostile)
    (note,) = tracking.phases[0].notes
    assert len(note) <= MAX_TEXT
    assert note.isprintable() or "\n" in note
    assert "\x1b" not in note
    with pytest.raises(TrackError, match="empty"):
        steps.add_note(tracking, " \x00 ")


def test_why_is_asked_once_and_answered_in_parts() -> None:
    tracking = counted(begun(), 25_000)
    tracking = steps.finish_phase(tracking, at(30))
    assert steps.unexplained(tracking) == Deviation(phase="Server", extra_tokens=5_000)
    tracking = steps.explain(tracking, "scope", reason="more wishes")
    tracking = steps.explain(tracking, "scope", number=1, preventable=True, lesson="ask first")
    assert tracking.deviations == (
        Deviation(
            phase="Server", reason="more wishes", extra_tokens=5_000, category="scope", preventable=True,
            lesson="ask first",
        ),
    )  # fmt: skip
    assert steps.unexplained(tracking) is None
    with pytest.raises(TrackError, match="no category"):
        steps.explain(tracking, "weather")
    quiet = steps.finish_phase(counted(begun(), 24_000), at(30))
    assert quiet.deviations == ()


# -- the plan file changes


def test_the_plan_is_edited_while_it_is_tracked() -> None:
    tracking = steps.finish_phase(counted(begun(), 9_000), at(30))
    text = "# P\n## Phase 0: Setup\n## Phase 2: Server (1h)\n## Phase 3: Clients\n- [ ] x\n"
    found = merge(tracking, parse(text))
    assert [(phase.key, phase.name, phase.state.value) for phase in found.tracking.phases] == [
        ("p4", "Setup", "open"), ("p1", "Server", "done"), ("p2", "Clients", "current"), ("p3", "Docs", "removed"),
    ]  # fmt: skip
    assert found.tracking.phases[1].actual == 9_000
    assert found.notices == (
        "new in the plan file: Setup",
        "renamed in the plan file: Client is now Clients",
        "no longer in the plan file: Docs",
    )
    again = merge(found.tracking, parse(PLAN))
    assert [phase.state.value for phase in again.tracking.phases if phase.name == "Docs"] == ["open"]
    assert merge(found.tracking, parse(text)).notices == ()


def test_the_phase_in_work_stays_that_when_it_is_gone_from_the_file() -> None:
    found = merge(begun(), parse("# P\n## Phase 1: Something else entirely here\n## Phase 2: Client\n"))
    assert found.tracking.current is not None
    assert found.tracking.current.name == "Server"
    assert states(steps.finish_phase(found.tracking, at(5))).count("current") == 1


def test_it_looks_done_when_the_file_says_so_until_the_person_says_no() -> None:
    tracking = begun()
    assert proposal(tracking, merge(tracking, parse(PLAN)).pairs) is None
    half = parse(PLAN.replace("[ ] a", "[x] a"))
    assert proposal(tracking, merge(tracking, half).pairs) is None
    ticked = parse(PLAN.replace("[ ] a", "[x] a").replace("[ ] b", "[x] b"))
    pairs = merge(tracking, ticked).pairs
    found = proposal(tracking, pairs)
    assert found is not None
    assert (found.key, found.why) == ("p1", "all 2 of its checkboxes are ticked")
    no = steps.dismiss(tracking, found.seen)
    assert proposal(no, pairs) is None
    marked = merge(no, parse(PLAN.replace("20k)", "20k) ✅"))).pairs
    said = proposal(no, marked)
    assert said is not None
    assert said.why == "its heading is marked as done"
    assert signature(pairs["p1"]) == "open 2/2"


headings = st.sampled_from(["Server", "Client", "Docs", "Tests", "Server side", "A", "A"])


@settings(deadline=None)
@given(st.lists(st.lists(headings, min_size=1, max_size=6), min_size=1, max_size=5), st.data())
def test_whatever_is_edited_nothing_tracked_is_lost(plans: list[list[str]], data: st.DataObject) -> None:
    def text(names: list[str]) -> str:
        return "".join(f"## Phase {number}: {name}\n" for number, name in enumerate(names, 1))

    tracking = begun(text(plans[0]))
    for number, names in enumerate(plans):
        before = counted(tracking, *[100] * len(tracking.spans))
        found = merge(before, parse(text(names)))
        after = found.tracking
        assert len({phase.key for phase in after.phases}) == len(after.phases)
        assert {phase.key for phase in before.phases} <= {phase.key for phase in after.phases}
        assert sum(phase.actual for phase in after.phases) == sum(phase.actual for phase in before.phases)
        assert (after.current is None) == (before.current is None)
        assert len(found.pairs) == len(names)
        tracking = after
        if after.current is not None and data.draw(st.booleans()):
            tracking = steps.finish_phase(after, at(number + 1))


def test_open_phases_for_a_handoff() -> None:
    tracking = steps.start_phase(counted(begun(), 8_000), 2, at(30))
    found = open_phases(tracking, parse(PLAN))
    assert [(phase.name, phase.tokens) for phase in found] == [
        ("Client", 10_000),
        ("Server", 12_000),
        ("Docs", 5_000),
    ]
    assert [phase.name for phase in open_phases(None, parse(PLAN))] == ["Server", "Client", "Docs"]
    assert open_phases(None, parse("one")) == ()
    assert open_phases(None) == ()


# -- numbers


def test_the_projection_follows_what_is_done() -> None:
    tracking = begun()
    assert project(tracking).total == 35_000
    slow = counted(steps.finish_phase(tracking, at(30)), 40_000)
    assert 1.2 < pace_of(slow) < 2.0
    total = project(slow).total
    assert total is not None
    assert 40_000 + 1.2 * 15_000 < total < 40_000 + 2 * 15_000
    half = project(counted(tracking, 30_000), {"p1": 0.5})
    assert half.phases["p1"] == 40_000
    over = project(counted(tracking, 30_000))
    assert over.low is not None
    assert over.high is not None
    assert over.total is not None
    assert 45_000 <= over.low <= over.total < over.high
    assert project(begun("# P\n## Phase 1: a\n")).total is None


@pytest.mark.parametrize(
    ("tokens", "alert"), [(24_000, ""), (24_001, "yellow"), (30_000, "yellow"), (30_001, "red")]
)
def test_the_alert_of_the_phase_in_work(tokens: int, alert: str) -> None:
    spent = Spent((SpanUse(0, tokens, 1, 0.1, 60_000),), 600)
    state = phases_state(begun(), spent, at(60), plan=parse(PLAN), quota_left=10_000)
    assert (state.alert, state.phases[0].alert) == (alert, alert)
    assert state.tokens_per_min_now == 60
    assert state.fits_quota is False
    assert "\n".join(status_lines(state, Face())).count("▲") == bool(alert)


def test_the_summary_at_a_phase_s_end() -> None:
    tracking = steps.finish_phase(begun(), at(30))
    spent = Spent((SpanUse(0, 30_000, 9, 0.1, 30 * 60_000), SpanUse(0)), 0)
    state = phases_state(tracking, spent, at(60), quota_left=100_000)
    end = state.ended
    assert end is not None
    assert (end.variance_tokens, end.percent, end.fits_quota, end.asks_why) == (10_000, 150.0, True, True)
    assert end.impact_pct == pytest.approx(100 * 10_000 / 35_000)
    assert end.tokens_per_min == 1000
    assert end.target_tokens_per_min == pytest.approx(20_000 / 60)
    words = "; ".join(end_words(end))
    assert "took 30k tokens, estimated ≈20k: +10k (150 % of it)" in words
    assert "still fits" in words
    said = steps.explain(counted(tracking, 30_000), "debugging")
    quiet = phases_state(said, spent, at(60)).ended
    assert quiet is not None
    assert not quiet.asks_why


def test_working_time_leaves_out_long_gaps() -> None:
    minute = 60_000
    use = SpanUse(0).with_calls([(minute, 5, 0.1), (10 * minute, 5, 0.1), (60 * minute, 5, 0.1)])
    assert (use.tokens, use.calls, use.work_ms) == (15, 3, 10 * minute)
    assert use.until(70 * minute).work_ms == 20 * minute
    assert use.until(90 * minute).work_ms == 10 * minute


# -- the file


counts = st.none() | st.integers(0, 10**12)
hours = st.none() | st.floats(0, 1e6, allow_nan=False)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


words = texts().map(sound)
phases = st.lists(
    st.builds(
        TrackedPhase,
        key=words.filter(bool),
        name=words.filter(bool),
        label=words,
        task_type=words,
        state=st.sampled_from([PhaseStatus.OPEN, PhaseStatus.DONE, PhaseStatus.REMOVED]),
        estimate=counts,
        low=counts,
        high=counts,
        estimated_hours=hours,
        actual=st.integers(0, 10**12),
        hours=st.floats(0, 1e6),
        start=st.none() | instants,
        end=st.none() | instants,
        notes=tuples(words.filter(lambda text: bool(text.strip()))),
        dismissed=words,
    ),
    max_size=4,
    unique_by=lambda phase: phase.key,
)
spans = st.builds(Span, phase=words, start=instants).flatmap(
    lambda span: st.sampled_from([span, replace(span, end=span.start + timedelta(minutes=3))])
)
trackings = st.builds(
    Tracking,
    id=st.just("t1"),
    start=instants,
    plan_file=words,
    project=words,
    title=words,
    claude_session=words,
    end=st.none() | instants,
    status=st.sampled_from(TrackStatus),
    estimated=st.builds(
        Estimated,
        total=counts,
        low=counts,
        high=counts,
        hours=hours,
        confidence=st.none() | words | st.floats(0, 1),
        phases=tuples(st.builds(EstimatedPhase, name=words, tokens=counts, hours=hours)),
    ),
    phases=phases.map(tuple),
    spans=tuples(spans),
    total=st.integers(0, 10**12),
    hours=st.floats(0, 1e6),
    cost_usd=st.floats(0, 1e6),
    as_of=st.none() | instants,
    burn=st.builds(Burn, current=st.floats(0, 1e9), average=hours, projected_total=counts),
    deviations=tuples(
        st.builds(
            Deviation,
            phase=words.filter(bool),
            reason=words,
            extra_tokens=st.integers(-(10**12), 10**12),
            category=st.sampled_from(["", *CATEGORIES]),
            preventable=st.none() | st.booleans(),
            lesson=words,
        )
    ),
)


@settings(deadline=None)
@given(trackings, st.booleans())
def test_what_is_written_is_read(tracking: Tracking, in_work: bool) -> None:
    if in_work and tracking.phases:
        first = replace(tracking.phases[0], state=PhaseStatus.CURRENT)
        tracking = replace(tracking, phases=(first, *tracking.phases[1:]))
    data = written(tracking, {})
    found = read(data, "t1")
    assert (found.tracking, found.notes) == (tracking, ())
    assert written(found.tracking, found.document) == data


def test_the_file_has_the_names_that_were_asked_for() -> None:
    whole = to_json(counted(steps.finish_phase(counted(begun(), 25_000), at(30)), 25_000))
    assert {
        "session_id",
        "plan_file",
        "start",
        "end",
        "status",
        "estimated",
        "actual",
        "burn_rate",
        "deviations",
    } <= set(whole)
    assert {"total", "hours", "confidence", "phases"} <= set(whole["estimated"])
    assert {"total", "hours", "current_phase", "phases"} <= set(whole["actual"])
    names = {"estimate", "actual", "variance", "percent", "start", "end", "hours", "notes"}
    assert names <= set(whole["actual"]["phases"][0])
    assert whole["actual"]["current_phase"] == "Client"
    assert whole["actual"]["phases"][0]["percent"] == 125.0
    assert set(whole["burn_rate"]) == {"current", "average", "projected_total"}
    assert set(whole["deviations"][0]) == {
        "phase",
        "reason",
        "extra_tokens",
        "category",
        "preventable",
        "lesson",
    }


def test_names_of_others_are_kept() -> None:
    document = json.loads(written(begun(), {}))
    document["mine"] = {"a": 1}
    document["actual"]["mine"] = 2
    document["actual"]["phases"][1]["mine"] = 3
    document["estimated"]["phases"][2]["mine"] = 4
    document["spans"][0]["mine"] = 5
    found = read(json.dumps(document).encode(), "t1")
    after = json.loads(written(steps.finish_phase(found.tracking, at(9)), found.document))
    assert (after["mine"], after["actual"]["mine"]) == ({"a": 1}, 2)
    assert after["actual"]["phases"][1]["mine"] == 3
    assert "mine" not in after["actual"]["phases"][0]
    assert after["estimated"]["phases"][2]["mine"] == 4
    assert after["spans"][0]["mine"] == 5


def test_what_makes_no_sense_is_passed_over_and_said() -> None:
    document = json.loads(written(begun(), {}))
    document["status"] = "fast"
    document["actual"]["total"] = "many"
    document["actual"]["phases"][0]["estimate"] = -5
    document["actual"]["phases"].append({"key": "p1", "state": "current"})
    document["spans"] = {"a": 1}
    found = read(b"\xef\xbb\xbf" + json.dumps(document).encode(), "t1")
    assert found.tracking.status is TrackStatus.STOPPED
    assert len({phase.key for phase in found.tracking.phases}) == 4
    assert states(found.tracking).count("current") == 1
    assert "\n".join(found.notes).count("passed over") == 4
    assert "actual.phases[0].estimate is not a count; it is passed over" in found.notes


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"start": 5}', b"[" * 100_000])
def test_a_damaged_file_is_said(data: bytes) -> None:
    with pytest.raises(Damaged):
        read(data, "t1")


def test_a_file_of_a_newer_version_is_not_touched() -> None:
    with pytest.raises(TooNew, match="newer"):
        read(b'{"version": 2, "start": "2026-11-20T16:00Z"}', "t1")


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
    ["start", "end", "status", "estimated", "actual", "phases", "spans", "deviations", "key", "name", "notes", "total", "phase", "confidence", "x"]), inner, max_size=6), max_leaves=20))  # fmt: skip
def test_any_json_is_read_or_refused(value: object) -> None:
    document = {"start": "2026-11-20T16:00Z", **(value if isinstance(value, dict) else {"actual": value})}
    try:
        found = read(json.dumps(document).encode(), "t1")
    except Damaged:
        return
    written(found.tracking, found.document)
    phases_state(found.tracking, Spent(tuple(SpanUse(0) for _ in found.tracking.spans)), AT)


# -- the report


def test_rating_by_stated_thresholds() -> None:
    said = [rate(tokens, 100) for tokens in (90, 110, 111, 125, 126, 150, 151, 20)]
    assert said == ["excellent", "excellent", "good", "good", "fair", "fair", "poor", "poor"]
    assert rate(5, None) == "not estimated"


@settings(deadline=None)
@given(trackings)
def test_the_head_is_read_back_whatever_is_in_it(tracking: Tracking) -> None:
    text = render(
        Report(
            tracking=tracking,
            velocity=Velocity(),
            changes=(ModelChange("a|b", "`1`", "*2*"),),
            before=(head_of(tracking),),
        )
    )
    head, found = head_of(tracking), parse_head(text, "t1")
    if len(text.split("---\n# ")[0]) < 4000:
        for name in (
            "title",
            "project",
            "plan_file",
            "status",
            "rating",
            "start",
            "end",
            "tokens",
            "estimated_tokens",
        ):
            assert getattr(found, name) == getattr(head, name)
        assert found.hours == pytest.approx(head.hours, rel=1e-4)


@given(st.text(max_size=200))
def test_any_text_has_a_head(text: str) -> None:
    assert parse_head(text, "t1").id == "t1"
    assert parse_head(f"---\n{text}", "t1").id == "t1"


def test_a_report_says_what_happened() -> None:
    tracking = counted(begun(), 40_000)
    tracking = steps.add_note(tracking, "pipe | and `tick`")
    tracking = steps.explain(
        steps.finish_phase(tracking, at(30)), "scope", lesson="ask *first*", preventable=True
    )
    ended = counted(steps.stop(tracking, at(45)), 40_000, 3_000)
    old = replace(head_of(ended), id="t0", start=at(-5000), tokens=100, estimated_tokens=90, title="before")
    report = Report(
        tracking=ended,
        velocity=Velocity(changes=4, files=2, tokens=43_000, tokens_per_change=10_750, rating="optimize",
                          lines_written=100, lines_again=30, rework_pct=30.0),
        changes=(ModelChange("implementation", "×1.0", "×1.3"),),
        before=(old,),
        window_tokens=40_000,
    )  # fmt: skip
    text = render(report)
    for said in (
        "- Tokens: 43,000 tokens; estimated ≈35,000, range 35,000–35,000: +8.0k (123 %)",
        "| Server | implementation | done | ≈20,000 | 40,000 | +20k | 200 % | 0.5 |",
        "- Server, +20k tokens: the work grew; could have been prevented",
        "- ask \\*first\\*",
        "- Server: pipe \\| and \\`tick\\`",
        "10,750 tokens a change, optimize (target 200–500)",
        "- implementation: ×1.0 → ×1.3",
        "| 2026-11-17 | before | 100 | 111 % | good |",
        "implementation took ×2.0 of its estimate (one phase)",
        "1.1 five-hour windows",
        "30 % of the lines were changed again",
    ):
        assert said in text, said
    assert "## Trend" not in render(Report(tracking=ended))
