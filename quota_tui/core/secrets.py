"""Find what looks like a key, a token or a password, and mask it: a handoff is read by others.

Known shapes first (`core.secret_shapes`), then headers, URLs, and `NAME=value` where the name says that it
is secret and the value looks drawn by chance. Commit hashes, UUIDs, paths and prose stay as they are. A
guess by shape is never certain, so what was masked is always said.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import re
from collections.abc import Callable, Iterator

import msgspec

from quota_tui.core.handoff import Handoff, with_texts
from quota_tui.core.secret_shapes import (
    PRIVATE_KEY,
    PRIVATE_KEY_END,
    PRIVATE_KEY_LINES,
    SHAPES,
    entropy,
    looks_like_hash,
    looks_random,
)


class Found(msgspec.Struct, frozen=True):
    """A secret in a text: from `start` up to `end`, and what it looks like."""

    start: int
    end: int
    kind: str


class Masked(msgspec.Struct, frozen=True):
    """The secrets that a field of a handoff held. `field` is its path, as in `objectives[0].steps[1]`."""

    field: str
    kinds: tuple[str, ...]


_URL = re.compile(r"://[^\s:/@]{0,255}:(?P<value>[^\s/@]{1,255})@")
_BEARER = re.compile(r"\bBearer[ ]+(?P<value>[\w\-.+/~]{12,4096}=*)", re.IGNORECASE)
_BASIC = re.compile(r"\bBasic[ ]+(?P<value>[A-Za-z0-9+/]{6,4096}={0,2})", re.IGNORECASE)
_TOKEN = re.compile(
    r"\bAuthorization[\"']?:[ ]*(?:Token|ApiKey)[ ]+(?P<value>[\w\-.+/~=]{12,4096})", re.IGNORECASE
)
_LOGIN = re.compile(
    r"\b(?:curl|wget|https?)\b[^\n]{0,300}?\s(?:-u|--user)[ =]?"
    r"[\"']?[^\s:\"']{1,64}:(?P<value>[^\s\"']{3,255})"
)
_FLAG = re.compile(
    r"--(?:password|passwd|passphrase|token|secret|api-?key|access-key)[ =]"
    r"[\"']?(?P<value>[^\s\"'\-][^\s\"']{5,255})"
)
_ASSIGNED = re.compile(
    r"(?<![\w.\-])(?P<name>[A-Za-z_][\w.\-]{2,127})[\"']?[ \t]*(?::=|=>|[:=])[ \t]*"
    r"(?P<quote>[\"'`]?)(?P<value>[^\s\"'`=][^\s\"'`]{5,4095})(?P<closed>[\"'`]?)"
)
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "pass", "passcode"})
_SECRETS = frozenset(
    {"secret", "token", "credential", "credentials", "apikey", "accesskey", "privatekey", "authkey"}
)
_OF_KEY = frozenset(
    {
        "api",
        "access",
        "private",
        "secret",
        "signing",
        "encryption",
        "auth",
        "client",
        "account",
        "master",
        "license",
    }
)
_AFTER_SECRET = frozenset({"base", "value", "string", "prod", "dev", "test", "staging", "live", "main"})
_PLACEHOLDER = re.compile(r"[$%<{\[*]|[^\n]*(?:\$\{|\{\{|://)|(?i:x+|your[_\-].*|\.+)$")
_PATH = re.compile(r"(?:~|\.{0,2})/|[A-Za-z]:[\\/]")
_CODE = re.compile(r"[^\n]*[(){}\[\];<>]")


def find(text: str) -> list[Found]:
    """What looks secret in the text, in order, without overlaps."""
    apart: list[Found] = []
    for found in sorted(_all(text), key=lambda item: (item.start, -item.end)):
        if not apart or found.start >= apart[-1].end:
            apart.append(found)
        elif found.end > apart[-1].end:
            apart[-1] = Found(apart[-1].start, found.end, apart[-1].kind)
    return apart


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with `[masked: AWS key]` for each secret, and what they looked like."""
    secrets = find(text)
    for found in reversed(secrets):
        text = f"{text[: found.start]}[masked: {found.kind}]{text[found.end :]}"
    return text, tuple(found.kind for found in secrets)


