"""From tokens of the shipped vocabulary to tokens of today's models: a factor per model, with its error.

No public vocabulary matches today's models. What a reply cost is known (`output_tokens`), and so is its
text: the factor between the two is learned from the user's own replies, robustly, with an 80 % interval
from their spread. Until there are enough of them a prior stands in, and is marked as one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from quota_tui.core.pricing import canonical_model, model_family

MIN_REPLIES = 20
"""Fewer teach nothing: their 80 % interval would be their whole range."""
MIN_RAW_TOKENS = 20
"""Shorter replies are all overhead and rounding."""
MAX_SPREAD = 2.0
"""Where the interval's ends are further apart, text and count do not belong together (invented logs, a
proxy that counts otherwise). Real replies: 1.2."""
MAX_CALL_TOKENS = 128
"""More than the frame of any tool call."""

_MOSTLY, _HARDLY, _SHOWN = 0.5, 0.1, 0.01  # shares of a text's tokens in East Asian writing
_WORTH_IT = 0.9  # the frame of a call is believed when it takes at least a tenth of the error away
_LOW, _HIGH = 0.1, 0.9  # an 80 % interval


class RawCount(msgspec.Struct, frozen=True, gc=False):
    """Tokens of the shipped vocabulary; `east_asian` of them in Chinese, Japanese or Korean writing."""

    tokens: int = 0
    east_asian: int = 0

    def __add__(self, other: RawCount) -> RawCount:
        return RawCount(self.tokens + other.tokens, self.east_asian + other.east_asian)


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """Tokens of a model, with an 80 % interval. The error is the factor's, so it adds up over texts."""

    tokens: int = 0
    low: int = 0
    high: int = 0
    raw_tokens: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.tokens + other.tokens,
            self.low + other.low,
            self.high + other.high,
            self.raw_tokens + other.raw_tokens,
        )


class Factor(msgspec.Struct, frozen=True, gc=False):
    """Tokens of a model per token of the vocabulary, with an 80 % interval; from no replies: a prior."""

    value: float
    low: float
    high: float
    replies: int = 0


class ReplySample(msgspec.Struct, frozen=True, gc=False):
    """One reply: its visible text in tokens of the vocabulary, and what it really took without thinking."""

    model: str
    raw: RawCount
    tool_calls: int
    output_tokens: int


class Learned(msgspec.Struct, frozen=True):
    """What one model's replies taught. `call_tokens`: what a tool call takes besides its text."""

    plain: Factor | None = None
    east_asian: Factor | None = None
    call_tokens: int = 0


class Factors(msgspec.Struct, frozen=True):
    """What is learned, by canonical model id; plain, to be cached. `usual_model` made most replies seen."""

    models: dict[str, Learned] = {}
    usual_model: str = ""


class ModelFactors(msgspec.Struct, frozen=True):
    """The factors to use for `model`. `learned_from`: the model whose replies taught them, else empty."""

    model: str
    plain: Factor
    east_asian: Factor
    learned_from: str = ""

    def estimate(self, raw: RawCount) -> Estimate:
        """What a text of so many raw tokens takes."""
        east, plain = raw.east_asian, raw.tokens - raw.east_asian
        return Estimate(
            round(plain * self.plain.value + east * self.east_asian.value),
            math.floor(plain * self.plain.low + east * self.east_asian.low),
            math.ceil(plain * self.plain.high + east * self.east_asian.high),
            raw.tokens,
        )

    def main(self, raw: RawCount) -> Factor:
        """The factor of most of the text."""
        return self.east_asian if raw.east_asian > _MOSTLY * raw.tokens else self.plain


# Plain: median and spread of 53 real replies of Opus 4.5 against this vocabulary (numbers in the tests);
# from 4.7 on 1.15-1.46 times that (published measurements of code and of prose with the API's own counter).
# East Asian text: about 0.8, and the same before and after 4.7 (the same measurements).
_PLAIN_UP_TO_4_6 = Factor(1.12, 1.03, 1.25)
_PLAIN_FROM_4_7 = Factor(1.47, 1.35, 1.6)
_EAST_ASIAN = Factor(0.8, 0.65, 1.0)
_NEW_TOKENIZER = (4, 7)


