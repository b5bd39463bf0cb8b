"""At most how many tokens a text takes, without a vocabulary.

Counting with one costs 50 ms at the first count (`sources.tokenizer`), which a hook that must end within
150 ms cannot pay. So the characters are weighed by kind, such that prose, code, paths, hashes and scripts of
the world come out at or above the count (by a fifth for prose and code), and then the largest factor that
today's models have over that vocabulary is taken. Tested against the vocabulary.
"""

from __future__ import annotations

import math
import re

FACTOR = 1.6
"""The top of the range for models from Claude 4.7 on, see `core.counting`."""
EAST_ASIAN_FACTOR = 1.0

_PARTS = re.compile(
    r"(?P<word>[A-Z]?[a-z]+)|(?P<code>[A-Z]+|[0-9]+)|(?P<space>\s+)|(?P<sign>[\x21-\x7e])"
    r"|(?P<east>[\u1100-\u11ff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+)"
    r"|(?P<korean>[\ua960-\ua97f\uac00-\ud7ff]+)|(?P<other>.)",
    re.DOTALL,
)


def tokens_at_most(text: str) -> int:
    """Tokens of any of today's models, rounded up. Very short texts may take a few more."""
    plain = east = 0.0
    for part in _PARTS.finditer(text):
        kind, length = part.lastgroup, part.end() - part.start()
        if kind == "word":
            plain += 0.95 + max(0, length - 4) / 2.9
        elif kind == "code":
            plain += 0.75 * length + 0.4
        elif kind == "space":
            plain += 0.03 + 0.45 * min(length - 1, 3) + (0.5 if "\n" in part[0] else 0.0)
        elif kind == "sign":
            plain += 0.9
        elif kind == "east":
            east += 1.2 * length
        elif kind == "korean":
            east += 1.9 * length
        else:
            plain += 0.7 * len(part[0].encode("utf-8", "replace"))
    return math.ceil(plain * FACTOR + east * EAST_ASIAN_FACTOR)
