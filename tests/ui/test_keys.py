from __future__ import annotations

import pytest

from quota_tui.ui.keys import (
    ALL_BINDINGS,
    FOOTER,
    HELP_BINDINGS,
    HISTORY_BINDINGS,
    shown_key,
    shown_keys,
    split_keymap,
)
from quota_tui.ui.rows import plain, width_of
from quota_tui.ui.screens.help import rows
from tests.core.test_text import ASCII, FACE
from tests.ui.stage import dashboard, text, until, until_shown


def test_every_key_has_an_id_and_says_what_it_does():
    every = (*ALL_BINDINGS, *HISTORY_BINDINGS, *HELP_BINDINGS)
    ids = [each.id for each in every]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert all(each.tooltip for each in every)
    assert {"1", "2", "3", "4", "5", "z", "h", "w", "r", "t", "question_mark", "ctrl+p", "q", "p", "a"} <= {
        each.key for each in ALL_BINDINGS
    }
    assert set(FOOTER) <= set(ids)


@pytest.mark.parametrize(
    ("key", "shown"),
    [("ctrl+p", "^p"), ("question_mark", "?"), ("escape,q", "esc"), ("H", "H"), ("f5", "f5")],
)
def test_keys_as_a_person_writes_them(key, shown):
    assert shown_key(key) == shown


def test_rebinding_keeps_what_exists_and_names_what_does_not():
    good, notices = split_keymap({"history": "H", "hsitory": "X", "zoom": " "})
    assert good == {"history": "H"}
    assert notices == ['keys: no action "hsitory"; the help screen lists them']
    assert shown_keys(good)["history"] == "H"
    assert shown_keys(good)["zoom"] == "z"


def test_two_actions_on_one_key_are_told():
    _, notices = split_keymap({"history": "?"})
    assert notices == ['keys: "history" and "help" both want ?']
    assert split_keymap({"history": "z", "zoom": "h"})[1] == []


async def test_a_rebound_key_works_and_the_old_one_does_not():
    async with dashboard(keys={"history": "H", "nonsense": "x"}) as (app, pilot, _):
        assert '! keys: no action "nonsense"' in text(app)
        assert "H history" in text(app)
        await pilot.press("h")
        await pilot.pause()
        assert "2 Burn rate" in text(app)
        await pilot.press("H")
        await until_shown(pilot, "1 day")


async def test_keys_of_the_history_can_be_rebound_too():
    async with dashboard(keys={"history.model": "m"}) as (app, pilot, _):
        assert "no action" not in text(app)
        await pilot.press("h", "m")
        await until_shown(pilot, "opus-5")


async def test_the_title_of_a_pane_names_its_key():
    async with dashboard(keys={"pane_quota": "f1"}) as (app, _, _):
        assert "f1 Quota" in text(app)


async def test_help_lists_the_keys_in_force_and_scrolls():
    async with dashboard(size=(100, 24), keys={"history": "H"}) as (app, pilot, _):
        await pilot.press("question_mark")
        await until_shown(pilot, "Use by day, model, project and window")
        (line,) = [each for each in text(app).splitlines() if "Use by day" in each]
        assert line.split()[1] == "H"
        assert line.split()[-2] == "history"
        await pilot.press("pagedown", "pagedown", "end")
        await until_shown(pilot, "EMERGENCY")
        await pilot.press("escape")
        await until(pilot, lambda: "2 Burn rate" in text(app))


@pytest.mark.parametrize("width", [30, 40, 60, 80, 103])
@pytest.mark.parametrize("face", [FACE, ASCII], ids=["unicode", "ascii"])
def test_help_fits_its_width(width, face):
    made = rows(shown_keys({}), face, width)
    assert all(width_of(line) <= width for line in made)
    assert all(plain(line).isascii() for line in made) or not face.ascii
    whole = "\n".join(plain(line) for line in made)
    assert all((each.tooltip.split()[-1]) in whole for each in ALL_BINDINGS)
    assert "95 % and more" in whole
