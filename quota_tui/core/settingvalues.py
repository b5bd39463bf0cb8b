"""Values of settings: from text as a person types it, or as TOML gave it, to their type.

Errors are `ValueError`s whose text goes on from "the key": `must be true or false, not "maybe"`.
"""

from __future__ import annotations

from typing import Any

import msgspec

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_SHOWN_CHARS = 60
_EXPECTED: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    tuple[int, ...]: "a list of whole numbers, as [25, 50]",
    tuple[str, ...]: 'a list of texts, as ["a", "b"]',
}


def convert(value: object, type_: Any) -> Any:
    """A value as TOML gave it, in its type: 2 is a fine float, "2" and true are not."""
    try:
        return msgspec.convert(value, type=type_)
    except msgspec.ValidationError:
        raise ValueError(must_be(_EXPECTED[type_], value)) from None


def from_text(text: str, type_: Any) -> Any:
    """A value as typed in a shell. Lists are comma separated, or a TOML list."""
    if type_ is str:
        return text
    try:
        if type_ is bool:
            return _to_bool(text)
        if type_ in (int, float):
            return type_(text)
        if text.lstrip().startswith("["):
            return convert(_toml_list(text), type_)
        items = [item.strip() for item in text.split(",") if item.strip()]
        return tuple(int(item) for item in items) if type_ == tuple[int, ...] else tuple(items)
    except ValueError:
        raise ValueError(must_be(_EXPECTED[type_], text)) from None


def must_be(expected: str, value: object) -> str:
    """What is wrong with `value`, in one clause."""
    return f"must be {expected}, not {shown(value)}"


def shown(value: object) -> str:
    """`value` about as it was written, cut where it is long."""
    text = repr(value) if isinstance(value, float) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def _to_bool(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def _toml_list(text: str) -> object:
    import tomllib

    return tomllib.loads(f"value = {text.strip()}")["value"]
