"""Interleaves bare Ray and the Ray executor in one Ray, and tells the samples of each way."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

import ray
from ray_graph import BenchShared, Spent, by_executor, chain, layered, up_front, wait_loop

from penstock_ray.executor import RayExecutor


@ray.remote(max_retries=0)
def add(*values: Any) -> int:
    """A bare step."""
    return len(values)


def ways(executor: Any, count: int) -> dict[str, Any]:
    """What is measured, by name: a function of the number of the repetition."""
    graphs = {"layered": layered(max(2, count // 50), 50), "chain": chain(count)}
    found: dict[str, Any] = {}
    for name, graph in graphs.items():
        found[f"{name} up front"] = lambda _, graph=graph: up_front(ray, add, graph)
        found[f"{name} loop"] = lambda _, graph=graph: wait_loop(ray, add, graph)
        found[f"{name} executor 3"] = lambda n, graph=graph, name=name: by_executor(
            executor, graph, 3, f"{name}{n}"
        )
    found["layered executor 0"] = lambda n: by_executor(executor, graphs["layered"], 0, f"none{n}")
    found["layered executor 20"] = lambda n: by_executor(executor, graphs["layered"], 20, f"many{n}")
    found["fused executor"] = lambda n: by_executor(executor, chain(max(1, count // 64)), -64, f"fused{n}")
    return found


def main(count: int, repeats: int, only: str) -> None:
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
    chosen = {name: way for name, way in ways(executor, count).items() if only in name}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    up_front(ray, add, [()] * 50)
    by_executor(executor, [()] * 50, 3, "warm")
    for number in range(repeats):
        for name, way in chosen.items():
            with Spent() as spent:
                way(number)
            samples[name].append((spent.wall, spent.cpu))
    executor.close()
    ray.shutdown()
    print(json.dumps(samples))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
