"""Runs a graph of trivial steps in process and tells what a step cost."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import database_bytes, instance_of, load, report
from shapes import assets, op_chain

WARM_UP = 10


def prepared(library: Any, shape: str, count: int, manager: Any) -> Any:
    """Something with an instance to give it that runs the whole graph."""
    if shape == "ops":
        job = op_chain(library, count, manager)
        return lambda instance: job.execute_in_process(instance=instance)
    made = assets(library, shape, count)
    resources = {"io_manager": manager}
    return lambda instance: library.materialize(made, instance=instance, resources=resources)


def main(name: str, shape: str, count: int, store: str, manager_name: str) -> None:
    library = load(name)
    manager = library.mem_io_manager if manager_name == "memory" else library.fs_io_manager
    folder = Path(mkdtemp(prefix="bench-"))
    with instance_of(name, store, folder / "warm") as instance:
        prepared(library, shape, WARM_UP, manager)(instance)
    run = prepared(library, shape, count, manager)
    with instance_of(name, store, folder / "empty"):
        pass
    with instance_of(name, store, folder / "home") as instance:
        wall, cpu = time.perf_counter(), time.process_time()
        result = run(instance)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert result.success
    size = database_bytes(folder / "home") - database_bytes(folder / "empty")
    report(step_ms=1e3 * wall / count, cpu_ms=1e3 * cpu / count, step_bytes=size / count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])
