"""Subsets of windows of time, as ranges of places.

Owns: ``SpanForm``. Written, a range is the moment at which its first window begins and how many windows it
has: a definition that starts earlier or later than when it was written still reads it rightly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from penstock.errors import UnknownPartitionError
from penstock.partitions.keys import fingerprint
from penstock.partitions.spans import Run, Spans, merged, span, spans_of
from penstock.partitions.timeline import Timeline
from penstock.partitions.view import View
from penstock.values import frozen

_AT_ONCE = 4096


@frozen
class SpanForm:
    """Subsets of windows of time."""

    timeline: Timeline

    @property
    def identity(self) -> str:
        """Changes with the schedule, the zone, the format and the exclusions, not with start and end."""
        rules = self.timeline.rules
        parts = rules.cron_schedule, rules.timezone, rules.fmt, rules.excluded, rules.holes
        return fingerprint(repr(parts))

    def place_of(self, key: str) -> int | None:
        """The place of a key within start and end, None for others."""
        return self.timeline.place_of(key)

    def places_of(self, keys: Collection[str]) -> list[int | None]:
        """The place of each of these keys, None for those that can never exist."""
        return self.timeline.places_of(keys)

    def key_at(self, place: int) -> str:
        """The key of a place."""
        return self.timeline.key_at(place)

    def keys_of(self, body: Spans) -> Iterator[str]:
        """The keys of a body, in order; of a long range some at a time."""
        at_once = 8
        for first, end in body.runs:
            start = first
            while start < end:
                until = min(start + at_once, end)
                yield from self.timeline.keys_between(start, until)
                start, at_once = until, min(2 * at_once, _AT_ONCE)

    def unknown(self, key: str) -> UnknownPartitionError:
        """What to say about a key that never exists."""
        return self.timeline.unknown(key, None)

    def body_of(self, places: Iterable[int]) -> Spans:
        """The body that holds these places."""
        return spans_of(places)

    def span(self, first: int, last: int, view: View) -> Spans:
        """The body of all places from one to another, both included."""
        del view
        return span(first, last + 1)

    def everything(self, view: View) -> Spans:
        """The body of all partitions there are."""
        return span(0, self.timeline.count(view))

    def contains(self, body: Spans, place: int) -> bool:
        """Whether a body holds a place."""
        return place in body

    def places(self, body: Spans) -> Iterator[int]:
        """The places of a body, in order."""
        return iter(body)

    def runs(self, body: Spans, view: View) -> Iterator[tuple[int, int]]:
        """First and last place of each range without a gap."""
        del view
        return ((start, end - 1) for start, end in body.runs)

    def write(self, body: Spans) -> str:
        """A body as moments and numbers of windows."""
        at = self.timeline.kept.at
        return ",".join(f"{at(start)}+{end - start}" for start, end in body.runs)

    def read(self, written: str) -> Spans:
        """A body from its moments; windows before the start are left out."""
        runs = [run for run in map(self._run, written.split(",")) if run] if written else []
        return Spans(merged(sorted(runs)))

    def _run(self, written: str) -> Run | None:
        moment, _, count = written.partition("+")
        start = self.timeline.kept.before(int(moment))
        end = start + int(count)
        return (max(start, 0), end) if end > 0 else None
