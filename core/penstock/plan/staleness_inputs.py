"""Whether what was made still follows from what is upstream now: one upstream asset at a time.

Owns: ``plain_cause`` for upstream assets without partitions, and ``PartsRead`` for those with. What was read
is compared by version; where no version was recorded, by the order in the log.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence

from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import PartitionMapping
from penstock.partitions.mapping_rules import upstream_partitions
from penstock.partitions.spans import Run
from penstock.partitions.static_mapping import StaticPartitionMapping
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import View
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.plan.staleness import StaleCause, StaleCauseKind
from penstock.plan.staleness_facts import Edge, Fact, Known
from penstock.plan.versions import MANY, combined, event_in

_MANY_READERS, _MOST_READ = 32, 64
"""From how many readers on it pays to work out at once what they read, and how much each may read then."""


def plain_cause(edge: Edge, upstream: Known, fact: Fact) -> StaleCause | None:
    """Why something is stale because of an upstream asset without partitions; None when it is not.

    Args:
        edge: the upstream asset.
        upstream: what is known of it.
        fact: of what was made.
    """
    up, recorded = upstream.fact, fact.read_of(edge.name)
    if up is None:
        return None
    kind = _kind(fact, [up]) if recorded is None else None
    if recorded is not None and _differs(up, recorded):
        kind = StaleCauseKind.UPSTREAM_NEWER
    if kind is None:
        return None
    return StaleCause(
        kind=kind,
        dependency=edge.key,
        before=None if recorded is None or event_in(recorded) is not None else recorded,
        now=up.version,
        at=up.at,
    )


def _differs(up: Fact, recorded: str) -> bool:
    before = event_in(recorded)
    return up.version != recorded if before is None else up.id > before


def _kind(fact: Fact, read: Iterable[Fact]) -> StaleCauseKind | None:
    """What is wrong where no version was recorded: something newer, or a dependency that is new.

    Args:
        fact: of what was made.
        read: the facts of what it reads, newest first.
    """
    for up in read:
        if up.is_with(fact):
            continue
        if up.id > fact.id:
            return StaleCauseKind.UPSTREAM_NEWER
        if not fact.tells_inputs:
            return None
        if up.version is not None:
            return StaleCauseKind.DEPENDENCY_ADDED
    return None


class PartsRead:
    """What partitions of one upstream asset give their readers, worked out once for equal questions.

    Args:
        edge: the upstream asset, which has partitions.
        upstream: what is known of it.
        view: what counts as now, and who knows dynamic keys.
    """

    def __init__(self, edge: Edge, upstream: Known, view: View) -> None:
        self._edge, self._known, self._view = edge, upstream, view
        self._versions: dict[object, str | None] = {}
        self._newest: dict[object, list[tuple[str, Fact]]] = {}
        self._history: Mapping[str, Sequence[Fact]] | None = None
        self._windows: Mapping[str, tuple[Run, Sequence[str]]] = {}
        self._written_down = _by_reader(edge.mapping)

    def cause(self, fact: Fact, reader: PartitionsSubset | None) -> StaleCauseKind | None:
        """Why what was made from some partitions is stale; None when it is not.

        Args:
            fact: of what was made.
            reader: the reading partitions, None for a reader without partitions.
        """
        edge = self._edge
        assert edge.mapping is not None  # noqa: S101  # this class is for upstream assets with partitions
        assert edge.definition is not None  # noqa: S101  # as above
        where = f"of what reads {edge.name!r}"
        read = upstream_partitions(edge.mapping, reader, edge.definition, self._view, where)
        return self._cause(fact, read.partitions_subset.body, read.partitions_subset)

    def expect(self, keys: Collection[str], definition: PartitionsDefinition) -> None:
        """Work out at once what many partitions read, where that is quicker than one by one.

        Args:
            keys: of the reading partitions that will be asked about; others may be, too.
            definition: of the reader.
        """
        if self._edge.is_same or len(keys) < _MANY_READERS:
            return
        self._windows = windows_read(self._edge, keys, definition, self._view)

    def cause_of(self, fact: Fact, key: str, definition: PartitionsDefinition) -> StaleCauseKind | None:
        """As ``cause``, for one reading partition.

        Args:
            fact: of what was made.
            key: of the reading partition.
            definition: of the reader.
        """
        if self._edge.is_same:
            return self._same_key_cause(fact, key)
        if self._written_down is not None:
            keys = self._written_down.get(key, ())
            return self._cause(fact, keys, keys)
        if key in self._windows:
            run, keys = self._windows[key]
            return self._cause(fact, run, keys)
        if definition.form.place_of(key) is None:
            return None  # it exists no longer
        return self.cause(fact, definition.subset_with_partition_keys([key]))

    def _same_key_cause(self, fact: Fact, key: str) -> StaleCauseKind | None:
        up = self._known.by_partition.get(key)
        if up is None:
            return None
        recorded = fact.read_of(self._edge.name)
        if recorded is not None and up.version == recorded:
            return None
        return self._cause(fact, key, (key,))

    def _cause(self, fact: Fact, same: object, keys: Collection[str]) -> StaleCauseKind | None:
        """``same`` is equal for equal keys; the keys are only listed when nobody asked for them before."""
        recorded = fact.read_of(self._edge.name)
        if recorded is None:
            return _kind(fact, (up for _, up in self._newest_first(same, keys)))
        up_to = event_in(recorded)
        if up_to is not None:
            changed = self._changed_since(up_to, fact, same, keys)
        else:
            changed = len(keys) > MANY or self._version(same, keys) != recorded
        return StaleCauseKind.UPSTREAM_NEWER if changed else None

    def _version(self, same: object, keys: Collection[str]) -> str | None:
        if same not in self._versions:
            facts = self._known.by_partition
            versions = {key: facts[key].version if key in facts else None for key in keys}
            is_own = self._edge.is_same
            self._versions[same] = next(iter(versions.values())) if is_own else combined(versions)
        return self._versions[same]

    def _newest_first(self, same: object, keys: Collection[str]) -> list[tuple[str, Fact]]:
        found = self._newest.get(same)
        if found is None:
            facts = self._known.by_partition
            there = [(key, facts[key]) for key in keys if key in facts]
            found = self._newest[same] = sorted(there, key=lambda one: -one[1].id)
        return found

    def _changed_since(self, up_to: int, fact: Fact, same: object, keys: Collection[str]) -> bool:
        for key, up in self._newest_first(same, keys):
            if up.id <= up_to:
                return False
            by_the_same_run = bool(up.run_id) and up.run_id == fact.run_id and up.id < fact.id
            if not by_the_same_run and not self._had(key, up_to, up):
                return True
        return False

    def _had(self, key: str, up_to: int, now: Fact) -> bool:
        """Whether a partition had this version already when the log was read up to an event."""
        if now.version is None:
            return False
        if self._history is None:
            self._history = self._known.history()
        facts = self._history.get(key, ())
        place = bisect_right([one.id for one in facts], up_to)
        return place > 0 and facts[place - 1].version == now.version


def windows_read(
    edge: Edge, keys: Collection[str], definition: PartitionsDefinition, view: View
) -> Mapping[str, tuple[Run, Sequence[str]]]:
    """What windows of time read of other windows of time, all keys written at once.

    Returns:
        For each key that has a place the range of places that it reads, and their keys; nothing at all when
        something else than windows is read, or by another mapping.
    """
    mapping, up = edge.mapping, edge.definition
    if type(mapping) is not TimeWindowPartitionMapping or not isinstance(up, TimeWindowPartitionsDefinition):
        return {}
    if not isinstance(definition, TimeWindowPartitionsDefinition) or definition.timezone != up.timezone:
        return {}
    placed = zip(keys, definition.form.places_of(keys), strict=True)
    places = {key: place for key, place in placed if place is not None}
    runs = list(mapping.ranges_read(places.values(), definition, up, view))
    if not runs or sum(end - first for first, end in runs) > _MOST_READ * len(runs):
        return {}
    start = min((first for first, end in runs if end), default=0)
    listed = up.timeline.keys_between(start, max(end for _, end in runs))
    read = ((run, listed[run[0] - start : run[1] - start] if run[1] else ()) for run in runs)
    return dict(zip(places, read, strict=True))


def _by_reader(mapping: PartitionMapping | None) -> Mapping[str, tuple[str, ...]] | None:
    """What each partition reads by a mapping that is written out, which is slow to ask one by one."""
    if not isinstance(mapping, StaticPartitionMapping):
        return None
    found: dict[str, list[str]] = {}
    for upstream, readers in mapping.readers.items():
        for reader in readers:
            found.setdefault(reader, []).append(upstream)
    return {reader: tuple(keys) for reader, keys in found.items()}
