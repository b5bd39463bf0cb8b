"""Count tokens offline: tiktoken with the vocabulary in `data/vocabulary.bin`, times the factor of a model.

tiktoken is imported, and the vocabulary loaded, at the first count (about 50 ms).
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from quota_tui.core.counting import Estimate, Factors, RawCount, ReplySample, factors_for, learn_factors
from quota_tui.sources.reply_text import read_replies

if TYPE_CHECKING:
    from tiktoken import Encoding

VOCABULARY = Path(__file__).parent.parent / "data" / "vocabulary.bin"
FIRST_RANK = 5
"""The ranks below are special tokens. None is given to tiktoken: in a file `<EOT>` is five letters."""
BYTES = 256
SEPARATOR = b"\xff"
"""In no token but its own: it is no part of UTF-8."""
_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

FACTORS_KEY = "token-factors-1"
FACTORS_KEEP = timedelta(days=1)

_CHUNK = 1 << 18
_RUN = 512
"""Characters. tiktoken takes a run of letters, digits, signs or blanks whole: in old versions the time grows
with the square of its length, and a million blanks break its stack."""
_SAFE = re.compile(r"\S(?=[ \n])")
"""No token reaches from a character over a blank after it: a cut there changes nothing."""
_SAME_KIND = re.compile(r"[^\W_]+|(?:[^\w\s]|_)+|\s+")
_EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"
)


class Memory(Protocol):
    """Where learned figures are kept: the journal."""

    def learned(
        self, key: str, newer_than: timedelta | None = None, now: datetime | None = None
    ) -> bytes | None:
        """A figure that is recent enough."""

    def learn(self, key: str, value: bytes, now: datetime) -> None:
        """Keep a figure."""


class TokenCounter:
    """Counts texts as a model would, with an 80 % interval. `factors` as of `token_factors`."""

    def __init__(self, model: str, factors: Factors) -> None:
        self.factors = factors_for(model, factors)

    def count(self, text: str) -> Estimate:
        """The tokens of a text. 1 MB takes about 0.1 s, whatever is in it."""
        return self.factors.estimate(raw_count(text))


def raw_count(text: str) -> RawCount:
    """Tokens of the shipped vocabulary, special tokens counted as the text they are."""
    count = encoding().encode_ordinary
    tokens = east_asian = 0
    for piece in pieces(text):
        here = len(count(piece))
        tokens += here
        if not piece.isascii():
            east = "".join(_EAST_ASIAN.findall(piece))
            east_asian += min(sum(len(count(part)) for part in pieces(east)), here)
    return RawCount(tokens, east_asian)


def pieces(text: str) -> Iterator[str]:
    """Cut a text so that no piece is large and no run in it long.

    Joined they are the text. Cuts are made where no token reaches over, but inside of runs of over `_RUN`
    characters of one kind and in large texts without any blank.
    """
    start = 0
    for at in range(_RUN, len(text) - _RUN + 1, _RUN):
        # Every run of twice that length fills one of these blocks: no other place need be looked at.
        if at > start and _SAME_KIND.fullmatch(text, at, at + _RUN):
            end = at
        elif at - start >= _CHUNK:
            blank = _SAFE.search(text, at, at + _RUN)
            end = blank.end() if blank else at if at - start >= 2 * _CHUNK else start
        else:
            continue
        if end > start:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]


@cache
def encoding() -> Encoding:
    """The shipped vocabulary, ready to count. Raises OSError when the file is missing."""
    import tiktoken

    tokens = unpack(VOCABULARY.read_bytes())
    ranks = dict(zip(tokens, range(FIRST_RANK, FIRST_RANK + len(tokens)), strict=True))
    return tiktoken.Encoding("claude", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})


def unpack(data: bytes) -> list[bytes]:
    """The tokens of a vocabulary file in order of rank: every single byte, then the rest, separated."""
    plain = zlib.decompress(data)
    return [bytes((byte,)) for byte in plain[:BYTES]] + plain[BYTES:].split(SEPARATOR)


def token_factors(memory: Memory, roots: Iterable[str], now: datetime) -> Factors:
    """The factors of this user's models, learned anew from the transcripts below `roots` once a day.

    What was learned of models that are no longer used stays.
    """
    fresh = _decoded(memory.learned(FACTORS_KEY, FACTORS_KEEP, now))
    if fresh is not None:
        return fresh
    found = read_replies(roots)
    samples = [
        ReplySample(reply.model, raw_count(reply.text), reply.tool_calls, reply.output_tokens)
        for reply in found.replies
    ]
    factors = learn_factors(samples, found.usual_model, _decoded(memory.learned(FACTORS_KEY)))
    # A full or locked disk: it is learned again next time, and this count is as good.
    with suppress(sqlite3.Error):
        memory.learn(FACTORS_KEY, msgspec.msgpack.encode(factors), now)
    return factors


def _decoded(blob: bytes | None) -> Factors | None:
    if not blob:
        return None
    try:
        return msgspec.msgpack.decode(blob, type=Factors)
    except msgspec.MsgspecError:
        return None  # an older shape: it is learned again
