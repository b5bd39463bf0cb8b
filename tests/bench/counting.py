"""Measures the token counter: `python -m tests.bench.counting [FOLDER OF TRANSCRIPTS …]`.

Speed by kind of text, and the error: of each model, factors from the older half of its replies are judged by
the newer half. Without folders: the transcripts of whoever runs it. Judges nothing.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from quota_tui.core.counting import Learned, ReplySample, learn_factors
from quota_tui.core.pricing import canonical_model
from quota_tui.sources.discover import transcript_roots
from quota_tui.sources.reply_text import read_replies
from quota_tui.sources.tokenizer import encoding, raw_count
from quota_tui.store.paths import claude_config_dirs

MEGABYTE = 1_000_000
RUNS = 3
ALL_BYTES = 1 << 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 whatever the figures are."""
    folders = list(sys.argv[1:] if arguments is None else arguments)
    print(f"vocabulary ready in {_timed(encoding) * 1000:.0f} ms\n")
    print(f"{'1 MB of':<22} {'tokens':>9} {'ms':>6} {'MB/s':>6}")
    for name, text in _texts().items():
        took = min(_timed(partial(raw_count, text)) for _ in range(RUNS))
        size = len(text.encode()) / MEGABYTE
        print(f"{name:<22} {raw_count(text).tokens:>9,} {took * 1000:>6.0f} {size / took:>6.1f}")
    print()
    _print_errors(folders or transcript_roots(claude_config_dirs(), ()))
    return 0


def _texts() -> dict[str, str]:
    here = Path(__file__)
    dice = random.Random(1)
    return {
        "code": _filled(here.read_text(encoding="utf-8")),
        "prose": _filled((here.parents[2] / "README.md").read_text(encoding="utf-8")),
        "Chinese": _filled("世界您好，这是一个关于配额的测试。"),
        "JSON without blanks": _filled('{"name":"value","numbers":[1,2,3]},'),
        "one letter": _filled("a"),
        "random letters": "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=MEGABYTE)),
        "blanks": _filled(" "),
        "lines": _filled("\n"),
        "signs": _filled("="),
        "emoji": _filled("😀"),
    }


def _filled(unit: str) -> str:
    return unit * (MEGABYTE // len(unit.encode()) + 1)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _print_errors(roots: Sequence[str]) -> None:
    start = time.perf_counter()
    found = read_replies(roots, ALL_BYTES)
    samples = [
        ReplySample(reply.model, raw_count(reply.text), reply.tool_calls, reply.output_tokens)
        for reply in found.replies
    ]
    print(f"{len(samples)} usable replies, read and counted in {(time.perf_counter() - start) * 1000:.0f} ms")
    by_model = defaultdict[str, list[ReplySample]](list)
    for sample in samples:
        by_model[canonical_model(sample.model)].append(sample)
    print(f"{'model':<22} {'replies':>7} {'factor':>7} {'80 %':>11} {'call':>5} {'error':>6} {'inside':>7}")
    for model, group in by_model.items():  # newest first
        newer, older = group[: len(group) // 2], group[len(group) // 2 :]
        learned = learn_factors(older).models.get(model)
        print(f"{model:<22} {len(group):>7} {_judged(learned, newer)}")


def _judged(learned: Learned | None, newer: Sequence[ReplySample]) -> str:
    plain = learned.plain if learned else None
    if learned is None or plain is None:
        return "too few, or text and count do not belong together"
    shares = [
        sample.output_tokens / (plain.value * sample.raw.tokens + learned.call_tokens * sample.tool_calls)
        for sample in newer
    ]
    inside = sum(plain.low <= plain.value * share <= plain.high for share in shares)
    error = median(abs(share - 1) for share in shares)
    return (
        f"{plain.value:>7.2f} {plain.low:>5.2f}-{plain.high:.2f} {learned.call_tokens:>5}"
        f" {error:>6.1%} {inside / len(shares):>7.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
