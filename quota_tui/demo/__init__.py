"""`quota-tui --demo`: an invented day, played through the real pipeline in a temporary home."""
