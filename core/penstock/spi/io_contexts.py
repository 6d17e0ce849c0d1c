"""What an I/O manager is told: about the output it stores, and the input it loads.

Owns: ``OutputContext`` and ``InputContext``, and the builders for tests. They hold names and
settings, never the value. Their attributes are the original's, without its prefix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import define, field

from penstock.errors import InvariantViolationError
from penstock.events.values import AssetMaterialization, AssetObservation
from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.metadata import MetadataValue, normalize_metadata
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.time_window import TimeWindow
from penstock.plan.partition_keys import key_range, only_partition, time_window
from penstock.types import Type, resolve_type

_NOTHING: Mapping[str, Any] = {}
_ANYTHING = resolve_type(Any)


# Functions, because a call of `dict[str, Any]` costs several times one of `dict`, for each value stored.
def _no_facts() -> dict[str, MetadataValue]:
    return {}


def _no_events() -> list[AssetMaterialization | AssetObservation]:
    return []


def _no_observations() -> list[AssetObservation]:
    return []


@define(kw_only=True, slots=False, eq=False)
class OutputContext:
    """An output about to be stored, or the upstream output of an input.

    Args:
        name: the output's name.
        step_key: the step with its mapping key removed; ``mapping_key`` holds that.
        run_id: the run that makes (or made) the output.
        asset_key: the asset it is, None for an op's output.
        asset_partition_keys: partitions of the asset that the value covers, empty for none.
        definition_metadata: metadata of the ``Out`` or ``AssetSpec``.
        output_metadata: metadata that the function gave with this value.
        resource_config: config of the I/O manager's resource.
        attempt: number of the attempt, from 1.
    """

    name: str = "result"
    step_key: str = ""
    run_id: str = ""
    job_name: str = ""
    mapping_key: str | None = None
    type: Type = _ANYTHING
    asset_key_or_none: AssetKey | None = field(default=None, alias="asset_key")
    partition_keys: Sequence[str] = field(default=(), alias="asset_partition_keys")
    partitions_def: Any = None
    definition_metadata: Mapping[str, Any] = _NOTHING
    output_metadata: Mapping[str, MetadataValue] = _NOTHING
    resource_config: Any = None
    resources: Any = None
    config: Any = None
    version: str | None = None
    log: Any = None
    attempt: int = 1
    run: Any = None
    op_def: Any = None
    asset_spec: Any = None
    added_metadata: dict[str, MetadataValue] = field(factory=_no_facts, init=False)
    events: list[AssetMaterialization | AssetObservation] = field(factory=_no_events, init=False)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The definition metadata, under its older name."""
        return self.definition_metadata

    @property
    def has_asset_key(self) -> bool:
        """Whether the output is an asset."""
        return self.asset_key_or_none is not None

    @property
    def asset_key(self) -> AssetKey:
        """The asset that the output is.

        Raises:
            InvariantViolationError: when it is the output of an op that is no asset.
        """
        if self.asset_key_or_none is None:
            raise InvariantViolationError(
                f"Output {self.name!r} of step {self.step_key!r} is no asset and has no asset key."
                " Ask has_asset_key first, or use get_identifier()."
            )
        return self.asset_key_or_none

    @property
    def has_partition_key(self) -> bool:
        """Whether the value covers exactly one partition."""
        return len(self.partition_keys) == 1

    @property
    def has_asset_partitions(self) -> bool:
        """Whether the asset is partitioned in this run."""
        return bool(self.partition_keys)

    @property
    def partition_key(self) -> str:
        """The one partition that the value covers."""
        return only_partition(self.partition_keys, self._shown)

    @property
    def asset_partition_key(self) -> str:
        """The one partition of the asset that the value covers."""
        return self.partition_key

    @property
    def asset_partition_keys(self) -> Sequence[str]:
        """Every partition that the value covers."""
        return self.partition_keys

    @property
    def asset_partitions_def(self) -> Any:
        """The partitions definition of the asset, None when it has none."""
        return self.partitions_def

    @property
    def asset_partition_key_range(self) -> PartitionKeyRange:
        """The first and the last partition that the value covers."""
        return key_range(self.partition_keys, self._shown)

    @property
    def asset_partitions_time_window(self) -> TimeWindow:
        """The window of time that the value covers."""
        return time_window(self.partitions_def, self.partition_keys, self._shown)

    @property
    def _shown(self) -> str:
        return f"output {self.name!r} of step {self.step_key!r}"

    def get_identifier(self) -> Sequence[str]:
        """Run, step (and mapping key) and output name; for an asset its key and partition."""
        if self.has_asset_key:
            return self.get_asset_identifier()
        parts = [self.run_id, self.step_key, self.name]
        return parts if self.mapping_key is None else [*parts, self.mapping_key]

    def get_run_scoped_output_identifier(self) -> Sequence[str]:
        """Run, step and output name, for an asset too."""
        parts = [self.run_id, self.step_key, self.name]
        return parts if self.mapping_key is None else [*parts, self.mapping_key]

    def get_asset_identifier(self) -> Sequence[str]:
        """The parts of the asset key and, when there is one, the partition key.

        Raises:
            InvariantViolationError: when the value covers several partitions, which one name cannot tell.
        """
        path = list(self.asset_key.parts)
        return [*path, self.partition_key] if self.partition_keys else path

    def add_output_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Record facts about what was stored; they end up on the output's event.

        Raises:
            InvalidMetadataError: when a value is of no kind that can be recorded.
        """
        self.added_metadata.update(normalize_metadata(metadata))

    def get_logged_metadata(self) -> Mapping[str, MetadataValue]:
        """The facts recorded so far."""
        return dict(self.added_metadata)

    def log_event(self, event: AssetMaterialization | AssetObservation) -> None:
        """Record a materialization or observation besides the output itself."""
        self.events.append(event)

    def get_logged_events(self) -> Sequence[AssetMaterialization | AssetObservation]:
        """The events recorded so far."""
        return list(self.events)


@define(kw_only=True, slots=False, eq=False)
class InputContext:
    """An input about to be loaded.

    Args:
        name: the input's name.
        upstream_output: where the value was stored, None for an unconnected input.
        asset_key: the asset it is loaded from, None when it is the output of an op.
        asset_partition_keys: the partitions of the upstream asset that are wanted.
        reads_partitions: whether partitions are meant even when none of them is wanted.
        type: the type that the consumer declares; a table manager gives this kind of table.
    """

    name: str = "input"
    step_key: str = ""
    run_id: str = ""
    job_name: str = ""
    type: Type = _ANYTHING
    upstream_output: OutputContext | None = None
    asset_key_or_none: AssetKey | None = field(default=None, alias="asset_key")
    upstream_partition_keys: Sequence[str] = field(default=(), alias="asset_partition_keys")
    run_partition_keys: Sequence[str] = field(default=(), alias="partition_keys")
    reads_partitions: bool = False
    partitions_def: Any = None
    definition_metadata: Mapping[str, Any] = _NOTHING
    resource_config: Any = None
    resources: Any = None
    config: Any = None
    log: Any = None
    run: Any = None
    op_def: Any = None
    added_metadata: dict[str, MetadataValue] = field(factory=_no_facts, init=False)
    events: list[AssetObservation] = field(factory=_no_observations, init=False)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The definition metadata of the input, under its older name."""
        return self.definition_metadata

    @property
    def has_asset_key(self) -> bool:
        """Whether the input is loaded from an asset."""
        return self.asset_key_or_none is not None

    @property
    def asset_key(self) -> AssetKey:
        """The asset that the input is loaded from.

        Raises:
            InvariantViolationError: when it comes from the output of an op.
        """
        if self.asset_key_or_none is None:
            raise InvariantViolationError(
                f"Input {self.name!r} of step {self.step_key!r} is not loaded from an asset."
                " Ask has_asset_key first, or use get_identifier()."
            )
        return self.asset_key_or_none

    @property
    def has_partition_key(self) -> bool:
        """Whether the run is for exactly one partition."""
        return len(self.run_partition_keys) == 1

    @property
    def partition_key(self) -> str:
        """The partition of the run."""
        return only_partition(self.run_partition_keys, f"the run that loads input {self.name!r}")

    @property
    def has_asset_partitions(self) -> bool:
        """Whether partitions of the upstream asset are wanted, which may turn out to be none."""
        return self.reads_partitions or bool(self.upstream_partition_keys)

    @property
    def asset_partition_key(self) -> str:
        """The one upstream partition that is wanted."""
        return only_partition(self.upstream_partition_keys, f"input {self.name!r}")

    @property
    def asset_partition_keys(self) -> Sequence[str]:
        """Every upstream partition that is wanted."""
        return self.upstream_partition_keys

    @property
    def asset_partitions_def(self) -> Any:
        """The partitions definition of the upstream asset, None when it has none."""
        return self.partitions_def

    @property
    def asset_partition_key_range(self) -> PartitionKeyRange:
        """The first and the last upstream partition that is wanted."""
        return key_range(self.upstream_partition_keys, f"input {self.name!r}")

    @property
    def asset_partitions_time_window(self) -> TimeWindow:
        """The window of time of the upstream partitions that are wanted."""
        return time_window(self.partitions_def, self.upstream_partition_keys, f"input {self.name!r}")

    def get_identifier(self) -> Sequence[str]:
        """The identifier of the upstream output.

        Raises:
            InvariantViolationError: when the input is connected to nothing.
        """
        if self.has_asset_key:
            return self.get_asset_identifier()
        if self.upstream_output is None:
            raise InvariantViolationError(f"Input {self.name!r} has no upstream output to identify.")
        return self.upstream_output.get_identifier()

    def get_asset_identifier(self) -> Sequence[str]:
        """The parts of the asset key and, when one is wanted, the partition key.

        Raises:
            InvariantViolationError: when several partitions are wanted, which one name cannot tell.
        """
        path = list(self.asset_key.parts)
        return [*path, self.asset_partition_key] if self.upstream_partition_keys else path

    def add_input_metadata(self, metadata: Mapping[str, Any], description: str | None = None) -> None:
        """Record facts about what was loaded; for an asset they become an observation."""
        facts = normalize_metadata(metadata)
        self.added_metadata.update(facts)
        if self.asset_key_or_none is not None:
            self.events.append(AssetObservation(self.asset_key_or_none, description, facts))

    def get_observations(self) -> Sequence[AssetObservation]:
        """The observations recorded so far."""
        return list(self.events)


