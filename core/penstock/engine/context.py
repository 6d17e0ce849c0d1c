"""What user code sees of its step: the execution contexts.

Owns: ``OpExecutionContext``, ``AssetExecutionContext``, ``AssetCheckExecutionContext``. They are
views over a step in hand; whatever user code tells them (metadata, events) waits in the step until
``run_step`` writes it down. Their attributes are the original's, without its prefix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Self

from attrs import define, field

from penstock.define import port
from penstock.define.assets import AssetsDefinition
from penstock.define.op import OpDefinition
from penstock.define.versions import DataProvenance, DataVersion
from penstock.engine import partitioned
from penstock.engine.offered import Resources
from penstock.engine.program import BoundStep, Program
from penstock.errors import InvariantViolationError
from penstock.events.runs import Run
from penstock.events.view import NodeHandle
from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.metadata import MetadataValue, normalize_metadata
from penstock.plan.model import Step, unit_key
from penstock.plan.versions import provenance_of

_NO_VERSIONS: Mapping[AssetKey, str] = {}
HAND_IN_USE: ContextVar[StepInHand | None] = ContextVar("penstock_step_in_hand", default=None)
"""The step whose code is running here; ``run_step`` sets it and clears it again."""


# Functions, because a call of `dict[str, Any]` costs several times one of `dict`, for each step.
def _output_facts() -> dict[tuple[str, str | None], dict[str, MetadataValue]]:
    return {}


def _asset_facts() -> dict[tuple[AssetKey, str | None], dict[str, MetadataValue]]:
    return {}


def _output_words() -> dict[tuple[str, str | None], dict[str, Any]]:
    return {}


def _given() -> set[tuple[str, str | None]]:
    return set()


def _data_versions() -> dict[AssetKey, DataVersion]:
    return {}


def _said() -> list[Any]:
    return []


@define(kw_only=True, eq=False)
class StepInHand:
    """A unit while it is carried out, with what its code has said so far.

    ``versions`` are the data versions of the assets it depends on, as far as known; ``hands`` the outputs
    that a later step reads, None for all of them.
    ``output_metadata`` is keyed by (output name, mapping key), ``said_metadata`` is the same in the words
    of the user; ``asset_metadata`` is keyed by (asset, partition or None for all); ``given`` are the
    outputs that came already.
    """

    program: Program
    step: Step
    bound: BoundStep
    mapping_key: str | None = None
    attempt: int = 1
    versions: Mapping[AssetKey, str] = _NO_VERSIONS
    hands: frozenset[str] | None = None
    output_metadata: dict[tuple[str, str | None], dict[str, MetadataValue]] = field(factory=_output_facts)
    asset_metadata: dict[tuple[AssetKey, str | None], dict[str, MetadataValue]] = field(factory=_asset_facts)
    said_metadata: dict[tuple[str, str | None], dict[str, Any]] = field(factory=_output_words)
    given: set[tuple[str, str | None]] = field(factory=_given)
    events: list[Any] = field(factory=_said)
    data_versions: dict[AssetKey, DataVersion] = field(factory=_data_versions)
    key: str = field(init=False)
    _resources: Resources | None = field(default=None, init=False)
    _log: Any = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.key = unit_key(self.step.key, self.mapping_key)

    @property
    def resources(self) -> Resources:
        """What the step required, as attributes."""
        if self._resources is None:
            opened = self.program.resources
            self._resources = Resources(
                {k: opened[k] for k in self.bound.resource_keys}, f"Step {self.key!r}"
            )
        return self._resources

    @property
    def log(self) -> Any:
        """The logger of the step."""
        if self._log is None and self.program.log is not None:
            self._log = self.program.log.for_step(self.key)
        return self._log


class OpExecutionContext:
    """What an op sees of its step and run."""

    __penstock_context__ = True

    def __init__(self, hand: StepInHand) -> None:
        self._hand = hand

    @classmethod
    def get(cls) -> Self:
        """The context of the step that is running here, for code that was not passed one.

        Raises:
            InvariantViolationError: when no step is running here.
        """
        hand = HAND_IN_USE.get()
        if hand is None:
            raise InvariantViolationError(
                f"{cls.__name__}.get() was called, but no step is running here."
                " Call it inside the function of an op or asset, on the thread that runs it."
            )
        return cls(hand)

    # ---- the run ----------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """The run that this step is part of."""
        return self._hand.program.run

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._hand.program.run.run_id

    @property
    def run_tags(self) -> Mapping[str, str]:
        """The tags of the run."""
        return self._hand.program.run.tags

    @property
    def run_config(self) -> Mapping[str, Any]:
        """The run config as it was given."""
        return self._hand.program.run.run_config

    @property
    def job_name(self) -> str:
        """The name of the job."""
        return self._hand.program.run.job_name

    @property
    def job_def(self) -> Any:
        """The job definition."""
        return self._hand.program.job

    @property
    def instance(self) -> Any:
        """The instance that records the run."""
        return self._hand.program.instance

    def has_tag(self, key: str) -> bool:
        """Whether the run has this tag."""
        return key in self.run.tags

    def get_tag(self, key: str) -> str | None:
        """The value of a tag of the run, None when it has none."""
        return self.run.tags.get(key)

    # ---- the step ---------------------------------------------------------------------------

    @property
    def op_def(self) -> OpDefinition:
        """The op."""
        return self._hand.bound.op

    @property
    def op(self) -> Any:
        """The node under which the op stands in its graph."""
        return self._hand.bound.place.node

    @property
    def op_handle(self) -> NodeHandle:
        """The path of the node; ``str`` of it joins the names by dots."""
        return NodeHandle.of(self._hand.step.key.split("."))

    node_handle = op_handle

    @property
    def step_key(self) -> str:
        """The key of this step, mapping key included."""
        return self._hand.key

    @property
    def op_config(self) -> Any:
        """The bound config of the op."""
        return self._hand.bound.config

    @property
    def resources(self) -> Any:
        """The resources this op requires, as attributes."""
        return self._hand.resources

    @property
    def log(self) -> Any:
        """The logger of the step."""
        return self._hand.log

    @property
    def retry_number(self) -> int:
        """How many attempts went before this one."""
        return self._hand.attempt - 1

    @property
    def idempotency_key(self) -> str:
        """The same text for every attempt at this step, in this run and in its re-executions."""
        run = self.run
        parts = [run.root_run_id or run.run_id, self._hand.key, *self._hand.program.plan.partition_keys]
        return "/".join(parts)

    def get_mapping_key(self) -> str | None:
        """The mapping key of a step that runs once per dynamic output."""
        return self._hand.mapping_key

    # ---- saying things ----------------------------------------------------------------------

    def log_event(self, event: Any) -> None:
        """Record a materialization, observation or check evaluation."""
        self._hand.events.append(event)

    def add_output_metadata(
        self,
        metadata: Mapping[str, Any],
        output_name: str | None = None,
        mapping_key: str | None = None,
    ) -> None:
        """Add facts about an output; they end up on its events.

        Args:
            metadata: facts by name.
            output_name: may be left out when there is one output.
            mapping_key: of a dynamic output.

        Raises:
            InvariantViolationError: when there is no such output, or it was given already.
        """
        hand, name = self._hand, output_name or self._only_output()
        if name not in hand.bound.op.outs:
            raise InvariantViolationError(
                f"Step {hand.key!r} has no output {name!r}; it has {', '.join(hand.bound.op.outs) or 'none'}."
            )
        if (name, mapping_key) in hand.given:
            raise InvariantViolationError(
                f"Output {name!r} of step {hand.key!r} was given already; add its metadata before that."
            )
        hand.output_metadata.setdefault((name, mapping_key), {}).update(normalize_metadata(metadata))
        hand.said_metadata.setdefault((name, mapping_key), {}).update(metadata)

    def get_output_metadata(
        self, output_name: str | None = None, mapping_key: str | None = None
    ) -> Mapping[str, Any] | None:
        """The facts added about an output so far, as they were given; None when there are none."""
        return self._hand.said_metadata.get((output_name or self._only_output(), mapping_key))

    def _only_output(self) -> str:
        names = list(self._hand.bound.op.outs)
        if len(names) != 1:
            raise InvariantViolationError(
                f"Step {self._hand.key!r} has the outputs {', '.join(names) or 'none'}:"
                " say which one with output_name=."
            )
        return names[0]

    # ---- stored values ----------------------------------------------------------------------

    def load_asset_value(
        self, asset_key: CoercibleToAssetKey, *, python_type: Any = None, partition_key: str | None = None
    ) -> Any:
        """What an asset of the project has stored last, without making it an input.

        Args:
            asset_key: the asset; name it in ``deps`` when this run makes it too, so that it comes first.
            python_type: the type wanted; None for what is stored.
            partition_key: of a partitioned asset.

        Raises:
            InvariantViolationError: when there is no such asset.
            LoadInputError: when the I/O manager cannot load it.
        """
        program = self._hand.program
        layer = program.job.assets
        return port.call(
            "load_asset_value",
            {} if layer is None else layer.known,
            {**program.job.resource_defs, **program.resources},
            asset_key,
            instance=program.instance,
            python_type=python_type,
            partition_key=partition_key,
        )

    def get_asset_provenance(self, asset_key: CoercibleToAssetKey) -> DataProvenance | None:
        """What an asset was last made from; None when nothing is known of it.

        Args:
            asset_key: of any asset; that of the step tells what it read the last time.
        """
        record = self.instance.get_latest_data_version_record(as_asset_key(asset_key))
        if record is None or record.asset_materialization is None:
            return None
        return provenance_of(record.asset_materialization, record.run_id)

    # ---- partitions -------------------------------------------------------------------------

    @property
    def has_partitions(self) -> bool:
        """Whether the run is for one partition or several."""
        return bool(self._hand.program.plan.partition_keys)

    has_partition_key = property(partitioned.has_partition_key)
    has_partition_key_range = property(partitioned.has_partition_key_range)
    partition_key = property(partitioned.partition_key)
    partition_keys = property(partitioned.partition_keys)
    partition_key_range = property(partitioned.partition_key_range)
    partition_time_window = property(partitioned.partition_time_window)
    asset_partition_key_range = partition_key_range

    asset_partition_key_for_output = partitioned.asset_partition_key_for_output
    asset_partition_keys_for_output = partitioned.asset_partition_keys_for_output
    asset_partition_key_range_for_output = partitioned.asset_partition_key_range_for_output
    asset_partitions_time_window_for_output = partitioned.asset_partitions_time_window_for_output
    asset_partitions_def_for_output = partitioned.asset_partitions_def_for_output
    asset_partition_key_for_input = partitioned.asset_partition_key_for_input
    asset_partition_keys_for_input = partitioned.asset_partition_keys_for_input
    asset_partition_key_range_for_input = partitioned.asset_partition_key_range_for_input
    asset_partitions_time_window_for_input = partitioned.asset_partitions_time_window_for_input
    asset_partitions_def_for_input = partitioned.asset_partitions_def_for_input


class AssetExecutionContext(OpExecutionContext):
    """What an asset sees of its step and run."""

    @property
    def op_execution_context(self) -> OpExecutionContext:
        """The same step seen as an op; it knows its assets too."""
        return self

    @property
    def assets_def(self) -> AssetsDefinition:
        """The assets definition that this step carries out."""
        if self._hand.bound.assets is None:
            raise InvariantViolationError(f"Step {self._hand.key!r} makes no asset.")
        return self._hand.bound.assets

    @property
    def has_assets_def(self) -> bool:
        """Whether this step carries out an assets definition."""
        return self._hand.bound.assets is not None

    @property
    def asset_key(self) -> AssetKey:
        """The one asset that this step makes.

        Raises:
            InvariantViolationError: when it makes several.
        """
        keys = self.assets_def.keys_by_output.values()
        if len(keys) != 1:
            raise InvariantViolationError(
                f"Step {self._hand.key!r} makes {len(keys)} assets. Use selected_asset_keys or"
                " asset_key_for_output(name)."
            )
        return next(iter(keys))

    @property
    def selected_asset_keys(self) -> frozenset[AssetKey]:
        """The assets that this run asks of this step."""
        assets = self.assets_def
        every = frozenset(assets.keys_by_output.values())
        return every if assets.selected is None else every & assets.selected

    @property
    def selected_asset_check_keys(self) -> frozenset[Any]:
        """The checks that this run asks of this step."""
        return frozenset(self._hand.step.checks)

    @property
    def selected_output_names(self) -> frozenset[str]:
        """The outputs behind the selected assets."""
        chosen = self.selected_asset_keys
        return frozenset(n for n, key in self.assets_def.keys_by_output.items() if key in chosen)

    @property
    def is_subset(self) -> bool:
        """Whether only some of the assets are asked for."""
        return len(self.selected_asset_keys) < len(self.assets_def.keys_by_output)

    def asset_key_for_output(self, output_name: str = "result") -> AssetKey:
        """The asset behind an output."""
        return self.assets_def.keys_by_output[output_name]

    def asset_key_for_input(self, input_name: str) -> AssetKey:
        """The asset behind an argument."""
        return self.assets_def.keys_by_input[input_name]

    def output_for_asset_key(self, asset_key: AssetKey) -> str:
        """The output behind an asset."""
        return next(n for n, key in self.assets_def.keys_by_output.items() if key == asset_key)

    def add_asset_metadata(
        self,
        metadata: Mapping[str, Any],
        asset_key: CoercibleToAssetKey | None = None,
        partition_key: str | None = None,
    ) -> None:
        """Add facts about an asset; they end up on its materialization.

        Args:
            metadata: facts by name.
            asset_key: may be left out when the step makes one asset.
            partition_key: which of the partitions of the run, all by default.

        Raises:
            InvariantViolationError: when the run does not cover that partition.
        """
        key = self.asset_key if asset_key is None else as_asset_key(asset_key)
        covered = self._hand.program.plan.partition_keys
        if partition_key is not None and partition_key not in covered:
            raise InvariantViolationError(
                f"Metadata was given for partition {partition_key!r} of {key.to_user_string()!r}, but this"
                f" run covers {', '.join(map(repr, covered[:5])) or 'none'}."
            )
        facts = self._hand.asset_metadata.setdefault((key, partition_key), {})
        facts.update(normalize_metadata(metadata))

    def set_data_version(self, asset_key: CoercibleToAssetKey, data_version: DataVersion) -> None:
        """Say the data version of an asset; one that its result carries wins.

        Args:
            asset_key: one that the step makes.
            data_version: of what it makes.
        """
        self._hand.data_versions[as_asset_key(asset_key)] = data_version


class AssetCheckExecutionContext(AssetExecutionContext):
    """What an asset check sees of its step and run."""

    @property
    def check_specs(self) -> Sequence[Any]:
        """The specs of the checks that this step evaluates."""
        chosen = set(self._hand.step.checks)
        return [spec for spec in self.assets_def.checks_by_output.values() if spec.key in chosen]
