"""A mapping written out key by key.

Owns: ``StaticPartitionMapping``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from attrs import field

from penstock.errors import InvalidDefinitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import PartitionMapping, UpstreamPartitionsResult, reading
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import DynamicPartitionsStore
from penstock.values import frozen


def _as_table(given: Mapping[str, str | Collection[str]]) -> dict[str, frozenset[str]]:
    return {up: frozenset([down] if isinstance(down, str) else down) for up, down in given.items()}


@frozen(hash=False)
class StaticPartitionMapping(PartitionMapping):
    """Each upstream partition is read by the downstream partitions that are written down for it.

    Args:
        downstream_partition_keys_by_upstream_partition_key: upstream key → one downstream key, or several.
    """

    readers: dict[str, frozenset[str]] = field(
        converter=_as_table, alias="downstream_partition_keys_by_upstream_partition_key"
    )

    def __hash__(self) -> int:
        return hash(frozenset(self.readers.items()))

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The upstream partitions for which one of these is written down."""
        self.validate_partition_mapping(upstream_partitions_def, downstream_partitions_def)
        wanted = reading(self, downstream_partitions_subset)
        keys = [up for up, readers in self.readers.items() if any(key in wanted for key in readers)]
        return UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys(keys))

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """The downstream partitions that are written down for one of these."""
        self.validate_partition_mapping(upstream_partitions_def, downstream_partitions_def)
        keys = {
            key for up, readers in self.readers.items() if up in upstream_partitions_subset for key in readers
        }
        return downstream_partitions_def.subset_with_partition_keys(keys)

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse keys that are no partitions, and partitions that are no fixed list.

        Raises:
            InvalidDefinitionError: when a side is no fixed list.
            UnknownPartitionError: naming the key.
        """
        sides = (("upstream", upstream_partitions_def), ("downstream", downstream_partitions_def))
        for side, one in sides:
            if not isinstance(one, StaticPartitionsDefinition):
                raise InvalidDefinitionError(
                    f"StaticPartitionMapping wants static partitions on both sides; {side} it found {one!r}."
                )
            keys = self.readers if side == "upstream" else frozenset[str]().union(*self.readers.values())
            for key in sorted(keys):
                one.validate_partition_key(key)
