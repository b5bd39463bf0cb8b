"""The kind of work of a phase, guessed from its words. A person corrects it by writing `Type: testing`."""

from __future__ import annotations

import re

from quota_tui.core.estimating.subject import TaskType

_WORDS = {
    TaskType.TESTING: (
        "test tests testing tested coverage e2e qa regression verify verification benchmark benchmarks"
    ),
    TaskType.DEBUGGING: ("debug debugging fix fixes fixing bug bugs diagnose troubleshoot crash hotfix"),
    TaskType.REFACTORING: (
        "refactor refactoring restructure rename extract simplify migrate migration consolidate "
        "split remove dedupe deduplicate replace unify rewrite reorganize move decouple"
    ),
    TaskType.PLANNING: (
        "plan planning design research analyse analyze analysis spec specify specification rfc "
        "architecture explore requirements spike outline discovery prototype"
    ),
    TaskType.POLISH: (
        "polish docs doc documentation document readme cleanup format formatting lint linting "
        "styling changelog release typo typos wording accessibility"
    ),
    TaskType.IMPLEMENTATION: (
        "implement implementation add create build integrate feature support wire register"
    ),
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_ORDER = list(_WORDS)
_CODE = re.compile(r"`[^`\n]*`")
_TEST_FILE = re.compile(r"(?:^|[/\\`_.])tests?(?:[/\\_.]|$)|_tests?\.|\.tests?\.|\.spec\.", re.IGNORECASE)
_BODY = 3_000
"""Characters of a phase that are looked at: its beginning says what it is about."""


def guess_type(heading: str, body: str) -> TaskType:
    """From the heading's words where they say anything, else from the beginning of its text."""
    for text in (heading, body[:_BODY]):
        counts = dict.fromkeys(_ORDER, 0)
        for word in re.findall(r"[a-z0-9]+", _CODE.sub(" ", text).casefold()):
            kind = _KINDS.get(word)
            if kind is not None:
                # "Write tests" and "add docs": what is written says more than that something is.
                counts[kind] += 1 if kind is TaskType.IMPLEMENTATION else 2
        best = max(_ORDER, key=lambda kind: counts[kind])
        # One word in passing ("and tests") does not make a phase's text be about it.
        if counts[best] > (0 if text is heading else 2):
            return best
        if text is heading and any(_TEST_FILE.search(code) for code in _CODE.findall(text)):
            return TaskType.TESTING
    return TaskType.IMPLEMENTATION
