"""One dashboard, resized through every kind of terminal: nothing breaks and the key numbers stay."""

from __future__ import annotations

import pytest

from tests.ui.scenes import SCENES
from tests.ui.stage import dashboard, lines, text, until

SIZES = [
    (30, 8), (24, 4), (46, 16), (46, 40), (60, 20), (79, 24), (80, 18), (80, 24), (100, 30), (109, 17),
    (110, 12), (110, 24), (150, 10), (160, 45), (200, 60), (20, 3), (12, 1), (30, 60), (200, 4),
]  # fmt: skip


@pytest.mark.parametrize("scene", ["working", "guess", "limit_hit", "week_binds", "crowded"])
async def test_the_number_is_there_at_every_size(scene):
    number = {"guess": "≈63", "limit_hit": "100"}.get(scene, "≈81")
    async with dashboard(SCENES[scene]) as (app, pilot, _):
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda size=(width, height): app.screen.size == size)
            await pilot.pause()
            shown = lines(app)
            assert len(shown) == height
            whole = text(app)
            leading = "92" if scene in {"week_binds", "crowded"} and (width < 80 or height < 18) else number
            assert number in whole or leading in whole, f"{width}x{height}\n{whole}"


@pytest.mark.parametrize("scene", ["working", "unlimited", "nothing", "crowded"])
@pytest.mark.parametrize("size", [(1, 1), (24, 5), (120, 40)])
async def test_extreme_sizes_are_no_error(scene, size):
    async with dashboard(SCENES[scene], size=size) as (app, pilot, _):
        for key in ("2", "z", "z", "w", "t", "tab", "3", "3"):
            await pilot.press(key)
        await pilot.pause()
        assert app.is_running
        assert len(lines(app)) == size[1]


async def test_a_split_of_forty_by_twelve():
    async with dashboard(size=(40, 12)) as (app, _, _):
        shown = [line.rstrip() for line in lines(app)]
        assert shown[0].startswith("▲ DANGER ≈81 %")
        assert shown[2] == "162k used · ≈38k left · ≈97 % at reset"
        assert shown[3] == "fused: status line 10 s ago + 1.2k"
        assert any(line.startswith("90 %") for line in shown)
        assert shown[-1] == " p plan  a automation  n next phase"
