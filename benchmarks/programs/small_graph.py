"""A small graph and one hand-off that every library on Ray is given, and both on bare Ray."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import ray
from library import report

LAYERS, WIDTH = 5, 10
STEPS = LAYERS * WIDTH
TABLE_BYTES = 100_000_000
ROUNDS = 5


def parents(number: int) -> tuple[int, ...]:
    """The steps that a step reads: two of the layer before."""
    layer, at = divmod(number, WIDTH)
    return () if layer == 0 else ((layer - 1) * WIDTH + at, (layer - 1) * WIDTH + (at + 1) % WIDTH)


def add(*values: int) -> int:
    """A trivial step."""
    return sum(values) % 1000 + 1


def table() -> pa.Table:
    """A large table."""
    return pa.table({"x": np.ones(TABLE_BYTES // 8)})


def size(value: pa.Table) -> int:
    """Its consumer: looks at all of it."""
    return int(value["x"].to_numpy().sum()) * 8


@ray.remote(max_retries=0)
def bare_add(*values: int) -> int:
    return add(*values)


@ray.remote(max_retries=0)
def bare_table() -> pa.Table:
    return table()


@ray.remote(max_retries=0)
def bare_size(value: pa.Table) -> int:
    return size(value)


def bare_steps() -> None:
    """The graph, submitted at once."""
    made: list[Any] = []
    for number in range(STEPS):
        made.append(bare_add.remote(*[made[one] for one in parents(number)]))
    ray.get(made)


def bare_hand_off() -> None:
    """The table from one task to another."""
    assert ray.get(bare_size.remote(bare_table.remote())) == TABLE_BYTES


def compare(steps: Callable[[], object], hand_off: Callable[[], object] | None, rounds: int = ROUNDS) -> None:
    """Time a library's way and the bare one in turn, after one warm-up, and report medians.

    Args:
        steps: runs the graph.
        hand_off: hands the table on; None where the library cannot be asked to.
        rounds: how often.
    """
    ways: dict[str, Callable[[], object]] = {"bare steps": bare_steps, "steps": steps}
    if hand_off is not None:
        ways |= {"bare table": bare_hand_off, "table": hand_off}
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            if number:
                samples[name].append(1e3 * (time.perf_counter() - begun))
    found = {name.replace(" ", "_"): statistics.median(some) for name, some in samples.items()}
    found["step_ms"] = found.pop("steps") / STEPS
    found["bare_step_ms"] = found.pop("bare_steps") / STEPS
    if hand_off is not None:
        found["table_ms"], found["bare_table_ms"] = found.pop("table"), found.pop("bare_table")
    report(**found)
