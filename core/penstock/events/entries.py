"""Events as an instance hands them out: log entries, records with cursors, and filters for them.

Owns: ``EventLogEntry``, ``EventLogRecord``, pages of them, and the public filters.
Pure; knows no store: whoever reads one makes these.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import Enum, StrEnum

from attrs import field

from penstock.events import values as v
from penstock.events.kinds import EventType
from penstock.events.runs import RunStatus
from penstock.events.view import Event, fact_of
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.values import frozen

_LOUD = {
    EventType.STEP_FAILURE: logging.ERROR,
    EventType.RUN_FAILURE: logging.ERROR,
    EventType.RUN_CANCELED: logging.ERROR,
    EventType.RESOURCE_INIT_FAILURE: logging.ERROR,
    EventType.HOOK_ERRORED: logging.ERROR,
    EventType.STEP_UP_FOR_RETRY: logging.WARNING,
    EventType.STEP_INTERRUPTED: logging.WARNING,
}


@frozen
class EventLogEntry:
    """One line of the log of a run.

    Args:
        event: what happened.
        storage_id: its place in the log of the whole store.
    """

    event: Event
    storage_id: int = 0

    @property
    def run_id(self) -> str:
        """The run; empty for what was reported from outside any run."""
        return self.event.run_id

    @property
    def job_name(self) -> str | None:
        """The job of the run."""
        return self.event.job_name

    @property
    def step_key(self) -> str | None:
        """The step, None for events of the run as a whole."""
        return self.event.step_key

    @property
    def timestamp(self) -> float:
        """When, in seconds since 1970."""
        return self.event.timestamp

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        return self.event.message

    @property
    def user_message(self) -> str:
        """Another name of ``message``."""
        return self.event.message

    @property
    def event_type(self) -> EventType:
        """What kind of thing happened."""
        return self.event.event_type

    @property
    def is_event(self) -> bool:
        """Whether it is a structured event; text logs are kept in files, so it always is."""
        return True

    @property
    def level(self) -> int:
        """How loud, as a number of the logging module."""
        return _LOUD.get(self.event.event_type, logging.DEBUG)

    @property
    def error_info(self) -> v.ErrorInfo | None:
        """The error that the event tells of."""
        return self.event.error

    @property
    def asset_materialization(self) -> v.AssetMaterialization | None:
        """The materialization, None for other events."""
        return self.event.asset_materialization

    @property
    def asset_observation(self) -> v.AssetObservation | None:
        """The observation, None for other events."""
        return self.event.asset_observation

    @property
    def asset_check_evaluation(self) -> v.AssetCheckEvaluation | None:
        """The evaluation of a check, None for other events."""
        return self.event.asset_check_evaluation

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the fact about an asset."""
        return dict(getattr(fact_of(self.event.value), "tags", {}))


