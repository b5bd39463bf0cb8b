"""A desktop notification from a process of its own, for callers that must not wait.

The text goes through a pipe, not through argv, where every user of the machine could read it.
"""

from __future__ import annotations

import json
import subprocess
import sys

from quota_tui.automation.notify import RungName, notification_rung, send_desktop


def notify_later(title: str, text: str) -> bool:
    """Start the process; False where no desktop notification can be shown."""
    if notification_rung(is_tty=False).name is not RungName.DESKTOP:
        return False
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(json.dumps([title, text]).encode())
    return True


if __name__ == "__main__":
    send_desktop(*json.load(sys.stdin))
