"""Money at API prices: by model, by date, by the few things that change a call's price.

The table is `data/prices.json`, measured from the client's own cost output; `[prices]` in the settings
overrides it. A model that is not in the table is priced as its nearest family and marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from quota_tui.core.digest import blake2b

PER_MILLION = 1e-6
WEB_SEARCH_USD = 0.01
FAST_FACTOR = 2.0
US_FACTOR = 1.1
_RULES = 1
"""Raised when `call_cost_usd` or the choice of a stand-in changes: costs kept are then reckoned again."""

FAMILIES = ("opus", "sonnet", "haiku", "fable")

_DATE_SUFFIX = re.compile(r"-(?:\d{8}|latest)$")
_NOISE = re.compile(r"^(?:us|eu|apac|global)\.|^anthropic[./]|\[1m\]$|-v\d+(?::\d+)?$|@\d{8}$")
_DOT = re.compile(r"(?<=\d)\.(?=\d)")


class PriceMatch(StrEnum):
    """How the price of a model was found."""

    EXACT = "exact"
    FAMILY = "family"
    UNKNOWN = "unknown"


class Price(msgspec.Struct, frozen=True, gc=False):
    """$ per million tokens. `from_ms` is the Unix time (ms) from which it holds.

    A request of more than `long_from_tokens` tokens of input is priced whole at `long_*` (0: no such tier).
    """

    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    from_ms: int = 0
    fast: bool = False
    long_from_tokens: int = 0
    long_factor: float = 1.0


class PriceTable(msgspec.Struct, frozen=True):
    """Prices by canonical model id, each tuple newest first."""

    models: dict[str, tuple[Price, ...]]

    @property
    def fingerprint(self) -> str:
        """Sixteen characters that differ when a cost reckoned with this table could differ."""
        what = (self.models, WEB_SEARCH_USD, FAST_FACTOR, US_FACTOR, _RULES)
        return blake2b(msgspec.msgpack.encode(what, order="deterministic"), digest_size=8).hexdigest()

    def find(self, model: str) -> tuple[tuple[Price, ...], PriceMatch]:
        """The prices of a model over time, and how they were found; empty for a model of no known family.

        A model that is not listed is priced as the listed one of its family with the nearest version.
        """
        name = canonical_model(model)
        if name in self.models:
            return self.models[name], PriceMatch.EXACT
        stand_in = self._nearest(name)
        if stand_in is None:
            return (), PriceMatch.UNKNOWN
        return self.models[stand_in], PriceMatch.FAMILY

    def _nearest(self, name: str) -> str | None:
        family = model_family(name)
        if not family:
            return None
        version = _version(name)
        kin = [known for known in self.models if model_family(known) == family]
        if version is None:
            return max(kin, key=_version_or_0, default=None)
        # Of two as near the newer one.
        return min(
            kin, key=lambda known: (abs(_version_or_0(known) - version), -_version_or_0(known)), default=None
        )


def model_family(model: str) -> str:
    """One of `FAMILIES`; empty for a model of none of them."""
    name = model.lower()
    return next((family for family in FAMILIES if family in name), "")


def _version(name: str) -> int | None:
    """405 for `claude-opus-4-5`, 305 for `claude-3-5-haiku`; None without any number."""
    numbers = [int(part) for part in name.split("-") if part.isdigit() and len(part) <= 2]
    if not numbers:
        return None
    return numbers[0] * 100 + (numbers[1] if len(numbers) > 1 else 0)


def _version_or_0(name: str) -> int:
    return _version(name) or 0


def canonical_model(model: str) -> str:
    """The model id without cloud prefixes, context suffix and date: `claude-opus-4-5`."""
    name = _DOT.sub("-", model.strip().lower())  # some gateways write 4.5
    while (shorter := _NOISE.sub("", name)) != name:
        name = shorter
    return _DATE_SUFFIX.sub("", name)


class Pricer:
    """Looks prices up, remembering each model it has met: a scan asks for the same few over and over."""

    def __init__(self, table: PriceTable) -> None:
        self.table = table
        self._known: dict[str, tuple[Price, ...]] = {}

    def price(self, model: str, at_ms: int) -> Price | None:
        """The price of `model` in force at `at_ms` (Unix ms); None when there is none."""
        prices = self._known.get(model)
        if prices is None:
            prices = self._known[model] = self.table.find(model)[0]
        for price in prices:
            if price.from_ms <= at_ms:
                return price
        return prices[-1] if prices else None


def call_cost_usd(
    price: Price,
    input_tokens: int,
    output_tokens: int,
    write_5m_tokens: int,
    write_1h_tokens: int,
    read_tokens: int,
    *,
    web_searches: int = 0,
    fast: bool = False,
    us_only: bool = False,
) -> float:
    """What one call costs, in $. Counts are non-negative integers."""
    cost = PER_MILLION * (
        input_tokens * price.input
        + output_tokens * price.output
        + write_5m_tokens * price.write_5m
        + write_1h_tokens * price.write_1h
        + read_tokens * price.read
    )
    if price.long_from_tokens and (
        input_tokens + write_5m_tokens + write_1h_tokens + read_tokens > price.long_from_tokens
    ):
        cost *= price.long_factor
    if fast and price.fast:
        cost *= FAST_FACTOR
    if us_only:
        cost *= US_FACTOR
    return cost + web_searches * WEB_SEARCH_USD


def with_overrides(table: PriceTable, overrides: Mapping[str, Mapping[str, float]]) -> PriceTable:
    """The table with the user's own prices on top; what an override leaves out stays as it was.

    An override of a model that is not in the table starts from its family's price, or from zero.
    """
    if not overrides:
        return table
    models = dict(table.models)
    for model, fields in overrides.items():
        known, _ = table.find(model)
        base = known[0] if known else Price(0.0, 0.0, 0.0, 0.0, 0.0)
        changed: dict[str, Any] = {**fields, "from_ms": 0}
        models[canonical_model(model)] = (msgspec.structs.replace(base, **changed),)
    return PriceTable(models)
