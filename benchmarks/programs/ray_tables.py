"""A chain of steps that hand a large table on, in a Ray whose store holds half of what goes through it.

Bare Ray drops each reference when the next task has taken it; a run does so by itself. Told are seconds of
each, and the bytes that Ray spilled to disk.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
import ray
from library import instance_of, load, moments, report
from quiet_ray import small_ray
from ray_graph import Spent

UNFUSED = {"ray": {"fuse": False}}


def make(nbytes: int, number: int) -> pa.Table:
    """A new table of about so many bytes."""
    return pa.table({"x": np.full(nbytes // 8, number, dtype=np.int64)})


def follow(table: pa.Table) -> pa.Table:
    """One that is as large, made of another."""
    return make(table.nbytes, table["x"][0].as_py() + 1)


@ray.remote(max_retries=0)
def first(nbytes: int) -> pa.Table:
    return make(nbytes, 0)


@ray.remote(max_retries=0)
def following(table: pa.Table) -> pa.Table:
    return follow(table)


@ray.remote(max_retries=0)
def last(table: pa.Table) -> int:
    return table["x"][0].as_py()


def bare(length: int, nbytes: int) -> float:
    """Seconds on bare Ray."""
    with Spent() as spent:
        value = first.remote(nbytes)
        for _ in range(length - 1):
            value = following.remote(value)
            ray.wait([value], fetch_local=False)
        assert ray.get(last.remote(value)) == length - 1
    return spent.wall


def chain(library: Any, length: int, nbytes: int) -> Any:
    """The same as an asset."""

    @library.op
    def source() -> pa.Table:
        return make(nbytes, 0)

    @library.op
    def follower(table: pa.Table) -> pa.Table:
        return follow(table)

    @library.op
    def total(table: pa.Table) -> int:
        return table["x"][0].as_py()

    @library.graph_asset
    def tables() -> Any:
        value = source()
        for _ in range(length - 1):
            value = follower(value)
        return total(value)

    return tables


def engine(asset: Any, folder: Path) -> float:
    """Seconds of the steps of a run."""
    with instance_of("penstock", "durable", Path(mkdtemp(dir=folder))) as instance:
        result = load("penstock").materialize([asset], instance=instance, executor=UNFUSED)
        assert result.success
        begun, ended = (
            min(moments("penstock", instance, result.run_id, kind)) for kind in ("RUN_START", "RUN_SUCCESS")
        )
    return ended - begun


def spilled_mib() -> float:
    """What Ray has spilled to disk so far."""
    from ray._private.internal_api import memory_summary

    text = memory_summary(ray.get_runtime_context().gcs_address, stats_only=True)
    told = re.search(r"Spilled (\d+) MiB", text)
    return float(told[1]) if told else 0.0


def main(length: int, nbytes: int, rounds: int) -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    asset = chain(load("penstock"), length, nbytes)
    found: dict[str, float] = {}
    engine(chain(load("penstock"), 3, nbytes), folder)
    bare(3, nbytes)
    for number in range(rounds):
        found[f"engine {number}"] = engine(asset, folder)
        found[f"spilled {number}"] = spilled_mib()
        found[f"bare {number}"] = bare(length, nbytes)
    report(**found, **{"spilled in all": spilled_mib()})


if __name__ == "__main__":
    with small_ray(store=15 * int(sys.argv[2])):
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
