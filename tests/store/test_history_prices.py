"""Costs of calls that are known follow the prices in force, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core.pricing import Pricer, with_overrides
from quota_tui.core.usage import UsageRecord
from quota_tui.store.history import History
from quota_tui.store.history_prices import note_other_prices, reprice
from quota_tui.store.prices import load_prices
from quota_tui.store.reports import grouped
from tests.store.test_history import ALWAYS, MODELS, assert_sums_are_true, call, records

PRICER = Pricer(load_prices())


@pytest.fixture
def history() -> Iterator[History]:
    made = History(None)
    yield made
    made.close()


def test_costs_follow_the_prices(history: History) -> None:
    history.merge(
        [call(f"m{i}", model=model, cost_usd=1.0, output_tokens=10**6) for i, model in enumerate(MODELS)]
    )
    assert reprice(history, PRICER)
    kept = {record.model: record.cost_usd for _, record in History.read_calls(history.db)}
    assert kept == pytest.approx(
        {"claude-opus-5-5": 20.0, "claude-sonnet-4-5": 15.0, "claude-haiku-5-5": 0.5, "glm-4.6": 1.0}
    )
    assert_sums_are_true(history)
    assert not reprice(history, PRICER)  # nothing to do
    dearer = Pricer(
        with_overrides(load_prices(), {"glm-4.6": {"output": 3.0}, "claude-opus-5-5": {"output": 40.0}})
    )
    assert reprice(history, dearer)
    assert {row.key: row.totals.cost_usd for row in grouped(history, "model", None, None)} == pytest.approx(
        {"claude-opus-5-5": 40.0, "claude-sonnet-4-5": 15.0, "claude-haiku-5-5": 0.5, "glm-4.6": 3.0}
    )
    assert_sums_are_true(history)


def test_a_new_history_has_nothing_to_reckon(history: History) -> None:
    assert not reprice(history, PRICER)
    assert history.prices() == PRICER.table.fingerprint


def test_calls_added_at_other_prices_make_all_costs_due(history: History) -> None:
    reprice(history, PRICER)
    other = Pricer(with_overrides(load_prices(), {"claude-opus-5-5": {"output": 40.0}}))
    history.merge([call(model="claude-opus-5-5", cost_usd=40.0, output_tokens=10**6)])
    note_other_prices(history, other)
    assert history.prices() == ""
    assert reprice(history, PRICER)
    assert history.totals(*ALWAYS).cost_usd == pytest.approx(20.0)
    note_other_prices(history, PRICER)
    assert history.prices() == PRICER.table.fingerprint


@settings(max_examples=30, deadline=None)
@given(st.lists(records, min_size=1, max_size=10), st.integers(1, 4))
def test_reckoning_in_portions_is_what_a_new_scan_would_do(lines: list[UsageRecord], portion: int) -> None:
    history = History(None)
    history.merge(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quota_tui.store.history_prices._PORTION", portion)
        reprice(history, PRICER)
    for _, record in History.read_calls(history.db):
        price = PRICER.price(record.model, record.at_ms)
        if price is not None:
            tokens = record.input_tokens, record.output_tokens, record.cache_write_5m_tokens
            expected = tokens[0] * price.input + tokens[1] * price.output + tokens[2] * price.write_5m
            expected += record.cache_write_1h_tokens * price.write_1h + record.cache_read_tokens * price.read
            assert record.cost_usd == pytest.approx(expected / 1e6, abs=2e-9)
    assert_sums_are_true(history)
    history.close()


def test_a_reader_sees_all_old_costs_or_all_new_ones(tmp_path: Path) -> None:
    history, reader = History(tmp_path / "h.db"), History(tmp_path / "h.db")
    history.merge([call(f"m{i}", cost_usd=1.0) for i in range(3)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "quota_tui.store.history_prices.renew_sums", None
        )  # it dies before the sums are renewed
        with pytest.raises(TypeError):
            reprice(history, PRICER)
    assert reader.totals(*ALWAYS).cost_usd == 3.0
    assert history.prices() == ""
    assert [record.cost_usd for _, record in History.read_calls(reader.db)] == [1.0] * 3
    version = reader.changes()
    reprice(history, PRICER)
    assert reader.changes() != version
    assert reader.totals(*ALWAYS).cost_usd == pytest.approx(3 * 20 * 15e-6)
    history.close()
    reader.close()
