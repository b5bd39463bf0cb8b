from __future__ import annotations

import json

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from quota_tui.store import jsonedit
from quota_tui.store.jsonscan import JsonTextError, decode, scan

SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=6) | st.floats(-1e6, 1e6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
STATUS_LINE = {"type": "command", "command": '"/opt/my python" -P -m quota_tui statusline', "padding": 0}


@st.composite
def styled(draw: st.DrawFn, values: st.SearchStrategy[object] = OBJECTS) -> str:
    """A document as editors and programs write them."""
    indent = draw(st.sampled_from([None, 0, 1, 2, 4, "\t"]))
    colon = draw(st.sampled_from([":", ": ", " : "]))
    text = json.dumps(
        draw(values),
        indent=indent,
        ensure_ascii=draw(st.booleans()),
        separators=("," if indent is not None else draw(st.sampled_from([",", ", "])), colon),
    )
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    head = draw(st.sampled_from(["", "\ufeff"]))
    return head + text.replace("\n", newline) + draw(st.sampled_from(["", newline, newline * 2]))


@st.composite
def wild(draw: st.DrawFn, values: st.SearchStrategy[object] = OBJECTS) -> str:
    """A document with any white space wherever JSON allows it."""
    space = st.text(" \t\n\r", max_size=3)

    def write(value: object) -> str:
        gap = draw(space)
        if isinstance(value, dict):
            members = [
                f"{draw(space)}{json.dumps(key, ensure_ascii=draw(st.booleans()))}{draw(space)}:{draw(space)}{write(item)}"
                for key, item in value.items()
            ]
            return "{" + ",".join(members) + gap + "}"
        if isinstance(value, list):
            return "[" + ",".join(draw(space) + write(item) + draw(space) for item in value) + gap + "]"
        return json.dumps(value)

    return draw(space) + write(draw(values)) + draw(space)


DOCUMENTS = styled() | wild()


@settings(deadline=None)
@given(DOCUMENTS, VALUES, st.text(max_size=5))
def test_what_is_put_in_comes_out_to_the_byte(text: str, value: object, key: str) -> None:
    before = json.loads(text.removeprefix("\ufeff"))
    assume(key not in before)
    after = jsonedit.put(text, (key,), value)
    changed = json.loads(after.removeprefix("\ufeff"))
    assert changed == {**before, key: value}
    assert list(changed) == [*before, key]
    undone = jsonedit.remove(after, (key,))
    if before:
        assert undone == text
    else:
        opened, closed = text.index("{"), text.index("}")
        assert undone == text[: opened + 1] + text[closed:]


@settings(deadline=None)
@given(DOCUMENTS, VALUES, st.data())
def test_a_replaced_value_is_restored_to_the_byte(text: str, value: object, data: st.DataObject) -> None:
    before = json.loads(text.removeprefix("\ufeff"))
    assume(before)
    key = data.draw(st.sampled_from(sorted(before)))
    raw = jsonedit.get_text(text, (key,))
    assert raw is not None
    after = jsonedit.put(text, (key,), value)
    assert json.loads(after.removeprefix("\ufeff")) == {**before, key: value}
    assert jsonedit.put_text(after, (key,), raw) == text


@settings(deadline=None)
@given(DOCUMENTS, st.data())
def test_removing_a_member_leaves_the_others_as_they_are(text: str, data: st.DataObject) -> None:
    before = json.loads(text.removeprefix("\ufeff"))
    assume(before)
    key = data.draw(st.sampled_from(sorted(before)))
    after = jsonedit.remove(text, (key,))
    rest = {name: value for name, value in before.items() if name != key}
    assert json.loads(after.removeprefix("\ufeff")) == rest
    for name in rest:
        assert jsonedit.get_text(after, (name,)) == jsonedit.get_text(text, (name,))


@settings(deadline=None)
@given(styled() | wild(), VALUES, st.text(max_size=4))
def test_items_and_nested_members(text: str, value: object, event: str) -> None:
    before = json.loads(text.removeprefix("\ufeff"))
    assume("hooks" not in before)
    once = jsonedit.append(text, ("hooks", event), value)
    twice = jsonedit.append(once, ("hooks", event), [value])
    assert json.loads(twice.removeprefix("\ufeff")) == {**before, "hooks": {event: [value, [value]]}}
    assert jsonedit.remove(twice, ("hooks", event, 1)) == once
    without = jsonedit.remove(once, ("hooks",))
    assert without == text or not before


@settings(deadline=None)
@given(styled(), VALUES)
def test_line_ends_stay_of_one_kind(text: str, value: object) -> None:
    assume("\r\n" in text)
    after = jsonedit.put(text, ("added",), value)
    assert "\n" not in after.replace("\r\n", "")


def strict(text: str) -> object:
    """The standard library's opinion, as strict as ours."""

    def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("duplicate")
        return dict(pairs)

    def no_constant(name: str) -> object:
        raise ValueError(name)

    return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A document with a few characters changed."""
    text = draw(wild(VALUES))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        new = draw(
            st.sampled_from(
                ["", "{", "}", "[", "]", ",", ":", '"', "\\", "1", "-", ".", "e", "\n", "\0", "é"]
            )
        )
        text = text[:at] + new + text[at + draw(st.integers(0, 2)) :]
    return text


@settings(max_examples=400, deadline=None)
@given(broken())
@example("-")
@example("01")
@example("1.")
@example('"\\ud800"')
@example('{"a":1,"\\u0061":2}')
@example("[1,]")
@example("tru")
@example('"\x7f"')
@example("\u00a01")
def test_agrees_with_the_standard_library_on_what_json_is(text: str) -> None:
    try:
        strict(text)
    except ValueError:
        with pytest.raises(JsonTextError):
            scan(text)
    else:
        scan(text)


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("", 1, 1, "empty"),
        ("  \n ", 2, 2, "empty"),
        ('{\n  // mine\n  "a": 1\n}', 2, 3, "comments are not JSON"),
        ('{\n  "a": 1 /* mine */\n}', 2, 10, "comments are not JSON"),
        ('{"a": 1}\r\n# mine\r\n', 2, 1, "comments are not JSON"),
        ('{\n  "a": 1,\n}', 2, 9, "a comma before }"),
        ('{\n  "a": 1\n  "b": 2\n}', 3, 3, "expected , or }"),
        ('{\n  "a": 1,\n  "\\u0061": 2\n}', 3, 3, "appears twice"),
        ("{\n  'a': 1\n}", 2, 3, "double quotes"),
        ("[\r\n'a']", 2, 1, "double quotes"),
        ('{\n"a": "b\n"}', 2, 8, "control character"),
        ('{"a": "\\x"}', 1, 9, "escape"),
        ('{"a": "\\u12g4"}', 1, 9, "hexadecimal"),
        ('{"a": 1} {}', 1, 10, "after the end"),
        ('{"a": NaN}', 1, 7, "expected a value"),
        ('{"a"', 1, 5, "expected :"),
        ('{"a":', 1, 6, "in the middle"),
        ('{"a": [1', 1, 9, "ends before ]"),
        ('{"a', 1, 2, "never closed"),
        ("[" * 5000, 1, 201, "nested deeper"),
    ],
)
def test_broken_json_is_named_by_line_and_column(text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(JsonTextError) as caught:
        scan(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert word in caught.value.problem
    assert str(caught.value) == f"line {line}, column {column}: {caught.value.problem}"


def test_text_that_is_not_utf8_is_named_by_line() -> None:
    with pytest.raises(JsonTextError, match="line 2, column 7: not UTF-8"):
        decode(b'{\n "a": \xff}')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "new": {\n    "x": [\n      1\n    ]\n  }\n}\n'),
        ('{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"new": {\n\t\t"x": [\n\t\t\t1\n\t\t]\n\t}\n}'),
        (
            '{\r\n    "a":1\r\n}',
            '{\r\n    "a":1,\r\n    "new":{\r\n        "x":[\r\n            1\r\n        ]\r\n    }\r\n}',
        ),
        ('{"a":1}', '{"a":1,"new":{"x":[1]}}'),
        ('{ "a": 1 }', '{ "a": 1, "new": {"x": [1]} }'),
        ("{}", '{\n  "new": {\n    "x": [\n      1\n    ]\n  }\n}'),
        ("\ufeff{\n}\n", '\ufeff{\n  "new": {\n    "x": [\n      1\n    ]\n  }\n}\n'),
        ('{"a": 1\n, "b": 2\n}', '{"a": 1\n, "b": 2, "new": {"x": [1]}\n}'),
    ],
)
def test_what_is_put_in_follows_the_style_around_it(before: str, after: str) -> None:
    assert jsonedit.put(before, ("new",), {"x": [1]}) == after


def test_a_nested_value_is_replaced_alone() -> None:
    text = '{\n  "statusLine": {"command" : "mine.sh",\n     "padding":1},\n  "z": "\\u00e9"\n}'
    after = jsonedit.put(text, ("statusLine", "command"), 'say "hi"')
    assert after == text.replace('"mine.sh"', '"say \\"hi\\""')
    assert jsonedit.get(after, ("statusLine",)) == {"command": 'say "hi"', "padding": 1}


def test_lookups_that_find_nothing_change_nothing() -> None:
    text = '{"a": [1, {"b": null}]}'
    assert jsonedit.get_text(text, ("a", 1, "b")) == "null"
    assert jsonedit.get_text(text, ("a", 2)) is None
    assert jsonedit.get_text(text, ("a", "b")) is None
    assert jsonedit.get(text, ("x", "y")) is None
    for path in (("b",), ("a", 7), ("a", -1), ("x", "y"), ("a", 1, "b", "c")):
        assert jsonedit.remove(text, path) == text


def test_a_value_of_the_wrong_kind_on_the_way_is_refused_with_its_line() -> None:
    with pytest.raises(JsonTextError, match="line 2, column 9: hooks is not an object"):
        jsonedit.put('{\n"hooks":"x"}', ("hooks", "Stop"), [])
    with pytest.raises(JsonTextError, match=r"line 1, column 18: hooks\.Stop is not a list"):
        jsonedit.append('{"hooks":{"Stop":{}}}', ("hooks", "Stop"), 1)
    with pytest.raises(JsonTextError, match="the document is not an object"):
        jsonedit.put("[]", ("a",), 1)
