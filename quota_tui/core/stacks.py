"""A project's tech stack from the names and texts of its files. Pure; nothing is run.

Only what a manifest says counts, and lock files for the package managers: no guess from a folder's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; each item is (what, the file that says so)."""

    items: tuple[tuple[str, str], ...] = ()
    test_runner: tuple[str, str] | None = None


class _Finder:
    """Collects what is found, the first file that says it."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.runner: tuple[str, str] | None = None

    def add(self, what: str, file: str) -> None:
        self.items.setdefault(what, file)

    def runs_tests_by(self, what: str, file: str) -> None:
        if self.runner is None:
            self.runner = (what, file)


LOCKS = {
    "uv.lock": "uv",
    "poetry.lock": "Poetry",
    "pdm.lock": "PDM",
    "Pipfile.lock": "Pipenv",
    "environment.yml": "conda",
    "package-lock.json": "npm",
    "yarn.lock": "Yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "Bun",
    "bun.lockb": "Bun",
    "Gemfile.lock": "Bundler",
    "composer.lock": "Composer",
    "flake.nix": "Nix",
}
"""Files whose presence names a package manager."""

MANIFESTS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "pytest.ini",
    "tox.ini",
    "noxfile.py",
    "package.json",
    "tsconfig.json",
    "deno.json",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    "composer.json",
    "CMakeLists.txt",
    "meson.build",
    "Makefile",
    "Package.swift",
    "mix.exs",
    "pubspec.yaml",
    "Dockerfile",
    "compose.yaml",
    "docker-compose.yml",
)
"""Files that are read, the most telling first."""
SUFFIXES = {".csproj": "C#", ".fsproj": "F#", ".sln": ".NET", ".tf": "Terraform"}
"""Files whose ending alone says something; they are not read."""

_LANGUAGES = {
    "pyproject.toml": "Python",
    "setup.py": "Python",
    "setup.cfg": "Python",
    "requirements.txt": "Python",
    "Pipfile": "Python",
    "tsconfig.json": "TypeScript",
    "deno.json": "Deno",
    "Cargo.toml": "Rust",
    "go.mod": "Go",
    "pom.xml": "Java",
    "Gemfile": "Ruby",
    "composer.json": "PHP",
    "Package.swift": "Swift",
    "mix.exs": "Elixir",
    "pubspec.yaml": "Dart",
    "Dockerfile": "Docker",
    "compose.yaml": "Docker Compose",
    "docker-compose.yml": "Docker Compose",
}
_MANAGERS = {
    "Cargo.toml": "Cargo",
    "go.mod": "Go modules",
    "pom.xml": "Maven",
    "build.gradle": "Gradle",
    "build.gradle.kts": "Gradle",
    "CMakeLists.txt": "CMake",
    "meson.build": "Meson",
    "Makefile": "Make",
    "requirements.txt": "pip",
}
_RUNNERS = {
    "pytest.ini": "pytest",
    "Cargo.toml": "cargo test",
    "go.mod": "go test ./...",
    "pom.xml": "mvn test",
    "build.gradle": "gradle test",
    "build.gradle.kts": "gradle test",
    "mix.exs": "mix test",
    "Package.swift": "swift test",
    "tox.ini": "tox",
    "noxfile.py": "nox",
}
_FRAMEWORKS = {
    "python": "django flask fastapi starlette aiohttp tornado textual click typer pydantic sqlalchemy celery"
    " numpy pandas torch tensorflow scikit-learn streamlit jupyter pyqt6 pyside6",
    "js": "react next vue nuxt svelte @sveltejs/kit @angular/core solid-js astro express fastify koa"
    " @nestjs/core electron react-native expo tailwindcss vite webpack three prisma",
    "rust": "tokio axum actix-web rocket warp serde clap bevy tauri ratatui leptos",
    "go": "github.com/gin-gonic/gin github.com/labstack/echo github.com/gofiber/fiber"
    " github.com/spf13/cobra github.com/charmbracelet/bubbletea gorm.io/gorm",
    "ruby": "rails sinatra hanami sidekiq",
    "php": "laravel/framework symfony/framework-bundle symfony/symfony",
}
_PYTEST = r"(?<![\w.-])pytest(?![\w])"
_SPRING = r"spring-boot"
_SIGNS = (
    ("pyproject.toml", _PYTEST, "", "pytest"),
    ("requirements.txt", _PYTEST, "", "pytest"),
    ("Pipfile", _PYTEST, "", "pytest"),
    ("setup.py", _PYTEST, "", "pytest"),
    ("setup.cfg", _PYTEST, "", "pytest"),
    ("Gemfile", r"rspec", "", "rspec"),
    ("Gemfile", r"minitest", "", "minitest"),
    ("composer.json", r"phpunit", "", "phpunit"),
    ("pom.xml", _SPRING, "Spring Boot", ""),
    ("build.gradle", _SPRING, "Spring Boot", ""),
    ("build.gradle.kts", _SPRING, "Spring Boot", ""),
    ("Makefile", r"^test\s*:", "", "make test"),
    ("CMakeLists.txt", r"enable_testing", "", "ctest"),
    ("pubspec.yaml", r"^\s+flutter\s*:", "Flutter", ""),
)
"""(manifest, what its text has, framework, test runner)"""
_JS_RUNNERS = ("vitest", "jest", "mocha", "ava", "@playwright/test", "cypress")
_KINDS = {
    "pyproject.toml": "python",
    "requirements.txt": "python",
    "Pipfile": "python",
    "setup.py": "python",
    "setup.cfg": "python",
    "Cargo.toml": "rust",
    "go.mod": "go",
    "Gemfile": "ruby",
    "composer.json": "php",
}


def detect(texts: Mapping[str, str], names: Iterable[str]) -> Stack:
    """The stack of a project: `texts` are its manifests by path, `names` the paths of its other files."""
    finder = _Finder()
    for path, text in texts.items():
        _manifest(finder, path, text)
    for path in names:
        file = path.rpartition("/")[2]
        if file in LOCKS:
            finder.add(LOCKS[file], path)
        for suffix, what in SUFFIXES.items():
            if file.endswith(suffix):
                finder.add(what, path)
                if suffix in {".csproj", ".fsproj", ".sln"}:
                    finder.runs_tests_by("dotnet test", path)
    return Stack(items=tuple(finder.items.items()), test_runner=finder.runner)


def _manifest(finder: _Finder, path: str, text: str) -> None:
    file = path.rpartition("/")[2]
    if file in _LANGUAGES:
        finder.add(_LANGUAGES[file] + _version(file, text), path)
    if file.startswith("build.gradle"):
        finder.add("Kotlin" if "kotlin" in text else "Java", path)
    if file in {"CMakeLists.txt", "meson.build"}:
        finder.add("C/C++", path)
    if file == "package.json":
        _package_json(finder, path, text)
    else:
        _plain_manifest(finder, file, path, text)
    if file in _MANAGERS:
        finder.add(_MANAGERS[file], path)
    if file in _RUNNERS:
        finder.runs_tests_by(_RUNNERS[file], path)


def _plain_manifest(finder: _Finder, file: str, path: str, text: str) -> None:
    for name in _FRAMEWORKS.get(_KINDS.get(file, ""), "").split():
        if _names(text, name):
            finder.add(name.removeprefix("github.com/"), path)
    for manifest, pattern, framework, runner in _SIGNS:
        if manifest == file and re.search(pattern, text, re.MULTILINE):
            if framework:
                finder.add(framework, path)
            if runner:
                finder.runs_tests_by(runner, path)


def _package_json(finder: _Finder, path: str, text: str) -> None:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(whole, dict):
        return
    needs = {**_object(whole, "dependencies"), **_object(whole, "devDependencies")}
    finder.add("TypeScript" if "typescript" in needs else "JavaScript", path)
    for name in _FRAMEWORKS["js"].split():
        if name in needs:
            finder.add(name, path)
    manager = whole.get("packageManager")
    if isinstance(manager, str) and re.fullmatch(r"(npm|yarn|pnpm|bun)@\S{1,20}", manager):
        finder.add(
            LOCKS[
                {"npm": "package-lock.json", "yarn": "yarn.lock", "bun": "bun.lock"}.get(
                    manager.partition("@")[0], "pnpm-lock.yaml"
                )
            ],
            path,
        )
    runner = next((name for name in _JS_RUNNERS if name in needs), "")
    if runner or isinstance(_object(whole, "scripts").get("test"), str):
        finder.runs_tests_by(runner or "npm test", path)


def _object(whole: dict[str, Any], name: str) -> dict[str, Any]:
    value = whole.get(name)
    return value if isinstance(value, dict) else {}


def _names(text: str, package: str) -> bool:
    """Whether a manifest names a package, as a word of its own."""
    return re.search(rf"(?<![\w./-]){re.escape(package)}(?![\w-])", text, re.IGNORECASE) is not None


def _version(file: str, text: str) -> str:
    patterns = {
        "pyproject.toml": r"""^requires-python\s*=\s*["']([\w.<>=!~,* ]{1,20})["']""",
        "go.mod": r"^go\s+(\d[\d.]{0,10})\s*$",
        "Cargo.toml": r"""^rust-version\s*=\s*["'](\d[\d.]{0,10})["']""",
    }
    found = re.search(patterns[file], text, re.MULTILINE) if file in patterns else None
    return f" {found[1].strip()}" if found else ""
