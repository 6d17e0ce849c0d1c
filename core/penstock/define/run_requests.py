"""Requests for runs: what schedules and sensors return.

Owns: ``RunRequest``, ``SkipReason``, what a request takes from the partition that it names, and
``run_request_for_partition``, a method of ``JobDefinition``. Must not know who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, field

from penstock.config import as_run_config_dict
from penstock.define.names import as_tags
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, InvariantViolationError
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG
from penstock.keys import AssetCheckKey, AssetKey, user_strings
from penstock.partitions.keys import PartitionKeyRange
from penstock.values import frozen

JobDefinition = Any
"""The job itself: it imports this module, which gives it a method."""


@frozen
class SkipReason:
    """Nothing is to run this time, and why."""

    skip_message: str | None = None


def _as_config(given: Any) -> Any:
    return as_run_config_dict(given)


_CONFIG: Any = _as_config


def _as_request_tags(given: Mapping[str, Any] | None) -> Mapping[str, str]:
    return dict(as_tags(given, "a run request"))


@frozen
class RunRequest:
    """A run that a schedule or sensor asks for.

    Args:
        run_key: asked for once and never again under this key; None asks every time.
        run_config: of the run.
        tags: of the run.
        job_name: which job, when there are several.
        asset_selection: which assets of the job, all by default.
        stale_assets_only: whether up-to-date assets are left out.
        partition_key: of a partitioned job.
        asset_check_keys: which checks, those of the assets by default.
    """

    run_key: str | None = None
    run_config: Any = field(default=None, converter=_CONFIG)
    tags: Mapping[str, Any] = field(default=None, converter=_as_request_tags)
    job_name: str | None = None
    asset_selection: Sequence[AssetKey] | None = None
    stale_assets_only: bool = False
    partition_key: str | None = None
    asset_check_keys: Sequence[AssetCheckKey] | None = None

    @property
    def entity_keys(self) -> Sequence[AssetKey | AssetCheckKey]:
        """The assets and checks that it names; none when it means all of the job."""
        return [*(self.asset_selection or ()), *(self.asset_check_keys or ())]

    @property
    def partition_key_range(self) -> PartitionKeyRange | None:
        """The range of partitions that its tags name, if they do."""
        ends = self.tags.get(RANGE_START_TAG), self.tags.get(RANGE_END_TAG)
        return None if None in ends else PartitionKeyRange(str(ends[0]), str(ends[1]))

    def has_resolved_partition(self) -> bool:
        """Whether the tags of its partition are there already, or it names none."""
        return self.partition_key is None or PARTITION_TAG in self.tags

    def with_replaced_attrs(self, **attrs: Any) -> RunRequest:
        """A copy with some fields replaced."""
        return evolve(self, **attrs)

    def with_resolved_tags_and_config(
        self,
        target_definition: JobDefinition,
        dynamic_partitions_store: Any = None,
        current_time: datetime | None = None,
    ) -> RunRequest:
        """A copy with the tags of its partition, and the config that its job has for it.

        Args:
            target_definition: the job.
            dynamic_partitions_store: knows dynamic keys, an ``Instance`` for one.
            current_time: what counts as now.

        Raises:
            InvariantViolationError: when it names no partition.
            InvalidInvocationError: when the job has no partitions.
            UnknownPartitionError: when there is no such partition.
        """
        key = self.partition_key
        if key is None:
            raise InvariantViolationError(f"A request for {target_definition.name!r} names no partition.")
        partitions = _partitions(target_definition, self.asset_selection, key)
        partitions.validate_partition_key(key, current_time, dynamic_partitions_store)
        config: Any = getattr(target_definition.config, "get_run_config_for_partition_key", None)
        tags: Any = getattr(target_definition.config, "get_tags_for_partition_key", None)
        return evolve(
            self,
            run_config=self.run_config or ({} if config is None else config(key)),
            tags={**self.tags, **(partitions.get_tags_for_partition_key if tags is None else tags)(key)},
        )


def _partitions(job: JobDefinition, selection: Sequence[AssetKey] | None, key: str) -> Any:
    """The partitions of a run: those of its job, else those that its assets share."""
    if job.partitions_def is not None:
        return job.partitions_def
    layer: Any = job.assets
    keys: Sequence[AssetKey] = (
        () if layer is None else sorted(layer.selected) if selection is None else selection
    )
    found: list[Any] = []
    everything: Any = {} if layer is None else layer.known
    for one in keys:
        known: Any = everything.get(one)
        own = known and (known.specs_by_key[one].partitions_def or known.partitions_def)
        if own is not None and own not in found:
            found.append(own)
    if len(found) > 1:
        raise InvalidDefinitionError(
            f"A run of {job.name!r} for the partition {key!r} has assets of different partitions:"
            f" {', '.join(user_strings(keys)[:10])}. Ask for them in runs of their own."
        )
    if not found:
        raise _unpartitioned(job, key)
    return found[0]


def _unpartitioned(job: JobDefinition, key: str) -> InvalidInvocationError:
    return InvalidInvocationError(
        f"Job {job.name!r} has no partitions, so there is no run for partition {key!r}."
        " Give it partitions_def=, or a partitioned config."
    )


def run_request_for_partition(
    self: JobDefinition,
    partition_key: str,
    run_key: str | None = None,
    tags: Mapping[str, Any] | None = None,
    asset_selection: Sequence[AssetKey] | None = None,
    run_config: Any = None,
    current_time: datetime | None = None,
    dynamic_partitions_store: Any = None,
) -> RunRequest:
    """The request for a run of one partition of this job.

    Args:
        partition_key: the partition.
        run_key: asked for once and never again under this key; None asks every time.
        tags: of the run, besides those of the partition.
        asset_selection: which assets of the job, all by default.
        run_config: instead of what the job's partitioned config gives.
        current_time: what counts as now.
        dynamic_partitions_store: knows dynamic keys, an ``Instance`` for one.

    Raises:
        InvalidInvocationError: when the job has no partitions.
        UnknownPartitionError: when there is no such partition.
    """
    if self.partitions_def is None:
        raise _unpartitioned(self, partition_key)
    self.partitions_def.validate_partition_key(partition_key, current_time, dynamic_partitions_store)
    config: Any = getattr(self.config, "get_run_config_for_partition_key", None)
    if run_config is not None:
        given: Mapping[str, Any] = as_run_config_dict(run_config)
    else:
        given = {} if config is None else config(partition_key)
    return RunRequest(
        run_key=run_key,
        run_config=given,
        tags={**partition_tags(self, partition_key), **as_tags(tags, self.name)},
        job_name=self.name,
        asset_selection=asset_selection,
        partition_key=partition_key,
    )


def partition_tags(job: JobDefinition, partition_key: str) -> Mapping[str, str]:
    """The tags of a run of a job for one partition, which exists."""
    tags_of: Any = getattr(job.config, "get_tags_for_partition_key", None)
    if tags_of is not None:
        return tags_of(partition_key)
    return job.partitions_def.get_tags_for_partition_key(partition_key)
