"""`quota-tui count`: about how many tokens a text is, offline."""

from __future__ import annotations

import codecs
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

import click

from quota_tui.cli.setup import EXIT_DATA, EXIT_OK, EXIT_USAGE, Setup, face_of, fail, set_up, utc_now
from quota_tui.core.counting import (
    Estimate,
    Factors,
    ModelFactors,
    RawCount,
    estimate_words,
    factor_words,
    factors_for,
)
from quota_tui.core.pricing import canonical_model, model_family
from quota_tui.core.words import Face, clean, in_face
from quota_tui.monitor.refresh import roots_of
from quota_tui.monitor.stores import Stores
from quota_tui.sources.tokenizer import raw_count, token_factors
from quota_tui.store.reports import grouped

STDIN = "-"
_BLOCK = 1 << 20
_LOOK = 8000
"""Bytes looked at for a zero byte, as git does to tell binary files."""
_PATIENCE_S = 2.0  # for another process that is writing; a count needs no write of its own
_RECENT = timedelta(days=14)


class UncountableError(Exception):
    """The input cannot be counted; the message says why and what to do."""


class Counted:
    """One input: its name and what was found in it."""

    def __init__(self, path: str, raw: RawCount) -> None:
        self.path = path
        self.raw = raw


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE…|-]")
@click.option("--model", help="Count as this model does; default: the one you use most.")
@click.option("--json", "as_json", is_flag=True, help="For programs; the fields are in the README.")
@click.pass_obj
def count(flags: dict[str, object] | None, files: tuple[str, ...], model: str | None, as_json: bool) -> None:
    """About how many tokens FILEs are, with an 80 % range; - or nothing: standard input.

    Counted offline with a vocabulary of Anthropic's, times a factor learned from your own replies.
    """
    if not files and sys.stdin.isatty():
        fail("name a file, or - for what you type up to ctrl+d", EXIT_USAGE)
    setup = set_up(flags)
    counted, problems = _count_all(files or (STDIN,))
    if counted:
        factors, notices = _factors(setup, model, utc_now())
        click.echo(_as_json(counted, factors) if as_json else _as_text(counted, factors, face_of(setup)))
        problems += notices
    for problem in problems:
        click.echo(f"quota-tui: {problem}", err=True)
    sys.exit(EXIT_OK if len(counted) == len(files or (STDIN,)) else EXIT_DATA)


# -- reading


def _count_all(files: Sequence[str]) -> tuple[list[Counted], list[str]]:
    counted, problems = [], []
    for path in files:
        try:
            counted.append(Counted(path, _count_one(path)))
        except UncountableError as error:
            problems.append(f"{click.format_filename(path)}: {error}")
        except OSError as error:
            problems.append(f"{click.format_filename(path)}: cannot be read ({error.strerror}); not counted")
    return counted, problems


def _count_one(path: str) -> RawCount:
    if path == STDIN:
        return _count_stream(sys.stdin.buffer)
    if os.path.isdir(path):
        raise UncountableError("is a folder; name the files in it")
    with open(path, "rb") as file:
        return _count_stream(file)


def _count_stream(file: BinaryIO) -> RawCount:
    found = RawCount()
    for text in _texts(file):
        found += raw_count(text)
    return found


def _texts(file: BinaryIO) -> Iterator[str]:
    """The text in blocks, so that size costs no memory. What is not UTF-8 counts as `�`."""
    block = file.read(_BLOCK)
    is_utf_16 = block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not is_utf_16 and b"\0" in block[:_LOOK]:
        raise UncountableError("is not text (it has zero bytes); not counted")
    decoder = codecs.getincrementaldecoder("utf-16" if is_utf_16 else "utf-8")("replace")
    while block:
        yield decoder.decode(block)
        block = file.read(_BLOCK)
    yield decoder.decode(b"", final=True)


# -- the factor


def _factors(setup: Setup, model: str | None, now: datetime) -> tuple[ModelFactors, list[str]]:
    stores = Stores(setup.paths, now, busy_s=_PATIENCE_S)
    try:
        factors = token_factors(stores.journal, roots_of(setup.claude_dirs, setup.settings), now)
        return factors_for(_model(stores, factors, model, now), factors), stores.notices
    except sqlite3.Error as error:
        return factors_for(model or "", Factors()), [
            *stores.notices,
            f"nothing learned could be read: {error}",
        ]
    finally:
        stores.close()


def _model(stores: Stores, factors: Factors, asked: str | None, now: datetime) -> str:
    """The model asked for; a family's name alone is its model in use; without one the model used most."""
    is_family = asked is not None and model_family(asked) == asked.lower()
    if asked and not is_family:
        return asked
    used = grouped(stores.history, "model", now - _RECENT, None)
    used = used or grouped(stores.history, "model", None, None)
    names = [canonical_model(row.key) for row in used] + [factors.usual_model]
    fitting = (name for name in names if name and (not asked or model_family(name) == asked.lower()))
    return next(fitting, asked or "")


# -- showing


def _as_json(counted: Sequence[Counted], factors: ModelFactors) -> str:
    total = sum((each.raw for each in counted), RawCount())
    factor = factors.main(total)
    return json.dumps(
        {
            "files": [
                {"path": click.format_filename(each.path), **_fields(factors.estimate(each.raw))}
                for each in counted
            ],
            "total": _fields(_total(counted, factors)),
            "model": factors.model or None,
            "factor": round(factor.value, 4),
            "factor_low": round(factor.low, 4),
            "factor_high": round(factor.high, 4),
            "factor_source": "replies" if factor.replies else "prior",
            "factor_replies": factor.replies,
            "factor_model": factors.learned_from if factor.replies else None,
        },
        indent=1,
    )


def _fields(estimate: Estimate) -> dict[str, int]:
    return {name: getattr(estimate, name) for name in ("tokens", "low", "high", "raw_tokens")}


def _total(counted: Sequence[Counted], factors: ModelFactors) -> Estimate:
    return sum((factors.estimate(each.raw) for each in counted), Estimate())


def _as_text(counted: Sequence[Counted], factors: ModelFactors, face: Face) -> str:
    total = _total(counted, factors)
    basis = factor_words(sum((each.raw for each in counted), RawCount()), factors)
    if len(counted) == 1:
        return in_face(f"{estimate_words(total)} ", face) + clean(basis, face)
    names = [*(clean(click.format_filename(each.path), face) for each in counted), "total"]
    shown = [estimate_words(factors.estimate(each.raw)) for each in counted] + [estimate_words(total)]
    width = max(len(words) for words in shown)
    lines = [f"{in_face(words.ljust(width), face)}  {name}" for words, name in zip(shown, names, strict=True)]
    return "\n".join([*lines, clean(basis, face)])
