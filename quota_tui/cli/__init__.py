"""The command line."""

from __future__ import annotations

import gc
import io
import sys

_SELDOM = (100_000, 20, 20)
"""Looking for garbage while modules load, and through all of them at exit, is a fifth of a short command."""


def main() -> None:
    """Entry point."""
    gc.set_threshold(*_SELDOM)
    try:
        _main()
    finally:
        gc.freeze()


def _main() -> None:
    _import_msgspec()
    for stream in (sys.stdout, sys.stderr):
        # A Windows pipe speaks a code page without our glyphs; a file name may be no text at all.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.argv[1:] == ["statusline"]:
        # Claude Code runs this on every message: it must not pay for a command line parser.
        from quota_tui.cli.statusline_run import main as statusline_main

        sys.exit(statusline_main())
    if sys.argv[1:2] == ["hook"]:
        from quota_tui.cli.hook import main as hook_main

        sys.exit(hook_main(sys.argv[2:]))
    if sys.argv[1:2] == ["slash"]:
        from quota_tui.cli.slash import main as slash_main

        sys.exit(slash_main(sys.argv[2:]))
    from quota_tui.cli.root import cli

    cli()


def _import_msgspec() -> None:
    """Import msgspec without `typing_extensions`, which it uses when it is there but does not need here.

    That import is a fifth of the start of a command (11 of 60 ms); whoever needs it later gets it.
    """
    name = "typing_extensions"
    if name in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    except ImportError:
        return  # a msgspec that does need it: the next import brings both
    finally:
        del sys.modules[name]