def is_new_tokenizer(model: str) -> bool:
    """Whether a model counts as Claude 4.7 does; an id without a version is taken for a current model."""
    parts = (part for part in canonical_model(model).split("-") if part.isdigit() and len(part) <= 2)
    version = tuple(int(part) for part in parts)[:2]
    return not version or version >= _NEW_TOKENIZER


def prior(model: str) -> ModelFactors:
    """What to assume while nothing is learned."""
    return ModelFactors(model, _PLAIN_FROM_4_7 if is_new_tokenizer(model) else _PLAIN_UP_TO_4_6, _EAST_ASIAN)


def factors_for(model: str, factors: Factors) -> ModelFactors:
    """The factors of a model: its own, else those of the best known one of its family, else the prior.

    Family means also: on the same side of 4.7, where the tokenizer changed. Each kind of writing that is not
    learned keeps its prior.
    """
    assumed, name = prior(model), canonical_model(model)
    source = name if name in factors.models else _kin(name, factors)
    if not source:
        return assumed
    learned = factors.models[source]
    return ModelFactors(
        model, learned.plain or assumed.plain, learned.east_asian or assumed.east_asian, source
    )


def _kin(name: str, factors: Factors) -> str:
    family, side = model_family(name), is_new_tokenizer(name)
    kin = [
        known
        for known in factors.models
        if family and model_family(known) == family and is_new_tokenizer(known) == side
    ]
    return max(kin, key=lambda known: (_replies(factors.models[known]), known), default="")


def _replies(learned: Learned) -> int:
    return sum(factor.replies for factor in (learned.plain, learned.east_asian) if factor)


def learn_factors(
    samples: Iterable[ReplySample], usual_model: str = "", known: Factors | None = None
) -> Factors:
    """Factors of every model with enough replies; what was known of the others stays."""
    by_model = defaultdict[str, list[ReplySample]](list)
    for sample in samples:
        if _is_plausible(sample):
            by_model[canonical_model(sample.model)].append(sample)
    models = dict(known.models) if known else {}
    for model, group in by_model.items():
        learned = _learn(model, group)
        if learned.plain or learned.east_asian:
            models[model] = learned
    return Factors(models, canonical_model(usual_model) or (known.usual_model if known else ""))


def _is_plausible(sample: ReplySample) -> bool:
    """Outside of this no tokenizer of ours is: text and count do not belong together."""
    raw, out = sample.raw.tokens, sample.output_tokens
    return raw >= MIN_RAW_TOKENS and 0.3 * raw <= out <= 5 * raw + MAX_CALL_TOKENS * sample.tool_calls


def _learn(model: str, samples: Sequence[ReplySample]) -> Learned:
    plain, call_tokens = _learn_plain(
        [
            (sample.raw.tokens, sample.tool_calls, sample.output_tokens)
            for sample in samples
            if sample.raw.east_asian <= _HARDLY * sample.raw.tokens
        ]
    )
    rest = (plain or prior(model).plain).value
    slopes = []
    for sample in samples:
        east = sample.raw.east_asian
        if east > _MOSTLY * sample.raw.tokens:
            other = rest * (sample.raw.tokens - east) + call_tokens * sample.tool_calls
            slopes.append((sample.output_tokens - other) / east)
    return Learned(plain, _factor(slopes), call_tokens)


_Row = tuple[int, int, int]
"""(raw tokens, tool calls, output tokens)"""


