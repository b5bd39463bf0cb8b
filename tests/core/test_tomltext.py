from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from quota_tui.core import tomltext

KEYS = st.text("ab-_1", min_size=1, max_size=3) | st.text(max_size=4)
TOML_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    table = draw(st.dictionaries(KEYS, TOML_VALUES, max_size=4))
    text = tomli_w.dumps(table, multiline_strings=draw(st.booleans()))
    comment = st.sampled_from(["", "\n", "# note [x] = 'y\"\n", '#k = "[v"\n\n'])
    if "'''" in text or '"""' in text or "[\n" in text:
        return draw(comment) + text + draw(comment)
    return "".join(f"{draw(comment)}{line}\n" for line in text.split("\n")) + draw(comment)


@settings(deadline=None)
@given(toml_texts(), KEYS, KEYS, st.booleans() | st.text(max_size=8) | st.integers(-5, 5))
def test_one_key_is_set_and_nothing_else(text: str, section: str, key: str, value: object) -> None:
    before = tomllib.loads(text)
    path = (section, key) if section != "ab" else (key,)
    value_text = tomli_w.dumps({"v": [value]}).partition("=")[2].strip()
    after = tomltext.put(text, path, value_text)
    try:
        changed = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        # Only where a key would have to go into something that is not an open table.
        assert len(path) == 2
        assert section in before
        return
    if len(path) == 1:
        assert changed == {**before, key: [value]}
    elif isinstance(before.get(section, {}), dict):
        assert changed == {**before, section: {**before.get(section, {}), key: [value]}}
    kept = after.replace("\n", "")
    assert all(line in kept for line in text.split("\n") if line.startswith("#"))


@settings(deadline=None)
@given(toml_texts())
def test_statements_are_where_the_reader_finds_them(text: str) -> None:
    for entry in tomltext.statements(text):
        if entry.what is tomltext.What.ENTRY:
            found: object = tomllib.loads(text)
            for part in entry.path:
                if isinstance(found, list):
                    break
                assert isinstance(found, dict)
                found = found[part]
            else:
                assert tomllib.loads(f"v = {text[entry.start : entry.end]}")["v"] == found
            assert text.split("\n")[entry.line - 1].strip()


@settings(deadline=None)
@given(st.text("ab.\"'[]{}=#\\\n\r ,1", max_size=30))
def test_broken_text_never_breaks_the_reader(text: str) -> None:
    data, problem = tomltext.parse_as_far_as_good(text)
    try:
        assert data == tomllib.loads(text)
        assert problem == ""
    except tomllib.TOMLDecodeError:
        assert problem.startswith("line ")
    tomltext.line_of(text, ("a",))


@pytest.mark.parametrize("path", [("a",), ("a b",), ("", "x"), ('q"u\\o', "é", "\n\x7f")])
def test_keys_are_written_and_read_back(path: tuple[str, ...]) -> None:
    text = tomltext.join_key(path)
    assert tomltext.parse_key(text) == path
    found: object = tomllib.loads(f"{text} = 1")
    for part in path:
        assert isinstance(found, dict)
        found = found[part]
    assert found == 1


AWKWARD = '''\
a = """x [b] \\"
c = 1"""" # end
'q d' = \'\'\'it's # no
comment\'\'\'\'
[t."u.v"] # = 1
e = [ "]", # ]
  { f = "}" }, ']' ]
g.h = 2026-11-20 10:00:00 # when
'''


def test_awkward_values_are_passed_whole() -> None:
    tables = tomllib.loads(AWKWARD)
    found = {one.path: one for one in tomltext.statements(AWKWARD) if one.what is tomltext.What.ENTRY}
    assert list(found) == [("a",), ("q d",), ("t", "u.v", "e"), ("t", "u.v", "g", "h")]
    for path, one in found.items():
        value: object = tables
        for part in path:
            assert isinstance(value, dict)
            value = value[part]
        assert tomllib.loads(f"v = {AWKWARD[one.start : one.end]}")["v"] == value
    assert [one.line for one in found.values()] == [1, 3, 6, 8]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("q d",), 3),
        (("t", "u.v"), 5),
        (("t", "u.v", "e"), 6),
        (("t", "u.v", "e", "f"), 6),
        (("t", "u.v", "other"), 5),
        (("t", "u.v", "g", "h"), 8),
        (("none",), None),
    ],
)
def test_the_line_of_a_key_is_found(path: tuple[str, ...], line: int | None) -> None:
    assert tomltext.line_of(AWKWARD, path) == line
    assert tomltext.line_of(AWKWARD + "\n[broken", path) == line
