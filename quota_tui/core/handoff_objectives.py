"""Objectives in a handoff: a numbered list with estimates and steps.

    1. Integrate auth with the user endpoints (≈15,000 tokens, 9,000–24,000)
       - write the middleware
    2. [x] Refresh tokens (18,000 tokens)

A person may write `(15k)`, `≈15k (9–24k)` or `~15k tokens`; `(15)` alone is part of the text. A number with
a range is an estimate and shown with ≈; a number alone is the person's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from quota_tui.core.handoff import MAX_TOKENS, Objective, total
from quota_tui.core.handoff_lists import BULLET, split_items
from quota_tui.core.handoff_text import (
    is_one_item,
    is_plain,
    marked,
    quote,
    read_text,
    text_lines,
    unquote_first,
)

_TAIL = 120
"""An estimate at the end of a line is no longer than this."""
_NUMBER = r"(?:\d{1,3}(?:[,.]\d{3})+|\d{1,15}(?:\.\d{1,3})?)(?:[ ]?[kKmM])?"
_WORD = r"(?:[ ]?tok(?:ens?)?)"
_RANGE = rf"""
    (?:(?P<low>{_NUMBER})[ ]?(?:-|–|—|to|\.\.\.?)[ ]?(?P<high>{_NUMBER})
      |from[ ](?P<least>{_NUMBER})|up[ ]to[ ](?P<most>{_NUMBER})
    )(?P<word2>{_WORD})?"""
_ESTIMATE = re.compile(
    rf"""(?:^|\s)(?P<open>[(\[])?
    (?P<sign>[≈~][ ]?|about[ ])?
    (?:(?P<middle>{_NUMBER})(?P<word>{_WORD})?(?:(?:[,;][ ]|[ ][(\[]?){_RANGE}[)\]]?)?
      |{_RANGE.replace("?P<", "?P<only_")})
    [)\]]?$""",
    re.VERBOSE,
)
_BOX = re.compile(r"\[([ xX])\](?: +|$)")
_TOTAL = re.compile(r"(?:\*\*)?Total:(?:\*\*)? ≈?\d[\d,]* tokens\b")


class _Size(msgspec.Struct, frozen=True):
    tokens: int | None = None
    low: int | None = None
    high: int | None = None


def read_objectives(numbered: Sequence[tuple[int, str]]) -> list[Objective]:
    """The objectives of a section; the line with the total is ours and says nothing new."""
    lines = [(number, line) for number, line in numbered if not _TOTAL.match(line)]
    return [_read(item.lines) for item in split_items(lines)]


def write_objectives(objectives: Sequence[Objective], next_tokens: int | None = None) -> list[str]:
    """The list, and a line with the total and its share of the next window when there is one."""
    lines: list[str] = []
    for count, objective in enumerate(objectives, 1):
        marker = f"{count}. "
        lines += marked(_lines(objective, marker), marker)
    said = total_words(objectives, next_tokens)
    return [*lines, "", said] if said else lines


def total_words(objectives: Sequence[Objective], next_tokens: int | None = None) -> str:
    """`Total: ≈33,000 tokens (23,000–48,000), 17 % of the next window`; empty without an estimate."""
    sums = total(objectives)
    if sums is None:
        return ""
    words = f"Total: {'' if sums.low is None else '≈'}{sums.tokens:,} tokens"
    if sums.low is not None and sums.high is not None:
        words += f" ({sums.low:,}–{sums.high:,})"
    if sums.counted < sums.open:
        words += f" for {sums.counted} of {sums.open} objectives"
    if next_tokens:
        words += f", ≈{100 * sums.tokens / next_tokens:.0f} % of the next window"
    return words


def _lines(objective: Objective, marker: str) -> list[str]:
    """The plainest lines that are read back as the objective."""
    steps = [line for step in objective.steps for line in marked(text_lines(step))]
    quoted = [line for step in objective.steps for line in marked([quote(step)])]
    box, size = "[x] " if objective.done else "", _size_words(objective)
    first, *more = objective.text.split("\n")
    forms = [[box + first + size, *more, *steps]] if is_plain(objective.text) else []
    forms.append([box + quote(objective.text) + size, *steps])
    for lines in forms:
        if is_one_item(marked(lines, marker), lines) and _read(lines) == objective:
            return lines
    return [forms[-1][0], *quoted]


def _size_words(objective: Objective) -> str:
    low, high = objective.tokens_low, objective.tokens_high
    if low is not None and high is not None:
        ends = f"{low:,}–{high:,}"
    else:
        ends = f"from {low:,}" if low is not None else f"up to {high:,}" if high is not None else ""
    if objective.tokens is None:
        return f" ({ends} tokens)" if ends else ""
    return f" (≈{objective.tokens:,} tokens, {ends})" if ends else f" ({objective.tokens:,} tokens)"


def _read(lines: list[str]) -> Objective:
    """An objective from its item's lines: text up to the first bullet below it, then the steps."""
    at = next((at for at, line in enumerate(lines) if at and BULLET.match(line)), len(lines))
    first, *more = lines[:at]
    while more and not more[-1].strip():
        more.pop()
    box = _BOX.match(first)
    text, size = _sized(first[box.end() :] if box else first)
    quoted = unquote_first(text)
    if more or quoted is None or quoted[1]:
        text = "\n".join(line.rstrip() for line in (text, *more))
    else:
        text = quoted[0]
    return Objective(
        text,
        size.tokens,
        size.low,
        size.high,
        tuple(read_text(item.lines) for item in split_items(list(enumerate(lines[at:])))),
        box is not None and box[1] != " ",
    )


def _sized(line: str) -> tuple[str, _Size]:
    """The text and the estimate at its end."""
    cut = max(len(line) - _TAIL, 0)
    found = _ESTIMATE.search(line[cut:])
    if found is None or (cut and not found.start()):
        return line, _Size()
    said = {key.removeprefix("only_"): value for key, value in found.groupdict().items() if value}
    text = line[: cut + found.start()].rstrip()
    if "open" not in said:
        text = text.rstrip(" -–—:")
    if not text or not _is_meant(said, found[0].rstrip()):
        return line, _Size()
    unit = said.get("high", "")[-1:]
    low = _number(said.get("low") or said.get("least"), unit)
    high = _number(said.get("high") or said.get("most"))
    size = _Size(_number(said.get("middle")), low, high)
    return (text, size) if max(size.tokens or 0, low or 0, high or 0) <= MAX_TOKENS else (line, _Size())


def _is_meant(said: dict[str, str], written: str) -> bool:
    """Whether it is an estimate in tokens and not some number of the text."""
    has_word = "word" in said or "word2" in said
    has_k = any(
        value[-1] in "kK" for key, value in said.items() if key not in {"word", "word2", "open", "sign"}
    )
    if "open" in said:
        return written[-1] in ")]" and (has_word or has_k or "sign" in said)
    return has_word or (has_k and "sign" in said)


def _number(text: str | None, unit: str = "") -> int | None:
    """`15k`, `15,000`, `1.5k` as a number; `unit` is that of the range's other end."""
    if not text:
        return None
    size = {"k": 1000, "m": 1_000_000}.get(text[-1].lower(), 0)
    digits = text[:-1].rstrip() if size else text
    if not size and re.search(r"[,.]\d{3}$", digits):
        return int(re.sub("[,.]", "", digits))
    value = float(digits.replace(",", ""))
    if not size:
        size = {"k": 1000, "m": 1_000_000}.get(unit.lower(), 1) if value < 1000 else 1
    return int(value) if size == 1 else round(value * size)
