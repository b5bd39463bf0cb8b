"""quota-tui: Claude Code quota in a terminal split."""

__version__ = "0.1.0"
