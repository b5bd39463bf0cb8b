"""What is looked at before a launch: trust, the handoff's file, the quota, agents, other sessions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from quota_tui.automation import handoff_file
from quota_tui.automation.checks import client_of, glance, look
from quota_tui.automation.quota_facts import quota_facts
from quota_tui.automation.trust import is_trusted
from quota_tui.config import Readings, Settings
from quota_tui.core.jobs.decide import decide
from quota_tui.core.snapshot import Basis
from quota_tui.store.handoffs import HandoffError
from quota_tui.store.paths import claude_config_dirs, our_paths
from tests.automation.world_rig import Rig, furnish, rig, window
from tests.conftest import NOW
from tests.lines import line, write_transcript
from tests.sources.git_repo import Repo


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.delenv("QUOTA_TUI_NOW")
    furnish(home)
    with rig(home) as made:
        yield made


# -- trust


def trust(home: Path, folders: dict[str, object]) -> None:
    (home / ".claude.json").write_text(json.dumps({"oauthAccount": {"x": 1}, "projects": folders}))


def test_a_folder_is_trusted_or_not_or_nobody_knows(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert is_trusted("/home/dev/api", env) is None
    trust(tmp_path, {"/home/dev/api": {"hasTrustDialogAccepted": True, "other": []}, "/x": {}})
    assert is_trusted("/home/dev/api", env) is True
    assert is_trusted("/home/dev/api/sub", env) is True
    assert is_trusted("/home/dev", env) is False
    assert is_trusted("/x", env) is False
    (tmp_path / "claude").mkdir()
    env["CLAUDE_CONFIG_DIR"] = str(tmp_path / "claude")
    assert is_trusted("/home/dev/api", env) is None


@pytest.mark.parametrize("content", ["", "[]", '{"projects": []}', '{"projects": {"/x": 3}}', "[" * 5000])
def test_a_file_that_is_not_as_expected_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / ".claude.json").write_text(content)
    assert is_trusted("/x", {"HOME": str(tmp_path)}) is None


# -- the handoff's file


def test_handoffs_are_found_by_what_a_person_types(here: Rig) -> None:
    first = here.handoff()
    claude = here.world.claude_dir
    for word in ("latest", "", first.id, first.id[-8:]):
        assert handoff_file.find(word, claude).id == first.id
    path = handoff_file.find("latest", claude).path
    assert handoff_file.find(str(path), claude).handoff.title == "Finish the parser"
    for word in ("zzz", "../x", "/no/such.md"):
        with pytest.raises(HandoffError):
            handoff_file.find(word, claude)
    with pytest.raises(HandoffError, match="of /other yet"):
        handoff_file.find("latest", claude, "/other")


def test_what_is_no_handoff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert handoff_file.read(tmp_path / "none.md") == (None, "it is gone")
    assert handoff_file.read(tmp_path)[0] is None
    (tmp_path / "a.md").write_text(" \n")
    assert handoff_file.read(tmp_path / "a.md") == (None, "it is empty")
    (tmp_path / "b.md").write_bytes(b"\xff\xfe# \x00")
    assert handoff_file.read(tmp_path / "b.md")[0] is not None
    monkeypatch.setattr(handoff_file, "MAX_BYTES", 3)
    assert "larger than" in handoff_file.read(tmp_path / "b.md")[1]
    assert handoff_file.read(Path("a\0b"))[0] is None


# -- the quota


def test_the_quota_is_looked_at_without_spending(home: Path) -> None:
    write_transcript(home, [line(at=NOW - timedelta(minutes=30), session="s1")])
    found = quota_facts(Settings(), our_paths(), claude_config_dirs(), NOW)
    assert found.snapshot is not None
    assert found.used_tokens == {"s1": 60}
    assert found.problem == ""


def test_files_that_cannot_be_used_make_it_unknown(
    here: Rig, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("quota_tui.monitor.monitor.Monitor.collect", broken)
    found = quota_facts(Settings(), our_paths(), claude_config_dirs(), NOW)
    assert found.problem == "the quota could not be looked at (disk I/O error)"
    facts = look(here.job(), here.other(quota=lambda now: found), here.clock())
    assert facts.readiness.word == "UNKNOWN"
    assert "disk I/O error" in facts.readiness.why


# -- all of it


def test_everything_is_looked_at(here: Rig) -> None:
    repo = Repo(here.home / "api")
    repo.git("init", "-q", "-b", "trunk")
    repo.commit("first", name="a.txt")
    (here.home / "api" / "a.txt").write_text("2\n2\n")
    (here.home / "api" / "b.txt").write_text("new")
    trust(here.home, {str(here.home / "api"): {"hasTrustDialogAccepted": True}})
    job = here.job(agent="nobody", branch="main")
    other = here.job(id="web-1", project="/web")
    resets_at = here.clock() + timedelta(hours=2)
    facts = look(job, here.other(quota=lambda now: window(40, resets_at)), here.clock())
    assert facts.readiness.word == "WAITING"
    assert facts.reset_is_reported
    assert facts.resets_at == resets_at
    assert facts.project_exists
    assert facts.branch_now == "trunk"
    assert facts.dirty_files == 2
    assert facts.handoff_readable
    assert facts.agent_exists is False
    assert facts.trusted is True
    assert facts.client == str(here.home / "bin" / "claude")
    assert facts.other_jobs == (other,)
    assert not facts.mine
    assert facts.holder_alive is None
    assert facts.proof == ""


def test_a_glance_sees_who_has_it(here: Rig) -> None:
    job = here.job(claim=here.world.holder)
    assert glance(job, here.world).mine
    assert glance(job, here.world).holder_alive is True


def test_how_much_must_be_left_is_the_jobs_word(here: Rig) -> None:
    job = here.job(ready_pct=30)
    assert look(job, here.other(quota=lambda now: window(40)), here.clock()).readiness.word == "READY"


def test_which_client(here: Rig) -> None:
    found, other = here.home / "bin" / "claude", here.home / "old"
    other.touch(0o755)
    assert client_of(here.job(id="a-1", client=str(other)), here.world) == str(other)
    gone = here.job(id="b-1", project="/b", client="/gone/claude")
    assert client_of(gone, here.world) == str(found)
    chosen = here.other(settings=Settings(readings=Readings(client=str(other))))
    assert client_of(gone, chosen) == str(other)
    missing = here.other(settings=Settings(readings=Readings(client="/gone/claude")))
    assert client_of(gone, missing) == ""  # the person named one: no other is run


def test_a_week_that_is_used_up_is_waited_for_until_its_own_reset(here: Rig) -> None:
    """Not half an hour at a time until the tries are used up."""
    now = here.clock()
    resets_at = now + timedelta(days=2)
    found = window(100.0, None)
    assert found.snapshot is not None
    week = msgspec.structs.replace(
        found.snapshot.weekly,
        used_pct=99.0,
        remaining_pct=1.0,
        resets_at=resets_at,
        reset_is_reported=True,
        basis=Basis.OFFICIAL,
    )
    snapshot = msgspec.structs.replace(found.snapshot, weekly=week)
    world = here.other(quota=lambda _: msgspec.structs.replace(found, snapshot=snapshot))
    job = here.job()
    decision = decide(job, look(job, world, now), now)
    assert decision.act == "wait"
    assert decision.until is not None
    assert resets_at < decision.until < resets_at + timedelta(minutes=5)
