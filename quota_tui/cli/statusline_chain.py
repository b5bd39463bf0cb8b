"""The user's own status line, run as Claude Code would run it: their words, their shell, nothing of ours.

It may fail, hang, print without end or never read its input: ours comes out all the same.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

from quota_tui.automation.installed import CHAIN_GUARD

MAX_OUTPUT = 1 << 16
"""Bytes; no status line is longer. The rest is left out."""
_LOOK_S = 0.02
_LAST_BYTES_S = 0.1


class TheirLine:
    """The user's own command under way, so that it works while we do."""

    def __init__(self, command: str, data: bytes) -> None:
        """Start it with `data` on its stdin. Raises OSError."""
        self._output = bytearray()
        self._process = subprocess.Popen(  # noqa: S602 - the user's own command from their own settings
            command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, CHAIN_GUARD: "1"},
            # A group of its own, so that what its shell has started ends with it.
            process_group=None if sys.platform == "win32" else 0,
        )
        # Threads, since either pipe may block for ever; daemons, since then nobody waits for them.
        threading.Thread(target=self._feed, args=(data,), daemon=True).start()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def output(self, timeout_s: float) -> str:
        """What it printed; nothing when it did not end in time (seconds from now)."""
        deadline = time.monotonic() + timeout_s
        while self._reader.is_alive() and time.monotonic() < deadline:
            self._reader.join(_LOOK_S)
            if self._process.poll() is not None:
                # It has ended; something it left running may hold its output open for ever.
                self._reader.join(_LAST_BYTES_S)
                break
        else:
            if self._reader.is_alive():
                self._output.clear()
        self._end()
        return bytes(self._output).decode("utf-8", "replace").rstrip("\n")

    def _feed(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._process.stdin as stdin:  # it may not read its input
            stdin.write(data)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            while len(self._output) < MAX_OUTPUT:
                block = os.read(stdout.fileno(), MAX_OUTPUT - len(self._output))
                if not block:
                    return
                self._output += block

    def _end(self) -> None:
        """Whatever of it still runs was slow, or goes on printing."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0 if len(self._output) == MAX_OUTPUT else _LAST_BYTES_S)
            return
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
