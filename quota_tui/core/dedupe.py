"""Which lines of usage are API calls. The rules are those of real transcripts:

- One call writes a line per content block, all with its message id and request id, some with a
  placeholder for the output. The line with the largest total is the call, whole: a maximum per field
  would build a record that nobody wrote.
- Resumed and forked sessions copy old lines into new files: the first session keeps the call.
- A side thread replays a message id under another request id: the line outside the side thread wins.
- A line without a request id belongs to the call with its message id, if there is one.
- The same message id under two request ids, neither in a side thread, is two calls.
- A line without a message id is a call of its own (its `line_key` stands in for the id).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quota_tui.core.usage import UsageRecord


def call_id(record: UsageRecord) -> str:
    """What groups the lines that can be one call: the message id, else the line itself."""
    return record.message_id or record.line_key


def better(new: UsageRecord, old: UsageRecord) -> bool:
    """Whether `new` is the more complete of two lines of one call; on a tie the earlier one stays."""
    new_total, old_total = new.billed_tokens, old.billed_tokens
    return new_total > old_total or (new_total == old_total and new.at_ms < old.at_ms)


def variants(lines: Iterable[UsageRecord]) -> list[UsageRecord]:
    """The best line of each (request id, side thread or not) among lines with one message id."""
    best: dict[tuple[str, bool], UsageRecord] = {}
    for line in lines:
        key = (line.request_id, line.is_sidechain)
        old = best.get(key)
        if old is None or better(line, old):
            best[key] = line
    return list(best.values())


def calls(group: Sequence[UsageRecord]) -> list[UsageRecord]:
    """The calls among the `variants` of one message id: at least one, and independent of their order."""
    if len(group) == 1:
        return list(group)
    ordered = sorted(group, key=lambda r: (r.at_ms, r.request_id, r.is_sidechain, -r.billed_tokens))
    named = [record for record in ordered if record.request_id]
    nameless = [record for record in ordered if not record.request_id]
    main = [record for record in named if not record.is_sidechain]
    kept = _one_per_request(main) or [_fullest(named)] if named else []
    for record in nameless:
        if not kept:
            kept = [record]
        elif better(record, kept[0]):
            kept[0] = record
    return kept


def _one_per_request(records: Sequence[UsageRecord]) -> list[UsageRecord]:
    by_request: dict[str, UsageRecord] = {}
    for record in records:
        by_request.setdefault(record.request_id, record)
    return list(by_request.values())


def _fullest(records: Sequence[UsageRecord]) -> UsageRecord:
    best = records[0]
    for record in records[1:]:
        if better(record, best):
            best = record
    return best
