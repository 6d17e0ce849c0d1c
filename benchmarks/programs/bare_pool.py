"""A graph of trivial steps on the standard library's process pool, values by way of the driver."""

from __future__ import annotations

import multiprocessing
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from library import report
from shapes import parents

WORKERS = 2


def step(*values: int) -> tuple[float, int]:
    """When it began, and a number."""
    return time.time(), len(values)


def run(pool: ProcessPoolExecutor, graph: list[tuple[int, ...]]) -> float:
    """Submit each step when what it reads is there; when the first step began."""
    children: list[list[int]] = [[] for _ in graph]
    missing = [len(read) for read in graph]
    for number, read in enumerate(graph):
        for parent in read:
            children[parent].append(number)
    values: dict[int, int] = {}
    first = float("inf")
    under_way: dict[Future[tuple[float, int]], int] = {}
    ready = [number for number, count in enumerate(missing) if not count]
    while ready or under_way:
        for number in ready:
            under_way[pool.submit(step, *[values[parent] for parent in graph[number]])] = number
        ready = []
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            number = under_way.pop(future)
            begun, values[number] = future.result()
            first = min(first, begun)
            for child in children[number]:
                missing[child] -= 1
                if not missing[child]:
                    ready.append(child)
    return first


def main(shape: str, count: int) -> None:
    graph = parents(shape, count)
    launched = time.time()
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("forkserver")) as pool:
        used = time.process_time()
        first = run(pool, graph)
        ended, used = time.time(), time.process_time() - used
    report(
        step_ms=1e3 * (ended - first) / count, start_ms=1e3 * (first - launched), cpu_ms=1e3 * used / count
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
