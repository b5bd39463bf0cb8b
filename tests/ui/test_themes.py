from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from quota_tui.core.snapshot import ZoneName
from quota_tui.ui.themes import ORDER, THEMES, pick_theme, variables_for
from tests.ui.stage import dashboard, make, text, until

OURS = {theme.name: theme for theme in THEMES}


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in Color.parse(colour).normalized
        ]
        return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "least"), [("dark", 4.5), ("light", 4.5), ("contrast", 7.0)])
def test_every_text_can_be_read(name, least):
    theme = OURS[name]
    texts = {key: value for key, value in theme.variables.items() if key.startswith(("zone-", "text-"))}
    texts |= {"foreground": theme.foreground, "accent": theme.accent}
    for key, colour in texts.items():
        for ground in (theme.background, theme.panel):
            assert contrast(colour, ground) >= least, f"{key} on {ground} in {name}"


def test_every_theme_knows_every_zone():
    wanted = {f"zone-{zone.value}" for zone in ZoneName} | {"text-soft", "rule"}
    for theme in THEMES:
        assert set(theme.variables) == wanted
        assert not theme.ansi
    assert set(variables_for(dark=True)) == set(variables_for(dark=False)) == wanted
    assert tuple(OURS) == ORDER


def test_picking_a_theme():
    known = OURS | BUILTIN_THEMES
    assert pick_theme("light", known, no_color=False) == ("light", "")
    assert pick_theme("nord", known, no_color=True) == ("nord", "")
    assert pick_theme("nrod", known, no_color=False)[0] == "dark"
    assert 'no theme "nrod"' in pick_theme("nrod", known, no_color=False)[1]
    ansi = [each for each in BUILTIN_THEMES.values() if each.ansi]
    assert ansi
    for theme in ansi:
        assert pick_theme(theme.name, known, no_color=False)[0] == theme.name
        assert pick_theme(theme.name, known, no_color=True)[0] == ("dark" if theme.dark else "light")


async def test_the_theme_key_goes_round():
    async with dashboard() as (app, pilot, _):
        seen = [app.theme]
        for _ in ORDER:
            await pilot.press("t")
            seen.append(app.theme)
        assert seen == ["dark", "light", "contrast", "dark"]


@pytest.mark.parametrize("name", ["nord", "textual-light", "textual-ansi"])
async def test_themes_that_do_not_know_our_colours_work(name):
    if name not in BUILTIN_THEMES:
        name = next(each.name for each in BUILTIN_THEMES.values() if each.ansi)
    async with dashboard(display={"theme": name}) as (app, _, _):
        assert "▲ DANGER" in text(app)
        assert app.theme == name


async def test_an_unknown_theme_is_told():
    async with dashboard(display={"theme": "nrod"}) as (app, _, _):
        assert 'no theme "nrod"; using dark' in text(app)


async def test_an_unknown_time_zone_is_told():
    async with dashboard(display={"timezone": "Mars/Olympus"}) as (app, _, _):
        assert 'no time zone "Mars/Olympus"' in text(app)


async def test_no_color_takes_every_colour_away(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = make()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "▲ DANGER" in text(app))
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(app._filters[-1], Color.parse("black")):
                for colour in filter(None, (segment.style.color, segment.style.bgcolor)):
                    red, green, blue = colour.get_truecolor()
                    assert red == green == blue
        assert app.get_css_variables()["zone-danger"] == app.get_css_variables()["foreground"]


async def test_the_ascii_face_draws_only_ascii():
    async with dashboard(display={"ascii": True}) as (app, _, _):
        assert text(app).isascii()
        assert "! DANGER" in text(app)
        assert "+- 1 Quota" in text(app)


async def test_the_twelve_hour_clock_and_another_zone():
    async with dashboard(display={"clock": "12h", "timezone": "Europe/Berlin"}) as (app, _, _):
        assert "resets 7:40pm" in text(app)
        assert "6:34pm" in text(app).splitlines()[0]
