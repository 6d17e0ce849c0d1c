"""Runs a graph of trivial steps with an executor and a durable store: what its start and each step cost."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import instance_of, load, moments, report
from op_graphs import op_asset
from shapes import assets

WARM_UP = 10


def prepared(library: Any, shape: str, count: int, values: str, executor: str) -> Any:
    """Something with an instance to give it that runs the whole graph.

    Args:
        library: Penstock.
        shape, count: of the graph.
        values: ``files`` for assets stored by an I/O manager, ``handed`` for ops of which none is stored.
        executor: name.
    """
    made = [op_asset(library, shape, count)] if values == "handed" else assets(library, shape, count)
    resources = {} if values == "handed" else {"io_manager": library.fs_io_manager}
    return lambda instance: library.materialize(
        made, instance=instance, resources=resources, executor=executor
    )


def main(executor: str, shape: str, count: int, values: str) -> None:
    """The run before the one that counts imports what the driver needs, in this process alone."""
    library = load("penstock")
    folder = Path(mkdtemp(prefix="bench-"))
    with instance_of("penstock", "durable", folder / "warm") as instance:
        prepared(library, shape, WARM_UP, values, executor)(instance)
    run = prepared(library, shape, count, values, executor)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with instance_of("penstock", "durable", folder / "home") as instance:
        launched, used = time.time(), time.process_time()
        result = run(instance)
        ended, used = time.time(), time.process_time() - used
        first = min(moments("penstock", instance, result.run_id, "STEP_START"))
    assert result.success
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = workers.ru_utime + workers.ru_stime - before.ru_utime - before.ru_stime
    report(
        step_ms=1e3 * (ended - first) / count,
        start_ms=1e3 * (first - launched),
        cpu_ms=1e3 * used / count,
        workers_cpu_ms=1e3 * spent / count,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
