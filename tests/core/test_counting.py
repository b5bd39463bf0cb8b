from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core import counting
from quota_tui.core.counting import (
    MIN_REPLIES,
    Estimate,
    Factor,
    Factors,
    Learned,
    RawCount,
    ReplySample,
    estimate_words,
    factor_words,
    factors_for,
    is_new_tokenizer,
    learn_factors,
    prior,
)

OPUS = "claude-opus-4-5"

# (tokens of the shipped vocabulary, tool calls, output tokens) of the 46 replies of Opus 4.5 without thinking and
# with a final count in the transcripts that the public repository entireio/cli (MIT licence) committed. Numbers
# only.
REAL = [
    (38, 1, 74), (43, 1, 77), (43, 1, 77), (43, 1, 77), (47, 1, 73), (51, 1, 79), (60, 1, 92), (62, 1, 96),
    (69, 1, 101), (75, 1, 116), (78, 1, 105), (80, 1, 125), (87, 1, 119), (90, 1, 138), (92, 1, 151),
    (101, 2, 138), (116, 1, 168), (130, 1, 175), (134, 1, 186), (144, 1, 192), (148, 1, 195), (152, 2, 189),
    (158, 1, 206), (199, 1, 275), (199, 1, 275), (207, 1, 268), (213, 1, 289), (241, 1, 308), (243, 1, 297),
    (254, 1, 298), (283, 1, 332), (283, 1, 353), (288, 1, 332), (288, 1, 332), (326, 1, 375), (333, 1, 406),
    (346, 1, 432), (361, 1, 438), (412, 1, 530), (483, 1, 570), (486, 1, 598), (791, 1, 869), (846, 1, 969),
    (1175, 1, 1338), (1192, 1, 1355), (1519, 1, 1724),
]  # fmt: skip


def samples(rows: list[tuple[int, int, int]], model: str = OPUS) -> list[ReplySample]:
    return [ReplySample(model, RawCount(raw), calls, out) for raw, calls, out in rows]


def learned(rows: list[tuple[int, int, int]], model: str = OPUS) -> Learned:
    return learn_factors(samples(rows, model)).models[model]


def made(factor: float, frame: int, count: int = 60, seed: int = 1) -> list[tuple[int, int, int]]:
    """Replies that follow the model exactly, but for rounding."""
    dice = random.Random(seed)
    pairs = [(dice.randint(30, 3000), dice.randint(0, 3)) for _ in range(count)]
    return [(raw, calls, round(factor * raw + frame * calls)) for raw, calls in pairs]


# -- real replies


def test_real_replies_give_a_tight_factor_and_the_frame_of_a_call() -> None:
    found = learned(REAL)
    assert found.plain is not None
    assert 1.08 <= found.plain.value <= 1.15
    assert found.plain.high / found.plain.low < 1.25
    assert found.plain.replies == len(REAL)
    assert 15 <= found.call_tokens <= 40


