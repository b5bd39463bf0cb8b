"""A plan file as the estimator takes it: with the repository's size and what is remembered of its stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quota_tui.core.estimating.subject import PlanSubject, Quality
from quota_tui.core.memory import ProjectMemory
from quota_tui.core.memoryfile import Damaged, read
from quota_tui.core.plans.subject import familiarity, plan_subject, project_size
from quota_tui.sources.plan_file import PlanFile
from quota_tui.sources.repo_size import repo_size
from quota_tui.sources.stack import look
from quota_tui.store.files import StoreError, read_if_there
from quota_tui.store.memory import FOLDER
from quota_tui.store.projects import project_path

MAX_MEMORIES = 200


def subject_of(
    found: PlanFile,
    project: str,
    config_dirs: Sequence[Path],
    *,
    quality: Quality = Quality.UNKNOWN,
    model: str = "",
) -> PlanSubject:
    """The plan in numbers. Blocks on git and on some small files; what cannot be read is unknown."""
    project = project_path(project)
    size = repo_size(project)
    stack = [what for what, _ in look(project)[1].items]
    memories = remembered(config_dirs)
    known = {fact.text for memory in memories for fact in memory.context.stack}
    return plan_subject(
        found.text,
        found.plan,
        project=project,
        size=project_size(size.lines if size is not None else None),
        stack=familiarity(stack, memories),
        quality=quality,
        model=model,
        known_libraries=[*stack, *known],
    )


def remembered(config_dirs: Sequence[Path]) -> list[ProjectMemory]:
    """The memories of all projects, the last written first; those that cannot be read are left out."""
    found: list[ProjectMemory] = []
    paths = [path for folder in config_dirs for path in (folder / FOLDER).glob("*.json")]
    for path in sorted(paths, key=_modified, reverse=True)[:MAX_MEMORIES]:
        try:
            data = read_if_there(path)
            if data:
                found.append(read(data, str(path)).memory)
        except (Damaged, StoreError):
            continue
    return found


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
