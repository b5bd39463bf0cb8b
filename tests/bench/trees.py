"""Log trees with known totals, for the speed bench.

A tree is a home folder with `.claude/projects/...` and `.claude.expected.json` beside it. It has what makes
real ones hard to count: a call written as several lines with growing output, resumed sessions that repeat old
lines in a new file, subagents' files, API errors, lines without a request id, a torn last line, and tool
results with a heavy tail, which are most of the bytes. The same arguments make the same tree.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.bench.lines import (
    MODELS,
    Counts,
    Place,
    Writer,
    block_of,
    error_line,
    progress_line,
    prompt_line,
    result_line,
    summary_line,
    usage_line,
)

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
DAYS = 30
_TORN = '{"parentUuid":"x","type":"assistant","message":{"id":"msg_torn","usage":{"input_tok'


class Tree(NamedTuple):
    """A home with transcripts, and what they add up to."""

    home: Path
    calls: int
    totals: Counts

    @property
    def projects(self) -> Path:
        """Where its transcripts are."""
        return self.home / ".claude" / "projects"


class Tally:
    """The calls of a tree: of each message the line with the largest total."""

    def __init__(self) -> None:
        self._best: dict[str, Counts] = {}

    def add(self, message: str, counts: Counts) -> None:
        """Take one line of usage."""
        if message not in self._best or sum(counts) > sum(self._best[message]):
            self._best[message] = counts

    def tree(self, home: Path) -> Tree:
        """The sums so far."""
        columns = zip(*self._best.values(), strict=True) if self._best else ((), (), (), ())
        return Tree(home, len(self._best), Counts(*(sum(column) for column in columns)))


class _Session:
    """One session on its way into files: its own lines and those of its subagents."""

    def __init__(self, writer: Writer, tally: Tally, project: int, start: datetime, end: datetime) -> None:
        self.name = writer.name("", 32)
        self.folder = f"-home-dev-proj-{project:02d}"
        self.at = start
        self.lines = [summary_line(writer)]
        self.subagents: list[list[str]] = []
        self._writer, self._tally, self._end = writer, tally, end
        self._place = Place(self.name, f"/home/dev/proj-{project:02d}")

    def write(self, turns: int, repeated: Sequence[str]) -> None:
        """A conversation of some turns, after the lines that it repeats."""
        self.lines += repeated
        pick = self._writer.random
        for _ in range(turns):
            if self.at >= self._end:
                return
            self.lines.append(prompt_line(self._writer, self._place, self.at))
            self._calls(self._place, self.lines, pick.randint(1, 8))
            if pick.random() < 0.03:
                self.lines.append(error_line(self._writer, self._place, self.at))
            if pick.random() < 0.08:
                side: list[str] = []
                self._calls(self._place._replace(is_side=True), side, pick.randint(2, 15))
                self.subagents.append(side)
            self.at += timedelta(seconds=pick.expovariate(1 / 90))

    def _calls(self, place: Place, lines: list[str], count: int) -> None:
        pick = self._writer.random
        for _ in range(count):
            self.at += timedelta(seconds=pick.randint(2, 25))
            if self.at >= self._end:
                return
            for message, counts, line in call_lines(self._writer, place, self.at):
                self._tally.add(message, counts)
                lines.append(line)
            lines.append(result_line(self._writer, place, self.at))
            if pick.random() < 0.2:
                lines.append(progress_line(self._writer, place, self.at))


def call_lines(writer: Writer, place: Place, at: datetime) -> Iterator[tuple[str, Counts, str]]:
    """(message id, counts, line) of each line of one call: one to four, the last with the final output."""
    pick = writer.random
    message, request, model = writer.name("msg_01"), writer.name("req_011"), pick.choice(MODELS)
    final = writer.counts()
    count = pick.choices((1, 2, 3, 4), (25, 40, 25, 10))[0]
    grows = pick.random() < 0.7
    for number in range(count):
        last = number == count - 1
        counts = final if last or not grows else final._replace(output=min(final.output, pick.randint(1, 8)))
        kind = "tool_use" if last else pick.choice(("text", "thinking"))
        block = block_of(writer, kind, min(6000, 40 + final.output * 3))
        told = None if pick.random() < 0.0005 else request
        stop = "tool_use" if last else None
        yield message, counts, usage_line(writer, place, at, message, told, counts, block, model, stop)


def make(home: Path, size: int, *, seed: int = 1, now: datetime = NOW) -> Tree:
    """Write a tree of about `size` bytes that ends at `now`."""
    writer, tally = Writer(seed), Tally()
    pick = writer.random
    written, previous = 0, [""]
    while written < size:
        day = now - timedelta(days=DAYS * (1 - written / size))
        start = day.replace(hour=pick.choice((7, 8, 9, 13, 14, 15, 21, 22)), minute=pick.randint(0, 59))
        start = min(start, now - timedelta(minutes=pick.randint(20, 200)))
        session = _Session(writer, tally, pick.randrange(12), start, now)
        copied = previous[: pick.randint(4, 60)] if pick.random() < 0.06 else []
        session.write(max(3, writer.tail(24, 0.9)), copied)
        previous = session.lines[1:]
        written += _save(home, session, torn=pick.random() < 0.02)
    tree = tally.tree(home)
    expected = {"unique_calls": tree.calls, "dedup_max_total": tree.totals._asdict()}
    _expected(home).write_text(json.dumps(expected), encoding="utf-8")
    return tree


def _save(home: Path, session: _Session, *, torn: bool) -> int:
    base = home / ".claude" / "projects" / session.folder
    files = {base / f"{session.name}.jsonl": session.lines}
    for number, lines in enumerate(session.subagents):
        files[base / session.name / "subagents" / f"agent-{number:08x}.jsonl"] = lines
    written = 0
    for path, lines in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        data = ("".join(lines) + (_TORN if torn else "")).encode()
        path.write_bytes(data)
        os.utime(path, (session.at.timestamp(), session.at.timestamp()))
        written += len(data)
    return written


def _expected(home: Path) -> Path:
    return home / ".claude.expected.json"


def load(home: Path) -> Tree:
    """A tree that was made before. Raises OSError and KeyError when it is none."""
    told = json.loads(_expected(home).read_text(encoding="utf-8"))
    totals = told["dedup_max_total"]
    return Tree(home, told["unique_calls"], Counts(*(int(totals[name]) for name in Counts._fields)))


class GrowingTree:
    """A tree to append to: files of another one, linked and so neither copied nor changed.

    Lines go to a copy of its newest transcript; `calls` and `totals` say what the tree now adds up to.
    """

    def __init__(self, tree: Tree, home: Path) -> None:
        self.home, self.calls, self.totals = home, tree.calls, tree.totals
        newest = max(tree.projects.glob("*/*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path))
        self.grows = home / newest.relative_to(tree.home)
        self._writer = Writer(str(home))
        self._place = Place(newest.stem, "/home/dev/proj-00")
        for path in tree.projects.rglob("*.jsonl"):
            there = home / path.relative_to(tree.home)
            there.parent.mkdir(parents=True, exist_ok=True)
            if path == newest:
                shutil.copy2(path, there)
            else:
                _link(path, there)
        # Past a torn last line: what follows is whole.
        with self.grows.open("ab") as file:
            file.write(b"\n")

    def append(self, size: int, at: datetime) -> None:
        """Append what a session writes: calls around `at` and what their tools gave back, about `size` bytes.

        At least one call; nothing but its lines when `size` is 1.
        """
        lines: list[str] = []
        written = 0
        tally = Tally()
        while written < size:
            made = list(call_lines(self._writer, self._place, at))
            for message, counts, _ in made:
                tally.add(message, counts)
            new = [line for _, _, line in made]
            if size > 1:
                new.append(result_line(self._writer, self._place, at))
            lines += new
            written += sum(len(line.encode()) for line in new)
            at -= timedelta(seconds=5)
        added = tally.tree(self.home)
        self.calls += added.calls
        self.totals = Counts(*(a + b for a, b in zip(self.totals, added.totals, strict=True)))
        with self.grows.open("ab") as file:
            file.write("".join(lines).encode())


def _link(path: Path, there: Path) -> None:
    try:
        os.link(path, there)
    except OSError:  # another file system
        shutil.copy2(path, there)
