"""What an instance answers and does about assets, their partitions and checks.

Owns: the public names and arguments of these questions. Each is one step to ``query`` or the store.
The functions become methods of ``Instance``, which is what they take first. Lazy: ``query`` is
imported when something is asked, since a run asks nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from penstock.errors import InvariantViolationError
from penstock.events import values as v
from penstock.host.deferred import deferred
from penstock.host.instance_events import HasLog
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.spi.store import EventQuery

if TYPE_CHECKING:
    from penstock.events.entries import (
        AssetCheckExecutionRecord,
        AssetPartitionStatus,
        AssetRecord,
        EventLogEntry,
        EventLogRecord,
    )
    from penstock.query import assets as query
    from penstock.query import partitions
else:
    query = deferred("penstock.query.assets")
    partitions = deferred("penstock.query.partitions")

_RUNLESS = ""


def report_runless_asset_event(
    instance: HasLog, asset_event: v.AssetMaterialization | v.AssetObservation | v.AssetCheckEvaluation
) -> None:
    """Record a fact about an asset that was learned outside any run.

    Raises:
        InvariantViolationError: when it is no such fact.
    """
    instance.store.append(_RUNLESS, 0, [_happened(asset_event, time.time())])


def all_asset_keys(instance: HasLog) -> list[AssetKey]:
    """The keys of all assets of which something is known, sorted."""
    return [status.asset_key for status in instance.store.assets()]


def get_asset_keys(
    instance: HasLog, prefix: Sequence[str] | None = None, limit: int | None = None, cursor: str | None = None
) -> list[AssetKey]:
    """Keys of assets of which something is known, sorted.

    Args:
        instance: the instance that is asked.
        prefix: only keys that begin with these parts.
        limit: at most this many.
        cursor: only keys after this one, as users write it.
    """
    keys = [status.asset_key for status in instance.store.assets(None, tuple(prefix or ()))]
    if cursor is not None:
        after = AssetKey.from_user_string(cursor)
        keys = [key for key in keys if key > after]
    return keys[:limit]


def has_asset_key(instance: HasLog, asset_key: CoercibleToAssetKey) -> bool:
    """Whether anything is known of an asset."""
    return query.is_known(instance.store, as_asset_key(asset_key))


def get_asset_records(instance: HasLog, asset_keys: Sequence[AssetKey] | None = None) -> list[AssetRecord]:
    """What is known of assets, sorted by key; of None, all."""
    return query.asset_records(instance.store, asset_keys)


def get_latest_materialization_event(
    instance: HasLog, asset_key: CoercibleToAssetKey
) -> EventLogEntry | None:
    """The latest materialization of an asset, None when there is none."""
    key = as_asset_key(asset_key)
    return get_latest_materialization_events(instance, [key])[key]


def get_latest_materialization_events(
    instance: HasLog, asset_keys: Iterable[CoercibleToAssetKey]
) -> dict[AssetKey, EventLogEntry | None]:
    """The latest materialization of each asset, None where there is none."""
    return query.latest_materializations(instance.store, [as_asset_key(key) for key in asset_keys])


def get_latest_data_version_record(
    instance: HasLog,
    key: CoercibleToAssetKey,
    is_source: bool | None = None,
    partition_key: str | None = None,
    before_cursor: int | None = None,
    after_cursor: int | None = None,
) -> EventLogRecord | None:
    """The latest fact of an asset that may carry a data version.

    Args:
        instance: the instance that is asked.
        key: the asset.
        is_source: look at observations; None looks at them when there is no materialization.
        partition_key: only facts about this partition.
        before_cursor, after_cursor: storage ids, exclusive.
    """
    wanted = EventQuery(
        asset_key=as_asset_key(key),
        partitions=None if partition_key is None else (partition_key,),
        before=before_cursor,
        after=after_cursor,
    )
    return query.latest_data_version(instance.store, wanted, is_source=is_source)


def get_latest_materialization_code_versions(
    instance: HasLog, asset_keys: Iterable[CoercibleToAssetKey]
) -> dict[AssetKey, str | None]:
    """The code version that made each asset last, None where none is known."""
    keys = [as_asset_key(key) for key in asset_keys]
    known = {status.asset_key: status.code_version for status in instance.store.assets(keys)}
    return {key: known.get(key) for key in keys}


def get_latest_asset_check_evaluation_record(
    instance: HasLog, asset_check_key: AssetCheckKey
) -> AssetCheckExecutionRecord | None:
    """The latest evaluation of a check and the run that made it, None when there is none."""
    return query.latest_check(instance.store, asset_check_key)


def get_materialized_partitions(
    instance: HasLog,
    asset_key: CoercibleToAssetKey,
    before_cursor: int | None = None,
    after_cursor: int | None = None,
) -> set[str]:
    """The partitions of an asset that were made.

    Args:
        instance: the instance that is asked.
        asset_key: the asset.
        before_cursor, after_cursor: storage ids, exclusive: only by materializations between them.
    """
    key = as_asset_key(asset_key)
    return partitions.materialized(instance.store, key, before=before_cursor, after=after_cursor)


def get_status_by_partition(
    instance: HasLog,
    asset_key: CoercibleToAssetKey,
    partition_keys: Sequence[str],
    partitions_def: Any = None,
) -> dict[str, AssetPartitionStatus | None]:
    """Where each of these partitions stands; None for one that nobody tried to make.

    Args:
        instance: the instance that is asked.
        asset_key: the asset.
        partition_keys: partition keys in the order of their definition.
        partitions_def: their definition; without it more is read.
    """
    return partitions.status_by_partition(
        instance.store, as_asset_key(asset_key), partition_keys, partitions_def
    )


def wipe_assets(instance: HasLog, asset_keys: Iterable[CoercibleToAssetKey]) -> None:
    """Forget all facts about assets; their runs and stored values stay."""
    for key in asset_keys:
        instance.store.wipe(as_asset_key(key))


def wipe_asset_partitions(
    instance: HasLog, asset_key: CoercibleToAssetKey, partition_keys: Sequence[str]
) -> None:
    """Forget the facts about some partitions of an asset."""
    instance.store.wipe(as_asset_key(asset_key), partition_keys)


def get_dynamic_partitions(instance: HasLog, partitions_def_name: str) -> list[str]:
    """The keys of a dynamic set, in the order in which they were added."""
    return list(instance.store.dynamic_partitions(partitions_def_name))


def add_dynamic_partitions(instance: HasLog, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
    """Add keys to a dynamic set; those that are there stay where they are.

    Raises:
        InvariantViolationError: when the keys are not a sequence of texts.
    """
    if isinstance(partition_keys, str) or not all(isinstance(key, str) for key in partition_keys):
        raise InvariantViolationError(
            f"Keys of the dynamic partitions {partitions_def_name!r} are a list of strings,"
            f" found {partition_keys!r}."
        )
    instance.store.dynamic_partitions(partitions_def_name, add=partition_keys)


def delete_dynamic_partition(instance: HasLog, partitions_def_name: str, partition_key: str) -> None:
    """Take a key out of a dynamic set; facts about it stay."""
    instance.store.dynamic_partitions(partitions_def_name, remove=[partition_key])


def has_dynamic_partition(instance: HasLog, partitions_def_name: str, partition_key: str) -> bool:
    """Whether a dynamic set has a key."""
    return bool(instance.store.dynamic_partitions(partitions_def_name, only=partition_key))


def _happened(fact: Any, now: float) -> v.Happened:
    if isinstance(fact, v.AssetMaterialization):
        return v.AssetMaterialized(at=now, materialization=fact)
    if isinstance(fact, v.AssetObservation):
        return v.AssetObserved(at=now, observation=fact)
    if isinstance(fact, v.AssetCheckEvaluation):
        return v.CheckEvaluated(at=now, evaluation=fact)
    raise InvariantViolationError(
        "What is reported without a run is an AssetMaterialization, AssetObservation or AssetCheckEvaluation,"
        f" found {fact!r}."
    )
