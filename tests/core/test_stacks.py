from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.stacks import LOCKS, MANIFESTS, detect

PYPROJECT = """
[project]
requires-python = ">=3.11"
dependencies = ["fastapi>=0.1", "my-django-thing", 'SQLAlchemy']
[project.optional-dependencies]
dev = ["pytest>=8"]
"""
PACKAGE = json.dumps(
    {
        "packageManager": "pnpm@9.1.0",
        "scripts": {"test": "vitest run"},
        "dependencies": {"react": "^19", "next": "15"},
        "devDependencies": {"typescript": "5", "vitest": "2"},
    }
)


@pytest.mark.parametrize(
    ("texts", "names", "items", "runner"),
    [
        (
            {"pyproject.toml": PYPROJECT},
            ["uv.lock"],
            ["Python >=3.11", "fastapi", "sqlalchemy", "uv"],
            "pytest",
        ),
        ({"package.json": PACKAGE}, [], ["TypeScript", "react", "next", "pnpm"], "vitest"),
        (
            {"package.json": '{"scripts": {"test": "node --test"}}'},
            ["yarn.lock"],
            ["JavaScript", "Yarn"],
            "npm test",
        ),
        ({"package.json": "{broken"}, [], [], None),
        ({"package.json": "[]"}, [], [], None),
        (
            {"Cargo.toml": '[package]\nrust-version = "1.80"\n[dependencies]\ntokio = "1"\naxum = "0.7"\n'},
            [],
            ["Rust 1.80", "tokio", "axum", "Cargo"],
            "cargo test",
        ),
        (
            {"go.mod": "module x\n\ngo 1.23\nrequire github.com/gin-gonic/gin v1\n"},
            [],
            ["Go 1.23", "gin-gonic/gin", "Go modules"],
            "go test ./...",
        ),
        (
            {"pom.xml": "<artifactId>spring-boot-starter</artifactId>"},
            [],
            ["Java", "Spring Boot", "Maven"],
            "mvn test",
        ),
        ({"build.gradle.kts": 'kotlin("jvm")'}, [], ["Kotlin", "Gradle"], "gradle test"),
        (
            {"Gemfile": "gem 'rails'\ngem 'rspec-rails'"},
            ["Gemfile.lock"],
            ["Ruby", "rails", "Bundler"],
            "rspec",
        ),
        (
            {
                "composer.json": '{"require": {"laravel/framework": "^11"}, "require-dev": {"phpunit/phpunit": "1"}}'
            },
            ["composer.lock"],
            ["PHP", "laravel/framework", "Composer"],
            "phpunit",
        ),
        ({"CMakeLists.txt": "project(x)\nenable_testing()"}, [], ["C/C++", "CMake"], "ctest"),
        ({"Makefile": "all:\n\tcc x.c\ntest:\n\t./t\n"}, [], ["Make"], "make test"),
        ({"pubspec.yaml": "dependencies:\n  flutter:\n    sdk: flutter\n"}, [], ["Dart", "Flutter"], None),
        ({"Dockerfile": "FROM x", "compose.yaml": ""}, [], ["Docker", "Docker Compose"], None),
        ({}, ["src/App/App.csproj", "x.tf"], ["C#", "Terraform"], "dotnet test"),
        ({"mix.exs": ""}, [], ["Elixir"], "mix test"),
        ({}, ["notes.txt"], [], None),
    ],
)
def test_what_manifests_say(
    texts: dict[str, str], names: list[str], items: list[str], runner: str | None
) -> None:
    found = detect(texts, names)
    assert [what for what, _ in found.items] == items
    assert (found.test_runner[0] if found.test_runner else None) == runner
    assert {file for _, file in found.items} <= {*texts, *names}


def test_the_first_file_that_says_it_is_the_source() -> None:
    found = detect({"pyproject.toml": "pytest", "web/pyproject.toml": "pytest", "tox.ini": ""}, [])
    assert found.items == (("Python", "pyproject.toml"),)
    assert found.test_runner == ("pytest", "pyproject.toml")


def test_a_name_inside_another_is_not_it() -> None:
    assert detect({"requirements.txt": "pytest-mock-like\nnot-flask\nflask-cors\n"}, []).items == (
        ("Python", "requirements.txt"),
        ("pip", "requirements.txt"),
    )


@given(
    texts=st.dictionaries(st.sampled_from(MANIFESTS), st.text(max_size=200), max_size=6),
    names=st.lists(st.sampled_from(list(LOCKS)) | st.text(max_size=20), max_size=6),
)
def test_any_text_is_read(texts: dict[str, str], names: list[str]) -> None:
    found = detect(texts, names)
    assert all(what and file in {*texts, *names} for what, file in found.items)
