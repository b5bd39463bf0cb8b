"""Prices: the shipped table against another one, stand-ins, overrides, and what changes a call's price."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota_tui.core.pricing import (
    Price,
    PriceMatch,
    Pricer,
    PriceTable,
    call_cost_usd,
    canonical_model,
    model_family,
    with_overrides,
)
from quota_tui.store.prices import load_prices

TABLE = load_prices()
PRICER = Pricer(TABLE)
DATE = datetime(2026, 11, 20, tzinfo=UTC)
AT_MS = int(DATE.timestamp() * 1000)

# Requests of more than 200k tokens: genai-prices has a dearer tier, the client's own cost output has none.
LONG_TIER_ELSEWHERE = {"claude-sonnet-4-5"}

Counts = tuple[int, int, int, int, int]


def cost(model: str, counts: Counts, at_ms: int = AT_MS, table: PriceTable = TABLE, **flags: object) -> float:
    price = Pricer(table).price(model, at_ms)
    assert price is not None
    return call_cost_usd(price, *counts, **flags)  # type: ignore[arg-type]


def cost_elsewhere(model: str, counts: Counts, searches: int = 0) -> float:
    tokens_in, tokens_out, write_5m, write_1h, read = counts
    usage = Usage(
        input_tokens=tokens_in + write_5m + write_1h + read,
        output_tokens=tokens_out,
        cache_write_tokens=write_5m + write_1h,
        cache_write_1h_tokens=write_1h,
        cache_read_tokens=read,
        web_searches=searches,
    )
    found = calc_price(usage, model, provider_id="anthropic", genai_request_timestamp=DATE)
    return float(found.total_price)


@pytest.mark.parametrize("model", sorted(TABLE.models))
@pytest.mark.parametrize("one", range(5))
def test_every_price_is_that_of_genai_prices(model: str, one: int) -> None:
    counts = tuple(1000 if at == one else 0 for at in range(5))
    assert cost(model, counts) == pytest.approx(cost_elsewhere(model, counts))  # type: ignore[arg-type]


@given(
    st.sampled_from(sorted(TABLE.models)),
    st.tuples(*[st.integers(0, 60_000)] * 5),
    st.integers(0, 3),
)
def test_whole_calls_cost_what_genai_prices_says(model: str, counts: Counts, searches: int) -> None:
    if model in LONG_TIER_ELSEWHERE and sum(counts) - counts[1] > 200_000:
        return
    assert cost(model, counts, web_searches=searches) == pytest.approx(
        cost_elsewhere(model, counts, searches)
    )


def test_the_known_difference_is_still_one() -> None:
    long = (250_000, 1000, 0, 0, 0)
    for model in LONG_TIER_ELSEWHERE:
        assert cost(model, long) < cost_elsewhere(model, long)


@pytest.mark.parametrize("place", [0, 2, 3, 4])
def test_the_long_tier_of_haiku_prices_the_whole_request(place: int) -> None:
    def counts(prompt: int) -> Counts:
        return tuple(prompt if at == place else 1000 if at == 1 else 0 for at in range(5))  # type: ignore[return-value]

    short, long = counts(100_000), counts(100_001)
    assert cost("claude-haiku-5-5", short) == pytest.approx(cost_elsewhere("claude-haiku-5-5", short))
    assert cost("claude-haiku-5-5", long) == pytest.approx(cost_elsewhere("claude-haiku-5-5", long))
    assert cost("claude-haiku-5-5", long) / cost("claude-haiku-5-5", short) == pytest.approx(5.0, rel=1e-4)


def test_output_alone_does_not_make_a_request_long() -> None:
    assert cost("claude-haiku-5-5", (0, 200_000, 0, 0, 0)) == pytest.approx(0.1)


def test_what_makes_a_call_dearer() -> None:
    counts = (1000, 1000, 0, 0, 0)
    plain = cost("claude-opus-5-5", counts)
    assert plain == pytest.approx(0.024)
    assert cost("claude-opus-5-5", counts, fast=True) == pytest.approx(2 * plain)
    assert cost("claude-opus-5-5", counts, us_only=True) == pytest.approx(1.1 * plain)
    assert cost("claude-opus-5-5", counts, web_searches=3, us_only=True) == pytest.approx(1.1 * plain + 0.03)
    assert cost("claude-sonnet-5-5", counts, fast=True) == cost("claude-sonnet-5-5", counts)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("claude-opus-4-5-20251101[1m]", "claude-opus-4-5"),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
        (" Claude-Sonnet-4-20250514 ", "claude-sonnet-4"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
    ],
)
def test_a_model_by_any_name_is_the_same(name: str, canonical: str) -> None:
    assert canonical_model(name) == canonical
    assert TABLE.find(name) == (TABLE.models[canonical], PriceMatch.EXACT)


@pytest.mark.parametrize(
    ("model", "stand_in"),
    [
        ("claude-opus-6", "claude-opus-5-5"),
        ("claude-opus-4-9", "claude-opus-4-8"),
        ("claude-haiku-5", "claude-haiku-5-5"),
        ("claude-haiku-4", "claude-haiku-4-5"),
        ("claude-haiku-3", "claude-3-5-haiku"),
        ("claude-sonnet-7-1-20270101", "claude-sonnet-5-5"),
        ("claude-4-sonnet", "claude-sonnet-4"),
        ("opus", "claude-opus-5-5"),
    ],
)
def test_an_unknown_model_is_priced_as_its_nearest_relative_and_marked(model: str, stand_in: str) -> None:
    assert TABLE.find(model) == (TABLE.models[stand_in], PriceMatch.FAMILY)


@pytest.mark.parametrize("model", ["", "glm-4.6", "gpt-5", "claude-instant-1", "<synthetic>"])
def test_a_model_of_no_family_has_no_price(model: str) -> None:
    assert TABLE.find(model) == ((), PriceMatch.UNKNOWN)
    assert PRICER.price(model, AT_MS) is None


def test_of_two_relatives_as_near_the_newer_one_stands_in() -> None:
    older, newer = Price(1, 1, 1, 1, 1), Price(2, 2, 2, 2, 2)
    for models in (
        {"claude-opus-4-0": older, "claude-opus-4-2": newer},
        {"claude-opus-4-2": newer, "claude-opus-4-0": older},
    ):
        table = PriceTable({name: (price,) for name, price in models.items()})
        assert table.find("claude-opus-4-1")[0] == (newer,)


@given(st.text(max_size=40))
def test_any_text_has_a_price_of_its_family_or_none(model: str) -> None:
    prices, match = TABLE.find(model)
    assert bool(prices) is (match is not PriceMatch.UNKNOWN)
    assert bool(prices) is bool(model_family(model))


def test_prices_hold_from_their_date_on() -> None:
    old, new = Price(1, 0, 0, 0, 0), Price(2, 0, 0, 0, 0, from_ms=1000)
    pricer = Pricer(PriceTable({"claude-opus-9": (new, old)}))
    assert pricer.price("claude-opus-9", 999) == old
    assert pricer.price("claude-opus-9", 1000) == new
    later = Pricer(PriceTable({"claude-opus-9": (new,)}))
    assert later.price("claude-opus-9", 5) == new  # before the first known price: the first known


def test_the_rows_of_a_model_are_newest_first() -> None:
    for prices in TABLE.models.values():
        assert all(newer.from_ms > older.from_ms for newer, older in pairwise(prices))
        assert all(min(p.input, p.output, p.write_5m, p.write_1h, p.read) > 0 for p in prices)


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    table = with_overrides(TABLE, {"claude-sonnet-4-5": {"output": 99.0}})
    assert table.models["claude-sonnet-4-5"] == (replace(TABLE.models["claude-sonnet-4-5"][0], output=99.0),)
    assert table.models["claude-sonnet-4-6"] == TABLE.models["claude-sonnet-4-6"]
    assert TABLE.models["claude-sonnet-4-5"][0].output == 15.0
    assert with_overrides(TABLE, {}) is TABLE


def test_an_override_of_a_new_model_starts_from_its_family_or_from_nothing() -> None:
    table = with_overrides(TABLE, {"claude-opus-6-20270101": {"input": 7.0}, "glm-4.6": {"output": 2.0}})
    assert table.find("claude-opus-6")[1] is PriceMatch.EXACT
    assert table.find("claude-opus-6")[0][0].output == 20.0
    assert table.find("glm-4.6")[0] == (Price(0.0, 2.0, 0.0, 0.0, 0.0),)


def test_the_fingerprint_tells_tables_apart_and_knows_equal_ones() -> None:
    prices = {"claude-opus-6": {"input": 7.0}, "claude-sonnet-6": {"read": 0.5}}
    one = with_overrides(TABLE, prices)
    other = with_overrides(TABLE, dict(reversed(prices.items())))
    assert one.fingerprint == other.fingerprint
    assert load_prices().fingerprint == TABLE.fingerprint
    changed = with_overrides(TABLE, {**prices, "claude-opus-6": {"input": 7.01}})
    assert len({one.fingerprint, TABLE.fingerprint, changed.fingerprint}) == 3
