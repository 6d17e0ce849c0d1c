"""Interleaves bare Ray and whole runs on the Ray executor in one Ray: seconds of each way and round.

Of a run the seconds count from the event that it began until the event that it ended; what comes before
(planning, shipping, asking nodes for modules) is told apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import ray
from library import instance_of, load, moments, report
from op_graphs import fan_out_asset, op_asset
from quiet_ray import small_ray
from ray_graph import Spent, up_front, wait_loop
from shapes import parents

UNFUSED = {"ray": {"fuse": False}}
FUSED = {"ray": {"fuse": True}}
Way = Callable[[], dict[str, float]]


@ray.remote(max_retries=0)
def add(*values: Any) -> int:
    """A bare step."""
    return len(values)


def bare(function: Any, graph: list[tuple[int, ...]]) -> Way:
    """A graph on bare Ray."""

    def once() -> dict[str, float]:
        with Spent() as spent:
            function(ray, add, graph)
        return {"seconds": spent.wall, "cpu": spent.cpu}

    return once


def engine(asset: Any, store: str, executor: Any, folder: Path) -> Way:
    """A run of an asset on the Ray executor."""
    library = load("penstock")

    def once() -> dict[str, float]:
        with instance_of("penstock", store, Path(mkdtemp(dir=folder))) as instance:
            with Spent() as spent:
                result = library.materialize([asset], instance=instance, executor=executor)
            assert result.success
            begun, ended, first = (
                min(moments("penstock", instance, result.run_id, kind))
                for kind in ("RUN_START", "RUN_SUCCESS", "STEP_START")
            )
        return {
            "seconds": ended - begun,
            "cpu": spent.cpu,
            "before": spent.wall - (ended - begun),
            "first": first - begun,
        }

    return once


def ways(count: int, folder: Path) -> dict[str, Way]:
    """What is measured, by name."""
    library = load("penstock")
    found: dict[str, Way] = {}
    for shape in ("grid", "chain"):
        graph = parents(shape, count)
        asset = op_asset(library, shape, count)
        found[f"{shape} loop"] = bare(wait_loop, graph)
        found[f"{shape} up front"] = bare(up_front, graph)
        found[f"{shape} engine memory"] = engine(asset, "memory", UNFUSED, folder)
        found[f"{shape} engine durable"] = engine(asset, "durable", UNFUSED, folder)
    found["chain engine fused"] = engine(op_asset(library, "chain", count), "durable", FUSED, folder)
    found["fan up front"] = bare(up_front, [(), *[(0,)] * count, tuple(range(1, count + 1))])
    found["fan engine"] = engine(fan_out_asset(library, count), "memory", UNFUSED, folder)
    return found


def main(count: int, rounds: int, only: str) -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    chosen = {name: way for name, way in ways(count, folder).items() if only in name}
    up_front(ray, add, [()] * 50)
    engine(op_asset(load("penstock"), "grid", 20), "durable", UNFUSED, folder)()
    found: dict[str, float] = {}
    for number in range(rounds):
        for name, way in chosen.items():
            found |= {f"{name} {measure} {number}": value for measure, value in way().items()}
    report(**found)


if __name__ == "__main__":
    with small_ray():
        main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
