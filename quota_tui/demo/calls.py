"""From stints to single API calls: when, by whom, with how many tokens.

The sizes follow what transcripts show: a context that grows with every call and is read from the cache,
a few thousand tokens written to it, some hundred of output with a long tail, a compaction when it is full.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from quota_tui.core.pricing import Pricer, call_cost_usd
from quota_tui.demo.scenario import Scenario, Stint, unit
from quota_tui.store.prices import load_prices

_TURN = (3, 7)
"""Calls from one prompt to the end of the answer, least and most."""
_FIRST_S = 65
"""The first call of a stint is done at the earliest so long after its start."""
_PAUSE_S = 5.0
_TOKENS_PER_S = 40
_CONTEXT_START, _CONTEXT_FULL, _CONTEXT_COMPACTED = 15_000, 150_000, 22_000
_AGENT_START = 6_000


class Call(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One API call. `begins_s`, when the head of its reply comes, and `at_s`, when it is done, are seconds
    after the played window's opening.

    `number` counts the calls of its transcript; `first`/`last` in its turn. A subagent's calls have
    `agent` set. `write_tokens` go into the one-hour cache, a subagent's into the five-minute one.
    """

    begins_s: float
    at_s: float
    session: str
    project: str
    model: str
    agent: str
    number: int
    first: bool
    last: bool
    input_tokens: int
    output_tokens: int
    write_tokens: int
    read_tokens: int
    cost_usd: float

    @property
    def thread(self) -> str:
        """Names the transcript: the session, or the session and its subagent."""
        return f"{self.session}/{self.agent}" if self.agent else self.session


class _Thread(msgspec.Struct):
    """One transcript while its calls are made up."""

    context: int
    number: int = 0
    left_in_turn: int = 0
    done_s: float = float("-inf")


def plan_calls(scenario: Scenario) -> tuple[Call, ...]:
    """All calls the person would like to make, in order of time; Anthropic may refuse some."""
    pricer = Pricer(load_prices())
    threads: dict[str, _Thread] = {}
    calls: list[Call] = []
    for stint in sorted(scenario.stints, key=scenario.seconds):
        calls += _calls_of(stint, scenario.seconds(stint), threads, pricer)
    return tuple(sorted(calls, key=lambda call: (call.at_s, call.thread)))


def _calls_of(stint: Stint, start_s: float, threads: dict[str, _Thread], pricer: Pricer) -> Iterator[Call]:
    name = f"{stint.session}/{stint.agent}" if stint.agent else stint.session
    # The same name on another day is another transcript only if the data says so: sessions have one name.
    thread = threads.setdefault(name, _Thread(_AGENT_START if stint.agent else _CONTEXT_START))
    for index in range(stint.calls):
        key = (name, thread.number)
        first = thread.left_in_turn == 0
        if first:
            low, high = _TURN
            thread.left_in_turn = (
                stint.calls if stint.agent else low + int(unit("turn", *key) * (high - low + 1))
            )
        thread.left_in_turn -= 1
        last = thread.left_in_turn == 0 or index == stint.calls - 1
        thread.left_in_turn = 0 if last else thread.left_in_turn
        tokens = _tokens(thread, key)
        room_s = (stint.minutes * 60 - _FIRST_S) / stint.calls
        at_s = round(start_s + _FIRST_S + (index + 0.6 * unit("at", *key)) * room_s, 3)
        yield Call(
            begins_s=round(max(at_s - 3 - tokens[1] / _TOKENS_PER_S, thread.done_s + _PAUSE_S), 3),
            at_s=at_s,
            session=stint.session,
            project=stint.project,
            model=stint.model,
            agent=stint.agent,
            number=thread.number,
            first=first,
            last=last,
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            write_tokens=tokens[2],
            read_tokens=tokens[3],
            cost_usd=_cost(pricer, stint, tokens),
        )
        thread.number, thread.done_s = thread.number + 1, at_s


def _tokens(thread: _Thread, key: tuple[object, ...]) -> tuple[int, int, int, int]:
    """(input, output, cache write, cache read) of the next call; the context grows by it."""
    wanted = 2 + int(unit("in", *key) * 11)
    output = int(90 * 14 ** unit("out", *key))
    written = int(500 * 11 ** unit("write", *key))
    read = thread.context
    if read > _CONTEXT_FULL:
        read, written, thread.context = _CONTEXT_START, _CONTEXT_COMPACTED, _CONTEXT_START
    elif thread.number == 0:
        written += 4_000  # the first call writes the project's own instructions
    thread.context += written + output
    return wanted, output, written, read


def _cost(pricer: Pricer, stint: Stint, tokens: tuple[int, int, int, int]) -> float:
    price = pricer.price(stint.model, 2**53)
    assert price is not None, stint.model
    wanted, output, written, read = tokens
    short, long = (written, 0) if stint.agent else (0, written)
    return call_cost_usd(price, wanted, output, short, long, read)
