"""A plan in numbers, as the estimator takes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TypeVar

from quota_tui.core.estimating.subject import (
    PhaseSubject,
    PlanSubject,
    ProjectSize,
    Quality,
    Stack,
    TaskType,
)
from quota_tui.core.memory import ProjectMemory
from quota_tui.core.plans.plan import Plan, PlanPhase

_Said = TypeVar("_Said", ProjectSize, Stack, Quality)

SMALL, MEDIUM, LARGE = 5_000, 50_000, 500_000
"""Lines of code below which a project is small, medium, large; more is enterprise."""
LEARNING, FAMILIAR = 3, 10
"""Sessions with a stack from which on it is being learned, and familiar."""
_MOST_TEXT = 200_000
"""Characters of a phase that are counted: no person writes more."""

_LIBRARY_NAMES = (
    "django flask fastapi starlette aiohttp tornado textual click typer pydantic sqlalchemy celery "
    "numpy pandas torch pytorch tensorflow scikit-learn streamlit pytest hypothesis asyncio "
    "websockets httpx requests react next vue nuxt svelte angular solid astro express fastify koa "
    "nestjs electron expo tailwind tailwindcss vite webpack three prisma jest vitest playwright "
    "cypress tokio axum actix rocket serde clap bevy tauri ratatui leptos gin echo fiber cobra "
    "bubbletea gorm rails sinatra sidekiq rspec laravel symfony phpunit spring hibernate junit kafka "
    "rabbitmq redis postgres postgresql mysql sqlite mongodb elasticsearch graphql grpc protobuf "
    "docker kubernetes terraform ansible nginx oauth jwt websocket stripe firebase supabase"
)
LIBRARIES = frozenset(_LIBRARY_NAMES.split())
"""Names that mean a library or service wherever a plan mentions them as a word."""
_SAME = {
    "postgresql": "postgres",
    "pytorch": "torch",
    "tailwindcss": "tailwind",
    "websockets": "websocket",
    "golang": "go",
}
_TOO_COMMON = frozenset(
    {"next", "express", "click", "echo", "requests", "three", "spring", "rocket", "solid", "expo"}
)
"""Names that are plain words too: they count in code (`click`) or with a capital inside a sentence."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+#-]*")
_CODE_WORD = re.compile(r"`([^`\n]{1,80})`")
_FILE = re.compile(r"(?<![\w/.-])(?:[\w@-]+/|\.{1,2}/|/)*[\w@.-]*[\w@-]\.[A-Za-z][A-Za-z0-9]{0,5}(?![\w/(])")
_NO_FILE = re.compile(r"[A-Z]\w*\.[A-Z]|(?:^|/)(?:e\.g|i\.e|vs)$")


def plan_subject(
    text: str,
    plan: Plan,
    *,
    project: str = "",
    size: ProjectSize = ProjectSize.UNKNOWN,
    stack: Stack = Stack.UNKNOWN,
    quality: Quality = Quality.UNKNOWN,
    model: str = "",
    known_libraries: Collection[str] = (),
) -> PlanSubject:
    """The plan in numbers. What its front matter says of size, stack, quality and model goes first."""
    return PlanSubject(
        title=plan.title,
        phases=tuple(_phase(text, phase) for phase in plan.phases),
        project=project,
        project_size=_said(ProjectSize, plan.said("project_size")) or size,
        stack=_said(Stack, plan.said("stack")) or stack,
        quality=_said(Quality, plan.said("quality") or plan.said("code_quality")) or quality,
        model=plan.said("model") or model,
        libraries=libraries_in(text, known_libraries),
    )


def project_size(lines: int | None) -> ProjectSize:
    """The size that a count of lines means; unknown without one."""
    if lines is None:
        return ProjectSize.UNKNOWN
    for most, size in ((SMALL, ProjectSize.SMALL), (MEDIUM, ProjectSize.MEDIUM), (LARGE, ProjectSize.LARGE)):
        if lines < most:
            return size
    return ProjectSize.ENTERPRISE


def familiarity(stack: Collection[str], memories: Sequence[ProjectMemory]) -> Stack:
    """How well a stack is known: in how many remembered sessions, of any project, its parts were at hand.

    The half of it that is known best decides; unknown where nothing is remembered or the stack has no parts.
    """
    names = {stack_name(each) for each in stack} - {""}
    if not names or not memories:
        return Stack.UNKNOWN
    sessions = dict.fromkeys(names, 0)
    for memory in memories:
        had = {stack_name(fact.text) for fact in memory.context.stack}
        for name in names & had:
            sessions[name] += len(memory.sessions) + memory.older.sessions
    middle = sorted(sessions.values(), reverse=True)[(len(sessions) - 1) // 2]
    if middle >= FAMILIAR:
        return Stack.FAMILIAR
    return Stack.LEARNING if middle >= LEARNING else Stack.NEW


def stack_name(text: str) -> str:
    """`Python >=3.11` is `python`: what is known does not change with the version."""
    return re.split(r"[\s<>=~^]", text.strip().casefold(), maxsplit=1)[0]


def libraries_in(text: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """The libraries that a text mentions, in alphabetical order: well-known ones, and those `known` here."""
    text = text[:_MOST_TEXT]
    wanted = LIBRARIES | {stack_name(each) for each in known} - {""}
    in_code = {word.casefold() for code in _CODE_WORD.findall(text) for word in _WORD.findall(code)}
    found = {word.casefold() for word in _WORD.findall(text) if word.casefold() not in _TOO_COMMON}
    capitals = {word.casefold() for word in re.findall(r"(?<=[a-z,] )[A-Z][A-Za-z]+", text)}
    names = (found | in_code | (capitals & _TOO_COMMON)) & wanted
    return tuple(sorted({_SAME.get(name, name) for name in names}))


def task_types(plan: Plan) -> tuple[TaskType, ...]:
    """The kinds of work in a plan, each once, in order."""
    return tuple(dict.fromkeys(phase.task_type for phase in plan.phases))


def _phase(text: str, phase: PlanPhase) -> PhaseSubject:
    body = text[phase.start : min(phase.end, phase.start + _MOST_TEXT)]
    files = _FILE.findall(body)
    return PhaseSubject(
        name=phase.name,
        task_type=phase.task_type,
        hours_low=phase.size.hours_low,
        hours_high=phase.size.hours_high,
        tokens_low=phase.size.tokens_low,
        tokens_high=phase.size.tokens_high,
        steps=phase.steps,
        words=len(body.split()),
        files_named=len({name.rpartition("/")[2] for name in files if not _NO_FILE.search(name)}),
        done=phase.is_done,
    )


def _said(kind: type[_Said], word: str) -> _Said | None:
    try:
        return kind(word.strip().casefold()) if word.strip() else None
    except ValueError:
        return None
