"""What a handoff is told of the plan in work."""

from __future__ import annotations

from pathlib import Path

import pytest

from quota_tui.handing.open_work import open_work
from tests.handing.desk import Desk


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def open_names(desk: Desk, project: str | None = None) -> tuple[list[str], str]:
    config = desk.home / ".claude"
    phases, plan_file = open_work(config, str(desk.project) if project is None else project)
    return [phase.name for phase in phases], plan_file


def test_the_open_phases_and_the_file(desk: Desk) -> None:
    assert open_names(desk) == ([], "")
    desk.track(0, "start", str(desk.plan))
    plan = str(desk.plan.resolve())
    assert open_names(desk) == (["Server", "Client", "Tests"], plan)
    desk.track(1, "phase", "done")
    assert open_names(desk) == (["Client", "Tests"], plan)
    assert open_names(desk, "") == ([], "")
    assert open_names(desk, str(desk.home / "web")) == ([], "")
    desk.plan.unlink()
    assert open_names(desk) == (["Client", "Tests"], plan)
    desk.track(2, "stop")
    assert open_names(desk) == ([], "")


def test_a_damaged_tracking_is_none(desk: Desk) -> None:
    desk.track(0, "start", str(desk.plan))
    (path,) = (desk.home / ".claude" / "session-tracking").glob("*.json")
    path.write_bytes(b"{")
    assert open_names(desk) == ([], "")
