"""Rebuild `quota_tui/data/vocabulary.bin` from `claude.json` of the npm package @anthropic-ai/tokenizer 0.0.4.

npm install @anthropic-ai/tokenizer@0.0.4
python -m tests.sources.make_vocabulary node_modules/@anthropic-ai/tokenizer/claude.json
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from pathlib import Path

from quota_tui.sources import tokenizer


def pack(tokens: list[bytes]) -> bytes:
    """The file's content: the 256 bytes in order of rank, then the longer tokens, separated; compressed."""
    singles, rest = tokens[: tokenizer.BYTES], tokens[tokenizer.BYTES :]
    if {len(token) for token in singles} != {1} or any(tokenizer.SEPARATOR in token for token in rest):
        raise ValueError("not a vocabulary of this shape")
    return zlib.compress(b"".join(singles) + tokenizer.SEPARATOR.join(rest), 9)


def tokens_of(claude_json: bytes) -> list[bytes]:
    """The tokens in order of rank."""
    found = json.loads(claude_json)
    mark, first_rank, *words = found["bpe_ranks"].split()
    if (mark, int(first_rank), found["pat_str"]) != ("!", tokenizer.FIRST_RANK, tokenizer._PATTERN):
        raise ValueError("not the claude.json this program knows")
    return [base64.b64decode(word) for word in words]


if __name__ == "__main__":
    tokenizer.VOCABULARY.write_bytes(pack(tokens_of(Path(sys.argv[1]).read_bytes())))
    print(f"{tokenizer.VOCABULARY}: {tokenizer.VOCABULARY.stat().st_size:,} bytes")
