"""Requests for runs: what schedules and sensors return.

Owns: ``RunRequest``, ``SkipReason``, and ``run_request_for_partition``, a method of ``JobDefinition``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import field

from penstock.config import as_run_config_dict
from penstock.define.names import as_tags
from penstock.errors import InvalidInvocationError
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen

JobDefinition = Any
"""The job itself: it imports this module, which gives it a method."""


@frozen
class SkipReason:
    """Nothing is to run this time, and why."""

    skip_message: str | None = None


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
    run_config: Any = None
    tags: Mapping[str, Any] = field(factory=dict[str, Any])
    job_name: str | None = None
    asset_selection: Sequence[AssetKey] | None = None
    stale_assets_only: bool = False
    partition_key: str | None = None
    asset_check_keys: Sequence[AssetCheckKey] | None = None


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
        raise InvalidInvocationError(
            f"Job {self.name!r} has no partitions, so there is no run for partition {partition_key!r}."
            " Give it partitions_def=, or a partitioned config."
        )
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