def mask_handoff(handoff: Handoff) -> tuple[Handoff, tuple[Masked, ...]]:
    """The handoff with every secret masked, and the fields that held them."""
    masked: list[Masked] = []

    def change(field: str, text: str) -> str:
        safe, kinds = mask(text)
        if kinds:
            masked.append(Masked(field, kinds))
        return safe

    return with_texts(handoff, change), tuple(masked)


def masked_words(masked: tuple[Masked, ...]) -> str:
    """One sentence that says what was masked and where; empty when nothing was."""
    count = sum(len(item.kinds) for item in masked)
    if not count:
        return ""
    places = ", ".join(f"{', '.join(item.kinds)} in {item.field}" for item in masked)
    return f"masked {count} {'secret' if count == 1 else 'secrets'}: {places}"


def _all(text: str) -> Iterator[Found]:
    for kind, hints, shape in SHAPES:
        if any(hint in text for hint in hints):
            for match in shape.finditer(text):
                yield Found(match.start(), match.end(), kind)
    yield from _private_keys(text)
    yield from _assigned(text)
    for kind, pattern, is_secret in _CUES:
        for match in pattern.finditer(text):
            value = match["value"]
            if not _PLACEHOLDER.match(value) and is_secret(value):
                yield Found(match.start("value"), match.end("value"), kind)


def _private_keys(text: str) -> Iterator[Found]:
    at = 0
    ends = [end.end() for end in PRIVATE_KEY_END.finditer(text)]
    while (begin := PRIVATE_KEY.search(text, at)) is not None:
        next_end = bisect.bisect(ends, begin.end())
        lines = PRIVATE_KEY_LINES.match(text, begin.end())
        at = ends[next_end] if next_end < len(ends) else lines.end() if lines else begin.end()
        yield Found(begin.start(), at, "private key")


def _assigned(text: str) -> Iterator[Found]:
    for found in _ASSIGNED.finditer(text):
        kind = _named_kind(found["name"])
        if not kind:
            continue
        is_env = found["name"].isupper() and text[found.end("name")] == "="
        value = found["value"] if found["quote"] else found["value"].rstrip(",.;:)")
        if (not found["quote"] or found["closed"] == found["quote"]) and _is_secret(
            kind, value, quoted=bool(found["quote"]), is_env=is_env
        ):
            yield Found(found.start("value"), found.start("value") + len(value), kind)


def _named_kind(name: str) -> str:
    """What a name promises: a password, a secret, a key; empty when it promises nothing secret."""
    words = [word.lower() for word in _NAME_WORD.findall(name)]
    while len(words) > 1 and (words[-1] in _AFTER_SECRET or words[-1].isdigit()):
        words.pop()
    last = words[-1] if words else ""
    if last in _PASSWORDS:
        return "password"
    if last in _SECRETS or (last == "key" and words[-2:-1] and words[-2] in _OF_KEY):
        return "secret"
    return "key" if last == "key" else ""


def _is_secret(kind: str, value: str, *, quoted: bool, is_env: bool) -> bool:
    if (
        len(value) < 6
        or _PLACEHOLDER.match(value)
        or _PATH.match(value)
        or (not quoted and _CODE.match(value))
    ):
        return False
    if kind == "password":
        mixed = re.search(r"[A-Za-z]", value) and re.search(r"[\d!#$%^&*+?~]", value)
        return is_env or (mixed is not None and not re.fullmatch(r"\d+(?:-[a-z]+)+", value))
    if kind == "secret":
        return looks_random(value)
    upper_and_lower = value != value.lower() and value != value.upper()
    return (
        upper_and_lower
        and looks_random(value, least=16)
        and entropy(value) >= 3.5
        and not looks_like_hash(value)
    )


def _is_login(value: str) -> bool:
    """Whether it is `user:password` in base64, and not the next word of a sentence."""
    try:
        login = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
    return b":" in login and login.isascii() and login.decode("ascii").isprintable()


def _is_typed(value: str) -> bool:
    """Whether what follows a flag is a value, and not the next word of a sentence, a path or code."""
    return not value.isalpha() and not _PATH.match(value) and not _CODE.match(value)


_CUES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("password in a URL", _URL, bool),
    ("password", _LOGIN, bool),
    ("password or token", _FLAG, _is_typed),
    ("access token", _BEARER, looks_random),
    ("access token", _TOKEN, looks_random),
    ("login", _BASIC, _is_login),
)
