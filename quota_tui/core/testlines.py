"""The line in which a test runner sums up, out of everything a command printed.

Runners: pytest, unittest, jest, vitest, mocha, node, bun, deno, go, cargo, nextest, rspec, minitest, mix,
phpunit, maven, gradle, dotnet, ctest, swift, playwright. Several runs in one output: the last one counts,
except for cargo and go, which sum up once per package.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

TAIL = 1 << 16
"""A summary stands at the end: only this much of an output is looked at, in characters."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]")
_READERS = frozenset(
    {
        "cat",
        "head",
        "tail",
        "less",
        "more",
        "bat",
        "grep",
        "egrep",
        "rg",
        "ag",
        "sed",
        "awk",
        "echo",
        "printf",
    }
    | {
        "git",
        "gh",
        "ls",
        "cd",
        "find",
        "wc",
        "sort",
        "uniq",
        "cut",
        "tr",
        "diff",
        "jq",
        "tee",
        "pwd",
        "export",
    }
    | {
        "source",
        "sleep",
        "true",
        "test",
        "[",
        "curl",
        "kubectl",
        "history",
        "type",
        "which",
        "man",
        "file",
        "stat",
    }
)
_SEGMENT = re.compile(r"&&|\|\||[;|\n]")
_SKIP_WORDS = re.compile(r"(?:[A-Za-z_]\w*=\S*|sudo|env|time|nice|command|\()$")


class Summary(msgspec.Struct, frozen=True):
    """A runner's own words in one line, and whether everything passed."""

    text: str
    passed: bool


def summary(command: str, output: str) -> Summary | None:
    """What the test run said, or None when the output is of no test run.

    A command that only shows text (`cat test.log`, `git log`) ran nothing.
    """
    if only_shows(command):
        return None
    text = _ANSI.sub("", output[-TAIL:]).replace("\r", "\n")
    best: tuple[int, Summary] | None = None
    for pattern, read in _RUNNERS:
        found = list(pattern.finditer(text))
        if found and (best is None or found[-1].start() > best[0]):
            said = read(found, text)
            best = (found[-1].start(), said) if said else best
    return best[1] if best else None


def only_shows(command: str) -> bool:
    """Whether every part of a command line is one that shows text and runs nothing."""
    return all(_first_word(part) in _READERS for part in _SEGMENT.split(command) if part.strip())


def _first_word(part: str) -> str:
    words = [word for word in part.split() if not _SKIP_WORDS.match(word)]
    return words[0].rsplit("/", 1)[-1] if words else "true"


_Read = Callable[[list[re.Match[str]], str], Summary | None]


def _line(found: list[re.Match[str]], _text: str) -> Summary:
    """The whole line of the last match; `bad`, where a pattern has it, is what failed."""
    last = found[-1]
    words = " ".join(last["line"].split())
    return Summary(words, _is_good(last))


def _is_good(found: re.Match[str]) -> bool:
    groups = found.groupdict()
    return not any(value and value.strip("0") for name, value in groups.items() if name.startswith("bad"))


def _node(found: list[re.Match[str]], _text: str) -> Summary:
    last = found[-1]
    return Summary(f"{last['tests']} tests, {last['passed']} passed, {last['bad']} failed", _is_good(last))


def _mocha(found: list[re.Match[str]], text: str) -> Summary:
    after = text[found[-1].end() :]
    failing = re.search(r"^ {1,6}(\d+) failing\b", after, re.MULTILINE)
    words = found[-1]["line"].strip()
    return Summary(f"{words}, {failing[1]} failing" if failing else words, failing is None)


def _unittest(found: list[re.Match[str]], _text: str) -> Summary:
    last = found[-1]
    return Summary(f"{last['ran']}: {last['verdict']}", last["verdict"].startswith("OK"))


def _bun(found: list[re.Match[str]], _text: str) -> Summary:
    last = found[-1]
    return Summary(f"{last['passed']} pass, {last['bad']} fail", _is_good(last))


def _cargo(found: list[re.Match[str]], _text: str) -> Summary:
    passed, failed = (sum(int(run[group]) for run in found) for group in ("passed", "bad"))
    return Summary(f"{passed} passed; {failed} failed", not failed)


def _go(found: list[re.Match[str]], _text: str) -> Summary:
    good = sum(run["verdict"] == "ok" for run in found)
    bad = len(found) - good
    packages = "package" if good == 1 else "packages"
    return Summary(f"{good} {packages} ok" + (f", {bad} failed" if bad else ""), not bad)


