"""Partition mappings: which upstream partitions a downstream partition reads.

Owns: ``PartitionMapping``, its result, and the mappings that look at keys alone. A mapping of one's own is a
subclass with ``get_upstream_mapped_partitions_result_for_partitions``; the other direction is worked out
from it, or given too when that is cheap. It works wherever a built-in one does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from attrs import field

from penstock.errors import InvalidDefinitionError
from penstock.partitions.carry import carried
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import as_keys
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicPartitionsStore, view_of
from penstock.values import frozen


@frozen
class UpstreamPartitionsResult:
    """What some downstream partitions read.

    Args:
        partitions_subset: the upstream partitions that exist.
        required_but_nonexistent_subset: those that are wanted and do not exist (yet).
        required_but_nonexistent_partition_keys: keys that are wanted and no upstream partition can have.
    """

    partitions_subset: PartitionsSubset
    required_but_nonexistent_subset: PartitionsSubset | None = None
    strange_keys: tuple[str, ...] = field(
        default=(), converter=tuple, alias="required_but_nonexistent_partition_keys"
    )

    def __attrs_post_init__(self) -> None:
        if self.required_but_nonexistent_subset is None and isinstance(
            self.partitions_subset, PartitionsSubset
        ):  # pyright: ignore[reportUnnecessaryIsInstance] - a mapping of the user's may give anything
            nothing = self.partitions_subset.partitions_def.empty_subset()
            object.__setattr__(self, "required_but_nonexistent_subset", nothing)

    @property
    def required_but_nonexistent_partition_keys(self) -> Sequence[str]:
        """The keys that are wanted and do not exist, in order."""
        missing = self.required_but_nonexistent_subset
        return [*(missing or ()), *self.strange_keys]

    @property
    def is_complete(self) -> bool:
        """Whether everything that is wanted exists."""
        missing = self.required_but_nonexistent_subset
        return not self.strange_keys and (missing is None or missing.is_empty)


class PartitionMapping(ABC):
    """Which upstream partitions a downstream partition reads."""

    __slots__ = ()

    @abstractmethod
    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """What some downstream partitions read.

        Args:
            downstream_partitions_subset: the reading partitions, None when the reader has no partitions.
            downstream_partitions_def: their definition, None when the reader has no partitions.
            upstream_partitions_def: what is read.
            current_time: what counts as now.
            dynamic_partitions_store: knows dynamic keys.
        """

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Who reads some upstream partitions. Here every downstream partition is asked what it reads.

        Args:
            upstream_partitions_subset: the partitions that are read.
            upstream_partitions_def: their definition.
            downstream_partitions_def: the readers.
            current_time: what counts as now.
            dynamic_partitions_store: knows dynamic keys.
        """
        found: list[str] = []
        for key in downstream_partitions_def.get_partition_keys(current_time, dynamic_partitions_store):
            read = self.get_upstream_mapped_partitions_result_for_partitions(
                downstream_partitions_def.subset_with_partition_keys([key]),
                downstream_partitions_def,
                upstream_partitions_def,
                current_time,
                dynamic_partitions_store,
            ).partitions_subset
            if not (read & upstream_partitions_subset).is_empty:
                found.append(key)
        return downstream_partitions_def.subset_with_partition_keys(found)

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse definitions between which this mapping cannot be.

        Raises:
            InvalidDefinitionError: with what does not fit.
        """
        del upstream_partitions_def, downstream_partitions_def

    @property
    def description(self) -> str:
        """One sentence for people."""
        return (type(self).__doc__ or type(self).__name__).strip().partition("\n")[0]


@frozen
class IdentityPartitionMapping(PartitionMapping):
    """A partition reads the upstream partition of the same key."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The partitions of the same keys; keys that upstream has not are missing."""
        subset = reading(self, downstream_partitions_subset)
        view = view_of(current_time, dynamic_partitions_store)
        same, strange = carried(subset, upstream_partitions_def)
        everything = PartitionsSubset(upstream_partitions_def, upstream_partitions_def.form.everything(view))
        return UpstreamPartitionsResult(same & everything, same - everything, strange)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """The partitions of the same keys, as far as there are such."""
        same, _ = carried(upstream_partitions_subset, downstream_partitions_def)
        return same & downstream_partitions_def.subset_with_all_partitions(
            current_time, dynamic_partitions_store
        )


@frozen
class AllPartitionMapping(PartitionMapping):
    """A partition reads every upstream partition."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """Every upstream partition there is."""
        return UpstreamPartitionsResult(
            upstream_partitions_def.subset_with_all_partitions(current_time, dynamic_partitions_store)
        )

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Every downstream partition, when anything is read at all."""
        if upstream_partitions_subset.is_empty:
            return downstream_partitions_def.empty_subset()
        return downstream_partitions_def.subset_with_all_partitions(current_time, dynamic_partitions_store)


@frozen
class LastPartitionMapping(PartitionMapping):
    """A partition reads the newest upstream partition."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The newest upstream partition, none when there is none yet."""
        last = upstream_partitions_def.get_last_partition_key(current_time, dynamic_partitions_store)
        keys = () if last is None else (last,)
        return UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys(keys))

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Every downstream partition when the newest upstream one is among them, else none."""
        last = upstream_partitions_def.get_last_partition_key(current_time, dynamic_partitions_store)
        if last is None or last not in upstream_partitions_subset:
            return downstream_partitions_def.empty_subset()
        return downstream_partitions_def.subset_with_all_partitions(current_time, dynamic_partitions_store)


@frozen
class SpecificPartitionsPartitionMapping(PartitionMapping):
    """A partition reads always the same upstream partitions.

    Args:
        partition_keys: of the upstream partitions.
    """

    partition_keys: tuple[str, ...] = field(converter=as_keys)

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The given partitions; those that do not exist are missing."""
        own = PartitionsSubset(upstream_partitions_def, upstream_partitions_def.form.body_of(()))
        form, strange = upstream_partitions_def.form, list[str]()
        for key in self.partition_keys:
            if form.place_of(key) is None:
                strange.append(key)
            else:
                own = own.with_partition_keys([key])
        everything = upstream_partitions_def.subset_with_all_partitions(
            current_time, dynamic_partitions_store
        )
        return UpstreamPartitionsResult(own & everything, own - everything, strange)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Every downstream partition when one of the given is among them, else none."""
        if not any(key in upstream_partitions_subset for key in self.partition_keys):
            return downstream_partitions_def.empty_subset()
        return downstream_partitions_def.subset_with_all_partitions(current_time, dynamic_partitions_store)

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse keys that upstream can never have.

        Raises:
            UnknownPartitionError: naming the key.
        """
        for key in self.partition_keys:
            if upstream_partitions_def.form.place_of(key) is None:
                raise upstream_partitions_def.form.unknown(key)


def reading(mapping: PartitionMapping, subset: PartitionsSubset | None) -> PartitionsSubset:
    """The downstream partitions of a mapping that cannot do without.

    Raises:
        InvalidDefinitionError: when the reader has no partitions.
    """
    if subset is None:
        raise InvalidDefinitionError(
            f"{type(mapping).__name__} wants a reader with partitions. One without partitions reads all of"
            " them, or those that AllPartitionMapping, LastPartitionMapping or"
            " SpecificPartitionsPartitionMapping say."
        )
    return subset
