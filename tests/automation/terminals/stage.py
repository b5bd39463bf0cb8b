"""Stand-ins for terminal programs, and how the tests wait."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

HOSTILE = "a'; touch pwned; ' #{pid} #(touch pwned2) $HOME `touch pwned3` #[fg=red] %H\n--x;"
ARGV = ("/opt/python 3/bin/python", "-P", "-m", "quota_tui", "automation", "client", "api-1")

RECORDER = """\
#!{python} -IS
import json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
name = os.path.basename(__file__)
call = dict(name=name, argv=sys.argv[1:], env=dict(os.environ), cwd=os.getcwd())
with open(os.path.join(here, "calls.jsonl"), "a") as file:
    file.write(json.dumps(call) + "\\n")
try:
    with open(os.path.join(here, name + ".says")) as file:
        says = json.load(file)
except FileNotFoundError:
    says = {{}}
word = sys.argv[1] if len(sys.argv) > 1 else ""
says = says.get(word, says.get("", {{}}))
sys.stdout.write(says.get("out", ""))
sys.stderr.write(says.get("err", ""))
sys.exit(says.get("code", 0))
"""


def until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        pause.wait(0.02)


class StandIns:
    """Programs on a PATH of their own that record how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, *names: str) -> None:
        for name in names:
            path = self.folder / name
            path.write_text(RECORDER.format(python=sys.executable))
            path.chmod(0o755)

    def says(self, name: str, first_word: str = "", **said: object) -> None:
        """What it does when its first argument is that; "" for any other."""
        path = self.folder / f"{name}.says"
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | {first_word: said}))

    @property
    def calls(self) -> list[dict]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def tmux(*words: str, env: dict[str, str]) -> str:
    command = ["tmux", "-u", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def settled(env: dict[str, str]) -> bool:
    """Always true; lets tmux notice that a pane's program has ended.

    A tmux with utempter (3.3a in Debian) can miss it while it writes to utmp, until another child of it ends.
    """
    subprocess.run(["tmux", "run-shell", "-b", "true"], env=env, capture_output=True, timeout=20, check=False)
    return True
