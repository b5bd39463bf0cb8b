"""Bring what transcripts say into the history: the only place where sources and store meet."""
