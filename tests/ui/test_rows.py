from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.snapshot import ZoneName
from quota_tui.core.words import Face, cells, clean
from quota_tui.ui import rows
from quota_tui.ui.rows import plain, row, width_of

FACE = Face(zone=UTC)
ASCII = Face(zone=UTC, ascii=True)
safe_text = st.text(max_size=80).map(lambda said: clean(said, FACE))


def test_two_ends_stand_apart_or_not_at_all():
    left, right = row("left"), row(("right", "bold"))
    assert plain(rows.spread(left, right, 12) or ()) == "left   right"
    assert rows.spread(left, right, 10) is None
    assert rows.spread(left, (), 4) == left
    assert rows.spread(left, (), 3) is None
    pairs = [(row("a long left end"), right), (left, right), (left, ())]
    assert plain(rows.first_spread(11, pairs)) == "left  right"
    assert plain(rows.first_spread(6, pairs)) == "left"
    assert rows.first_spread(2, pairs) == ()


def test_a_chain_says_the_first_things_longest_and_leaves_out_the_last():
    items = (rows.styled(("162k used", "162k"), "bold"), rows.styled(("resets 18:40", "18:40"), ""))
    assert plain(rows.chain(40, *items)) == "162k used · resets 18:40"
    assert plain(rows.chain(18, *items)) == "162k used · 18:40"
    assert plain(rows.chain(10, *items)) == "162k used"
    assert plain(rows.chain(4, *items)) == "162k"
    assert rows.chain(2, *items) == ()


@given(safe_text, st.integers(1, 50), st.integers(1, 5), st.booleans())
def test_wrapped_text_stays_inside(said, width, most, ascii_only):
    wrapped = rows.wrap(said, width, "", ASCII if ascii_only else FACE, most=most)
    assert len(wrapped) <= most
    assert all(width_of(line) <= width for line in wrapped)


def test_wrapping_keeps_every_word_and_marks_what_it_cuts():
    said = "Finish what is small, then plan the next session."
    assert " ".join(plain(line) for line in rows.wrap(said, 20, "", FACE)) == said
    assert [plain(line) for line in rows.wrap(said, 20, "", FACE, most=1)] == ["Finish what is …"]
    assert [plain(line) for line in rows.wrap(said, 20, "", ASCII, most=1)] == ["Finish what is ..."]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=20), st.integers(0, 25))
def test_what_is_least_needed_goes_first(ranks, height):
    ranked = [(rank, row(str(at)) if filled else ()) for at, (rank, filled) in enumerate(ranks)]
    kept = rows.fit_height(ranked, height)
    assert len(kept) <= height
    assert not kept or (kept[0] and kept[-1])
    shown = {plain(line) for line in kept if line}
    gone = [rank for rank, line in ranked if line and plain(line) not in shown]
    stayed = [rank for rank, line in ranked if line and plain(line) in shown]
    assert not gone or not stayed or max(stayed) <= min(gone) or max(stayed) <= max(gone)
    order = [line for _, line in ranked if line and plain(line) in shown]
    assert [line for line in kept if line] == order


def test_zones_are_styled_by_their_own_colour_and_the_last_one_stands_out():
    assert rows.zone_style(ZoneName.DANGER) == "$zone-danger"
    assert rows.zone_style(ZoneName.DANGER, strong=True) == "bold $zone-danger"
    assert "reverse" in rows.zone_style(ZoneName.EMERGENCY, strong=True)


@pytest.mark.parametrize("said", ["≈81 % · 17:55–18:20 … █", "plain"])
def test_the_ascii_face_keeps_widths(said):
    (line,) = rows.as_face([row(said)], ASCII)
    assert cells(plain(line)) == cells(said)
    assert rows.as_face([row(said)], FACE) == [row(said)]
