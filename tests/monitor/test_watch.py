"""Changes on disk are told, and only those that matter."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from quota_tui.monitor.refresh import Changes
from quota_tui.monitor.watch import watch
from tests.conftest import NOW
from tests.lines import append, line, write_transcript
from tests.monitor.rig import monitor, paths, tell, work


class Watcher:
    """Watches in a thread; `next` waits for the next change that is told."""

    def __init__(self, roots: list[str], folders: list[str], journal: str) -> None:
        self.changes = Changes()
        self.failure: BaseException | None = None
        self._told = threading.Semaphore(0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(roots, folders, journal))
        self._thread.start()

    def _run(self, roots: list[str], folders: list[str], journal: str) -> None:
        try:
            for _ in watch(roots, folders, journal, self.changes, self._stop):
                self._told.release()
        except Exception as error:  # noqa: BLE001 - the tests tell it
            self.failure = error

    def next(self, seconds: float = 20.0) -> tuple[bool, set[str]]:
        assert self._told.acquire(timeout=seconds), "nothing was told"
        return self.changes.take()

    def until(self, path: Path, content: str) -> None:
        """Append until a change of `path` is told: it takes a moment until the system watches."""
        for _ in range(100):
            append(path, content)
            if self._told.acquire(timeout=0.2) and str(path) in self.changes.take()[1]:
                return
        pytest.fail("no change was told")

    def quiet(self, seconds: float = 0.25) -> bool:
        return not self._told.acquire(timeout=seconds)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def watched(home: Path) -> Iterator[tuple[Watcher, Path]]:
    path = work(home, calls=3)
    tell(5)
    sessions = home / ".claude" / "sessions"
    sessions.mkdir()
    watcher = Watcher(
        [str(home / ".claude" / "projects"), str(home / "nowhere")], [str(sessions)], str(paths().journal_db)
    )
    watcher.until(path, "\n")
    while not watcher.quiet():
        pass
    watcher.changes.take()
    yield watcher, path
    watcher.close()


def test_a_line_in_a_transcript_is_told_with_its_path(home: Path, watched: tuple[Watcher, Path]) -> None:
    watcher, path = watched
    append(path, line("n", "n") + "\n")
    assert watcher.next() == (False, {str(path)})


def test_a_new_transcript_in_a_new_folder_is_told(home: Path, watched: tuple[Watcher, Path]) -> None:
    watcher, _ = watched
    path = write_transcript(home, [line()], "-home-dev-new/s9/subagents/agent-1.jsonl")
    assert watcher.next()[0]  # no single path: the system watches a new folder from then on only
    watcher.until(path, "\n")


def test_readings_and_sessions_are_told_without_a_path(home: Path, watched: tuple[Watcher, Path]) -> None:
    watcher, _ = watched
    tell(99, session="another")
    assert watcher.next() == (False, set())
    while not watcher.quiet():
        pass
    (home / ".claude" / "sessions" / "123.json").write_text("{}")
    assert watcher.next() == (False, set())


def test_what_does_not_matter_is_not_told(home: Path, watched: tuple[Watcher, Path]) -> None:
    watcher, path = watched
    (path.parent / "notes.txt").write_text("x")
    (home / ".claude" / "sessions" / "123.key").write_text("secret")
    (paths().data_dir / "history.db-wal").write_text("x")
    assert watcher.quiet(0.5)
    assert watcher.failure is None


def test_a_folder_that_vanishes_does_not_end_the_watch(home: Path, watched: tuple[Watcher, Path]) -> None:
    watcher, _ = watched
    shutil.rmtree(home / ".claude" / "projects" / "-home-dev-api")
    path = write_transcript(home, [line("n", "n")], "-home-dev-other/s2.jsonl")
    watcher.until(path, "\n")
    assert watcher.failure is None


def test_a_folder_that_appears_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quota_tui.monitor.watch._NO_FOLDER_S", 0.05)
    watcher = Watcher([str(home / ".claude" / "projects")], [], "")
    assert watcher.quiet(0.2)
    path = write_transcript(home, [line()])
    assert watcher.next()[0]
    watcher.until(path, "\n")
    watcher.close()
    assert watcher.failure is None


def test_once_in_a_while_everything_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quota_tui.monitor.watch.LOOK_AGAIN_MS", 100)
    work(home)
    late = home / "late"
    watcher = Watcher([str(home / ".claude" / "projects"), str(late)], [], "")
    assert watcher.next() == (True, set())
    path = late / "s.jsonl"
    late.mkdir()
    watcher.until(path, line() + "\n")  # folders that have appeared are watched, too
    watcher.close()
    assert watcher.failure is None


def test_a_monitor_watches_its_own_places(home: Path) -> None:
    path = work(home)
    with monitor() as running:
        running.collect(NOW)
        stop = threading.Event()
        told = threading.Event()

        def look() -> None:
            for _ in running.watch(stop):
                told.set()

        thread = threading.Thread(target=look)
        thread.start()
        for number in range(100):
            append(path, line(f"n{number}", "n", at=NOW) + "\n")
            if told.wait(0.2):
                break
        stop.set()
        thread.join(20)
        assert running.collect(NOW).sources.calls > 60
