from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.counting import Factors, RawCount
from quota_tui.sources import tokenizer
from quota_tui.sources.tokenizer import TokenCounter, encoding, pieces, raw_count, token_factors, unpack
from quota_tui.store.journal import Journal
from tests.lines import write_transcript
from tests.sources.make_vocabulary import pack, tokens_of
from tests.sources.test_reply_text import AFTER, MODEL, block_line, text

MEGABYTE = 1_000_000
SHA256_OF_BPE_RANKS = "a8fb587eecc2656d79598c12af956f10e6d9e5846bee4818816cb0afe6fb5388"

# -- the shipped vocabulary


def test_the_shipped_file_is_claude_json_of_0_0_4() -> None:
    tokens = unpack(tokenizer.VOCABULARY.read_bytes())
    ranks = "! 5 " + " ".join(base64.b64encode(token).decode() for token in tokens)
    assert hashlib.sha256(ranks.encode()).hexdigest() == SHA256_OF_BPE_RANKS
    assert tokenizer.VOCABULARY.stat().st_size < 300_000


def test_its_licence_is_beside_it() -> None:
    notice = tokenizer.VOCABULARY.with_name("vocabulary.LICENSE.txt").read_text(encoding="utf-8")
    assert "@anthropic-ai/tokenizer 0.0.4" in notice
    assert "Copyright 2023 Anthropic, PBC." in notice
    assert "THE SOFTWARE IS PROVIDED" in notice


def test_the_file_can_be_made_again() -> None:
    tokens = [bytes((byte,)) for byte in reversed(range(256))] + [b"ab", b" abc", b"\n\n"]
    words = " ".join(base64.b64encode(token).decode() for token in tokens)
    given = {"bpe_ranks": f"! 5 {words}", "pat_str": tokenizer._PATTERN, "special_tokens": {}}
    assert unpack(pack(tokens_of(json.dumps(given).encode()))) == tokens
    with pytest.raises(ValueError, match="not the claude"):
        tokens_of(json.dumps({**given, "bpe_ranks": f"! 6 {words}"}).encode())
    with pytest.raises(ValueError, match="shape"):
        pack([*tokens, b"a\xffb"])


# -- counting


@pytest.mark.parametrize(
    ("words", "tokens"),
    [("", 0), ("hello world!", 3), ("a", 1), (" " * 16, 1), ("Hello, world. How are you today?", 9)],
)
def test_counts(words: str, tokens: int) -> None:
    assert raw_count(words) == RawCount(tokens)


@pytest.mark.parametrize("special", ["<EOT>", "<META_START>", "<SOS>", "<|endoftext|>"])
def test_special_tokens_are_text(special: str) -> None:
    assert raw_count(f"a {special} b").tokens == 2 + len(encoding().encode_ordinary(f" {special}"))
    assert raw_count(special).tokens > 2


@pytest.mark.parametrize(
    ("words", "all_of_it"),
    [
        ("世界您好，这是一个测试。", True),
        ("日本語のテキストです", True),
        ("안녕하세요", True),
        ("naïve Привет ✓ — 😀", False),
    ],
)
def test_east_asian_writing_is_told_apart(words: str, all_of_it: bool) -> None:
    found = raw_count(words)
    assert found.tokens > 4
    assert found.east_asian == (found.tokens if all_of_it else 0)
    mixed = raw_count(f"def f(x): return x + 1  # {words}\n" * 20)
    assert (0 < mixed.east_asian < mixed.tokens) is all_of_it


def test_lone_surrogates_are_counted() -> None:
    assert raw_count("a\ud800b \udfff").tokens > 0


@given(st.text(max_size=2000))
def test_any_text_is_counted(words: str) -> None:
    found = raw_count(words)
    assert 0 <= found.east_asian <= found.tokens <= 4 * len(words)
    assert (found.tokens == 0) is (not words)


# -- cutting

RUN = 8
"""Small, so that short texts are cut."""


@pytest.fixture
def small_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "_RUN", RUN)
    monkeypatch.setattr(tokenizer, "_CHUNK", 4 * RUN)


KINDS = (("letters", r"[^\W_]"), ("signs", r"[^\w\s]|_"), ("blanks", r"\s"))


def kind(character: str) -> str:
    return next(name for name, pattern in KINDS if re.fullmatch(pattern, character))


TEXT = st.lists(
    st.sampled_from(["a", "bc", "7", ".", "_", " ", "\n", "\t", "é", "日", "\u3000", "😀"]), max_size=300
)


@pytest.mark.usefixtures("small_cuts")
@given(TEXT)
def test_pieces_are_the_text_and_no_run_in_them_is_long(parts: list[str]) -> None:
    words = "".join(parts)
    found = list(pieces(words))
    assert "".join(found) == words
    assert all(found)
    for piece in found:
        assert max(len(list(run)) for _, run in groupby(piece, kind)) < 2 * RUN
        assert len(piece) <= 4 * RUN * 2 + 2 * RUN


# No run in these reaches `RUN` characters, so every cut is at a safe place.
SHORT = st.lists(
    st.sampled_from(
        ["def ", "it's ", "x, ", "1234 ", "... ", "a\n    ", "naïve ", "日本 ", "b.\n\n", "<EOT> "]
    ),
    max_size=200,
)


