"""Drafts: what was typed comes back, and no form writes over another's."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from quota_tui.core.handoff import Handoff
from quota_tui.store import drafts
from quota_tui.store.drafts import Draft
from quota_tui.store.files import StoreError
from quota_tui.store.handoffs import Handoffs, Saved
from tests.store.test_handoffs import NOW, WORK, names, of


def test_a_draft_comes_back(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        assert draft.load() is None
        draft.save(Handoff(title="half a ti"))
        draft.save(WORK)
    with Draft(tmp_path, "/q") as other:
        assert other.load() is None, "of another project"
    with Draft(tmp_path, "/p/") as draft:
        assert draft.load() == WORK
        draft.discard()
        assert draft.load() is None
        draft.discard()
    assert names(tmp_path / "session-handoffs") == []


def test_a_draft_is_no_handoff(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.save(WORK)
        assert Handoffs(tmp_path).ids() == []


def test_drafts_keep_what_was_typed_as_it_was(tmp_path: Path) -> None:
    typed = Handoff(
        title=" \u202ex",
        instructions="---\n\r\n```\n",
        extra_front=(("a", "b"),),
        commands=("PASSWORD=hunter22",),
    )
    with Draft(tmp_path, "/p") as draft:
        draft.save(typed)
        assert draft.load() == typed, "also secrets: they are masked when it is saved"


def test_a_second_form_takes_another_slot(tmp_path: Path) -> None:
    first, second = Draft(tmp_path, "/p"), Draft(tmp_path, "/p")
    assert first.path != second.path
    first.save(Handoff(title="first"))
    second.save(Handoff(title="second"))
    assert (first.load(), second.load()) == (Handoff(title="first"), Handoff(title="second"))
    second.close()
    with Draft(tmp_path, "/p") as third:
        assert third.load() == Handoff(title="second"), "the draft nobody works on"
        third.discard()
    first.close()
    with Draft(tmp_path, "/p") as fourth:
        assert fourth.load() == Handoff(title="first")


def test_without_locks_nobody_writes_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "locked", lambda *_: contextlib.nullcontext())
    one, two = Draft(tmp_path, "/p"), Draft(tmp_path, "/p")
    one.save(Handoff(title="one"))
    two.save(Handoff(title="two"))
    one.save(Handoff(title="one, more"))
    assert (one.load(), two.load()) == (Handoff(title="one, more"), Handoff(title="two"))


def test_too_many_forms_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_SLOTS", 2)
    with (
        Draft(tmp_path, "/p"),
        Draft(tmp_path, "/p"),
        pytest.raises(StoreError, match="forms are open already"),
    ):
        Draft(tmp_path, "/p")


def test_published(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.save(Handoff(title="half"))
        saved = draft.publish(of("/p", title="whole"), NOW)
        assert isinstance(saved, Saved)
        assert draft.load() is None
    assert Handoffs(tmp_path).load(saved.id).handoff.title == "whole"
    assert names(tmp_path / "session-handoffs") == [saved.path.name]


def test_a_failed_publish_keeps_the_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("write", tmp_path, OSError(28, "full"))

    with Draft(tmp_path, "/p") as draft:
        with monkeypatch.context() as patched:
            patched.setattr(Handoffs, "save", fail)
            with pytest.raises(StoreError):
                draft.publish(WORK, NOW)
        assert draft.load() == WORK


def test_an_old_handoff_with_the_same_words_does_not_hide_a_new_draft(tmp_path: Path) -> None:
    with Draft(tmp_path, "/p") as draft:
        draft.publish(of("/p", title="same"), NOW)
        draft.save(of("/p", title="same", decisions=("one more",)))
        assert draft.load() == of("/p", title="same", decisions=("one more",))
