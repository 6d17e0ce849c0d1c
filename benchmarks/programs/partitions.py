"""Looks partitions up among many hours of New York: microseconds of each kind of lookup."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from library import load, report

TURNS = 50
ZONE = "America/New_York"
NOW = datetime(2126, 12, 1, tzinfo=UTC)


def microseconds(lookup: Callable[[], object]) -> float:
    """The best of three times of one lookup."""
    lookup()
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(TURNS):
            lookup()
        best = min(best, time.perf_counter() - begun)
    return 1e6 * best / TURNS


def lookups(name: str, library: Any, count: int) -> dict[str, Callable[[], object]]:
    """Every kind of lookup, as far as the library has it."""
    start = NOW - timedelta(hours=count)
    hours = library.HourlyPartitionsDefinition(start, timezone=ZONE)
    days = library.DailyPartitionsDefinition(start - timedelta(days=1), timezone=ZONE)
    keys = hours.get_partition_keys(current_time=NOW)
    wanted, mapping = keys[-5], library.TimeWindowPartitionMapping()
    every = hours.subset_with_partition_keys(keys)
    some = every - hours.subset_with_partition_keys(keys[:: max(count // 100, 2)])
    found: dict[str, Callable[[], object]] = {
        "count": hours.get_num_partitions,
        "window": lambda: hours.time_window_for_partition_key(wanted),
        "contains": lambda: wanted in some,
        "union": lambda: some | every,
        "mapped": lambda: mapping.get_downstream_partitions_for_partitions(every, hours, days, NOW),
    }
    if name == "penstock":
        found["nth"] = lambda: hours.get_partition_key_at(-5)
        found["index"] = lambda: hours.get_partition_index(wanted)
    else:
        found["nth"] = lambda: hours.get_partition_keys()[-5]
        found["index"] = lambda: hours.get_partition_keys().index(wanted)
    return found


def main(name: str, count: int) -> None:
    library = load(name)
    with library.partition_loading_context(effective_dt=NOW):
        report(**{what: microseconds(lookup) for what, lookup in lookups(name, library, count).items()})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
