"""Which lines are calls: one test for each rule, and the laws that hold for any lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.dedupe import better, calls, variants
from quota_tui.core.usage import UsageRecord


def record(
    request: str = "r1", output: int = 10, *, at: int = 0, side: bool = False, session: str = "s"
) -> UsageRecord:
    return UsageRecord(
        message_id="m", request_id=request, at_ms=at, session_id=session, project="p", model="x",
        output_tokens=output, is_sidechain=side,
    )  # fmt: skip


def outputs(*lines: UsageRecord) -> list[int]:
    return sorted(call.output_tokens for call in calls(variants(lines)))


def test_the_line_with_the_largest_total_is_the_call_whole() -> None:
    early = UsageRecord(
        message_id="m",
        request_id="r",
        at_ms=0,
        session_id="s",
        project="p",
        model="x",
        input_tokens=9,
        output_tokens=1,
    )
    final = UsageRecord(
        message_id="m",
        request_id="r",
        at_ms=5,
        session_id="s",
        project="p",
        model="x",
        input_tokens=3,
        output_tokens=50,
    )
    assert calls(variants([early, final])) == [final]


def test_on_a_tie_the_earlier_line_stays() -> None:
    first, copy = record(session="first"), record(session="copy")
    assert variants([first, copy]) == [first]
    assert not better(copy, first)


def test_a_side_thread_replay_loses_even_with_more_tokens() -> None:
    assert outputs(record("r1", 10), record("r2", 99, side=True)) == [10]


def test_only_side_threads_are_one_call() -> None:
    assert outputs(record("r1", 10, side=True), record("r2", 20, side=True)) == [20]


def test_a_line_without_request_belongs_to_the_call_with_its_message() -> None:
    assert outputs(record("", 5), record("r1", 10)) == [10]
    assert outputs(record("", 50), record("r1", 10)) == [50]


def test_several_lines_without_request_are_one_call() -> None:
    assert outputs(record("", 5), record("", 7, at=3)) == [7]


def test_two_requests_outside_side_threads_are_two_calls() -> None:
    assert outputs(record("r1", 10), record("r2", 20)) == [10, 20]


lines = st.lists(
    st.builds(
        record,
        st.sampled_from(["", "r1", "r2"]),
        st.integers(0, 4),
        at=st.integers(0, 3),
        side=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(lines, st.randoms())
def test_order_and_repetition_change_nothing(group: list[UsageRecord], random: object) -> None:
    shuffled = [*group, *group]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert calls(variants(group)) == calls(variants(shuffled))


@given(lines)
def test_merging_in_two_steps_is_merging_at_once(group: list[UsageRecord]) -> None:
    half = len(group) // 2
    stepwise = variants([*variants(group[:half]), *variants(group[half:])])
    assert calls(stepwise) == calls(variants(group))


@given(lines)
def test_there_is_at_least_one_call_and_never_more_than_requests(group: list[UsageRecord]) -> None:
    found = calls(variants(group))
    assert 1 <= len(found) <= max(1, len({r.request_id for r in group if r.request_id}))
