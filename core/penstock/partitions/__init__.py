"""Partitions: which keys a partitioned asset or job has, and which window of time each covers.

Owns: partitions definitions, by arithmetic and never by enumeration where that can be helped. Pure: the
current time is an argument. The first slice: static keys and days; the rest of the calendar, several
dimensions, mappings and subsets come with the partitions issue.
"""

from __future__ import annotations

from penstock.partitions.definition import PartitionsDefinition, StaticPartitionsDefinition
from penstock.partitions.windows import DailyPartitionsDefinition, TimeWindow

__all__ = [
    "DailyPartitionsDefinition",
    "PartitionsDefinition",
    "StaticPartitionsDefinition",
    "TimeWindow",
]
