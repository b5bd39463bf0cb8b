"""blake2b without OpenSSL: `hashlib` loads that at import, which is 2 ms of every command's start."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # another Python than CPython
    from hashlib import blake2b

__all__ = ["blake2b"]