@frozen
class EventLogRecord:
    """An entry with its place in the log of the whole store."""

    storage_id: int
    event_log_entry: EventLogEntry

    @property
    def event(self) -> Event:
        """What happened."""
        return self.event_log_entry.event

    @property
    def run_id(self) -> str:
        """The run; empty for what was reported from outside any run."""
        return self.event.run_id

    @property
    def timestamp(self) -> float:
        """When, in seconds since 1970."""
        return self.event.timestamp

    @property
    def event_type(self) -> EventType:
        """What kind of thing happened."""
        return self.event.event_type

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset that the event is about."""
        return self.event.asset_key

    @property
    def partition_key(self) -> str | None:
        """The partition of the asset."""
        return self.event.partition

    @property
    def asset_materialization(self) -> v.AssetMaterialization | None:
        """The materialization, None for other events."""
        return self.event_log_entry.asset_materialization

    @property
    def asset_observation(self) -> v.AssetObservation | None:
        """The observation, None for other events."""
        return self.event_log_entry.asset_observation

    @property
    def asset_event(self) -> v.AssetMaterialization | v.AssetObservation | None:
        """The materialization or observation, None for other events."""
        return self.asset_materialization or self.asset_observation

    @property
    def asset_check_evaluation(self) -> v.AssetCheckEvaluation | None:
        """The evaluation of a check, None for other events."""
        return self.event_log_entry.asset_check_evaluation


@frozen
class EventRecordsResult:
    """A page of records.

    Args:
        records: the records, in the order asked for.
        cursor: give it back to get what follows.
        has_more: whether something followed when the page was read.
    """

    records: list[EventLogRecord]
    cursor: str
    has_more: bool


EventLogConnection = EventRecordsResult
"""The older name of a page of records."""


def _as_types(given: EventType | str) -> EventType:
    return EventType(given)


@frozen
class EventRecordsFilter:
    """Which events are wanted; every given condition must hold.

    Args:
        event_type: of this kind.
        asset_key, asset_partitions: about this asset, and one of these partitions.
        after_cursor, before_cursor: storage ids, exclusive.
        after_timestamp, before_timestamp: seconds since 1970, exclusive.
        storage_ids: one of these.
    """

    event_type: EventType = field(converter=_as_types)
    asset_key: AssetKey | None = None
    asset_partitions: Sequence[str] | None = None
    after_cursor: int | None = None
    before_cursor: int | None = None
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    storage_ids: Sequence[int] | None = None


@frozen
class AssetRecordsFilter:
    """Which facts about an asset are wanted; every given condition must hold.

    Args:
        asset_key, asset_partitions: about this asset, and one of these partitions.
        after_timestamp, before_timestamp: seconds since 1970, exclusive.
        after_storage_id, before_storage_id: exclusive.
        storage_ids: one of these.
    """

    asset_key: AssetKey = field(converter=as_asset_key)
    asset_partitions: Sequence[str] | None = None
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    after_storage_id: int | None = None
    before_storage_id: int | None = None
    storage_ids: Sequence[int] | None = None


@frozen
class RunStatusChangeRecordsFilter:
    """Which changes of runs are wanted; every given condition must hold.

    Args:
        event_type: of this kind, one that moves a run.
        after_timestamp, before_timestamp: seconds since 1970, exclusive.
        after_storage_id, before_storage_id: exclusive.
        storage_ids: one of these.
        job_names: of runs of one of these jobs.
    """

    event_type: EventType = field(converter=_as_types)
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    after_storage_id: int | None = None
    before_storage_id: int | None = None
    storage_ids: Sequence[int] | None = None
    job_names: Sequence[str] | None = None


class AssetPartitionStatus(Enum):
    """Where one partition of an asset stands."""

    MATERIALIZED = "MATERIALIZED"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"


@frozen(kw_only=True)
class AssetEntry:
    """What is known of an asset.

    Args:
        last_materialization_record, last_observation_record: its latest facts.
        last_run_id: the run that was last to make it, or meant to.
    """

    asset_key: AssetKey
    last_materialization_record: EventLogRecord | None = None
    last_observation_record: EventLogRecord | None = None
    last_run_id: str | None = None
    data_version: str | None = None
    code_version: str | None = None

    @property
    def last_materialization(self) -> EventLogEntry | None:
        """The latest materialization as a log entry."""
        record = self.last_materialization_record
        return None if record is None else record.event_log_entry

    @property
    def last_observation(self) -> EventLogEntry | None:
        """The latest observation as a log entry."""
        record = self.last_observation_record
        return None if record is None else record.event_log_entry

    @property
    def last_materialization_storage_id(self) -> int | None:
        """Where the latest materialization stands in the log."""
        record = self.last_materialization_record
        return None if record is None else record.storage_id

    @property
    def last_event_storage_id(self) -> int | None:
        """Where the latest fact stands in the log."""
        records = (self.last_materialization_record, self.last_observation_record)
        return max((record.storage_id for record in records if record is not None), default=None)


@frozen(kw_only=True)
class AssetRecord:
    """An asset with its place; ``storage_id`` is that of its latest fact."""

    storage_id: int
    asset_entry: AssetEntry


class AssetCheckExecutionRecordStatus(StrEnum):
    """How an evaluation of a check ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@frozen(kw_only=True)
class AssetCheckExecutionRecord:
    """The latest evaluation of a check, and the run that made it (empty: reported without a run)."""

    key: AssetCheckKey
    id: int
    run_id: str
    create_timestamp: float
    event: EventLogEntry
    evaluation: v.AssetCheckEvaluation

    @property
    def partition(self) -> str | None:
        """The partition that was checked."""
        return self.evaluation.partition

    @property
    def status(self) -> AssetCheckExecutionRecordStatus:
        """Whether it passed."""
        ended = AssetCheckExecutionRecordStatus
        return ended.SUCCEEDED if self.evaluation.passed else ended.FAILED


@frozen(kw_only=True)
class RunStats:
    """Counts and times of one run; times in seconds since 1970."""

    run_id: str
    status: RunStatus
    steps_succeeded: int = 0
    steps_failed: int = 0
    materializations: int = 0
    enqueued_time: float | None = None
    launch_time: float | None = None
    start_time: float | None = None
    end_time: float | None = None


def filter_for(wanted: CoercibleToAssetKey | AssetRecordsFilter) -> AssetRecordsFilter:
    """A filter from a filter or from an asset key alone."""
    return wanted if isinstance(wanted, AssetRecordsFilter) else AssetRecordsFilter(as_asset_key(wanted))
