"""The settings file with every setting, its meaning and its default, all commented out."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from quota_tui import config
from quota_tui.core import tomltext

_HEAD = """\
# Settings of quota-tui. Every line shows a default: remove the # in front of a key to set it, or use
# `quota-tui config set KEY VALUE`. Environment variables (QUOTA_TUI_<SECTION>_<KEY>) and what is typed
# on the command line come before this file.
"""
_EXAMPLES = {
    "keys": '# history = "H"\n',
    "prices": '# [prices."claude-opus-5"]\n# input = 5.0\n# output = 25.0\n',
}
_WIDTH = 98


def commented_file() -> str:
    """The text of `config init`."""
    docs = setting_docs()
    defaults = config.Settings()
    top, sections = [], []
    for field in msgspec.structs.fields(config.Settings):
        value = getattr(defaults, field.name)
        if isinstance(value, msgspec.Struct):
            sections.append(_section(field.name, value, docs))
        elif field.name in _EXAMPLES:
            about = _comment(docs.get((field.name,), ""))
            sections.append(f"{about}[{field.name}]\n{_EXAMPLES[field.name]}")
        else:
            top.append(_setting((field.name,), value, docs))
    return "\n".join([_HEAD, *top, *sections])


def setting_docs() -> dict[tuple[str, ...], str]:
    """What the source says about each setting, in the strings below them; empty without a source."""
    try:
        tree = ast.parse(inspect.getsource(config))
    except OSError:
        return {}
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[tuple[str, ...], str] = {}
    for name, text in _strings_below(classes["Settings"]):
        found[(name,)] = text
    for field in msgspec.structs.fields(config.Settings):
        if isinstance(field.default, msgspec.Struct):
            about = inspect.getdoc(type(field.default)) or ""
            found[(field.name,)] = about.partition(": ")[2]
            for name, text in _strings_below(classes[type(field.default).__name__]):
                found[(field.name, name)] = text
    return found


def toml_value(value: Any) -> str:
    """A value on one line."""
    import tomli_w

    if isinstance(value, (tuple, list)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return tomli_w.dumps({"value": value}).partition("=")[2].strip()


def _section(name: str, values: msgspec.Struct, docs: dict[tuple[str, ...], str]) -> str:
    parts = [_setting((name, key), getattr(values, key), docs) for key in values.__struct_fields__]
    return f"{_comment(docs.get((name,), ''))}[{name}]\n" + "\n".join(parts)


def _setting(path: tuple[str, ...], value: object, docs: dict[tuple[str, ...], str]) -> str:
    return f"{_comment(docs.get(path, ''))}# {tomltext.join_key(path[-1:])} = {toml_value(value)}\n"


def _comment(text: str) -> str:
    """Two marks, so that prose is not mistaken for a setting."""
    words = " ".join(text.split())
    lines = textwrap.wrap(
        words[:1].upper() + words[1:], _WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return "".join(f"## {line}\n" for line in lines)


def _strings_below(node: ast.ClassDef) -> list[tuple[str, str]]:
    """Names of a class's attributes, each with the string that follows it."""
    found = []
    for one, below in zip(node.body, node.body[1:], strict=False):
        match one, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found.append((name, text))
    return found
