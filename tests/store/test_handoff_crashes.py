"""Killed at every write, and two programs at once: nothing is torn, lost or there twice."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from quota_tui.core.handoff import Handoff
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs
from tests.store.test_handoffs import NOW, WORK, names, posix, store

__all__ = ["store"]


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.handoff import Handoff
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs
what, when, name, count, config = sys.argv[1:]
real, left = getattr(os, name), [int(count)]
def dead(*args, **kwargs):
    left[0] -= 1
    if left[0] == 0 and when == "before":
        os._exit(9)
    result = real(*args, **kwargs)
    if left[0] == 0:
        os._exit(9)
    return result
now = datetime(2026, 11, 20, 17, 31, tzinfo=UTC)
new = Handoff(title="new", from_session="0748c499", project="/p", instructions="x" * 50_000)
if what == "save":
    setattr(os, name, dead)
    Handoffs(Path(config)).save(new, now)
else:
    draft = Draft(Path(config), "/p")
    draft.load()
    setattr(os, name, dead)
    draft.save(new) if what == "draft" else draft.publish(new, now)
"""
STEPS = [(when, name) for name in ("open", "fsync", "replace", "unlink") for when in ("before", "after")]


def killed(what: str, when: str, name: str, count: int, config: Path) -> bool:
    """Run until the step and die there; whether it came to it."""
    command = [sys.executable, "-c", KILLED, what, when, name, str(count), str(config)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


def until_the_end(what: str, tmp_path: Path) -> list[Path]:
    """A folder for each step at which the program was killed: all there are."""
    found = []
    for when, name in STEPS:
        for count in range(1, 20):
            config = tmp_path / f"{when}-{name}-{count}"
            config.mkdir()
            old = Handoff(title="old", from_session="old", project="/p")
            Handoffs(config).save(old, NOW - timedelta(hours=1))
            with Draft(config, "/p") as draft:
                draft.save(Handoff(title="draft"))
            if not killed(what, when, name, count, config):
                break
            found.append(config)
    return found


@posix
@pytest.mark.slow
def test_killed_at_every_write_a_handoff_is_whole_or_not_there(tmp_path: Path) -> None:
    survivors = until_the_end("save", tmp_path)
    assert len(survivors) >= 8
    seen = set()
    for config in survivors:
        store = Handoffs(config)
        found = list(store.entries())
        seen.add(len(found))
        assert found[-1].handoff.title == "old"
        for entry in found[:-1]:
            assert (entry.handoff.title, len(entry.handoff.instructions), entry.notes) == ("new", 50_000, ())
        saved = store.save(WORK, NOW)
        assert store.load(saved.id).handoff == saved.handoff, "the next program is not in anybody's way"
        with Draft(config, "/p") as draft:
            assert draft.load() == Handoff(title="draft")
    assert seen == {1, 2}


@posix
@pytest.mark.slow
def test_killed_at_every_write_a_draft_is_the_old_or_the_new(tmp_path: Path) -> None:
    survivors = until_the_end("draft", tmp_path)
    assert len(survivors) >= 6
    seen = set()
    for config in survivors:
        with Draft(config, "/p") as draft:
            typed = draft.load()
            assert typed is not None
            assert typed.title == "draft" or len(typed.instructions) == 50_000
            seen.add(typed.title)
            draft.save(WORK)
            assert draft.load() == WORK
    assert seen == {"draft", "new"}


@posix
@pytest.mark.slow
def test_killed_at_every_step_of_publishing_nothing_is_lost_or_there_twice(tmp_path: Path) -> None:
    survivors = until_the_end("publish", tmp_path)
    assert len(survivors) >= 12
    seen = set()
    for config in survivors:
        saved = [entry for entry in Handoffs(config).entries() if entry.handoff.title == "new"]
        with Draft(config, "/p") as draft:
            typed = draft.load()
        left = typed.title if typed else ""
        assert (len(saved), left) in {(0, "draft"), (0, "new"), (1, "")}
        seen.add((len(saved), left))
    assert len(seen) == 3


SAVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.core.handoff import Handoff
from quota_tui.store.drafts import Draft
from quota_tui.store.handoffs import Handoffs
store, who = Handoffs(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
with Draft(Path(sys.argv[1]), "/p") as draft:
    for at in range(25):
        handoff = Handoff(title=f"{who}{at}", from_session="0748c499", project="/p", instructions=who * 20_000)
        draft.save(handoff)
        assert draft.load().title == handoff.title
        store.save(handoff, datetime(2026, 11, 20, 17, 31, tzinfo=UTC))
    print("done", flush=True)
    sys.stdin.readline()
"""


def test_two_dashboards_save_and_draft_at_once(store: Handoffs) -> None:
    config = store.folder.parent
    command = [sys.executable, "-c", SAVER, str(config)]
    both = [subprocess.Popen([*command, who], stdin=-1, stdout=-1, text=True) for who in "ab"]
    for word in ("ready", "done"):
        for program in both:
            assert program.stdout
            assert program.stdin
            assert program.stdout.readline().strip() == word
        if word == "ready":
            for program in both:
                program.stdin.write("go\n")
                program.stdin.flush()
    with Draft(config, "/p") as third:
        assert third.load() is None, "both others still hold theirs"
    for program in both:
        program.communicate("end\n")
        assert program.returncode == 0
    found = list(store.entries())
    assert len(found) == 50
    assert {entry.handoff.title for entry in found} == {f"{who}{at}" for who in "ab" for at in range(25)}
    assert all(set(entry.handoff.instructions) == {entry.handoff.title[0]} for entry in found)
    assert not [name for name in names(store.folder) if "quota-tui" in name or name.endswith(".lock")]
