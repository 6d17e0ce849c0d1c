"""The partitions of a launch: which ones a run is to cover, from its key or from its tags.

Owns: ``Coverage``, ``coverage_of`` and the tags that say which partitions a run covers. Most runs have no
partitions, so the room of partitions is imported when one has. Stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from penstock.define.asset_job import IMPLICIT_JOB
from penstock.define.assets import AssetsDefinition
from penstock.define.job import JobDefinition
from penstock.define.run_requests import partition_tags
from penstock.errors import InvalidInvocationError, job_title
from penstock.events.places import PartitionPlaces
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG
from penstock.host.deferred import deferred
from penstock.keys import AssetKey
from penstock.plan.model import NO_READING
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.partitions import keys as partition_keys
    from penstock.partitions import numbers, view
    from penstock.plan import partitions
    from penstock.plan.partitions import Read
else:
    partition_keys = deferred("penstock.partitions.keys")
    numbers = deferred("penstock.partitions.numbers")
    partitions = deferred("penstock.plan.partitions")
    view = deferred("penstock.partitions.view")


@frozen(kw_only=True)
class Coverage:
    """What a run has to do with partitions.

    Args:
        keys: the partitions that it covers, in order.
        reads: what its nodes read of partitioned assets; see ``Plan``.
        tags: that the run gets for its partition.
        places: where the partitions stand in their definition, for the store.
    """

    keys: tuple[str, ...] = ()
    reads: Mapping[str, Mapping[AssetKey, Read]] = NO_READING
    tags: Mapping[str, str] = field(factory=dict[str, str])
    places: PartitionPlaces | None = None


_NONE = Coverage()


def coverage_of(
    job: JobDefinition, partition_key: str | None, tags: Mapping[str, str], instance: Any
) -> Coverage:
    """The partitions of a launch, each of which exists.

    Args:
        job: to run.
        partition_key: that was asked for; None leaves it to the tags.
        tags: of the run.
        instance: knows dynamic keys.

    Raises:
        UnknownPartitionError: when a key does not exist, or the range is the wrong way round.
        InvalidInvocationError: when the job has no partitions, or assets of different ones.
        InvalidDefinitionError: when a partition mapping does not work.
    """
    key, ends = _asked(partition_key, tags)
    if job.partitions_def is None and not _has_partitions(job):
        if key is None and ends is None:
            return _NONE
        raise _without_partitions(job, key)
    if job.assets is not None:
        partitions.refuse_unsuitable(job.assets, _title(job))
    seen = view.view_of(None, instance)
    if job.partitions_def is None:
        if key is not None or ends is not None:
            raise _without_partitions(job, key)
        return Coverage(reads=partitions.reads_of(job, (), seen))
    keys = partitions.covered_keys(
        job.partitions_def,
        seen,
        key=key,
        ends=None if ends is None else partition_keys.PartitionKeyRange(*ends),
    )
    own = partition_tags(job, keys[0]) if key is not None else _NONE.tags
    numbered = numbers.numbered(job.partitions_def, keys)
    return Coverage(
        keys=keys,
        reads=partitions.reads_of(job, keys, seen),
        tags=own,
        places=None if numbered is None else PartitionPlaces(*numbered),
    )


def makes_partitions(job: JobDefinition) -> bool:
    """Whether a run of a job has to say which partitions it is for."""
    if job.partitions_def is not None or job.assets is None:
        return job.partitions_def is not None
    return any(_of_any(one) for one in job.assets.by_node.values())


def asked_in_words(text: str | None) -> tuple[str | None, Mapping[str, str]]:
    """What people write for partitions, as a key or as the tags of a range.

    Args:
        text: ``KEY``, or ``FIRST...LAST`` for a range with both ends; None for none.

    Raises:
        InvalidInvocationError: when a range has one end only.
    """
    first, dots, last = (text or "").partition("...")
    if not dots:
        return text, {}
    if not first.strip() or not last.strip():
        raise InvalidInvocationError(f"The range {text!r} has one end. Write both: FIRST...LAST.")
    return None, {RANGE_START_TAG: first.strip(), RANGE_END_TAG: last.strip()}


def coverage_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of some tags that say which partitions a run covers."""
    return {key: tags[key] for key in (PARTITION_TAG, RANGE_START_TAG, RANGE_END_TAG) if key in tags}


def _asked(key: str | None, tags: Mapping[str, str]) -> tuple[str | None, tuple[str, str] | None]:
    """The key or the range that a launch asks for."""
    start, end = tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)
    key = tags.get(PARTITION_TAG) if key is None else key
    if start is None and end is None:
        return key, None
    if start is None or end is None:
        raise InvalidInvocationError(
            f"A range of partitions has two ends, but only the tag"
            f" {RANGE_END_TAG if start is None else RANGE_START_TAG!r} is given. Give"
            f" {RANGE_START_TAG!r} and {RANGE_END_TAG!r}."
        )
    if key is not None:
        raise InvalidInvocationError(
            f"A run covers one partition or a range of them, but both are given: {key!r} and the range from"
            f" {start!r} to {end!r}. Leave one out."
        )
    return None, (start, end)


def _has_partitions(job: JobDefinition) -> bool:
    """Whether a job makes or reads partitioned assets; looks at no others, of which there may be many."""
    layer = job.assets
    if layer is None:
        return False
    seen: set[AssetKey] = set()
    for one in layer.by_node.values():
        if _of_any(one):
            return True
        seen.update(one.keys_by_input.values())
        seen.update(dep.asset_key for spec in one.specs_by_key.values() for dep in spec.deps)
    return any(key in layer.known and _of_any(layer.known[key]) for key in seen - layer.selected)


def _of_any(assets: AssetsDefinition) -> bool:
    if assets.partitions_def is not None:
        return True
    return any(spec.partitions_def is not None for spec in assets.specs_by_key.values())


def _without_partitions(job: JobDefinition, key: str | None) -> InvalidInvocationError:
    what = "that range" if key is None else f"partition {key!r}"
    return InvalidInvocationError(
        f"There is no run of {_title(job)} for {what}: it has no partitions."
        " Leave the partition out, or give partitions_def= to the assets or to the job."
    )


def _title(job: JobDefinition) -> str:
    return "this selection" if job.name == IMPLICIT_JOB else job_title(job.name)