def build_output_context(
    name: str = "result",
    step_key: str = "",
    run_id: str = "",
    asset_key: CoercibleToAssetKey | None = None,
    partition_key: str | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **others: Any,
) -> OutputContext:
    """An ``OutputContext`` for a test of an I/O manager.

    Args:
        name, step_key, run_id: of the output.
        asset_key, partition_key: of the asset it is.
        definition_metadata, metadata: two names for the metadata of the definition.
        others: further fields of ``OutputContext``.
    """
    partitions = () if partition_key is None else (partition_key,)
    return OutputContext(
        name=name,
        step_key=step_key,
        run_id=run_id,
        asset_key=None if asset_key is None else as_asset_key(asset_key),
        definition_metadata=definition_metadata or metadata or {},
        **_with_open_resources({"asset_partition_keys": partitions, **others}),
    )


def build_input_context(
    name: str = "input",
    upstream_output: OutputContext | None = None,
    asset_key: CoercibleToAssetKey | None = None,
    partition_key: str | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **others: Any,
) -> InputContext:
    """An ``InputContext`` for a test of an I/O manager.

    Args:
        name: of the input.
        upstream_output: made by ``build_output_context``.
        asset_key, partition_key: of the asset that is loaded; by default the upstream output's.
        definition_metadata, metadata: two names for the metadata of the definition.
        others: further fields of ``InputContext``.
    """
    if asset_key is None and upstream_output is not None:
        asset_key = upstream_output.asset_key_or_none
    partitions = () if partition_key is None else (partition_key,)
    if not partitions and upstream_output is not None:
        partitions = tuple(upstream_output.partition_keys)
    return InputContext(
        name=name,
        upstream_output=upstream_output,
        asset_key=None if asset_key is None else as_asset_key(asset_key),
        partition_keys=partitions if len(partitions) == 1 else (),
        definition_metadata=definition_metadata or metadata or {},
        **_with_open_resources({"asset_partition_keys": partitions, **others}),
    )


def _with_open_resources(others: dict[str, Any]) -> dict[str, Any]:
    """Resources given as a mapping, with their keys as attributes; older names of fields understood."""
    if "asset_partitions_def" in others:
        others["partitions_def"] = others.pop("asset_partitions_def")
    ends = others.pop("asset_partition_key_range", None)
    if ends is not None:
        definition = others.get("partitions_def")
        several = [ends.start, ends.end] if ends.start != ends.end else [ends.start]
        others["asset_partition_keys"] = (
            several if definition is None else definition.get_partition_keys_in_range(ends)
        )
    given = others.get("resources")
    if isinstance(given, Mapping):
        others["resources"] = type("Resources", (), dict(cast("Mapping[str, Any]", given)))()
    return others
