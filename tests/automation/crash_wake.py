"""A wake, or a client in its terminal, in a process of its own, killed at one step: `HOME what STEP`.

`what` is "wake" or "client"; the job is api-1. At STEP ("" for none) the process kills itself with SIGKILL;
with "full:STEP" the disk is full from there on; with "wait" it says so and waits for a line before it begins.
Every step is written to HOME/steps.txt.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from quota_tui.automation.client_exec import run_client
from quota_tui.automation.wake import wake
from tests.automation.world_rig import Clock, rig


def fill_disk() -> None:
    """From here on no file of this process can grow: every write fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def stepper(home: Path, wanted: str) -> Callable[[str], None]:
    full, _, at = wanted.rpartition(":")
    log = os.open(home / "steps.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def step(name: str) -> None:
        if name == at and full:
            fill_disk()
        elif name == at:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            try:
                os.write(log, f"{name}\n".encode())
            except OSError:
                return  # the disk is full

    return step


def main() -> None:
    home, what, wanted = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    crash_client = os.environ.get("CRASH_CLIENT", "")
    program = (sys.executable, "-m", "tests.automation.crash_wake", str(home), "client", crash_client)
    if what == "client":
        program, wanted = (), sys.argv[3]
        os.chdir(home)
    clock = Clock(nap_s=float(os.environ.get("NAP_S", "0.02")))
    program = program if crash_client else ()
    with rig(home, clock=clock, step=stepper(home, wanted), program=program) as here:
        if what == "client":
            sys.exit(run_client("api-1", here.world))
        if "wait" in sys.argv[4:]:
            print("ready", flush=True)
            sys.stdin.readline()
        if wanted == "full:begin":
            fill_disk()
        woken = wake("api-1", here.world)
        print(woken.outcome, woken.text, flush=True)


if __name__ == "__main__":
    main()
