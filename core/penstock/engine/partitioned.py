"""What a step's context says of partitions: those of the run, of its outputs and of its inputs.

Owns: the properties and methods about partitions of the execution contexts, as functions of a context. All
that they need travels with the plan, so a worker asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args, get_origin

from penstock.errors import InvariantViolationError, suggest
from penstock.events.runs import RANGE_START_TAG
from penstock.keys import AssetKey
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.time_window import TimeWindow
from penstock.plan.model import NO_READS
from penstock.plan.partition_keys import key_range, only_partition, some_partitions, time_window

OfStep = Any
"""An execution context: these functions are its methods, and look at its step in hand."""


def _hand(context: OfStep) -> Any:
    return context._hand  # noqa: SLF001 - as its methods do


def _run_keys(context: OfStep) -> tuple[str, ...]:
    return _hand(context).program.plan.partition_keys


def _what(context: OfStep) -> str:
    return f"the run of step {_hand(context).key!r}"


def _own_definition(context: OfStep, output_name: str | None = None) -> Any:
    """The partitions of an output's asset, else of the step's assets, else of the job."""
    hand = _hand(context)
    assets = hand.bound.assets
    if assets is not None:
        key = assets.keys_by_output.get(output_name)
        spec = assets.specs_by_key.get(key)
        found = assets.partitions_def if spec is None or spec.partitions_def is None else spec.partitions_def
        if found is not None:
            return found
    return getattr(hand.program.job, "partitions_def", None)


# ---- the run -------------------------------------------------------------------------------------


def has_partition_key(self: OfStep) -> bool:
    """Whether the run is for exactly one partition."""
    return len(_run_keys(self)) == 1


def has_partition_key_range(self: OfStep) -> bool:
    """Whether the run is for a range of partitions, which may have one key."""
    return len(_run_keys(self)) > 1 or RANGE_START_TAG in _hand(self).program.run.tags


def partition_keys(self: OfStep) -> Sequence[str]:
    """The partitions of the run, in order.

    Raises:
        InvariantViolationError: when the run has none.
    """
    return some_partitions(_run_keys(self), _what(self))


def partition_key(self: OfStep) -> str:
    """The one partition of the run.

    Raises:
        InvariantViolationError: when the run has none or several.
    """
    return only_partition(_run_keys(self), _what(self))


def partition_key_range(self: OfStep) -> PartitionKeyRange:
    """The first and the last partition of the run.

    Raises:
        InvariantViolationError: when the run has none.
    """
    return key_range(_run_keys(self), _what(self))


def partition_time_window(self: OfStep) -> TimeWindow:
    """From the start of the run's first partition to the end of its last.

    Raises:
        InvariantViolationError: when the run has none, or its partitions are no windows of time.
    """
    return time_window(_own_definition(self), _run_keys(self), _what(self))


# ---- outputs -------------------------------------------------------------------------------------


def asset_partition_key_for_output(self: OfStep, output_name: str = "result") -> str:
    """The one partition that an output covers."""
    return only_partition(asset_partition_keys_for_output(self, output_name), _what(self))


def asset_partition_keys_for_output(self: OfStep, output_name: str = "result") -> Sequence[str]:
    """The partitions that an output covers.

    Raises:
        InvariantViolationError: when the run has none.
    """
    del output_name  # one run covers the same partitions for all of its outputs
    return partition_keys(self)


def asset_partition_key_range_for_output(self: OfStep, output_name: str = "result") -> PartitionKeyRange:
    """The first and the last partition that an output covers."""
    return key_range(asset_partition_keys_for_output(self, output_name), _what(self))


def asset_partitions_time_window_for_output(self: OfStep, output_name: str = "result") -> TimeWindow:
    """The window of time that an output covers."""
    keys = asset_partition_keys_for_output(self, output_name)
    return time_window(_own_definition(self, output_name), keys, _what(self))


def asset_partitions_def_for_output(self: OfStep, output_name: str = "result") -> Any:
    """The partitions definition of an output's asset.

    Raises:
        InvariantViolationError: when it has none.
    """
    found = _own_definition(self, output_name)
    if found is None:
        raise InvariantViolationError(f"Output {output_name!r} of {_what(self)} has no partitions.")
    return found


def only_partition_of(hand: Any, asset_key: AssetKey | None, value: Any) -> Any:
    """What is stored of an output in a run of one partition: the bare value.

    An asset whose backfill policy gives several partitions to a run returns a dict by key, and may do so when
    the last of its runs happens to have one: a dict of exactly that key is opened.

    Args:
        hand: the step.
        asset_key: of the output, None for one of an op.
        value: that the function gave.
    """
    keys = hand.program.plan.partition_keys
    if len(keys) != 1 or asset_key is None or not _takes_several(hand) or not _is_of_key(value, keys[0]):
        return value
    return value[keys[0]]


def takes_by_key(hand: Any, input_name: str, annotation: Any) -> tuple[str, Any] | None:
    """The key under which an input is handed over, where its function takes values by key and one is read.

    An asset whose backfill policy gives several partitions to a run, and whose argument is annotated as a
    dict by key, gets one when the last of its runs happens to read one partition.

    Args:
        hand: the step.
        input_name: of the argument.
        annotation: of the argument.

    Returns:
        The key, and what is asked of its value; None when the argument is handed over as it is.
    """
    if get_origin(annotation) not in _MAPPINGS or not _takes_several(hand):
        return None
    asked_key, asked_value = get_args(annotation)
    read = hand.program.plan.reads_of(hand.step).get(hand.bound.assets.keys_by_input.get(input_name))
    if read is None or asked_key is not str or len(read.keys) != 1:
        return None
    return read.keys[0], asked_value


_MAPPINGS = (dict, Mapping)


def _takes_several(hand: Any) -> bool:
    policy = getattr(hand.bound.assets, "backfill_policy", None)
    return policy is not None and policy.max_partitions_per_run != 1


def _is_of_key(value: Any, key: str) -> bool:
    return isinstance(value, dict) and len(cast("dict[Any, Any]", value)) == 1 and key in value


# ---- inputs --------------------------------------------------------------------------------------


def asset_partition_key_for_input(self: OfStep, input_name: str) -> str:
    """The one upstream partition that an input reads.

    Raises:
        InvariantViolationError: when it reads none or several, or something without partitions.
    """
    return only_partition(asset_partition_keys_for_input(self, input_name), f"input {input_name!r}")


def asset_partition_keys_for_input(self: OfStep, input_name: str) -> Sequence[str]:
    """The upstream partitions that an input or a dependency reads.

    Raises:
        InvariantViolationError: when it has no partitions, or some that are wanted do not exist.
    """
    return _read(self, input_name).keys


def asset_partition_key_range_for_input(self: OfStep, input_name: str) -> PartitionKeyRange:
    """The first and the last upstream partition that an input reads."""
    return key_range(asset_partition_keys_for_input(self, input_name), f"input {input_name!r}")


def asset_partitions_time_window_for_input(self: OfStep, input_name: str) -> TimeWindow:
    """The window of time that an input reads."""
    keys = asset_partition_keys_for_input(self, input_name)
    return time_window(asset_partitions_def_for_input(self, input_name), keys, f"input {input_name!r}")


def asset_partitions_def_for_input(self: OfStep, input_name: str) -> Any:
    """The partitions definition of the asset that an input reads.

    Raises:
        InvariantViolationError: when it has none.
    """
    return _read(self, input_name).subset.partitions_def


def _read(context: OfStep, input_name: str) -> Any:
    """What is read through an argument, or of an asset that is only depended on, by its name."""
    hand = _hand(context)
    reads = hand.program.plan.reads_of(hand.step) if hasattr(hand.program.plan, "reads_of") else NO_READS
    assets = hand.bound.assets
    key: AssetKey | None = None if assets is None else assets.keys_by_input.get(input_name)
    if key is not None and key in reads:
        return reads[key]
    names = {one.to_python_identifier(): one for one in reads} | {one.to_user_string(): one for one in reads}
    if key is None and input_name in names:
        return reads[names[input_name]]
    raise InvariantViolationError(
        f"Input {input_name!r} of step {hand.key!r} reads no partitions.{suggest(input_name, names)}"
        " Ask it of an input or dependency that is partitioned, in a run for partitions."
    )
