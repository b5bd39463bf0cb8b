"""Texts that break careless writers and readers, for property tests."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from quota_tui.core.handoff import MAX_TOKENS, STARTS, Handoff, Objective, Quota, Section, State

PIECES = (
    '"', "'", "`", "```", "````", "~~~", "~~~ as-is", "``` as-is", "---", "...", "***", "# ", "## ", "### ",
    "## Blockers and notes", "# Failed approaches", '## "x"', "- ", "* ", "+ ", "1. ", "12) ", "- [x] ", "[ ] ",
    "\n", "\n\n", "\r\n", "\r", "\t", " ", "  ", "    ", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029",
    "\u200e", "\u200f", "\u202e", "\u2066", "\ufeff", "\ud800", "\udcff", "é", "e\u0301", "日本語", "👩‍🚀", "🏳️‍🌈",
    "\\", "\\n", '"\\n"', '""', "{", "}", "[", "]", "(", ")", "(15k)", "≈15k (9–24k)", " (15,000 tokens)",
    "Total: 5 tokens", "Branch: main", "- Tests: x", "Files modified:", "title: x", "key: value", "quota_used_pct: 5",
    ":", ": ", "#", "<!--", "-->", "<b>", "&amp;", "|", "$(id)", "`id`", "%s", "{0}", "null", "~", "!", "@", ",", ", ",
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=8).map("".join)
    return st.one_of(pieces, st.text(st.characters(codec=None), max_size=20), st.sampled_from(PIECES)).map(
        _one_form
    )


def _one_form(text: str) -> str:
    """Two halves of one character are that character in every encoding."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def tuples(of: st.SearchStrategy, most: int = 4) -> st.SearchStrategy[tuple]:
    return st.lists(of, max_size=most).map(tuple)


counts = st.none() | st.integers(0, 200_000) | st.integers(0, MAX_TOKENS)
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1971, 9000))
instants = st.none() | st.datetimes(_FIRST, _LAST, timezones=st.just(UTC))
objectives = st.builds(Objective, texts(), counts, counts, counts, tuples(texts(), 3), st.booleans())
states = st.builds(
    State,
    branch=texts(),
    last_commit=texts(),
    tests=texts(),
    files_modified=tuples(texts()),
    other=tuples(texts()),
)
quotas = st.builds(
    Quota,
    used_pct=st.none() | st.floats(-1e12, 1e12, allow_nan=False),
    basis=texts(),
    resets_at=instants,
    next_tokens=counts,
)
handoffs = st.builds(
    Handoff,
    id=texts(),
    title=texts(),
    from_session=texts(),
    project=texts(),
    agent=texts(),
    plan_file=texts(),
    start=st.sampled_from(STARTS) | texts(),
    scheduled_for=instants,
    created_at=instants,
    quota=quotas,
    accomplished=tuples(texts()),
    state=states,
    objectives=tuples(objectives, 3),
    decisions=tuples(texts()),
    failed=tuples(texts()),
    blockers=tuples(texts()),
    files=tuples(texts()),
    commands=tuples(texts()),
    instructions=texts(),
    extra_front=tuples(st.tuples(texts(), texts())),
    extra_sections=tuples(st.builds(Section, texts(), texts())),
)
