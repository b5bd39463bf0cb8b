"""Our three themes, and what any other theme lacks: zone colours, a soft text, a rule.

Text colours keep a contrast of at least 4.5 to 1 on their background (7 to 1 in "contrast"), measured
in the tests; zones are told by glyph and word too, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

ORDER = ("dark", "light", "contrast")
"""The themes the theme key goes through."""

_DARK = {
    "text-soft": "#9aa5b3",
    "rule": "#3b4450",
    "zone-fresh": "#6cb6e0",
    "zone-excellent": "#57c39a",
    "zone-good": "#86c166",
    "zone-moderate": "#dcb944",
    "zone-danger": "#f0934a",
    "zone-critical": "#f8775f",
    "zone-emergency": "#ff6b8a",
    "zone-unknown": "#9aa5b3",
}
_LIGHT = {
    "text-soft": "#565f6b",
    "rule": "#c3c8cf",
    "zone-fresh": "#075f93",
    "zone-excellent": "#0a6b45",
    "zone-good": "#3a6a10",
    "zone-moderate": "#775400",
    "zone-danger": "#9c4300",
    "zone-critical": "#b02318",
    "zone-emergency": "#a8003f",
    "zone-unknown": "#565f6b",
}
_CONTRAST = {
    "text-soft": "#d6d6d6",
    "rule": "#8a8a8a",
    "zone-fresh": "#7fd4ff",
    "zone-excellent": "#5cf2b8",
    "zone-good": "#a6f56b",
    "zone-moderate": "#ffe14d",
    "zone-danger": "#ffb050",
    "zone-critical": "#ff9d8a",
    "zone-emergency": "#ff9bb8",
    "zone-unknown": "#d6d6d6",
}

THEMES = (
    Theme(
        name="dark",
        primary="#6ca6e0",
        secondary="#57c39a",
        accent="#6ca6e0",
        warning="#f0934a",
        error="#f8775f",
        success="#57c39a",
        foreground="#dfe4ea",
        background="#11151a",
        surface="#11151a",
        panel="#1f252d",
        dark=True,
        variables=_DARK,
    ),
    Theme(
        name="light",
        primary="#075f93",
        secondary="#0a6b45",
        accent="#075f93",
        warning="#9c4300",
        error="#b02318",
        success="#0a6b45",
        foreground="#20262d",
        background="#fbfaf7",
        surface="#fbfaf7",
        panel="#e8e7e2",
        dark=False,
        variables=_LIGHT,
    ),
    Theme(
        name="contrast",
        primary="#7fd4ff",
        secondary="#5cf2b8",
        accent="#ffffff",
        warning="#ffb050",
        error="#ff9d8a",
        success="#5cf2b8",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#1a1a1a",
        dark=True,
        variables=_CONTRAST,
    ),
)


def variables_for(*, dark: bool) -> dict[str, str]:
    """Our own colours for a theme that does not know them."""
    return dict(_DARK if dark else _LIGHT)


def pick_theme(wanted: str, available: Mapping[str, Theme], *, no_color: bool) -> tuple[str, str]:
    """The theme to use, and a notice when it is not the wanted one.

    A theme in the terminal's own 16 colours turns black on black when colours are then taken away.
    """
    theme = available.get(wanted)
    if theme is None:
        return "dark", f'display.theme: no theme "{wanted}"; using dark'
    if theme.ansi and no_color:
        return ("dark" if theme.dark else "light"), ""
    return wanted, ""
