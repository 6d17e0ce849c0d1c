"""Partitions: which keys a partitioned asset or job has, and which partitions of another it reads.

Owns: partitions definitions, by arithmetic and never by enumeration where that can be helped; subsets of
them; and mappings between them. Pure: the current time and the keys of dynamic partitions are arguments
(see ``view``). From the ground up:

- ``zones`` (when clocks change), ``days`` and ``cron`` (marks on the wall), ``grid`` (moments of windows);
- ``timeline``, ``windows`` and ``periods`` (windows of time), ``static``, ``dynamic``, ``multi``;
- ``spans``, ``bits``, ``names``, ``boxes`` (how subsets are kept), ``subset``;
- ``mapping`` and its kin (who reads what), ``mapping_rules`` (which mapping holds, and how it is asked).

Lazy on purpose: what is named here is imported when it is first used, since most programs use two of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.partitions.definition import PartitionsDefinition
    from penstock.partitions.dynamic import DynamicPartitionsDefinition
    from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
    from penstock.partitions.mapping import PartitionMapping, UpstreamPartitionsResult
    from penstock.partitions.multi import MultiPartitionsDefinition
    from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
    from penstock.partitions.static import StaticPartitionsDefinition
    from penstock.partitions.subset import PartitionsSubset
    from penstock.partitions.time_window import TimeWindow
    from penstock.partitions.windows import TimeWindowPartitionsDefinition

__all__ = [
    "DailyPartitionsDefinition",
    "DynamicPartitionsDefinition",
    "HourlyPartitionsDefinition",
    "MultiPartitionKey",
    "MultiPartitionsDefinition",
    "PartitionKeyRange",
    "PartitionMapping",
    "PartitionsDefinition",
    "PartitionsSubset",
    "StaticPartitionsDefinition",
    "TimeWindow",
    "TimeWindowPartitionsDefinition",
    "UpstreamPartitionsResult",
]

_MODULE_OF = {
    "DailyPartitionsDefinition": "periods",
    "DynamicPartitionsDefinition": "dynamic",
    "HourlyPartitionsDefinition": "periods",
    "MultiPartitionKey": "keys",
    "MultiPartitionsDefinition": "multi",
    "PartitionKeyRange": "keys",
    "PartitionMapping": "mapping",
    "PartitionsDefinition": "definition",
    "PartitionsSubset": "subset",
    "StaticPartitionsDefinition": "static",
    "TimeWindow": "time_window",
    "TimeWindowPartitionsDefinition": "windows",
    "UpstreamPartitionsResult": "mapping",
}


def __getattr__(name: str) -> object:
    """Import a name from its module when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'penstock.partitions' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    return found
