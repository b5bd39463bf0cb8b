"""Characters that an editor would lose, or a terminal act on, behind stand-ins of one cell each.

The editor splits lines at more characters than the line feed, and a terminal obeys control characters and
turns text around at direction marks. A stand-in takes the place of each such character while its text is
edited; drawn as a dot, and given back as the very character.
"""

from __future__ import annotations

import unicodedata

DOT = "·"
_PLANES = (0xF0000, 0x100000)
_PLANE_SIZE = 0xFFFE
_PLAIN = frozenset("\n\t")


class Holder:
    """The stand-ins of one text and of what is pasted into it later, drawn as `dot`."""

    def __init__(self, text: str, dot: str = DOT) -> None:
        self._dot = dot
        # Private-use characters stand in; where the text has some of its own, the other plane does.
        self._base = next((base for base in _PLANES if not _has(text, base)), _PLANES[0])
        self._stand_in: dict[str, str] = {}
        self._meant: dict[str, str] = {}
        self._shown: dict[int, str] = {}

    def hold(self, text: str) -> str:
        """The text with stand-ins: line feeds and tabs are the only control characters left."""
        return "".join(char if _is_safe(char) else self._held(char) for char in text)

    def release(self, text: str) -> str:
        """The text as it was meant."""
        return "".join(self._meant.get(char, char) for char in text) if self._meant else text

    def shown(self, text: str) -> str:
        """A line of held text as it may be drawn: as many characters, each as wide as before."""
        return text.translate(self._shown) if self._shown else text

    def _held(self, char: str) -> str:
        if char not in self._stand_in:
            stand_in = chr(self._base + len(self._stand_in))
            self._stand_in[char] = stand_in
            self._meant[stand_in] = char
            self._shown[ord(stand_in)] = self._dot
        return self._stand_in[char]


def _is_safe(char: str) -> bool:
    if char.isascii():
        return char.isprintable() or char in _PLAIN
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _has(text: str, base: int) -> bool:
    return not text.isascii() and any(base <= ord(char) < base + _PLANE_SIZE for char in text)
