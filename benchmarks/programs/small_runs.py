"""Runs one trivial step again and again, each time as a run of its own: what a run costs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import database_bytes, instance_of, load, report
from shapes import assets, op_chain

WARM_UP = 3


def prepared(library: Any, kind: str, manager: Any) -> Any:
    """Something with an instance and a number to give it that makes one run."""
    if kind == "op":
        job = op_chain(library, 1, manager)
        return lambda instance, _: job.execute_in_process(instance=instance)
    resources = {"io_manager": manager}
    keys = [f"p{number:04}" for number in range(10_000)]
    if not hasattr(library, "StaticPartitionsDefinition"):
        (asset,) = assets(library, "chain", 1)
        return lambda instance, _: library.materialize([asset], instance=instance, resources=resources)

    @library.asset(partitions_def=library.StaticPartitionsDefinition(keys))
    def daily() -> int:
        return 1

    return lambda instance, number: library.materialize(
        [daily], instance=instance, resources=resources, partition_key=keys[number]
    )


def main(name: str, kind: str, count: int, manager_name: str) -> None:
    library = load(name)
    manager = library.mem_io_manager if manager_name == "memory" else library.fs_io_manager
    folder = Path(mkdtemp(prefix="bench-"))
    run = prepared(library, kind, manager)
    with instance_of(name, "durable", folder) as instance:
        for number in range(WARM_UP):
            run(instance, number)
    before = database_bytes(folder)
    with instance_of(name, "durable", folder) as instance:
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(WARM_UP, WARM_UP + count):
            run(instance, number)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = database_bytes(folder) - before
    report(run_ms=1e3 * wall / count, cpu_ms=1e3 * cpu / count, run_bytes=size / count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
