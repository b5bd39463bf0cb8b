"""`python -m quota_tui`."""

from quota_tui.cli import main

main()
