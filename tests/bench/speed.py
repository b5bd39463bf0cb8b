"""Measures how fast this program is, beside others: `python -m tests.bench.speed`. See README.md here."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.bench import trees
from tests.bench.cases import CASES, OURS, TITLES, OnTree, Options
from tests.bench.peers import INSTALL, find_peers
from tests.bench.table import Line, drawn, judged, ms
from tests.bench.trees import Tree

GROWTH_GOAL = 1.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 whatever the figures are."""
    options = _options().parse_args(arguments)
    if not hasattr(os, "wait4"):
        print("the bench needs a system that tells a child's processor time (os.wait4)", file=sys.stderr)
        return 2
    peers = find_peers(options.peer)
    _say(
        f"load {_load()} on {os.cpu_count()} processors; medians of {options.runs}; Python {sys.version.split()[0]}"
    )
    for name in sorted(INSTALL.keys() - peers.keys()):
        _say(f"{name} is not here, so nothing is compared with it ({INSTALL[name]}, then --peer FOLDER)")
    with tempfile.TemporaryDirectory(prefix="quota-tui-bench-", dir=options.work) as work:
        how = Options(Path(work), options.runs, peers, options.rest_seconds, options.appends, _say)
        measured = []
        for name, tree in _trees(options, Path(work)):
            on_tree = OnTree(name, tree, how)
            on_tree.measure(options.cases)
            measured.append((name, on_tree))
        print(drawn(_by_case(measured)))
    _say(f"load {_load()} at the end")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=__doc__)
    parser.add_argument(
        "--mb", type=float, default=300, help="size of the smaller tree (default: %(default)s)"
    )
    parser.add_argument(
        "--big-mb", type=float, default=3000, help="size of the larger one; 0: none (default: %(default)s)"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each program (default: %(default)s)")
    parser.add_argument(
        "--appends", type=int, default=20, help="lines whose latency is taken (default: %(default)s)"
    )
    parser.add_argument(
        "--rest-seconds", type=float, default=60, help="of the dashboard at rest (default: %(default)s)"
    )
    parser.add_argument(
        "--trees", metavar="DIR", help="use the trees in here, or make them here to use them again"
    )
    parser.add_argument(
        "--tree", action="append", default=[], metavar="NAME", help="of --trees only these, smallest first"
    )
    parser.add_argument(
        "--peer", action="append", default=[], metavar="PATH", help="where a peer is installed; repeatable"
    )
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="measure only these")
    parser.add_argument(
        "--work", metavar="DIR", help="where temporary files go, best on the trees' file system"
    )
    return parser


def _trees(options: argparse.Namespace, work: Path) -> list[tuple[str, Tree]]:
    base = Path(options.trees) if options.trees else work
    names = options.tree or sorted(path.parent.name for path in base.glob("*/.claude.expected.json"))
    if names:
        found = [(name, trees.load(base / name)) for name in names]
        return sorted(found, key=lambda each: each[1].calls)
    made = []
    for mb in filter(None, (options.mb, options.big_mb)):
        name = f"{mb:g}MB"
        _say(f"making a tree of {name}")
        made.append((name, trees.make(base / name, int(mb * 1e6))))
    return made


def _by_case(measured: Sequence[tuple[str, OnTree]]) -> list[Line]:
    """All lines, a case's together, and how our own times grow from one tree to the next."""
    lines = [line for _, on_tree in measured for line in on_tree.lines]
    order = list(dict.fromkeys(line.case for line in lines))
    lines.sort(key=lambda line: order.index(line.case))
    for (small, before), (large, after) in pairwise(measured):
        for case in ("nothing", "appended"):
            if case in before.walls_s and case in after.walls_s:
                growth = after.walls_s[case] / before.walls_s[case]
                told = f"{OURS}: {TITLES[case]}, {ms(before.walls_s[case])} -> {ms(after.walls_s[case])}"
                goal = f"<= {GROWTH_GOAL} x itself"
                line = Line("larger tree", f"{large}/{small}", told, ratio=f"{growth:.2f}", goal=goal)
                lines.append(line._replace(met=judged(growth, GROWTH_GOAL)))
    return lines


def _load() -> str:
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