_PYTEST = (
    r"^(?:=+ )?(?P<line>(?:(?:(?P<bad>\d+) failed|(?P<bad2>\d+) errors?"
    r"|\d+ (?:passed|skipped|deselected|xfailed|xpassed|warnings?|rerun))(?:, )?)+"
    r" in \d[\d.]*s(?: \(\d+:\d\d:\d\d\))?)(?: =+)?[ \t]*$"
)
_UNITTEST = r"^(?P<ran>Ran \d+ tests? in [\d.]+s)\n+(?P<verdict>(?:OK|FAILED)\b.*)$"
_JEST = r"^(?P<line>Tests: +(?:(?P<bad>\d+) failed, )?(?:\d+ [a-z]+, )*\d+ total)[ \t]*$"
_VITEST = r"^ *(?P<line>Tests +(?:(?P<bad>\d+) failed(?: \| )?)?(?:\d+ [a-z]+(?: \| )?)* ?\(\d+\))[ \t]*$"
_MOCHA = r"^ {1,6}(?P<line>\d+ passing(?: \([^)\n]*\))?)[ \t]*$"
_NODE = (
    r"^[#ℹ] tests (?P<tests>\d+)\n(?:[#ℹ] suites \d+\n)?"
    r"[#ℹ] pass (?P<passed>\d+)\n[#ℹ] fail (?P<bad>\d+)$"
)
_BUN = r"^ *(?P<passed>\d+) pass\n(?: *\d+ (?:skip|todo)\n)* *(?P<bad>\d+) fail[ \t]*$"
_DENO = r"^(?P<line>(?:ok|FAILED) \| \d+ passed(?: \([^)\n]*\))? \| (?P<bad>\d+) failed\b.*)$"
_GO = r"^(?P<verdict>ok|FAIL)[ \t]+[\w./\-]+[ \t]+(?:\(cached\)|[\d.]+s|\[build failed\]).*$"
_CARGO = r"^test result: (?:ok|FAILED)\. (?P<passed>\d+) passed; (?P<bad>\d+) failed;.*$"
_NEXTEST = (
    r"^ *Summary \[ *[\d.]+s\] (?P<line>\d+ tests? run: \d+ passed(?: \([^)\n]*\))?"
    r"(?:, (?P<bad>\d+) failed)?.*)$"
)
_RSPEC_MIX_MINITEST = (
    r"^(?P<line>\d+ (?:examples?|tests?|runs)(?:, \d+ assertions)?, (?P<bad>\d+) failures?"
    r"(?:, (?P<bad2>\d+) errors?)?(?:, \d+ \w+)*)[ \t]*$"
)
_PHPUNIT = r"^(?P<line>OK \(\d+ tests?, \d+ assertions?\))[ \t]*$"
_PHPUNIT_BAD = (
    r"^(?P<line>Tests: \d+, Assertions: \d+"
    r"(?:, (?:Errors: (?P<bad>\d+)|Failures: (?P<bad2>\d+)|\w+: \d+))*\.)[ \t]*$"
)
_MAVEN = (
    r"^(?:\[\w+\] +)?(?P<line>Tests run: \d+, Failures: (?P<bad>\d+), Errors: (?P<bad2>\d+),"
    r" Skipped: \d+)[ \t]*$"
)
_GRADLE = r"^(?P<line>\d+ tests? completed, (?P<bad>\d+) failed)\b.*$"
_DOTNET = (
    r"^(?P<line>(?:Passed|Failed)! +- Failed: +(?P<bad>\d+), Passed: +\d+, Skipped: +\d+,"
    r" Total: +\d+)\b.*$"
)
_CTEST = r"^(?P<line>\d+% tests passed, (?P<bad>\d+) tests failed out of \d+)[ \t]*$"
_SWIFT = r"^[ \t]*(?P<line>Executed \d+ tests?, with (?P<bad>\d+) failures?)\b.*$"
_PLAYWRIGHT = r"^ {2}(?P<line>\d+ passed \([\d.]+m?s\))[ \t]*$"

_OWN_WORDS = {_UNITTEST: _unittest, _MOCHA: _mocha, _NODE: _node, _BUN: _bun, _GO: _go, _CARGO: _cargo}
_RUNNERS: tuple[tuple[re.Pattern[str], _Read], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), _OWN_WORDS.get(pattern, _line))
    for pattern in (
        _PYTEST,
        _UNITTEST,
        _JEST,
        _VITEST,
        _MOCHA,
        _NODE,
        _BUN,
        _DENO,
        _GO,
        _CARGO,
        _NEXTEST,
        _RSPEC_MIX_MINITEST,
        _PHPUNIT,
        _PHPUNIT_BAD,
        _MAVEN,
        _GRADLE,
        _DOTNET,
        _CTEST,
        _SWIFT,
        _PLAYWRIGHT,
    )
)
"""A runner's summary, and how it is put into one line."""
