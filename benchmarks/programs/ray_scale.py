"""A large layered graph and a wide fan-out through the Ray executor: rate, memory, delay of reports."""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

import ray
from ray_graph import BenchShared, by_executor, layered

from penstock.spi.executor import Outcome, Progress, Task
from penstock_ray.executor import RayExecutor


@ray.remote(max_retries=0)
def add(*values: Any) -> int:
    """A bare step."""
    return len(values)


@ray.remote(max_retries=0)
def spread(count: int) -> list[int]:
    """A bare step with many values."""
    return list(range(count))


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def rate(executor: Any, count: int, prefix: str) -> float:
    """Steps a second of a layered graph."""
    graph = layered(max(2, count // 1000), min(1000, count // 2))
    began = time.perf_counter()
    by_executor(executor, graph, 3, prefix)
    return len(graph) / (time.perf_counter() - began)


def fan_out(executor: Any, count: int, prefix: str) -> float:
    """Seconds from one task with values known only afterwards, by one task each, to one that takes all."""
    began = time.perf_counter()
    source = executor.submit(Task(key=f"{prefix}fan", body=("fan", count), hands=None), {})
    (end,) = _ends(executor, 1)
    tickets = [
        executor.submit(Task(key=f"{prefix}m{n}", body=0, hands=("result",)), {"x": (source, name)})
        for n, name in enumerate(end.handed)
    ]
    _ends(executor, count)
    executor.submit(
        Task(key=f"{prefix}c", body=0, hands=("result",)),
        {f"x{n}": (ticket, "result") for n, ticket in enumerate(tickets)},
    )
    _ends(executor, 1)
    return time.perf_counter() - began


def bare_fan_out(count: int) -> float:
    """The same by bare Ray, its width known beforehand."""
    began = time.perf_counter()
    wide: Any = spread.options(num_returns=count)
    parts = wide.remote(count)
    step: Any = add
    ray.get(step.remote(*[step.remote(part) for part in parts]))
    return time.perf_counter() - began


def delays(executor: Any, count: int) -> list[float]:
    """Seconds from the telling of a record in a quiet task to its arrival here."""
    executor.submit(Task(key="delays", body=("tell", count), hands=()), {})
    found: list[float] = []
    while True:
        for message in executor.collect(None):
            if type(message) is Progress:
                found.append(time.time() - message.record)
            elif type(message) is Outcome:
                return found


def _ends(executor: Any, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        found += [one for one in executor.collect(None) if type(one) is Outcome]
    return found


def main(count: int) -> None:
    ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=512 << 20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    executor = RayExecutor({"window": 64})
    executor.begin(BenchShared("bench"))
    small = rate(executor, 1000, "warm"), rate(executor, 1000, "small")
    before = resident()
    large = rate(executor, count, "large")
    grown = resident() - before
    fans = [(fan_out(executor, 1000, f"f{n}"), bare_fan_out(1000)) for n in range(3)]
    quiet = delays(executor, 50)
    executor.close()
    ray.shutdown()
    told = {
        "rate of 1,000": small[1],
        f"rate of {count:,}": large,
        "grown MB": grown / 1e6,
        "fan-out of 1,000": [one for one, _ in fans],
        "bare fan-out": [one for _, one in fans],
        "delay ms p50": 1e3 * statistics.median(quiet),
        "delay ms max": 1e3 * max(quiet),
    }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
