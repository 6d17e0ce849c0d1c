"""What a sensor that looks at several assets is told, and how it says what is done.

Owns: ``MultiAssetSensorEvaluationContext`` and how tests build one. What is done moves the cursor by the
rules of ``asset_cursors``. Materializations are asked of the instance by asset and from the cursor on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import define, field

from penstock.define.asset_cursors import (
    START,
    AssetCursor,
    advanced,
    name_in_cursor,
    read_cursors,
    written,
)
from penstock.define.assets import AssetsDefinition
from penstock.define.selection import AssetSelection
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.define.tick_ground import TickGround
from penstock.errors import InvalidInvocationError, InvariantViolationError
from penstock.events.entries import AssetRecordsFilter, EventLogRecord
from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key, user_strings
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping_rules import mapping_between

_PAGE = 1_000


@define(kw_only=True, eq=False, slots=False)
class MultiAssetSensorEvaluationContext(SensorEvaluationContext):
    """What a sensor that looks at several assets is told.

    A materialization is told until it is given to ``advance_cursor``, or until ``advance_all_cursors``.

    Args:
        monitored_assets: keys, or a selection among the assets of the project.
    """

    monitored_assets: Sequence[AssetKey] | AssetSelection
    _done: dict[AssetKey, dict[int, str | None]] = field(
        factory=dict[AssetKey, dict[int, str | None]], init=False
    )
    _all_done: bool = field(default=False, init=False)

    # ---- which assets ---------------------------------------------------------------------------

    @cached_property
    def asset_keys(self) -> Sequence[AssetKey]:
        """The assets that it looks at.

        Raises:
            InvariantViolationError: when they are a selection and the project is not known.
        """
        given = self.monitored_assets
        if isinstance(given, AssetSelection):
            return sorted(given.resolve(self.ground.repository_def.asset_graph))
        return [as_asset_key(key) for key in given]

    @property
    def assets_defs_by_key(self) -> Mapping[AssetKey, AssetsDefinition | None]:
        """The definition of each, None for one that the project does not define."""
        project = self.ground.project
        known: Mapping[AssetKey, AssetsDefinition] = {} if project is None else project.assets_defs_by_key
        return {key: known.get(key) for key in self.asset_keys}

    def _partitions_of(self, key: AssetKey) -> PartitionsDefinition:
        found = self._definition(key)
        made: Any = found.specs_by_key[key].partitions_def or found.partitions_def
        if made is None:
            raise InvariantViolationError(f"The asset {key.to_user_string()!r} has no partitions.")
        return made

    def _definition(self, key: AssetKey) -> Any:
        known = self.ground.repository_def.assets_defs_by_key.get(key)
        if known is None:
            raise InvalidInvocationError(f"The project defines no asset {key.to_user_string()!r}.")
        return known

    def _looked_at(self, asset_key: CoercibleToAssetKey) -> AssetKey:
        key = as_asset_key(asset_key)
        if key not in self.asset_keys:
            raise InvalidInvocationError(
                f"This sensor does not look at {key.to_user_string()!r}. It looks at"
                f" {', '.join(user_strings(self.asset_keys)) or 'nothing'}."
            )
        return key

    # ---- what was made --------------------------------------------------------------------------

    def latest_materialization_records_by_key(
        self, asset_keys: Sequence[AssetKey] | None = None
    ) -> Mapping[AssetKey, EventLogRecord | None]:
        """The newest materialization of each asset, None when there is none after the cursor.

        Args:
            asset_keys: of these assets; None for all that it looks at.
        """
        keys = self.asset_keys if asset_keys is None else [as_asset_key(key) for key in asset_keys]
        found: dict[AssetKey, EventLogRecord | None] = dict.fromkeys(keys)
        for record in self.instance.get_asset_records(keys):
            entry = record.asset_entry
            last = entry.last_materialization_record
            if last is not None and last.storage_id > (self._cursor_of(entry.asset_key).place or 0):
                found[entry.asset_key] = last
        return found

    def materialization_records_for_key(
        self, asset_key: CoercibleToAssetKey, limit: int | None = None
    ) -> Sequence[EventLogRecord]:
        """The materializations of an asset after the cursor, oldest first.

        Args:
            asset_key: the asset.
            limit: at most so many; None for all.

        Raises:
            InvalidInvocationError: when it does not look at the asset.
        """
        key = self._looked_at(asset_key)
        wanted = AssetRecordsFilter(key, after_storage_id=self._cursor_of(key).place)
        return self.instance.fetch_materializations(wanted, limit=limit, ascending=True).records

    def latest_materialization_records_by_partition(
        self, asset_key: CoercibleToAssetKey, after_cursor_partition: bool | None = False
    ) -> Mapping[str, EventLogRecord]:
        """The newest materialization of each partition that is not done, in the order of making.

        Args:
            asset_key: the asset.
            after_cursor_partition: only partitions after that of the last one that is done.

        Raises:
            InvalidInvocationError: when it does not look at the asset.
            InvariantViolationError: when the asset has no partitions.
        """
        key = self._looked_at(asset_key)
        partitions = self._partitions_of(key)
        later = self._later_partitions(key, partitions) if after_cursor_partition else None
        found: dict[str, EventLogRecord] = {}
        for record in (*self.get_trailing_unconsumed_events(key), *self._after_cursor(key)):
            part = record.partition_key
            if part is not None and (part in later if later is not None else self._is_key(partitions, part)):
                found.pop(part, None)
                found[part] = record
        return found

    def latest_materialization_records_by_partition_and_asset(
        self,
    ) -> Mapping[str, Mapping[AssetKey, EventLogRecord]]:
        """The newest materialization that is not done of each partition and asset.

        Raises:
            InvalidInvocationError: when the assets do not share their partitions.
        """
        kinds = [self._partitions_of(key) for key in self.asset_keys]
        if any(one != kinds[0] for one in kinds):
            raise InvalidInvocationError(
                "The assets that this sensor looks at have different partitions:"
                f" {', '.join(user_strings(self.asset_keys))}. Ask for each of them."
            )
        found: dict[str, dict[AssetKey, EventLogRecord]] = {}
        for key in self.asset_keys:
            for part, record in self.latest_materialization_records_by_partition(key).items():
                found.setdefault(part, {})[key] = record
        return found

    def get_trailing_unconsumed_events(self, asset_key: CoercibleToAssetKey) -> Sequence[EventLogRecord]:
        """What was passed over: the newest materialization of each partition before the cursor, oldest first.

        Args:
            asset_key: the asset.
        """
        key = as_asset_key(asset_key)
        trailing = self._cursor_of(key).trailing
        if not trailing:
            return []
        places = sorted(trailing.values())
        wanted = AssetRecordsFilter(
            key,
            asset_partitions=list(trailing),
            after_storage_id=places[0] - 1,
            before_storage_id=places[-1] + 1,
            storage_ids=places,
        )
        return self.instance.fetch_materializations(wanted, limit=len(places), ascending=True).records

    def _after_cursor(self, key: AssetKey, before: int | None = None) -> Iterator[EventLogRecord]:
        wanted = AssetRecordsFilter(
            key, after_storage_id=self._cursor_of(key).place, before_storage_id=before
        )
        cursor: str | None = None
        while True:
            page = self.instance.fetch_materializations(wanted, limit=_PAGE, cursor=cursor, ascending=True)
            yield from page.records
            if not page.has_more:
                return
            cursor = page.cursor

    # ---- partitions -----------------------------------------------------------------------------

    def _is_key(self, partitions: PartitionsDefinition, part: str) -> bool:
        return partitions.has_partition_key(part, dynamic_partitions_store=self.ground.given_instance)

    def _later_partitions(self, key: AssetKey, partitions: PartitionsDefinition) -> frozenset[str]:
        keys = list(partitions.get_partition_keys(dynamic_partitions_store=self.ground.given_instance))
        last = self._cursor_of(key).partition
        return frozenset(keys if last is None or last not in keys else keys[keys.index(last) + 1 :])

    def get_cursor_partition(self, asset_key: CoercibleToAssetKey | None = None) -> str | None:
        """The partition of the last materialization that is done.

        Args:
            asset_key: the asset; it may be left out when there is but one.

        Raises:
            InvalidInvocationError: when it does not look at the asset, or there are several.
        """
        if asset_key is None and len(self.asset_keys) != 1:
            raise InvalidInvocationError("This sensor looks at several assets. Say of which.")
        key = self.asset_keys[0] if asset_key is None else self._looked_at(asset_key)
        return self._cursor_of(key).partition

    def all_partitions_materialized(
        self, asset_key: CoercibleToAssetKey, partitions: Sequence[str] | None = None
    ) -> bool:
        """Whether partitions of an asset were ever made, wherever the cursor stands.

        Args:
            asset_key: the asset.
            partitions: these; None for all that there are.

        Raises:
            InvalidInvocationError: when the list is empty, or it does not look at the asset.
            InvariantViolationError: when the asset has no partitions.
        """
        key = as_asset_key(asset_key)
        if partitions is not None and not partitions:
            raise InvalidInvocationError(
                "An empty list of partitions was given. Name one, or give None for all."
            )
        wanted = partitions
        if wanted is None:
            of_asset = self._partitions_of(self._looked_at(key))
            wanted = of_asset.get_partition_keys(dynamic_partitions_store=self.ground.given_instance)
        made = self.instance.get_materialized_partitions(key)
        return all(part in made for part in wanted)

    def get_downstream_partition_keys(
        self, partition_key: str, from_asset_key: CoercibleToAssetKey, to_asset_key: CoercibleToAssetKey
    ) -> Sequence[str]:
        """The partitions of one asset that read a partition of another.

        Args:
            partition_key: of the asset that is read.
            from_asset_key: the asset that is read.
            to_asset_key: the asset that reads.

        Raises:
            InvalidInvocationError: when the project does not define one of them.
            InvariantViolationError: when one of them has no partitions.
        """
        upstream, downstream = as_asset_key(from_asset_key), as_asset_key(to_asset_key)
        read, reader = self._partitions_of(upstream), self._partitions_of(downstream)
        made = self._definition(downstream)
        given = made.partition_mappings.get(upstream)
        for dep in made.specs_by_key[downstream].deps:
            given = dep.partition_mapping if given is None and dep.asset_key == upstream else given
        found = mapping_between(given, reader, read).get_downstream_partitions_for_partitions(
            read.subset_with_partition_keys([partition_key]),
            read,
            reader,
            dynamic_partitions_store=self.ground.given_instance,
        )
        return list(found.get_partition_keys())

    # ---- the cursor -----------------------------------------------------------------------------

    @cached_property
    def _cursors(self) -> Mapping[str, AssetCursor]:
        return read_cursors(self.cursor)

    def _cursor_of(self, key: AssetKey) -> AssetCursor:
        return self._cursors.get(name_in_cursor(key), START)

    def advance_cursor(
        self, materialization_records_by_key: Mapping[AssetKey, EventLogRecord | None]
    ) -> None:
        """Say that materializations are done: these, and of their partitions all before them.

        Args:
            materialization_records_by_key: the record of each asset; None says nothing.

        Raises:
            InvalidInvocationError: when it does not look at one of the assets.
        """
        for key, record in materialization_records_by_key.items():
            if record is not None:
                places = self._done.setdefault(self._looked_at(key), {})
                places[record.storage_id] = record.partition_key
        self.cursor_updated = True

    def advance_all_cursors(self) -> None:
        """Say that everything made so far is done, also what was passed over."""
        self.advance_cursor(self.latest_materialization_records_by_key())
        self._all_done = True

    def update_cursor_after_evaluation(self) -> None:
        """Move the cursor by what was said to be done; at the end of an evaluation.

        Raises:
            InvariantViolationError: when too many partitions of an asset were passed over.
        """
        now = {name_in_cursor(key): self._cursor_of(key) for key in self.asset_keys}
        moved = {name_in_cursor(key): self._moved(key) for key in self.asset_keys}
        self._done, self._all_done = {}, False
        if moved != now:
            self.cursor = written(moved)
            self.__dict__.pop("_cursors", None)

    def _moved(self, key: AssetKey) -> AssetCursor:
        done, before = self._done.get(key), self._cursor_of(key)
        if self._all_done:
            place = max(done) if done else before.place
            return AssetCursor(done[max(done)] if done else before.partition, place)
        if not done:
            return before
        passed = ((one.storage_id, one.partition_key) for one in self._after_cursor(key, before=max(done)))
        return advanced(before, done, passed, key)


def build_multi_asset_sensor_context(
    *,
    monitored_assets: Sequence[AssetKey] | AssetSelection,
    repository_def: Any = None,
    instance: Any = None,
    cursor: str | None = None,
    repository_name: str | None = None,
    cursor_from_latest_materializations: bool = False,
    resources: Mapping[str, Any] | None = None,
    definitions: Any = None,
    last_sensor_start_time: float | None = None,
) -> MultiAssetSensorEvaluationContext:
    """A context to call a sensor with that looks at several assets, in a test.

    Args:
        monitored_assets: keys, or a selection among the assets of the project.
        repository_def, definitions: the project; either of them.
        instance: whose runs and assets it may look at.
        cursor: where the last evaluation left off.
        repository_name: of the project.
        cursor_from_latest_materializations: whether everything made so far is done.
        resources: by key; these go before those of the project.
        last_sensor_start_time: when the sensor was switched on, in seconds since 1970.

    Raises:
        InvalidInvocationError: when two cursors are given, or the project is given twice.
        InvariantViolationError: when a cursor is to be found and there is no instance.
    """
    if cursor and cursor_from_latest_materializations:
        raise InvalidInvocationError("Give cursor= or cursor_from_latest_materializations=, not both.")
    context = MultiAssetSensorEvaluationContext(
        ground=TickGround(
            instance=instance, repository_def=repository_def, definitions=definitions, resources=resources
        ),
        cursor=cursor,
        repository_name=repository_name,
        last_sensor_start_time=last_sensor_start_time,
        monitored_assets=monitored_assets,
    )
    if cursor_from_latest_materializations:
        context.advance_all_cursors()
        context.update_cursor_after_evaluation()
        context.cursor_updated = False
    return context
