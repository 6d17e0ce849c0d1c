"""Interleaves bare Ray and the Ray executor in one Ray, without an engine.

Each way gives its seconds by round. The runner of ``ray_graph`` stands for the engine.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import ray
from library import report
from quiet_ray import small_ray
from ray_graph import BenchShared, Spent, by_executor, chain, layered, up_front, wait_loop

from penstock.spi.executor import Outcome, Progress, Task
from penstock_ray.executor import RayExecutor
from penstock_ray.orders import Order, encoded, plain_orders

CHAINED = 64
FAN = 1000
DELAYS = 40
Way = Callable[[str], object]


@ray.remote(max_retries=0)
def add(*values: Any) -> int:
    """A bare step."""
    return len(values)


@ray.remote(max_retries=0)
def ordered(orders: bytes, *values: Any) -> int:
    """A bare step that is told what to do as the steps of a run are; its function went to the worker once."""
    return plain_orders(orders)[0][1] + len(values)


@ray.remote(max_retries=0)
def spread(count: int) -> list[int]:
    """A bare step with many values."""
    return list(range(count))


class Shipped:
    """``ordered`` in the shape of a remote function that takes values alone."""

    def __init__(self) -> None:
        self._count = 0

    def remote(self, *values: Any) -> Any:
        """Submit it with an order of its own."""
        self._count += 1
        names = tuple(f"in{number}" for number in range(len(values)))
        key = f"s{self._count}#1"
        order = Order(key=key, body=0, names=names, hands=("result",))
        return ordered.remote(encoded([order]), *values)


def fan_out(executor: Any, prefix: str) -> None:
    """One task with values known only afterwards, one task for each, one that takes all."""
    source = executor.submit(Task(key=f"{prefix}fan", body=("fan", FAN), hands=None), {})
    (end,) = _ends(executor, 1)
    tickets = [
        executor.submit(Task(key=f"{prefix}m{n}", body=0, hands=("result",)), {"x": (source, name)})
        for n, name in enumerate(end.handed)
    ]
    _ends(executor, FAN)
    upstream = {f"x{n}": (ticket, "result") for n, ticket in enumerate(tickets)}
    executor.submit(Task(key=f"{prefix}c", body=0, hands=("result",)), upstream)
    _ends(executor, 1)


def bare_fan_out() -> None:
    """The same by bare Ray, its width known beforehand."""
    wide: Any = spread.options(num_returns=FAN)
    step: Any = add
    ray.get(step.remote(*[step.remote(part) for part in wide.remote(FAN)]))


def delay(executor: Any, prefix: str) -> float:
    """Seconds from the telling of a record in a quiet task to its arrival here, in the median."""
    executor.submit(Task(key=f"{prefix}delays", body=("tell", DELAYS), hands=()), {})
    found: list[float] = []
    while True:
        for message in executor.collect(None):
            if type(message) is Progress:
                found.append(time.time() - message.record)
            elif type(message) is Outcome:
                return statistics.median(found)


def _ends(executor: Any, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        found += [one for one in executor.collect(None) if type(one) is Outcome]
    return found


def ways(executor: Any, count: int) -> dict[str, Way]:
    """What is measured, by name: a function of a prefix for the keys of its tasks."""
    grid, line = layered(max(2, count // 50), 50), chain(count)
    fused, shipped = chain(max(1, count // CHAINED)), Shipped()
    return {
        "grid loop": lambda _: wait_loop(ray, add, grid),
        "grid shipped": lambda _: wait_loop(ray, shipped, grid),
        "grid executor 0": lambda prefix: by_executor(executor, grid, 0, prefix),
        "grid executor 3": lambda prefix: by_executor(executor, grid, 3, prefix),
        "grid executor 20": lambda prefix: by_executor(executor, grid, 20, prefix),
        "chain up front": lambda _: up_front(ray, add, line),
        "chain loop": lambda _: wait_loop(ray, add, line),
        "chain executor 3": lambda prefix: by_executor(executor, line, 3, prefix),
        "chain executor fused": lambda prefix: by_executor(executor, fused, -CHAINED, prefix),
        "fan up front": lambda _: bare_fan_out(),
        "fan executor": lambda prefix: fan_out(executor, prefix),
    }


def main(count: int, rounds: int, only: str) -> None:
    executor = RayExecutor({"window": 64})
    executor.begin(BenchShared("bench"))
    chosen = {name: way for name, way in ways(executor, count).items() if only in name}
    up_front(ray, add, [()] * 50)
    by_executor(executor, [()] * 50, 3, "warm")
    found: dict[str, float] = {}
    for number in range(rounds):
        for name, way in chosen.items():
            with Spent() as spent:
                way(f"{name.replace(' ', '-')}-{number}-")
            found[f"{name} seconds {number}"] = spent.wall
            found[f"{name} cpu {number}"] = spent.cpu
        found[f"delay seconds {number}"] = delay(executor, f"d{number}-")
    executor.close()
    report(**found)


if __name__ == "__main__":
    with small_ray():
        main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
