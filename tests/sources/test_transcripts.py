"""Transcript lines to records: what counts, what does not, and that no input ever breaks the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quota_tui.core.pricing import Pricer
from quota_tui.core.usage import UsageRecord
from quota_tui.sources.reading import MAX_LINE, Cursor, FileRead, read_new
from quota_tui.sources.transcripts import BadLineError, ErrorLine, LineDecoder
from quota_tui.store.prices import load_prices
from tests.lines import append, line

DATA = Path(__file__).parent.parent / "data"
PRICER = Pricer(load_prices())


def decoder() -> LineDecoder:
    return LineDecoder(PRICER, "stem", "-slug", "key")


def one(text: str | bytes) -> UsageRecord | ErrorLine | None:
    taken = decoder()
    taken.decode(text.encode() if isinstance(text, str) else text, 7)
    return (taken.records or taken.errors or [None])[0]


def read(path: Path, cursor: Cursor | None = None) -> FileRead:
    return read_new(str(path), cursor or Cursor(), decoder())


def bad(text: str | bytes) -> str:
    with pytest.raises(BadLineError) as caught:
        one(text)
    return str(caught.value)


def test_a_line_of_usage_is_a_record() -> None:
    found = one(line(tokens=(1, 2, 3, 4)))
    assert isinstance(found, UsageRecord)
    assert (
        found.input_tokens,
        found.output_tokens,
        found.cache_write_5m_tokens,
        found.cache_read_tokens,
    ) == (1, 2, 3, 4)
    assert (found.message_id, found.request_id, found.session_id, found.project) == (
        "msg_1",
        "req_1",
        "s1",
        "/home/dev/api",
    )
    assert found.at_ms == 1795176000000
    # sonnet 4.5: 3 + 15 + 3.75 + .30 $ per million
    assert found.cost_usd == pytest.approx((1 * 3 + 2 * 15 + 3 * 3.75 + 4 * 0.3) / 1e6)


def test_cache_writes_are_split_by_lifetime() -> None:
    usage = {
        "cache_creation_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40},
    }
    found = one(line(usage=usage))
    assert isinstance(found, UsageRecord)
    assert (found.cache_write_5m_tokens, found.cache_write_1h_tokens) == (60, 40)
    split_only = one(line(usage={"cache_creation": {"ephemeral_1h_input_tokens": 40}}))
    assert isinstance(split_only, UsageRecord)
    assert (split_only.cache_write_5m_tokens, split_only.cache_write_1h_tokens) == (0, 40)


def test_fast_us_and_web_search_cost_more() -> None:
    plain = one(line(model="claude-opus-5-5", usage={"output_tokens": 1000}))
    dear = one(
        line(
            model="claude-opus-5-5",
            usage={
                "output_tokens": 1000,
                "speed": "fast",
                "inference_geo": "us",
                "server_tool_use": {"web_search_requests": 2},
            },
        )
    )
    assert isinstance(plain, UsageRecord)
    assert isinstance(dear, UsageRecord)
    assert dear.cost_usd == pytest.approx(plain.cost_usd * 2 * 1.1 + 0.02)


@pytest.mark.parametrize("kind", ["user", "progress", "system", "summary", "agent_progress"])
def test_other_lines_never_count(kind: str) -> None:
    body = json.loads(line())
    body["type"] = kind
    assert one(json.dumps(body)) is None
    nested = json.dumps({"type": kind, "data": {"message": json.loads(line())}, "usage": {"input_tokens": 9}})
    assert one(nested) is None


def test_spaces_in_the_json_change_nothing() -> None:
    assert one(line(compact=False)) == one(line())


def test_a_synthetic_line_is_an_error_and_counts_nothing() -> None:
    found = one(line(model="<synthetic>", tokens=(5, 5, 5, 5), error="rate_limit", isApiErrorMessage=True))
    assert isinstance(found, ErrorLine)
    assert found.error == "rate_limit"


def test_placeholders_are_marked() -> None:
    def placeholder(output: int, stop: str | None, version: str) -> bool:
        body = json.loads(line(tokens=(1, output, 0, 0), version=version))
        body["message"]["stop_reason"] = stop
        found = one(json.dumps(body))
        assert isinstance(found, UsageRecord)
        return found.output_is_placeholder

    assert placeholder(1, None, "2.0.76")
    assert placeholder(3, "end_turn", "2.1.20")
    assert not placeholder(3, "end_turn", "2.1.329")
    assert not placeholder(400, None, "2.1.329")


def test_missing_ids_fall_back_to_the_file() -> None:
    found = one(line(None, None, session=None, cwd=None))  # type: ignore[arg-type]
    assert isinstance(found, UsageRecord)
    assert (found.session_id, found.project, found.line_key) == ("stem", "-slug", "@key:7")


def test_damage_in_what_does_not_count_loses_nothing() -> None:
    body = json.loads(line())
    body["cwd"] = 5
    body["isSidechain"] = "no"
    body["message"]["usage"]["speed"] = ["x"]
    found = one(json.dumps(body))
    assert isinstance(found, UsageRecord)
    assert found.output_tokens == 20
    torn = line().encode().replace("日".encode(), b"\xe6\x97")
    assert isinstance(one(torn), UsageRecord)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"input_tokens": "12"}, "int"),
        ({"input_tokens": -1}, "negative"),
        ({"output_tokens": 2**63 + 5}, "larger"),
        ({"output_tokens": 10**15}, "larger"),
        ({"cache_read_input_tokens": 1.5}, "int"),
        ({"input_tokens": [1]}, "int"),
    ],
)
def test_damage_in_a_count_is_said(change: dict[str, Any], word: str) -> None:
    assert word in bad(line(usage={"input_tokens": 1, "output_tokens": 1, **change}))


def test_a_line_without_time_belongs_nowhere() -> None:
    body = json.loads(line())
    del body["timestamp"]
    assert "timestamp" in bad(json.dumps(body))
    body["timestamp"] = "yesterday"
    assert bad(json.dumps(body))


def test_a_time_without_zone_is_utc() -> None:
    found = one(line(timestamp="2026-11-20T12:00:00.000"))
    assert isinstance(found, UsageRecord)
    assert found.at_ms == 1795176000000


def test_deep_nesting_is_a_bad_line_not_a_crash() -> None:
    bad(b'{"usage":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_totals_of_the_sample_of_every_line_type() -> None:
    found = read(DATA / "transcript-line-types-2.1.329.jsonl")
    assert [
        (
            r.input_tokens,
            r.output_tokens,
            r.cache_write_5m_tokens,
            r.cache_write_1h_tokens,
            r.cache_read_tokens,
        )
        for r in found.records
    ] == [(101, 401, 2001, 501, 30001)]
    assert len(found.errors) == 1
    assert found.notes == []


def test_a_torn_last_line_is_read_when_it_completes(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    whole = line("m2", "r2")
    path.write_text(line() + "\n" + whole[:200], encoding="utf-8")
    first = read(path)
    assert [r.message_id for r in first.records] == ["msg_1"]
    assert first.notes == []
    append(path, whole[200:])
    without_newline = read(path, first.cursor)
    assert [r.message_id for r in without_newline.records] == ["m2"]
    append(path, "\n" + line("m3", "r3") + "\n")
    rest = read(path, without_newline.cursor)
    assert [r.message_id for r in rest.records] == ["m2", "m3"]
    assert not rest.restarted


def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join([line(), "{}", '{"usage": broken', line("m2", "r2")]) + "\n", encoding="utf-8")
    found = read(path)
    assert [r.message_id for r in found.records] == ["msg_1", "m2"]
    assert [note.line for note in found.notes] == [3]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n\n", b"\x00" * 5000, bytes(range(256)) * 50, b'\xff\xfe{"usage":1}\n']
)
def test_files_that_are_no_transcripts_count_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    assert read(path).records == []


def test_nul_bytes_between_lines_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(line().encode() + b"\n" + b"\x00" * 300 + b"\n" + line("m2", "r2").encode() + b"\n")
    assert len(read(path).records) == 2


def test_a_gigantic_line_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("wb") as file:
        file.write(line().encode() + b"\n")
        for _ in range(200):
            file.write(b'"usage"' + b"x" * (1 << 20))
        file.write(b"\n" + line("m2", "r2").encode() + b"\n")
    found = read(path)
    assert [r.message_id for r in found.records] == ["msg_1", "m2"]
    assert [note.line for note in found.notes] == [2]
    assert f"{MAX_LINE >> 20} MB" in found.notes[0].why


def test_a_growing_gigantic_line_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"x" * (MAX_LINE + 2_000_000))
    first = read(path)
    assert first.cursor.skipping
    assert first.cursor.offset == path.stat().st_size
    append(path, "y" * 1000 + "\n" + line() + "\n")
    second = read(path, first.cursor)
    assert not second.restarted
    assert len(second.records) == 1


@pytest.mark.parametrize("change", ["shorter", "other head", "other tail"])
def test_a_file_that_is_not_the_same_is_read_anew(tmp_path: Path, change: str) -> None:
    path = tmp_path / "t.jsonl"
    lines = [line(f"m{i}", f"r{i}") for i in range(10)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    cursor = read(path).cursor
    if change == "shorter":
        lines = lines[:3]
    elif change == "other head":
        lines[0] = line("n0", "r0")
    else:
        lines[9] = line("n9", "r9")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    again = read(path, cursor)
    assert again.restarted
    assert len(again.records) == len(lines)


REAL = [
    raw
    for raw in (DATA / "transcript-line-types-2.1.329.jsonl").read_bytes().splitlines()
    if b'"usage"' in raw
]
REAL.append(line().encode())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            raw[at : at + draw(st.integers(1, 40))] = b""
        elif kind == 1:
            raw[at:at] = draw(st.binary(max_size=8))
        elif kind == 2 and at < len(raw):
            raw[at] = draw(st.integers(0, 255))
        else:
            raw[at:at] = draw(
                st.sampled_from([b"[" * 50, b'"usage"', b"null", b"-1", b"1e999", b"{}", b'\\"', b"9" * 30])
            )
    return bytes(raw)


def counts_by_hand(raw: bytes) -> bool:
    """Whether a line is one of usage, by the plain definition and a plain JSON parser."""
    try:
        data = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    message = data.get("message") if isinstance(data, dict) else None
    return (
        isinstance(message, dict)
        and data.get("type") == "assistant"
        and isinstance(message.get("usage"), dict)
    )


@given(mutated())
@example(b'{"type":"assistant","message":{"usage":{}}}')
def test_no_line_raises_and_none_counts_that_is_not_usage(raw: bytes) -> None:
    taken = decoder()
    why = ""
    try:
        taken.decode(raw, 0)
    except BadLineError as error:
        why = str(error) or "nothing"
    assert why != "nothing"
    assert len(why) < 400
    if taken.records:
        assert counts_by_hand(raw)
        assert taken.records[0].billed_tokens >= 0


@given(st.lists(st.one_of(st.sampled_from(REAL), mutated()), max_size=12), st.integers(1, 4000))
def test_blocks_of_any_size_give_the_same_records(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], block: int
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    path.write_bytes(b"\n".join(raw.replace(b"\n", b" ") for raw in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quota_tui.sources.reading.BLOCK", 1 << 20)
        whole = read(path)
        patch.setattr("quota_tui.sources.reading.BLOCK", block)
        pieces = read(path)
    assert pieces.records == whole.records
    assert pieces.notes == whole.notes
    assert pieces.cursor == whole.cursor