@pytest.mark.usefixtures("small_cuts")
@given(SHORT)
def test_cuts_of_ordinary_text_change_no_count(parts: list[str]) -> None:
    words = "".join(parts)
    assert raw_count(words).tokens == len(encoding().encode_ordinary(words))


@pytest.mark.parametrize(
    "unit", ["def f(x):\n    return x\n", "word ", "a1", '{"a":1},', "x", " ", "\n", "的", "=", "é\u0301"]
)
def test_a_megabyte_of_anything_is_counted_in_bounded_pieces(unit: str) -> None:
    words = unit * (MEGABYTE // len(unit.encode()))
    found = list(pieces(words))
    assert max(map(len, found)) <= 2 * tokenizer._CHUNK + 2 * tokenizer._RUN
    for piece in found[:3] + found[-3:]:
        longest = max(
            len(run.group()) for _, pattern in KINDS for run in re.finditer(f"(?:{pattern})+", piece)
        )
        assert longest < 2 * tokenizer._RUN
    # tiktoken alone breaks its stack at the blanks; a run cut every 512 characters costs a token per cut.
    sample = unit * 4096
    per_sample = len(encoding().encode_ordinary(sample))
    counted = raw_count(words).tokens
    assert counted == pytest.approx(per_sample * len(words) / len(sample), rel=0.02, abs=len(words) / 250)


# -- at no cost before the first count


def test_tiktoken_is_imported_by_the_first_count_and_nothing_goes_online() -> None:
    program = """
import socket, sys
from quota_tui.sources import tokenizer
from quota_tui.core.counting import Factors
counter = tokenizer.TokenCounter("claude-opus-5", Factors())
assert "tiktoken" not in sys.modules
def refused(*_, **__): raise AssertionError("network")
socket.socket = socket.create_connection = socket.getaddrinfo = refused
assert counter.count("hello world!").raw_tokens == 3
assert "requests" not in sys.modules and "regex" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_counter_estimates() -> None:
    found = TokenCounter("claude-opus-5", Factors()).count("hello world! " * 100)
    assert found.raw_tokens == raw_count("hello world! " * 100).tokens
    assert found.low < found.raw_tokens * 1.47 < found.high


# -- learned from transcripts


def transcripts(home: Path, factor: float, model: str = MODEL) -> list[str]:
    """Thirty replies that took `factor` times the vocabulary's count, and where they are."""
    lines = []
    for number in range(30):
        words = f"Reply {number}: " + "I changed the parser so that it reads one line at a time. " * (
            3 + number % 7
        )
        took = round(factor * raw_count(words).tokens)
        lines.append(block_line(text(words), f"msg_{model}_{factor}_{number}", took, model=model))
    write_transcript(home, [*lines, AFTER], f"-p/{model}.jsonl")
    return [str(home / ".claude" / "projects")]


def value(factors: Factors, model: str = MODEL) -> float:
    plain = factors.models[model].plain
    assert plain is not None
    return plain.value


def test_factors_are_learned_once_a_day(home: Path, now: datetime) -> None:
    journal = Journal(home / "journal.db")
    roots = transcripts(home, 1.4)
    first = token_factors(journal, roots, now)
    assert value(first) == pytest.approx(1.4, rel=0.01)
    assert first.usual_model == MODEL
    transcripts(home, 1.6)
    assert token_factors(journal, roots, now + timedelta(hours=23)) == first
    assert value(token_factors(journal, roots, now + timedelta(hours=25))) == pytest.approx(1.6, rel=0.01)
    assert value(token_factors(journal, roots, now - timedelta(days=3))) == pytest.approx(1.6, rel=0.01)
    journal.close()


def test_factors_of_models_no_longer_used_stay(home: Path, now: datetime) -> None:
    journal = Journal(home / "journal.db")
    token_factors(journal, transcripts(home, 1.4), now)
    (home / ".claude" / "projects" / "-p" / f"{MODEL}.jsonl").unlink()
    later = token_factors(journal, transcripts(home, 1.1, "claude-opus-4-6"), now + timedelta(days=2))
    assert value(later) == pytest.approx(1.4, rel=0.01)
    assert value(later, "claude-opus-4-6") == pytest.approx(1.1, rel=0.01)
    journal.close()


def test_a_damaged_figure_is_learned_again(home: Path, now: datetime) -> None:
    journal = Journal(home / "journal.db")
    journal.learn(tokenizer.FACTORS_KEY, b"\xc1 not ours", now)
    assert value(token_factors(journal, transcripts(home, 1.4), now)) == pytest.approx(1.4, rel=0.01)
    journal.close()


class FullDisk:
    def learned(
        self, key: str, newer_than: timedelta | None = None, now: datetime | None = None
    ) -> bytes | None:
        return None

    def learn(self, key: str, value: bytes, now: datetime) -> None:
        raise sqlite3.OperationalError("database or disk is full")


def test_a_full_disk_stops_no_count(home: Path, now: datetime) -> None:
    assert value(token_factors(FullDisk(), transcripts(home, 1.4), now)) == pytest.approx(1.4, rel=0.01)


def test_without_transcripts_nothing_is_learned(now: datetime) -> None:
    assert token_factors(Journal(None), [], now) == Factors()
