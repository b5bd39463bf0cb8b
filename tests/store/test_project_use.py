"""What a project used in spans of time: the calls of its folders, whatever else goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quota_tui.core.tracking.state import Span
from quota_tui.core.usage import UsageRecord
from quota_tui.store.history import History
from quota_tui.store.project_use import CALLS_OF, ProjectUse

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def call(name: str, minutes: float, project: Path | str, tokens: int = 100, **more: object) -> UsageRecord:
    return UsageRecord(
        message_id=name,
        request_id=f"r{name}",
        at_ms=round(at(minutes).timestamp() * 1000),
        session_id="s1",
        project=str(project),
        model="claude-sonnet-5",
        input_tokens=tokens,
        cost_usd=tokens / 1e6,
        cache_read_tokens=10**6,
        **more,
    )  # type: ignore[arg-type]


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path / "history.db")
    yield made
    made.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "vendored" / ".git").mkdir(parents=True)
    (tmp_path / "api-2").mkdir()
    return folder


def spent(use: ProjectUse, spans: list[Span], now: datetime) -> list[int]:
    return [each.tokens for each in use.spent(spans, now).spans]


def test_a_project_s_calls_are_those_below_it(history: History, project: Path, tmp_path: Path) -> None:
    folders = [project, project / "src", project / "src" / "deep", project / "gone" / "now"]
    others = [tmp_path / "api-2", project / "vendored", tmp_path, "relative", ""]
    records = [call(f"m{n}", n, folder, 10**n) for n, folder in enumerate(folders)]
    records += [call(f"o{n}", n, folder, 7) for n, folder in enumerate(others)]
    records.append(call("side", 5, project, 10**5, is_sidechain=True, agent_id="a1"))
    history.merge(records)
    use = ProjectUse(history, str(project / "src"))
    assert spent(use, [Span(phase="p1", start=at(0))], at(60)) == [101_111]
    assert not use.is_in(str(project / "vendored" / "x"))
    history.merge([call("late", 6, project / "new", 5)])
    use.forget(round(at(6).timestamp() * 1000))
    assert spent(use, [Span(phase="p1", start=at(0))], at(60)) == [101_116]


def test_a_link_to_the_project_is_the_project(history: History, project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project, target_is_directory=True)
    history.merge([call("m1", 1, link), call("m2", 2, project)])
    for name in (link, project):
        assert spent(ProjectUse(history, str(name)), [Span(phase="", start=at(0))], at(9)) == [200]


def test_each_call_is_in_one_span_and_none_in_a_pause(history: History, project: Path) -> None:
    history.merge([call(f"m{n}", n, project, 2**n) for n in range(8)])
    spans = [
        Span(phase="p1", start=at(0), end=at(2)),
        Span(phase="p2", start=at(2), end=at(4)),
        Span(phase="p2", start=at(6)),
    ]
    use = ProjectUse(history, str(project))
    assert spent(use, spans, at(7.5)) == [3, 12, 64 + 128]
    assert spent(use, spans, at(6.5)) == [3, 12, 64]
    found = use.spent(spans, at(30))
    assert found.recent_tokens == 0
    assert found.spans[0].cost_usd == pytest.approx(3e-6)
    assert use.spent(spans, at(8)).recent_tokens == 3 + 12 + 64 + 128


def test_reading_on_gives_what_reading_anew_gives(history: History, project: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    use = ProjectUse(history, str(project))
    spans = [Span(phase="p1", start=at(0))]
    for step in range(120):
        now = step * 1.7
        new = [
            call(
                f"m{step}-{n}",
                rng.uniform(max(0, now - 3), now),
                rng.choice([project, tmp_path]),
                rng.randrange(99),
            )
            for n in range(rng.randrange(3))
        ]
        if step % 17 == 0:
            new.append(call(f"late{step}", rng.uniform(0, now), project, 50))
        with history.merging() as merge:
            merge.add(new)
        if merge.changed:
            use.forget(merge.oldest_ms)
        if step % 11 == 10:
            spans = [
                *spans[:-1],
                Span(phase="p1", start=spans[-1].start, end=at(now)),
                Span(phase="p2", start=at(now)),
            ]
        fresh = ProjectUse(history, str(project)).spent(spans, at(now))
        known = use.spent(spans, at(now))
        assert [(each.tokens, each.calls, each.work_ms) for each in known.spans] == [
            (each.tokens, each.calls, each.work_ms) for each in fresh.spans
        ]
        assert known.recent_tokens == fresh.recent_tokens


def test_a_refresh_asks_the_index_for_the_last_minutes_only(history: History, project: Path) -> None:
    history.merge([call(f"m{n}", n, project) for n in range(300)])
    plan = history.db.execute("EXPLAIN QUERY PLAN " + CALLS_OF.format("1"), (0, 1)).fetchall()
    assert "calls_at" in plan[0][3]
    use = ProjectUse(history, str(project))
    spans = [Span(phase="p1", start=at(0), end=at(100)), Span(phase="p2", start=at(100))]
    use.spent(spans, at(300))
    asked: list[str] = []
    history.db.set_trace_callback(asked.append)
    use.spent(spans, at(301))
    history.db.set_trace_callback(None)
    assert sum("FROM calls" in each for each in asked) == 1
    assert any(f"at_ms>={round(at(290).timestamp() * 1000)} " in each for each in asked)


def test_a_clock_that_went_back_counts_no_call_twice(history: History, project: Path) -> None:
    history.merge([call(f"m{n}", n, project) for n in range(60)])
    use = ProjectUse(history, str(project))
    spans = [Span(phase="p1", start=at(0))]
    for now in (60, 20, 59, 5, 60):
        assert spent(use, spans, at(now)) == [now * 100]
