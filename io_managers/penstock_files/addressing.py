"""What a context means for files: which key, which partitions, one value or a dict of them.

Owns: the rule that one partition is the bare value, several are a dict by partition key, and none
is None. Knows no file: whoever loads or stores one value passes a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, get_args, get_origin

from penstock.errors import HandleOutputError, LoadInputError
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files import messages
from penstock_files.layout import asset_stem, output_stem
from penstock_files.messages import Context
from penstock_files.temporary import Origin

_MAPPINGS = (dict, Mapping)


def stem_of(context: Context, partition: str | None = None) -> str:
    """Where a value lies: a partition or the whole of an asset, or the output of an op."""
    if context.has_asset_key:
        return asset_stem(context.asset_key.parts, partition)
    return output_stem(*context.get_identifier())


def partitions_of(context: Context) -> Sequence[str] | None:
    """The partition keys that a context covers, None for what has no partitions."""
    if context.has_asset_key and context.has_asset_partitions:
        return context.asset_partition_keys
    if _reads_before_the_first(context):
        return ()
    return None


def origin_of(context: OutputContext) -> Origin:
    """Who writes."""
    return Origin(run_id=context.run_id, step_key=context.step_key, attempt=context.attempt)


def fetch_each(
    context: InputContext,
    load: Callable[[str | None, Any], Any],
    exists: Callable[[str], bool],
) -> Any:
    """Load what an input covers.

    Args:
        context: of the input.
        load: takes a partition key (None without partitions) and the annotation of one value.
        exists: whether a partition is stored; asked only when some may be missing.

    Returns:
        The value; a dict by partition key for several partitions; None for no partition.
    """
    partitions = partitions_of(context)
    # a context built by hand may hold a bare type
    wanted = getattr(context.type, "typing_type", None)
    if partitions is None:
        return load(None, wanted)
    present = [key for key in partitions if exists(key)] if _may_miss(context) else list(partitions)
    if len(partitions) < 2:
        return load(present[0], wanted) if present else None
    each = _wanted_of_each(context, wanted, len(partitions))
    return {key: load(key, each) for key in present}


def by_partition(context: OutputContext, partitions: Sequence[str], value: Any) -> Mapping[str, Any]:
    """The values of an output that covers several partitions.

    Raises:
        HandleOutputError: when the value is no dict of exactly these partitions.
    """
    if not isinstance(value, Mapping):
        raise HandleOutputError(messages.not_a_dict(context, partitions, value))
    values = cast("Mapping[str, Any]", value)
    absent = [key for key in partitions if key not in values]
    extra = [str(key) for key in values if key not in set(partitions)]
    if absent or extra:
        raise HandleOutputError(messages.other_keys(context, absent, extra))
    return values


def _reads_before_the_first(context: Context) -> bool:
    """Whether a partition is mapped to none: the first one of an asset that reads its own past."""
    return (
        isinstance(context, InputContext)
        and context.asset_partitions_def is not None
        and bool(context.run_partition_keys)
    )


def _may_miss(context: InputContext) -> bool:
    allowed = context.definition_metadata.get("allow_missing_partitions", False)
    return bool(getattr(allowed, "value", allowed))


def _wanted_of_each(context: InputContext, wanted: Any, count: int) -> Any:
    """What the values of a dict by partition are to be, from the annotation of the dict."""
    if get_origin(wanted) in _MAPPINGS:
        return (*get_args(wanted), None, None)[1]
    if wanted in (None, Any, object, *_MAPPINGS):
        return None
    raise LoadInputError(messages.wants_no_dict(context, wanted, count))
