"""What things are called on the invented machine."""

from __future__ import annotations

import re

from quota_tui.demo.scenario import Scenario, uuid4


def session_id(session: str) -> str:
    """The id of a session."""
    return uuid4("session", session)


def agent_id(session: str, agent: str) -> str:
    """The id of a session's subagent."""
    return f"a{uuid4('agent', session, agent).replace('-', '')[:16]}"


def folder(scenario: Scenario, project: str) -> str:
    """A project's folder. Nothing looks for it: it is a text in the lines."""
    return f"{scenario.home}/{project}"


def transcript(scenario: Scenario, session: str, project: str, agent: str = "") -> str:
    """Where a transcript lies below `projects`: the session's, or its subagent's."""
    slug = re.sub(r"[^A-Za-z0-9]", "-", folder(scenario, project))
    base = f"{slug}/{session_id(session)}"
    return f"{base}/subagents/agent-{agent_id(session, agent)}.jsonl" if agent else f"{base}.jsonl"
