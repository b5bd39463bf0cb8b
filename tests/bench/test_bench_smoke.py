"""The bench works on a tiny tree. No time is judged here."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench import live, speed, trees
from tests.bench.cases import ROOT
from tests.bench.lines import Counts
from tests.bench.measure import Program, in_turn, peak_mb
from tests.bench.peers import NATIVE, NPM, find_peers
from tests.bench.screen import Screen
from tests.bench.table import HEADS
from tests.bench.trees import GrowingTree, Tree

SIZE = 600_000

needs_wait4 = pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs os.wait4")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a pseudo-terminal")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return trees.make(tmp_path_factory.mktemp("trees") / "tiny", SIZE)


def transcripts(home: Path) -> dict[Path, bytes]:
    return {path.relative_to(home): path.read_bytes() for path in home.rglob("*.jsonl")}


def counted(home: Path) -> tuple[int, Counts]:
    """The calls of a tree by the plainest rule: of each message the line with the largest total."""
    best: dict[str, Counts] = {}
    for data in transcripts(home).values():
        for line in data.decode().splitlines():
            if not line.endswith("}") or '"type":"assistant"' not in line:
                continue
            message = json.loads(line)["message"]
            usage = message["usage"]
            if message["model"] != "<synthetic>":
                counts = Counts(
                    usage["input_tokens"],
                    usage["output_tokens"],
                    usage["cache_creation_input_tokens"],
                    usage["cache_read_input_tokens"],
                )
                best[message["id"]] = max(best.get(message["id"], counts), counts, key=sum)
    return len(best), Counts(*(sum(column) for column in zip(*best.values(), strict=True)))


def test_a_tree_holds_what_it_says(tree: Tree) -> None:
    assert (tree.calls, tree.totals) == counted(tree.home)
    assert trees.load(tree.home) == tree
    assert sum(len(data) for data in transcripts(tree.home).values()) > SIZE


def test_the_same_arguments_make_the_same_tree(tree: Tree, tmp_path: Path) -> None:
    again = trees.make(tmp_path / "again", SIZE)
    assert transcripts(again.home) == transcripts(tree.home)
    other = trees.make(tmp_path / "other", SIZE, seed=2)
    assert other.totals != tree.totals


def test_a_tree_has_what_is_hard_to_count(tmp_path: Path) -> None:
    tree = trees.make(tmp_path / "t", 8 * SIZE, seed=3)
    files = transcripts(tree.home)
    text = b"".join(files.values()).decode()
    assert any("subagents" in path.parts for path in files)
    assert "<synthetic>" in text
    assert any(not data.endswith(b"\n") for data in files.values())
    ids = [line.partition('"id":"')[2][:30] for line in text.splitlines() if '"type":"assistant"' in line]
    assert len(ids) > 1.5 * len(set(ids))


def test_a_growing_tree_knows_its_totals_and_leaves_the_other_alone(tree: Tree, tmp_path: Path) -> None:
    before = transcripts(tree.home)
    growing = GrowingTree(tree, tmp_path / "grows")
    growing.append(1, datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert growing.calls == tree.calls + 1
    growing.append(50_000, datetime(2026, 11, 20, 18, tzinfo=UTC))
    assert (growing.calls, growing.totals) == counted(growing.home)
    assert transcripts(tree.home) == before


@needs_wait4
def test_programs_run_in_turn_after_a_warm_up() -> None:
    order: list[str] = []

    def program(name: str, code: str) -> Program:
        order.append(name)
        return Program((sys.executable, "-c", code), {"PATH": os.environ.get("PATH", "")})

    found = in_turn({"a": lambda: program("a", "print(1)"), "b": lambda: program("b", "print(2)")}, 3)
    assert order[:8] == ["a", "b"] * 4
    assert (found["a"].output.strip(), found["b"].output.strip()) == (b"1", b"2")
    assert found["a"].wall_s > 0
    assert found["a"].cpu_s > 0


@needs_linux
def test_memory_counts_children() -> None:
    hold = "x = bytearray(40_000_000); import sys; sys.stdin.read()"
    inner = f"import subprocess, sys; p = subprocess.run([sys.executable, '-c', {hold!r}])"
    env = {"PATH": os.environ.get("PATH", "")}
    assert peak_mb(Program((sys.executable, "-c", inner), env)) > 40


def test_a_screen_shows_what_was_written_where() -> None:
    screen = Screen(20, 3)
    screen.feed(b"\x1b[?1049h\x1b]11;?\x1b\\\x1b[2;3H\x1b[1;38;2;1;2;3mused \xe2")
    screen.feed(b"\x89\x88 5\x1b[0m\x1b[")
    screen.feed(b"3;1Hlast\x1b[2Dx\r\nnext")
    assert screen.text.splitlines() == ["  used ≈ 5", "laxt", "next"]
    screen.feed(b"\x1b[1;4H\x1b[K\x1b[2;1H\x1b[J")
    assert screen.text.rstrip() == "  u"


@needs_linux
def test_a_terminal_waits_for_text_and_tells_the_time() -> None:
    code = (
        "import sys; print('ready', flush=True); [print(len(line), 'seen', flush=True) for line in sys.stdin]"
    )
    program = Program((sys.executable, "-c", code), {"PATH": os.environ.get("PATH", "")})
    rest = live.at_rest(program, lambda text: "ready" in text, 0.2, settle_s=0.0)
    assert rest.first_s is not None
    assert rest.cpu_pct < 100
    assert rest.peak_mb > 1
    with live.Terminal(program) as terminal:
        assert terminal.wait_for(lambda text: "never" in text, 0.3) is None


def test_a_native_peer_is_found_beside_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert find_peers([]) == {}
    command = tmp_path / "node_modules" / ".bin" / "ccusage"
    native = tmp_path / "node_modules" / "@ccusage" / "ccusage-linux-x64" / "bin" / "ccusage"
    for path in (command, native):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
    assert find_peers([str(tmp_path)]) == {NPM: str(command), NATIVE: str(native)}


@needs_wait4
def test_one_command_prints_the_table(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    before = {path: path.stat().st_mtime_ns for path in tree.home.rglob("*")}
    cases = ["--cases", "first", "nothing", "appended", "statusline"]
    trees_here = ["--trees", str(tree.home.parent), "--work", str(tmp_path)]
    assert speed.main([*trees_here, "--runs", "1", *cases]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert all(head in lines[0] for head in HEADS)
    totals = [line for line in lines if "totals" in line]
    assert len(totals) == 3
    assert all(line.endswith("yes") for line in totals)
    assert "ccusage npm is not here" in shown.err
    assert {path: path.stat().st_mtime_ns for path in tree.home.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []
    assert (ROOT / "quota_tui").is_dir()
