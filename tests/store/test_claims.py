from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from quota_tui.store.claims import claim, claims, release
from quota_tui.store.journal import Journal

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def test_one_session_gets_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    assert claims(journal.db) == {}
    assert claim(journal.db, "h1", "a", AT)
    assert claim(journal.db, "h1", "a", AT)
    assert not claim(journal.db, "h1", "b", AT)
    assert claim(journal.db, "h2", "b", AT)
    assert claims(journal.db) == {"h1": ("a", AT), "h2": ("b", AT)}
    release(journal.db, "h1")
    assert claim(journal.db, "h1", "b", AT)
    journal.close()
    again = Journal(tmp_path / "journal.db")
    assert not claim(again.db, "h1", "a", AT)
    again.close()


def test_releasing_what_nobody_has(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    release(journal.db, "h1")
    assert claims(journal.db) == {}
    journal.close()


CLAIMER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from quota_tui.store.claims import claim
from quota_tui.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print([name for name in "abcdefgh" if claim(journal.db, name, sys.argv[2], datetime.now(UTC))])
journal.close()
"""


def test_of_sessions_that_start_at_once_one_gets_each(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.db").close()
    command = [sys.executable, "-c", CLAIMER, str(tmp_path / "journal.db")]
    both = [
        subprocess.Popen([*command, name], stdin=-1, stdout=-1, text=True) for name in ("one", "two", "three")
    ]
    for one in both:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    got = [name for one in both for name in eval(one.communicate()[0])]
    assert sorted(got) == list("abcdefgh")
