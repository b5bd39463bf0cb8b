"""A small program in place of `claude`: writes the live-session file the real one writes, and stays.

What it was given goes, one JSON line a start, into $STARTS. `CLIENT_DOES` says what is different: "die"
(ends at once, nothing written), "silent" (runs, writes nothing), "transcript" (writes that and ends).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

SCRIPT = f"#!{sys.executable}\nimport runpy, sys\nrunpy.run_path({__file__!r}, run_name='__main__')\n"


def install(folder: Path) -> Path:
    """Put it into `folder` as `claude`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "claude"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


def start_mark() -> str:
    try:
        stat = Path("/proc/self/stat").read_text()
    except OSError:
        return ""
    return stat[stat.rfind(")") + 2 :].split()[19]


def main() -> None:
    argv = sys.argv[1:]
    config = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    does = os.environ.get("CLIENT_DOES", "")
    session = argv[argv.index("--session-id") + 1]
    with open(os.environ["STARTS"], "a", encoding="utf-8") as file:
        file.write(
            json.dumps({"argv": argv, "cwd": os.getcwd(), "pid": os.getpid(), "env": dict(os.environ)}) + "\n"
        )
    if does == "die":
        sys.exit(1)
    if does == "transcript":
        folder = config / "projects" / "-somewhere"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{session}.jsonl").write_text("{}\n")
        return
    if does != "silent":
        folder = config / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{os.getpid()}.json"
        made = folder / f".{os.getpid()}.new"
        now = {"pid": os.getpid(), "sessionId": session, "cwd": os.getcwd(), "startedAt": time.time() * 1000}
        made.write_text(
            json.dumps({**now, "procStart": start_mark(), "kind": "interactive", "entrypoint": "cli"})
        )
        made.replace(file)
    signal.alarm(120)  # whatever becomes of the test, this ends
    signal.pause()


if __name__ == "__main__":
    main()