def _learn_plain(rows: Sequence[_Row]) -> tuple[Factor | None, int]:
    """The factor of `rows`, and what the frame of each tool call takes besides; (None, 0) when too few."""
    if len(rows) < MIN_REPLIES:
        return None, 0
    call_tokens = _call_tokens(rows)
    slope = _slope(rows, call_tokens)
    if slope <= 0:
        return None, 0
    # The spread of whole replies, as they will be estimated: frame and text together.
    ratios = [slope * out / (slope * raw + call_tokens * calls) for raw, calls, out in rows]
    factor = _factor(ratios, slope)
    return factor, call_tokens if factor else 0


def _call_tokens(rows: Sequence[_Row]) -> int:
    """The frame with the least relative error, 0 unless it takes a good part of the error away.

    The error is convex in it (a sum of absolute values, at the best slope), so thirds find its least.
    """
    low, high = 0, MAX_CALL_TOKENS
    while high - low > 2:
        third = (high - low) // 3
        if _error(rows, low + third) <= _error(rows, high - third):
            high -= third
        else:
            low += third
    best = min(range(low, high + 1), key=lambda tokens: _error(rows, tokens))
    return best if _error(rows, best) < _WORTH_IT * _error(rows, 0) else 0


def _error(rows: Sequence[_Row], call_tokens: int) -> float:
    slope = _slope(rows, call_tokens)
    return sum(abs(out - slope * raw - call_tokens * calls) / out for raw, calls, out in rows)


def _slope(rows: Sequence[_Row], call_tokens: int) -> float:
    """The weighted median of the ratios: the slope of least relative error; a few odd replies do no harm."""
    weighted = sorted(((out - call_tokens * calls) / raw, raw / out) for raw, calls, out in rows)
    half, reached = sum(weight for _, weight in weighted) / 2, 0.0
    for ratio, weight in weighted:
        reached += weight
        if reached >= half:
            return ratio
    return weighted[-1][0]


def _factor(ratios: Iterable[float], value: float | None = None) -> Factor | None:
    """A factor with the interval that holds 80 % of further replies like these; None when they teach nothing.

    The ends are order statistics of n + 1, which hold their share for any distribution. Without a `value` it
    is the median.
    """
    ascending = sorted(ratios)
    count = len(ascending)
    if count < MIN_REPLIES:
        return None
    middle = ascending[count // 2] if value is None else value
    low = min(ascending[max(math.floor(_LOW * (count + 1)), 1) - 1], middle)
    high = max(ascending[min(math.ceil(_HIGH * (count + 1)), count) - 1], middle)
    return Factor(middle, low, high, count) if 0 < high <= MAX_SPREAD * low else None


def estimate_words(estimate: Estimate) -> str:
    """`≈12.3k tokens (11.1–13.9k)`; the unit once where both ends have the same."""
    low, high = _figure(estimate.low), _figure(estimate.high)
    if low[-1:] == high[-1:] and low[-1:].isalpha():
        low = low[:-1]
    return f"≈{_figure(estimate.tokens)} tokens ({low}–{high})"


def _figure(count: int) -> str:
    """`950`, `12.3k`, `123k`, `1.23M`: three figures are more than the error leaves of them."""
    for size, letter in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        value = count / size
        if value < 999.5 and count >= 999.5:
            return f"{value:.{2 if letter != 'k' and value < 9.995 else 1 if value < 99.95 else 0}f}{letter}"
    return str(count)


def factor_words(raw: RawCount, factors: ModelFactors) -> str:
    """`claude-sonnet-5-5, factor 1.42 from 312 of your replies`: how the estimate of a text is known."""
    factor = factors.main(raw)
    name = factors.model or "current Claude models"
    words = f"{name}, factor {factor.value:.2f} "
    if not factor.replies:
        words += "assumed: too few of your replies have told it yet"
    elif factors.learned_from == canonical_model(factors.model):
        words += f"from {factor.replies} of your replies"
    else:
        words += f"from {factor.replies} of your replies by {factors.learned_from}"
    if factor is factors.east_asian:
        return f"{words} (East Asian text)"
    if raw.east_asian > _SHOWN * raw.tokens:
        words += f"; {factors.east_asian.value:.2f} for East Asian text"
    return words
