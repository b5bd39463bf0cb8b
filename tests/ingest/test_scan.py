"""Scans over real files and a real history: every change of a file is noticed, nothing is counted twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_tui.core.pricing import Pricer
from quota_tui.ingest import parallel
from quota_tui.ingest.scan import ScanResult, scan
from quota_tui.store.history import History
from quota_tui.store.index import Index
from quota_tui.store.prices import load_prices
from tests.lines import append, line, write_transcript

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Box:
    """A home with transcripts, an index and a history."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.index = Index(home / "cache" / "index.db")
        self.history = History(home / "data" / "history.db")

    def scan(self, **options: object) -> ScanResult:
        roots = [str(self.home / ".claude" / "projects")]
        return scan(roots, self.index, self.history, Pricer(load_prices()), **options)  # type: ignore[arg-type]

    def tokens(self) -> tuple[int, int]:
        totals = self.history.totals(*ALWAYS)
        return totals.calls, totals.output_tokens

    def close(self) -> None:
        self.index.close()
        self.history.close()


@pytest.fixture
def box(home: Path) -> Iterator[Box]:
    made = Box(home)
    yield made
    made.close()


def test_new_bytes_are_read_once(box: Box) -> None:
    path = write_transcript(box.home, [line("m1", "r1"), line("m2", "r2")])
    assert box.scan().files_read == 1
    assert box.scan().files_read == 0
    append(path, line("m3", "r3") + "\n")
    again = box.scan()
    assert again.files_read == 1
    assert again.bytes_read < 600
    assert box.tokens() == (3, 60)


def test_subagents_at_any_depth_are_found(box: Box) -> None:
    write_transcript(box.home, [line()])
    write_transcript(box.home, [line("m2", "r2", side=True)], "-home-dev-api/s1/subagents/agent-1.jsonl")
    write_transcript(
        box.home, [line("m3", "r3", side=True)], "-home-dev-api/s1/subagents/deep/er/agent-2.jsonl"
    )
    box.scan()
    assert box.tokens() == (3, 60)


def test_a_resumed_copy_counts_once_and_for_the_first_session(box: Box) -> None:
    first = write_transcript(box.home, [line("m1", "r1", session="s1")])
    os.utime(first, (1, 1))
    write_transcript(
        box.home, [line("m1", "r1", session="s2"), line("m2", "r2", session="s2")], "-home-dev-api/s2.jsonl"
    )
    box.scan()
    assert box.tokens() == (2, 40)
    sessions = {record.message_id: record.session_id for _, record in History.read_calls(box.history.db)}
    assert sessions == {"m1": "s1", "m2": "s2"}


def test_a_forked_copy_that_is_read_first_names_its_owner(box: Box) -> None:
    copies = [line("m1", "r1", session="fork", requestSessionId="s1"), line("m2", "r2", session="fork")]
    fork = write_transcript(box.home, copies, "-home-dev-api/fork.jsonl")
    os.utime(fork, (1, 1))
    write_transcript(box.home, [line("m1", "r1", session="s1")])
    box.scan()
    sessions = {record.message_id: record.session_id for _, record in History.read_calls(box.history.db)}
    assert sessions == {"m1": "s1", "m2": "fork"}


def test_a_streamed_call_grows_to_its_final_line(box: Box) -> None:
    path = write_transcript(box.home, [line(tokens=(10, 1, 0, 0))])
    box.scan()
    append(path, line(tokens=(10, 500, 0, 0), at=1) + "\n")
    box.scan()
    assert box.tokens() == (1, 500)


def test_a_side_thread_replay_that_comes_first_gives_way(box: Box) -> None:
    path = write_transcript(box.home, [line("m1", "r2", side=True, tokens=(1, 99, 0, 0))])
    box.scan()
    assert box.tokens() == (1, 99)
    append(path, line("m1", "r1", tokens=(1, 50, 0, 0)) + "\n")
    box.scan()
    assert box.tokens() == (1, 50)


def test_lines_without_message_id_are_never_merged(box: Box) -> None:
    write_transcript(box.home, [line(None, None), line(None, None), line(None, "r1")])
    write_transcript(box.home, [line(None, None)], "-home-dev-web/s9.jsonl")
    box.scan()
    assert box.tokens() == (4, 80)


def test_a_deleted_transcript_stays_in_history(box: Box) -> None:
    path = write_transcript(box.home, [line()])
    box.scan()
    path.unlink()
    box.scan()
    assert box.tokens() == (1, 20)
    assert box.index.stamps() == {}


def test_a_rebuilt_index_loses_no_history_and_doubles_nothing(box: Box) -> None:
    gone = write_transcript(box.home, [line("m1", "r1"), line(None, None)])
    write_transcript(box.home, [line("m2", "r2"), line(None, None)], "-home-dev-web/s2.jsonl")
    box.scan()
    gone.unlink()
    box.index.close()
    (box.home / "cache" / "index.db").unlink()
    box.index = Index(box.home / "cache" / "index.db")
    assert box.scan().files_read == 1
    assert box.tokens() == (4, 80)


