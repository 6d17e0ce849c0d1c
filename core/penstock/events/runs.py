"""A run as a value: its identity, state and the filters by which runs are found.

Owns: the state machine of a run (which change is legal) and the public ``Run``.
Must not know how runs are stored or carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from attrs import field

from penstock.events.places import PartitionPlaces
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen

PARTITION_TAG = "penstock/partition"
RANGE_START_TAG = "penstock/asset_partition_range_start"
RANGE_END_TAG = "penstock/asset_partition_range_end"
"""Tags of a run that say which partitions it covers."""


class RunStatus(Enum):
    """Where a run stands. ``NOT_STARTED`` exists for the API and is never stored."""

    QUEUED = "QUEUED"
    NOT_STARTED = "NOT_STARTED"
    STARTING = "STARTING"
    STARTED = "STARTED"
    CANCELING = "CANCELING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELED = "CANCELED"


TERMINAL = frozenset({RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELED})

LEGAL_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.STARTING, RunStatus.CANCELED}),
    RunStatus.STARTING: frozenset(
        {RunStatus.QUEUED, RunStatus.STARTED, RunStatus.FAILURE, RunStatus.CANCELING}
    ),
    RunStatus.STARTED: frozenset({RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELING}),
    RunStatus.CANCELING: frozenset({RunStatus.CANCELED}),
    RunStatus.SUCCESS: frozenset(),
    RunStatus.FAILURE: frozenset(),
    RunStatus.CANCELED: frozenset(),
}
"""The run state machine (RELIABILITY B2): from each state, where a run may go."""


@frozen(kw_only=True)
class Run:
    """One execution of a job.

    Args:
        run_id: a UUID as text.
        job_name: the job; ``"__ASSET_JOB"`` for ad-hoc selections of assets.
        run_config: the config given for this run, env references unresolved.
        tags: the tags of job and run together.
        parent_run_id, root_run_id: what this run re-executes, and the first of that line.
        asset_selection: the assets that this run makes, None for a job of ops.
        step_keys_to_execute: the steps of a partial re-execution, None for all.
        places: where its partitions stand in their definition; for the store, which does not keep it.
    """

    run_id: str
    job_name: str
    status: RunStatus = RunStatus.QUEUED
    run_config: Mapping[str, Any] = field(factory=dict[str, Any])
    tags: Mapping[str, str] = field(factory=dict[str, str])
    parent_run_id: str | None = None
    root_run_id: str | None = None
    asset_selection: frozenset[AssetKey] | None = None
    asset_check_selection: frozenset[AssetCheckKey] | None = None
    op_selection: tuple[str, ...] | None = None
    step_keys_to_execute: tuple[str, ...] | None = None
    code_location: str | None = None
    places: PartitionPlaces | None = field(default=None, eq=False, repr=False)

    @property
    def is_success(self) -> bool:
        """Whether it ended well."""
        return self.status is RunStatus.SUCCESS

    @property
    def is_failure(self) -> bool:
        """Whether it failed."""
        return self.status is RunStatus.FAILURE

    @property
    def is_canceled(self) -> bool:
        """Whether it was stopped."""
        return self.status is RunStatus.CANCELED

    @property
    def is_finished(self) -> bool:
        """Whether it will never change again."""
        return self.status in TERMINAL

    @property
    def is_failure_or_canceled(self) -> bool:
        """Whether it ended, and not well."""
        return self.is_failure or self.is_canceled

    @property
    def is_cancelable(self) -> bool:
        """Whether a request to stop it would still do something."""
        return not self.is_finished and self.status is not RunStatus.CANCELING


@frozen(kw_only=True)
class RunRecord:
    """A run with its times, as stored. Times are seconds since 1970."""

    storage_id: int
    run: Run
    create_time: float
    update_time: float
    start_time: float | None = None
    end_time: float | None = None
    last_seq: int = 0

    @property
    def create_timestamp(self) -> datetime:
        """When it was created, as a moment in UTC."""
        return datetime.fromtimestamp(self.create_time, UTC)

    @property
    def update_timestamp(self) -> datetime:
        """When it last changed, as a moment in UTC."""
        return datetime.fromtimestamp(self.update_time, UTC)


@frozen
class RunsFilter:
    """Which runs are wanted; every given condition must hold.

    Args:
        run_ids: one of these.
        job_name: of this job.
        statuses: in one of these states.
        tags: with each of these tags; a list of values means any of them.
        updated_after, created_before, created_after: seconds since 1970 or a datetime.
    """

    run_ids: Sequence[str] | None = None
    job_name: str | None = None
    statuses: Sequence[RunStatus] = ()
    tags: Mapping[str, str | Sequence[str]] = field(factory=dict[str, Any])
    updated_after: Any = None
    created_before: Any = None
    created_after: Any = None
