from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.readings import WindowKind
from quota_tui.sources.client_reply import answer_in, told_at, windows_of
from tests.sources.client_limits import LIMITS, NOW, WEEK_END, WINDOWS, remember

WEEK = WindowKind.WEEKLY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"cachedUsageUtilization": 5}',
        '{"cachedUsageUtilization": {"fetchedAtMs": "x"}}',
        "[" * 50000,
        '{"cachedUsageUtilization": {"fetchedAtMs": 1e300, "utilization": {}}}',
        '{"cachedUsageUtilization": null}',
    ],
)
def test_a_memory_that_cannot_be_read_leaves_the_numbers_new(tmp_path, text):
    (tmp_path / ".claude.json").write_text(text, encoding="utf-8")
    assert told_at(WINDOWS, tmp_path / ".claude.json", NOW) == NOW


def test_a_memory_from_the_future_is_now(tmp_path):
    remember(tmp_path, LIMITS, NOW + timedelta(hours=1))
    assert told_at(WINDOWS, tmp_path / ".claude.json", NOW) == NOW


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["utilization", "percent", "resets_at", "kind", "scope", "display_name"])
ENTRY = st.dictionaries(
    FIELDS, JSON | st.just("2026-11-24T04:49:13+00:00") | st.just("weekly_scoped"), max_size=5
)


@given(
    st.dictionaries(
        st.sampled_from(sorted(LIMITS)) | st.text(max_size=6), ENTRY | st.lists(ENTRY, max_size=3) | JSON
    )
)
def test_no_limits_make_it_raise(limits):
    for used, resets_at in windows_of(limits).values():
        assert used >= 0
        assert resets_at.utcoffset() == timedelta(0)


@given(st.binary(max_size=200))
def test_no_line_makes_it_raise(line):
    assert answer_in(line, "r2") is None
    answer_in(b'{"type":"control_response","response":' + line + b"}", "r2")


def test_times_are_read_with_and_without_a_zone():
    for text, used in (
        ("2026-11-24T04:49:13Z", 5),
        ("2026-11-24T05:49:13+01:00", 5.0),
        ("2026-11-24T04:49:13", 5),
    ):
        assert windows_of({"seven_day": {"utilization": used, "resets_at": text}}) == {
            (WEEK, ""): (5.0, WEEK_END)
        }
    assert windows_of({"seven_day": {"utilization": 5, "resets_at": WEEK_END.timestamp()}}) == {
        (WEEK, ""): (5.0, WEEK_END)
    }
    assert windows_of({"seven_day": {"utilization": 5, "resets_at": "soon"}}) == {}
