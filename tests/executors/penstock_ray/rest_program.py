"""Two runs on a Ray of their own with a rest in between; prints which Ray each had, and what is left."""

from __future__ import annotations

import json
import os
import sys

import ray

from penstock.spi.executor import Task
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.double import StandIn, Work
from penstock_ray.executor import RayExecutor


def answer(executor, folder, number):
    """Carry out one run of one task; its answer, and the Ray that it had."""
    executor.begin(StandIn(folder, number=number))
    work = Work(key=f"task {number}", function=tasks.answer, arguments=(number,))
    executor.submit(Task(key=work.key, body=work), {})
    ends = []
    while not ends:
        ends = [one for one in executor.collect(None) if hasattr(one, "handed")]
    (end,) = ends
    return end.record.value, ray.get_runtime_context().gcs_address


def main(folder: str) -> None:
    executor = RayExecutor({"address": "local", "local": {"num_cpus": 1, "object_store_memory": 80 << 20}})
    runs = [answer(executor, folder, 1)]
    executor.rest()
    stays = ray.is_initialized()
    runs.append(answer(executor, folder, 2))
    executor.rest()
    ray.shutdown()  # as somebody else in this process might
    runs.append(answer(executor, folder, 3))
    executor.rest()
    executor.close()
    left = {"stays": stays, "left": ray.is_initialized(), "pid": os.getpid()}
    sys.stdout.write(json.dumps({"runs": runs, **left}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
