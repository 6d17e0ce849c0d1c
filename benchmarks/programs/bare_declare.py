"""The least that declaring, loading and planning can be: functions, their signatures, a topological order."""

from __future__ import annotations

import sys
import time
from graphlib import TopologicalSorter
from inspect import signature

from library import report
from shapes import functions, parents


def main(shape: str, count: int) -> None:
    begun, used = time.perf_counter(), time.process_time()
    declared = {f"a{number}": (functions(read), read) for number, read in enumerate(parents(shape, count))}
    for function, read in declared.values():
        if len(signature(function).parameters) != len(read):
            raise TypeError(f"{function} cannot read {read}")
    graph = {name: [f"a{parent}" for parent in read] for name, (_, read) in declared.items()}
    plan = {name: number for number, name in enumerate(TopologicalSorter(graph).static_order())}
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    report(total_ms=1e3 * wall, cpu_ms=1e3 * cpu, nodes=len(plan))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
