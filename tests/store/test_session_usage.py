from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quota_tui.core.usage import UsageRecord
from quota_tui.store.history import History
from quota_tui.store.session_usage import SessionUse, sessions_used

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def call(number: int, session: str, at: datetime) -> UsageRecord:
    return UsageRecord(
        message_id=f"m{number}",
        request_id=f"r{number}",
        at_ms=round(at.timestamp() * 1000),
        session_id=session,
        project="/p",
        model="claude-sonnet-5-5",
        input_tokens=1,
        output_tokens=10,
        cache_write_5m_tokens=100,
        cache_write_1h_tokens=1000,
        cache_read_tokens=50_000,
    )


def test_what_each_session_used() -> None:
    history = History(None)
    hours = [AT + timedelta(hours=number) for number in range(4)]
    history.merge([call(number, "a" if number < 3 else "b", at) for number, at in enumerate(hours)])
    used = sessions_used(history, ["a", "b", "none"], AT - timedelta(days=1))
    assert used == {
        "a": SessionUse(3 * 1111, 3, hours[0], hours[2]),
        "b": SessionUse(1111, 1, hours[3], hours[3]),
    }
    assert sessions_used(history, ["a"], hours[2])["a"].calls == 1
    assert sessions_used(history, [], AT) == {}
    assert sessions_used(history, ["'; DROP TABLE rollup"], AT) == {}
    history.close()
