"""Tables of the history file."""

from __future__ import annotations

VERSION = 1
ROLLUP_S = 900

SUMS = """sum(input), sum(output), sum(write_5m + write_1h), sum(read), sum(cost), count(*)"""
MINUTES = "count(DISTINCT at_ms / 60000)"
"""Minutes of a span in which there was a call."""
SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('id', lower(hex(randomblob(8))));
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE calls(
  id INTEGER PRIMARY KEY, call_id TEXT NOT NULL, request_id TEXT NOT NULL, at_ms INTEGER NOT NULL,
  session INTEGER NOT NULL, project INTEGER NOT NULL, model INTEGER NOT NULL,
  input INTEGER NOT NULL, output INTEGER NOT NULL, write_5m INTEGER NOT NULL, write_1h INTEGER NOT NULL,
  read INTEGER NOT NULL, cost REAL NOT NULL, searches INTEGER NOT NULL, flags INTEGER NOT NULL,
  agent TEXT, counted INTEGER NOT NULL);
CREATE TABLE bars(
  start_s INTEGER PRIMARY KEY, input INTEGER, output INTEGER, write INTEGER, read INTEGER, cost REAL,
  calls INTEGER, minutes INTEGER);
CREATE TABLE rollup(
  start_s INTEGER, session INTEGER, project INTEGER, model INTEGER, input INTEGER, output INTEGER,
  write INTEGER, read INTEGER, cost REAL, calls INTEGER, minutes INTEGER,
  first_ms INTEGER, last_ms INTEGER,
  PRIMARY KEY(start_s, session, project, model)) WITHOUT ROWID;
"""
INDEXES = """CREATE INDEX calls_at ON calls(at_ms) WHERE counted;
CREATE INDEX calls_call_id ON calls(call_id)"""
INSERT = f"INSERT INTO calls VALUES(NULL{', ?' * 16})"
