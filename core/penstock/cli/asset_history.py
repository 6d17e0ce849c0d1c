"""What became of an asset, newest first; the partitions that one run made are one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from penstock.cli.times import moment
from penstock.events.entries import EventLogRecord

_FACTS = 500

Row = tuple[str, str, str]


def facts_for(lines: int) -> int:
    """How many facts are looked at so that lines can be told of an asset with partitions."""
    return max(lines, _FACTS) if lines else 0


def history_rows(history: Sequence[EventLogRecord], *, lines: int, asked: int) -> list[Row]:
    """When, in which run, and what: one row a fact, or a row for many partitions of one run.

    Args:
        history: facts, newest first.
        lines: so many rows at most.
        asked: how many facts were asked for; when as many came, the oldest run may have made more.
    """
    return list(islice(_rows(history, cut=len(history) >= asked), lines))


def _rows(history: Sequence[EventLogRecord], *, cut: bool) -> Iterator[Row]:
    seen = 0
    for _, found in groupby(history, key=_kin):
        facts = list(found)
        seen += len(facts)
        newest = facts[0].event_log_entry
        what = newest.message if len(facts) == 1 else _told(facts, more=cut and seen == len(history))
        yield moment(facts[0].timestamp), newest.run_id[:8] or "-", what


def _kin(record: EventLogRecord) -> tuple[str, object, int]:
    """What facts have in common that are told in one line; others are told alone."""
    entry = record.event_log_entry
    alone = 0 if entry.run_id and record.partition_key is not None else record.storage_id
    return entry.run_id, record.event_type, alone


def _told(facts: Sequence[EventLogRecord], *, more: bool) -> str:
    first, last = facts[-1].partition_key, facts[0].partition_key
    verb = facts[0].event_log_entry.message.split()[0]
    if more:
        return f"{verb} {len(facts):,} partitions or more, up to {last}."
    return f"{verb} {len(facts):,} partitions: {first} … {last}."
