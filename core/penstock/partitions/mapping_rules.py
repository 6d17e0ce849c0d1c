"""Which mapping holds between two definitions, and how it is asked.

Owns: the rules by which a mapping is inferred, and ``upstream_partitions`` and ``downstream_partitions``,
through which engine and planning ask mappings: what a user's own mapping does wrong becomes one clear error.
"""

from __future__ import annotations

from typing import Any

from penstock.errors import Error, InvalidDefinitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import (
    AllPartitionMapping,
    IdentityPartitionMapping,
    PartitionMapping,
    UpstreamPartitionsResult,
)
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.multi_mapping import (
    MultiPartitionMapping,
    MultiToSingleDimensionPartitionMapping,
    fitting_dimensions,
)
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import View
from penstock.partitions.windows import TimeWindowPartitionsDefinition


def mapping_between(
    given: PartitionMapping | None,
    downstream: PartitionsDefinition | None,
    upstream: PartitionsDefinition | None,
) -> PartitionMapping:
    """The mapping that was given, or the one that the definitions suggest.

    Windows of time on both sides: those that overlap. Several dimensions on one side, one of which is the
    other side: those that share its key. No partitions on a side: all. Else the same key.

    Args:
        given: by the user, None infers.
        downstream, upstream: the partitions of both sides, None has none.

    Raises:
        InvalidDefinitionError: when what was given is no mapping.
    """
    if given is not None:
        if not isinstance(given, PartitionMapping):  # pyright: ignore[reportUnnecessaryIsInstance] - users err
            raise InvalidDefinitionError(f"A partition mapping was wanted, found {given!r}.")
        return given
    if downstream is None or upstream is None:
        return AllPartitionMapping()
    if isinstance(downstream, TimeWindowPartitionsDefinition) and isinstance(
        upstream, TimeWindowPartitionsDefinition
    ):
        return TimeWindowPartitionMapping()
    is_multi = [isinstance(one, MultiPartitionsDefinition) for one in (downstream, upstream)]
    if is_multi[0] is not is_multi[1]:
        multi, single = (downstream, upstream) if is_multi[0] else (upstream, downstream)
        if isinstance(multi, MultiPartitionsDefinition) and len(fitting_dimensions(multi, single)) == 1:
            return MultiToSingleDimensionPartitionMapping()
    return IdentityPartitionMapping()


def looks_back(mapping: PartitionMapping) -> bool:
    """Whether a partition reads only earlier ones, so that an asset may depend on itself."""
    if isinstance(mapping, TimeWindowPartitionMapping):
        return mapping.looks_back
    if isinstance(mapping, MultiPartitionMapping):
        parts = mapping.downstream_mappings_by_upstream_dimension
        return any(
            one.dimension_name == name and looks_back(one.partition_mapping) for name, one in parts.items()
        )
    return False


def refuse_looking_ahead(mapping: PartitionMapping, where: str) -> None:
    """Refuse a mapping by which an asset would read partitions of its own that are not earlier ones.

    Args:
        mapping: of an asset for itself; one of the user's own is trusted.
        where: what the message is about.

    Raises:
        InvalidDefinitionError: saying which mapping would do.
    """
    own = type(mapping).__module__.startswith("penstock.partitions.")
    if own and not looks_back(mapping):
        raise InvalidDefinitionError(
            f"{where} depends on itself, and its {type(mapping).__name__} does not only look back. Give it a"
            " TimeWindowPartitionMapping with start_offset and end_offset below 0"
            " (for several dimensions, a MultiPartitionMapping with such a one for the dimension of time)."
        )


def upstream_partitions(
    mapping: PartitionMapping,
    reader: PartitionsSubset | None,
    upstream: PartitionsDefinition,
    view: View,
    where: str = "",
) -> UpstreamPartitionsResult:
    """What some partitions read, or what a reader without partitions reads.

    Args:
        mapping: any, also one of the user's.
        reader: the reading partitions, None when the reader has none.
        upstream: what is read.
        view: what counts as now, and who knows dynamic keys.
        where: what messages say it is about, such as "input 'days' of asset 'weeks'".

    Raises:
        InvalidDefinitionError: when the mapping raised or gave something else.
    """
    definition = None if reader is None else reader.partitions_def
    try:
        found: Any = mapping.get_upstream_mapped_partitions_result_for_partitions(
            reader, definition, upstream, view.effective_dt, view.dynamic_partitions_store
        )
    except Error:
        raise
    except Exception as fault:
        raise _raised(mapping, fault, where) from fault
    if not isinstance(found, UpstreamPartitionsResult):
        raise _odd(mapping, f"an UpstreamPartitionsResult was wanted, found {found!r}", where)
    if found.partitions_subset.partitions_def != upstream:
        raise _odd(mapping, "it gave partitions of another definition than upstream's", where)
    return found


def downstream_partitions(
    mapping: PartitionMapping,
    read: PartitionsSubset,
    downstream: PartitionsDefinition,
    view: View,
    where: str = "",
) -> PartitionsSubset:
    """Who reads some partitions.

    Args:
        mapping: any, also one of the user's.
        read: the partitions that are read.
        downstream: the readers.
        view: what counts as now, and who knows dynamic keys.
        where: what messages say it is about.

    Raises:
        InvalidDefinitionError: when the mapping raised or gave something else.
    """
    try:
        found: Any = mapping.get_downstream_partitions_for_partitions(
            read, read.partitions_def, downstream, view.effective_dt, view.dynamic_partitions_store
        )
    except Error:
        raise
    except Exception as fault:
        raise _raised(mapping, fault, where) from fault
    if not isinstance(found, PartitionsSubset) or found.partitions_def != downstream:
        raise _odd(mapping, f"a subset of the downstream partitions was wanted, found {found!r}", where)
    return found


def _raised(mapping: PartitionMapping, fault: Exception, where: str) -> InvalidDefinitionError:
    return _odd(mapping, f"it raised {type(fault).__name__}: {fault}", where)


def _odd(mapping: PartitionMapping, what: str, where: str) -> InvalidDefinitionError:
    name = type(mapping).__qualname__ + (f" of {where}" if where else "")
    return InvalidDefinitionError(f"The partition mapping {name} does not work: {what}.")