def test_a_new_history_makes_the_index_start_over(box: Box) -> None:
    write_transcript(box.home, [line()])
    box.scan()
    box.history.close()
    (box.home / "data" / "history.db").unlink()
    box.history = History(box.home / "data" / "history.db")
    box.scan()
    assert box.tokens() == (1, 20)


def test_a_truncated_file_is_read_anew(box: Box) -> None:
    path = write_transcript(box.home, [line("m1", "r1"), line("m2", "r2")])
    box.scan()
    path.write_text(line("m3", "r3") + "\n", encoding="utf-8")
    box.scan()
    assert box.tokens() == (3, 60)


def test_a_replaced_file_is_read_anew(box: Box) -> None:
    path = write_transcript(box.home, [line("m1", "r1")])
    box.scan()
    other = path.with_suffix(".new")
    other.write_text(line("m2", "r2") + "\n" + line("m3", "r3") + "\n", encoding="utf-8")
    other.replace(path)
    box.scan()
    assert box.tokens() == (3, 60)


def test_a_moved_file_goes_on_where_it_was(box: Box) -> None:
    path = write_transcript(box.home, [line("m1", "r1"), line(None, None)])
    box.scan()
    target = box.home / ".claude" / "projects" / "-home-dev-web" / "s1.jsonl"
    target.parent.mkdir()
    path.rename(target)
    append(target, line("m2", "r2") + "\n")
    assert box.scan().bytes_read < 600
    assert box.tokens() == (3, 60)


def test_an_unreadable_file_is_named_and_the_rest_is_read(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    write_transcript(box.home, [line()])
    secret = write_transcript(box.home, [line("m2", "r2")], "-home-dev-web/s2.jsonl")
    real_open = open

    def refuse(path: str, *args: object, **kwargs: object) -> object:
        if path == str(secret):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", refuse)
    result = box.scan()
    assert box.tokens() == (1, 20)
    assert [str(secret) in problem for problem in result.problems] == [True]
    monkeypatch.undo()
    box.scan()
    assert box.tokens() == (2, 40)


def test_odd_things_named_like_transcripts(box: Box) -> None:
    root = box.home / ".claude" / "projects"
    (root / "x.jsonl").mkdir(parents=True)
    (root / "loop").symlink_to(root)
    (root / "dangling.jsonl").symlink_to(root / "nowhere")
    os.mkfifo(root / "pipe.jsonl")
    write_transcript(box.home, [line()])
    box.scan()
    assert box.tokens() == (1, 20)


def test_bad_lines_are_remembered_with_their_numbers(box: Box) -> None:
    path = write_transcript(box.home, [line(), '{"usage": x}'])
    box.scan()
    append(path, line("m2", "r2") + "\n" + '{"usage": y}\n')
    box.scan()
    (kept,) = box.index.with_notes()
    assert kept.notes_total == 2
    assert b"not JSON" in (kept.notes or b"")


def test_limit_lines_are_handed_on_before_the_offset_is_kept(box: Box) -> None:
    write_transcript(box.home, [line(model="<synthetic>", isApiErrorMessage=True, error="rate_limit")])

    def full_disk(errors: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        box.scan(on_errors=full_disk)
    seen: list[object] = []
    box.scan(on_errors=seen.extend)
    assert len(seen) == 1


def test_two_processes_scanning_at_once_count_once(box: Box) -> None:
    for i in range(30):
        write_transcript(box.home, [line(f"m{i}-{j}", f"r{j}") for j in range(40)], f"-p/s{i}.jsonl")
    code = (
        "import sys; from pathlib import Path; from tests.ingest.test_scan import Box;"
        "b = Box(Path(sys.argv[1])); b.scan(); b.close()"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(box.home)]) for _ in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]
    box.scan()
    assert box.tokens() == (1200, 24000)


def test_a_scan_killed_at_any_point_is_made_good_by_the_next(box: Box) -> None:
    for i in range(3):
        write_transcript(
            box.home, [line(f"m{i}-{j}", f"r{j}") for j in range(5)] + [line(None, None)], f"-p/s{i}.jsonl"
        )
    code = """
import os, sys
from pathlib import Path
from tests.ingest.test_scan import Box
from quota_tui.store.history_merge import Merge
from quota_tui.store.index import Index
def die(*a, **k): os._exit(9)
point = sys.argv[2]
if point == "add": Merge.add = die
if point == "finish": Merge.finish = die
if point == "put": Index.put = die
Box(Path(sys.argv[1])).scan()
"""
    for point in ("add", "finish", "put"):
        done = subprocess.run([sys.executable, "-c", code, str(box.home), point], timeout=60, check=False)
        assert done.returncode == 9
    box.scan()
    assert box.tokens() == (18, 360)


