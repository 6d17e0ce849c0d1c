"""Whether what was made still follows from what is upstream now: one upstream asset at a time.

Owns: ``plain_cause`` for upstream assets without partitions, and ``PartsRead`` for those with. What was read
is compared by version; where no version was recorded, by the order in the log.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from penstock.partitions.mapping_rules import upstream_partitions
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.plan.staleness import StaleCause, StaleCauseKind
from penstock.plan.staleness_facts import Edge, Fact, Known
from penstock.plan.versions import MANY, combined, event_in


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
    kind = _kind(fact, recorded, [up]) if recorded is None else None
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


def _kind(fact: Fact, recorded: str | None, read: Sequence[Fact]) -> StaleCauseKind | None:
    """What is wrong where no version was recorded: something newer, or a dependency that is new."""
    del recorded
    others = [up for up in read if not up.is_with(fact)]
    if any(up.id > fact.id for up in others):
        return StaleCauseKind.UPSTREAM_NEWER
    if fact.tells_inputs and any(up.version is not None for up in others):
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

    def of_reader(self, reader: PartitionsSubset | None) -> tuple[object, Sequence[str]]:
        """The partitions that are read, and what is equal when they are.

        Args:
            reader: the reading partitions, None for a reader without partitions.
        """
        edge = self._edge
        assert edge.mapping is not None  # noqa: S101  # this class is for upstream assets with partitions
        assert edge.definition is not None  # noqa: S101  # as above
        where = f"of what reads {edge.name!r}"
        read = upstream_partitions(edge.mapping, reader, edge.definition, self._view, where)
        return read.partitions_subset.body, read.partitions_subset.get_partition_keys()

    def cause(self, fact: Fact, same: object, keys: Sequence[str]) -> StaleCauseKind | None:
        """Why what was made from some partitions is stale; None when it is not.

        Args:
            fact: of what was made.
            same: equal for equal keys.
            keys: the partitions that it reads now.
        """
        recorded = fact.read_of(self._edge.name)
        if recorded is None:
            facts = self._known.by_partition
            return _kind(fact, recorded, [facts[key] for key in keys if key in facts])
        up_to = event_in(recorded)
        if up_to is not None:
            changed = self._changed_since(up_to, fact, same, keys)
        else:
            changed = len(keys) > MANY or self._version(same, keys) != recorded
        return StaleCauseKind.UPSTREAM_NEWER if changed else None

    def same_key_cause(self, fact: Fact, key: str) -> StaleCauseKind | None:
        """As ``cause``, for what reads the partition of its own key."""
        up = self._known.by_partition.get(key)
        if up is None:
            return None
        recorded = fact.read_of(self._edge.name)
        if recorded is not None and up.version == recorded:
            return None
        return self.cause(fact, key, (key,))

    def _version(self, same: object, keys: Sequence[str]) -> str | None:
        if same not in self._versions:
            facts = self._known.by_partition
            versions = {key: facts[key].version if key in facts else None for key in keys}
            self._versions[same] = versions[keys[0]] if self._edge.is_same else combined(versions)
        return self._versions[same]

    def _changed_since(self, up_to: int, fact: Fact, same: object, keys: Sequence[str]) -> bool:
        if same not in self._newest:
            facts = self._known.by_partition
            found = [(key, facts[key]) for key in keys if key in facts]
            self._newest[same] = sorted(found, key=lambda one: -one[1].id)
        for key, up in self._newest[same]:
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