def test_each_real_reply_is_told_by_the_others() -> None:
    errors, inside = [], 0
    for index, (raw, calls, out) in enumerate(REAL):
        model = learned(REAL[:index] + REAL[index + 1 :])
        assert model.plain is not None
        frame = model.call_tokens * calls
        # The interval is of whole replies, so the text's share of it is what is left of the frame.
        share = out / (model.plain.value * raw + frame)
        errors.append(abs(share - 1))
        inside += model.plain.low <= model.plain.value * share <= model.plain.high
    assert sorted(errors)[len(errors) // 2] < 0.06
    assert 0.7 <= inside / len(REAL) <= 0.95  # an 80 % interval


def test_the_prior_of_older_models_holds_the_real_factor() -> None:
    assumed = prior(OPUS).plain
    found = learned(REAL).plain
    assert found is not None
    assert assumed.replies == 0
    assert assumed.low <= found.value <= assumed.high


# -- learning


@given(st.floats(0.6, 2.5), st.integers(0, 100), st.integers(0, 1000))
def test_what_made_the_replies_is_found(factor: float, frame: int, seed: int) -> None:
    found = learned(made(factor, frame, seed=seed))
    assert found.plain is not None
    assert found.plain.value == pytest.approx(factor, rel=0.03)
    assert found.plain.low <= found.plain.value <= found.plain.high
    if not 0 < frame < 16:  # smaller ones are worth little, and may be left out
        assert found.call_tokens == pytest.approx(frame, abs=4)


def test_a_tenth_of_odd_replies_changes_little() -> None:
    rows = made(1.4, 20)
    odd = [(raw, calls, out * 3) for raw, calls, out in rows[:5]]
    found = learned(odd + rows[5:]).plain
    assert found is not None
    assert found.value == pytest.approx(1.4, rel=0.02)


def test_without_tool_calls_there_is_no_frame() -> None:
    found = learned([(raw, 0, round(1.5 * raw)) for raw in range(50, 110)])
    assert found.call_tokens == 0
    assert found.plain is not None
    assert found.plain.value == pytest.approx(1.5, rel=0.02)


ROWS = st.lists(
    st.tuples(st.integers(20, 2000), st.integers(0, 4), st.integers(20, 4000)), min_size=20, max_size=40
)


@given(ROWS)
def test_no_other_frame_has_less_error(rows: list[tuple[int, int, int]]) -> None:
    best = min(counting._error(rows, tokens) for tokens in range(counting.MAX_CALL_TOKENS + 1))
    found = counting._call_tokens(rows)
    if found:
        assert counting._error(rows, found) == pytest.approx(best)
    else:
        assert best >= 0.9 * counting._error(rows, 0) - 1e-9


@given(ROWS, st.floats(0.01, 5))
def test_no_other_slope_has_less_error(rows: list[tuple[int, int, int]], other: float) -> None:
    error = sum(abs(out - other * raw) / out for raw, _, out in rows)
    assert counting._error(rows, 0) <= error + 1e-9


@pytest.mark.parametrize(
    "rows",
    [
        made(1.4, 20, count=MIN_REPLIES - 1),
        [(10, 0, 15)] * 50,  # too short
        [(500, 0, 9000)] * 50,  # no tokenizer does that
        [(500, 0, 100)] * 50,
        [(100, 0, out) for out in range(40, 490, 9)],  # text and count do not belong together
    ],
)
def test_what_teaches_nothing(rows: list[tuple[int, int, int]]) -> None:
    factors = learn_factors(samples(rows))
    assert factors.models == {}
    assert factors_for(OPUS, factors) == prior(OPUS)


def test_few_new_replies_leave_what_was_known() -> None:
    known = learn_factors(samples(made(1.4, 20)) + samples(made(1.2, 20), "claude-haiku-4-5-20251001"), OPUS)
    assert set(known.models) == {OPUS, "claude-haiku-4-5"}
    later = learn_factors(samples(made(1.6, 20)) + samples(made(1.6, 20)[:5], "claude-haiku-4-5"), "", known)
    assert later.models["claude-haiku-4-5"] == known.models["claude-haiku-4-5"]
    plain = later.models[OPUS].plain
    assert plain is not None
    assert plain.value == pytest.approx(1.6, rel=0.02)
    assert later.usual_model == OPUS


def test_factors_survive_the_journal() -> None:
    factors = learn_factors(samples(made(1.4, 20)), OPUS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(factors), type=Factors) == factors


# -- East Asian text


def test_east_asian_text_has_its_own_factor() -> None:
    plain = samples(made(1.5, 20), "claude-opus-5-5")
    chinese = [
        ReplySample("claude-opus-5-5", RawCount(raw + 40, raw), 1, round(0.7 * raw + 1.5 * 40 + 20))
        for raw in range(200, 260)
    ]
    factors = factors_for("claude-opus-5-5", learn_factors(plain + chinese))
    assert factors.plain.value == pytest.approx(1.5, rel=0.02)
    assert factors.east_asian.value == pytest.approx(0.7, rel=0.05)
    assert (factors.plain.replies, factors.east_asian.replies) == (60, 60)
    assert factors.estimate(RawCount(1000, 400)).tokens == pytest.approx(1.5 * 600 + 0.7 * 400, rel=0.03)


def test_chinese_replies_alone_leave_the_prior_for_the_rest() -> None:
    chinese = [ReplySample(OPUS, RawCount(raw, raw), 0, round(0.9 * raw)) for raw in range(200, 260)]
    factors = factors_for(OPUS, learn_factors(chinese))
    assert factors.plain == prior(OPUS).plain
    assert factors.east_asian.value == pytest.approx(0.9, rel=0.02)
    assert factors.main(RawCount(100, 80)) is factors.east_asian
    assert factors.main(RawCount(100, 20)) is factors.plain


# -- which factor


@pytest.mark.parametrize(
    ("model", "new"),
    [
        ("claude-opus-4-6", False),
        ("claude-opus-4-7", True),
        ("claude-opus-4-20250514", False),
        ("claude-3-5-haiku-20241022", False),
        ("claude-sonnet-5", True),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", False),
        ("claude-fable-5-2", True),
        ("claude-opus-5-5[1m]", True),
        ("opus", True),
        ("", True),
    ],
)
def test_side_of_the_tokenizer_change(model: str, new: bool) -> None:
    assert is_new_tokenizer(model) is new
    assert (prior(model).plain.value > 1.3) is new


def test_a_model_without_replies_takes_its_family_on_the_same_side_of_4_7() -> None:
    factors = learn_factors(
        samples(made(1.1, 20), "claude-opus-4-5") + samples(made(1.4, 20, 30), "claude-opus-5")
    )
    assert factors_for("claude-opus-5-5", factors).learned_from == "claude-opus-5"
    assert factors_for("claude-opus-4-6", factors).learned_from == "claude-opus-4-5"
    assert factors_for("claude-opus-5-20260801", factors).learned_from == "claude-opus-5"
    assert factors_for("claude-sonnet-5", factors) == prior("claude-sonnet-5")
    assert factors_for("gpt-5", factors) == prior("gpt-5")


# -- estimates


RAW = st.builds(
    lambda tokens, share: RawCount(tokens, int(tokens * share)), st.integers(0, 10**9), st.floats(0, 1)
)


@given(RAW, RAW, st.sampled_from(["claude-opus-4-5", "claude-sonnet-5-5", ""]))
def test_an_estimate_lies_in_its_range_and_adds_up(one: RawCount, two: RawCount, model: str) -> None:
    factors = prior(model)
    first, second, both = factors.estimate(one), factors.estimate(two), factors.estimate(one + two)
    for each in (first, second, both):
        assert 0 <= each.low <= each.tokens <= each.high
    total = first + second
    assert total.raw_tokens == both.raw_tokens
    for name in ("tokens", "low", "high"):
        assert abs(getattr(total, name) - getattr(both, name)) <= 1


def test_nothing_is_nothing() -> None:
    assert prior("").estimate(RawCount()) == Estimate(0, 0, 0, 0)


# -- words


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(12_345, 11_100, 13_890), "≈12.3k tokens (11.1–13.9k)"),
        (Estimate(1000, 950, 1100), "≈1.0k tokens (950–1.1k)"),
        (Estimate(7, 6, 8), "≈7 tokens (6–8)"),
        (Estimate(0, 0, 0), "≈0 tokens (0–0)"),
        (Estimate(123_456, 99_949, 150_000), "≈123k tokens (99.9–150k)"),
        (Estimate(999_600, 999_400, 1_234_000), "≈1.00M tokens (999k–1.23M)"),
        (Estimate(12_345_000, 11_000_000, 13_000_000), "≈12.3M tokens (11.0–13.0M)"),
        (Estimate(2_500_000_000, 2_000_000_000, 3_000_000_000), "≈2.50G tokens (2.00–3.00G)"),
    ],
)
def test_estimate_words(estimate: Estimate, words: str) -> None:
    assert estimate_words(estimate) == words


def test_factor_words_say_where_the_factor_is_from() -> None:
    known = Factors({"claude-sonnet-5-5": Learned(Factor(1.42, 1.3, 1.5, 312))})
    text = RawCount(100, 0)
    assert (
        factor_words(text, factors_for("claude-sonnet-5-5-20260901", known))
        == "claude-sonnet-5-5-20260901, factor 1.42 from 312 of your replies"
    )
    assert factor_words(text, factors_for("claude-sonnet-5", known)).endswith(
        "factor 1.42 from 312 of your replies by claude-sonnet-5-5"
    )
    assert "1.47 assumed" in factor_words(text, prior("claude-haiku-5-5"))
    assert factor_words(text, prior("")).startswith("current Claude models, ")
    assert factor_words(RawCount(100, 90), prior("")).endswith("(East Asian text)")
    assert factor_words(RawCount(100, 9), prior("")).endswith("; 0.80 for East Asian text")