def test_a_second_process_reads_the_same(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(20):
        write_transcript(
            box.home,
            [line(f"m{i}-{j}", f"r{j}", tokens=(1, i + j, 2, 3)) for j in range(20)],
            f"-p/s{i}.jsonl",
        )
    # The same calls again under other sessions: they meet across the two processes.
    for i in range(20):
        write_transcript(
            box.home,
            [line(f"m{i}-{j}", f"r{j}", tokens=(1, i + j, 2, 3), session="z") for j in range(20)],
            f"-q/t{i}.jsonl",
        )
    monkeypatch.setattr("quota_tui.ingest.scan.WORTH_A_SECOND_PROCESS", 0)
    forks: list[int] = []
    real_fork = os.fork
    monkeypatch.setattr(parallel.os, "fork", lambda: forks.append(pid := real_fork()) or pid)
    monkeypatch.setattr(parallel.threading, "active_count", lambda: 1)
    box.scan(parallel=True)
    assert len(forks) == 1
    assert box.tokens() == (400, sum(i + j for i in range(20) for j in range(20)))


def test_a_second_process_that_dies_is_made_good(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(8):
        write_transcript(box.home, [line(f"m{i}", "r")], f"-p/s{i}.jsonl")
    monkeypatch.setattr("quota_tui.ingest.scan.WORTH_A_SECOND_PROCESS", 0)
    monkeypatch.setattr(parallel.threading, "active_count", lambda: 1)
    monkeypatch.setattr(parallel, "_serve", lambda *_: os._exit(9))
    box.scan(parallel=True)
    assert box.tokens() == (8, 160)


step = st.tuples(
    st.integers(0, 2), st.integers(0, 5), st.sampled_from(["r1", "r2", ""]), st.booleans(), st.integers(0, 3)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, min_size=1, max_size=15))
def test_scanning_after_each_line_is_scanning_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, str, bool, int]]
) -> None:
    home = tmp_path_factory.mktemp("h")
    bit_by_bit = Box(home)
    for file, message, request, side, output in steps:
        path = home / ".claude" / "projects" / "-p" / f"s{file}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        append(
            path, line(f"m{message}", request or None, side=side, tokens=(1, output, 0, 0), at=output) + "\n"
        )
        bit_by_bit.scan()
    at_once = Box(home)
    at_once.close()
    (home / "data" / "once.db").unlink(missing_ok=True)
    at_once.index, at_once.history = Index(None), History(home / "data" / "once.db")
    at_once.scan()
    assert bit_by_bit.tokens() == at_once.tokens()
    for table in ("bars", "rollup"):
        columns = "sum(input), sum(output), sum(calls), sum(minutes)"
        sums = [
            box.history.db.execute(f"SELECT {columns} FROM {table}").fetchone()
            for box in (bit_by_bit, at_once)
        ]
        assert sums[0] == sums[1]
    bit_by_bit.close()
    at_once.close()


DAY_NS = 24 * 3600 * 10**9


def _age(path: Path, days: float) -> None:
    at_ns = time.time_ns() - round(days * DAY_NS)
    os.utime(path, ns=(at_ns, at_ns))


def test_the_subagents_of_an_old_session_are_looked_at_once_a_day_or_when_asked(box: Box) -> None:
    parent = write_transcript(box.home, [line()])
    agent = write_transcript(
        box.home, [line("m2", "r2", side=True)], "-home-dev-api/s1/subagents/agent-1.jsonl"
    )
    _age(parent, 3)
    assert box.scan().files_read == 2  # nothing is known yet: everything is entered
    append(agent, line("m3", "r3", side=True) + "\n")
    assert box.scan().files_read == 0  # which no session can do that has not written for a day
    assert box.scan(whole=True).files_read == 1
    assert box.tokens() == (3, 60)


def test_a_session_that_is_taken_up_again_has_its_subagents_looked_at(box: Box) -> None:
    parent = write_transcript(box.home, [line()])
    agent = write_transcript(
        box.home, [line("m2", "r2", side=True)], "-home-dev-api/s1/subagents/agent-1.jsonl"
    )
    _age(parent, 3)
    box.scan()
    append(parent, line("m3", "r3") + "\n")
    append(agent, line("m4", "r4", side=True) + "\n")
    assert box.scan().files_read == 2
    assert box.tokens() == (4, 80)


def test_an_old_session_that_was_not_known_is_read_with_its_subagents(box: Box) -> None:
    write_transcript(box.home, [line()])
    box.scan()
    parent = write_transcript(box.home, [line("m2", "r2")], "-home-dev-web/s2.jsonl")
    write_transcript(box.home, [line("m3", "r3", side=True)], "-home-dev-web/s2/subagents/agent-1.jsonl")
    _age(parent, 3)
    assert box.scan().files_read == 2
    assert box.tokens() == (3, 60)


def test_an_old_session_that_is_deleted_is_forgotten_with_its_subagents(box: Box) -> None:
    parent = write_transcript(box.home, [line()])
    agent = write_transcript(
        box.home, [line("m2", "r2", side=True)], "-home-dev-api/s1/subagents/agent-1.jsonl"
    )
    _age(parent, 3)
    box.scan()
    parent.unlink()
    agent.unlink()
    box.scan()
    assert box.index.stamps() == {}
    assert box.tokens() == (2, 40)
