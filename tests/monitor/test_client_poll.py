"""Asking the client: what it answers reaches the journal, what goes wrong is told in words."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.config import Readings
from quota_tui.monitor.client_poll import LEAST_S, ClientPoll
from quota_tui.store.journal import Journal
from quota_tui.store.paths import our_paths

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def client(home: Path, answer: dict[str, object]) -> Path:
    """A program in place of the client: it answers every control request with `answer`."""
    path = home / "claude"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        f"answer = {answer!r}\n"
        "for line in sys.stdin:\n"
        "    told = json.loads(line)\n"
        "    body = {'subtype': 'success', 'request_id': told['request_id'], 'response': answer}\n"
        "    print(json.dumps({'type': 'control_response', 'response': body}), flush=True)\n"
    )
    path.chmod(0o755)
    return path


def polled(readings: Readings) -> str:
    told: list[str] = []
    done = threading.Event()

    def tell(how: str) -> None:
        told.append(how)
        done.set()

    poll = ClientPoll(readings, our_paths(), lambda: NOW, tell)
    poll.start()
    try:
        assert done.wait(30)
    finally:
        poll.stop()
    return told[0]


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for the client")
def test_what_the_client_answers_is_kept(home: Path) -> None:
    limits = {
        "five_hour": {"utilization": 37, "resets_at": (NOW + timedelta(hours=3)).isoformat()},
        "seven_day": {"utilization": 226, "resets_at": (NOW + timedelta(days=3)).isoformat()},
    }
    answer = {"subscription_type": "max", "rate_limits_available": True, "rate_limits": limits}
    json.dumps(answer)
    how = polled(Readings(ask_client=True, client=str(client(home, answer))))
    assert how == "answers"
    journal = Journal(our_paths().journal_db)
    assert [reading.used_pct for reading in journal.readings(NOW - timedelta(days=1))] == [37]
    assert len(journal.refused()) == 1  # 226 %
    assert journal.learned("plan") == b"max"
    journal.close()


def test_no_client_is_told(home: Path) -> None:
    assert "no client found" in polled(Readings(ask_client=True, client=str(home / "nowhere")))


def test_it_is_off_unless_asked_for_and_never_asks_often() -> None:
    assert not Readings().ask_client
    assert Readings().ask_every_s >= LEAST_S == 300
