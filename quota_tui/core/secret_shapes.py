"""The shapes that makers of keys and tokens gave them, and how much like chance a value looks."""

from __future__ import annotations

import math
import re

_BEFORE = r"(?<![A-Za-z0-9_])"
_AFTER = r"(?![A-Za-z0-9_])"

SHAPES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, hints, re.compile(shape))
    for kind, hints, shape in (
        ("AWS key", ("AKIA", "ASIA", "ABIA", "ACCA"), rf"{_BEFORE}A(?:KI|SI|BI|CC)A[A-Z0-9]{{16}}{_AFTER}"),
        (
            "GitHub token",
            ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_"),
            rf"{_BEFORE}(?:gh[oprsu]_[A-Za-z0-9]{{30,255}}|github_pat_[A-Za-z0-9_]{{22,255}}){_AFTER}",
        ),
        ("GitLab token", ("gl",), rf"{_BEFORE}gl(?:pat|ptt|dt|rt|soat|cbt)-[A-Za-z0-9_\-]{{20,255}}"),
        (
            "Slack token",
            ("xox", "xapp-"),
            rf"{_BEFORE}(?:xox[abeoprs]-[A-Za-z0-9\-]{{10,255}}|xapp-\d-[A-Za-z0-9\-]{{20,255}})",
        ),
        ("Slack webhook", ("hooks.slack.com",), r"(?<=hooks\.slack\.com)/[a-z]{5,20}/[A-Za-z0-9+/]{20,255}"),
        ("Anthropic key", ("sk-ant-",), rf"{_BEFORE}sk-ant-[A-Za-z0-9_\-]{{16,255}}"),
        (
            "API key",
            ("sk-",),
            rf"{_BEFORE}sk-(?:[a-z0-9\-]{{3,8}}-[A-Za-z0-9_\-]{{32,255}}|(?=[A-Za-z]{{0,60}}\d)[A-Za-z0-9]{{20,255}})",
        ),
        (
            "Stripe key",
            ("k_live_", "k_test_", "whsec_"),
            rf"{_BEFORE}(?:[rs]k_(?:live|test)_[A-Za-z0-9]{{10,255}}|whsec_[A-Za-z0-9+/]{{24,255}})",
        ),
        (
            "Google key",
            ("AIza", "GOCSPX-", "ya29."),
            rf"{_BEFORE}(?:AIza[A-Za-z0-9_\-]{{35}}|GOCSPX-[A-Za-z0-9_\-]{{20,60}}|ya29\.[A-Za-z0-9_\-]{{20,255}})",
        ),
        ("npm token", ("npm_",), rf"{_BEFORE}npm_[A-Za-z0-9]{{36}}{_AFTER}"),
        ("PyPI token", ("pypi-",), rf"{_BEFORE}pypi-[A-Za-z0-9_\-]{{50,255}}"),
        ("Hugging Face token", ("hf_",), rf"{_BEFORE}hf_[A-Za-z0-9]{{30,60}}{_AFTER}"),
        ("SendGrid key", ("SG.",), rf"{_BEFORE}SG\.[A-Za-z0-9_\-]{{16,40}}\.[A-Za-z0-9_\-]{{30,60}}"),
        ("Twilio key", ("SK",), rf"{_BEFORE}SK[0-9a-f]{{32}}{_AFTER}"),
        ("DigitalOcean token", ("_v1_",), rf"{_BEFORE}do[opr]_v1_[a-f0-9]{{64}}{_AFTER}"),
        ("Telegram token", (":AA",), rf"{_BEFORE}\d{{8,10}}:AA[A-Za-z0-9_\-]{{33}}{_AFTER}"),
        ("age key", ("AGE-SECRET-KEY-1",), rf"{_BEFORE}AGE-SECRET-KEY-1[A-Z0-9]{{58}}"),
        (
            "JWT",
            ("eyJ",),
            r"(?<![A-Za-z0-9_.\-])eyJ[A-Za-z0-9_\-]{8,8192}\.eyJ[A-Za-z0-9_\-]{4,8192}\.[A-Za-z0-9_\-]{10,4096}",
        ),
    )
)
"""What it is, texts of which one is in it (a cheap first look), and its shape."""

PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
PRIVATE_KEY_END = re.compile(r"-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
PRIVATE_KEY_LINES = re.compile(r"(?:\s+[A-Za-z0-9+/=]{16,128}(?!\S))+")

_PART = re.compile(r"[A-Za-z]+\d{0,3}|\d+|")
_HEX = re.compile(r"[0-9a-fA-F\-]+")
_SPLIT = re.compile(r"[-_./\\:,@+=]")


def looks_random(value: str, *, least: int = 8) -> bool:
    """Whether a value looks drawn by chance: letters and digits mixed, not words, numbers, paths or names."""
    if len(value) < least or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    parts = _SPLIT.split(value)
    if all(_PART.fullmatch(part) and len(part) < 24 for part in parts):
        return False
    return entropy(value) >= 2.5


def looks_like_hash(value: str) -> bool:
    """A commit, a digest, a UUID: by chance too, but no secret unless its name says so."""
    return _HEX.fullmatch(value) is not None


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in map(text.count, set(text)))
