"""The small graph as a Prefect flow with its Ray task runner, on a server of its own."""

from __future__ import annotations

import os
from tempfile import mkdtemp
from typing import Any

os.environ |= {
    "PREFECT_HOME": mkdtemp(prefix="bench-"),
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}

from prefect import flow, task
from prefect.testing.utilities import prefect_test_harness
from prefect_ray import RayTaskRunner
from quiet_ray import small_ray
from small_graph import STEPS, add, compare, parents, size, table

step, produce, consume = task(add), task(table), task(size)


@flow(task_runner=RayTaskRunner(address="auto"))
def layers() -> int:
    made: list[Any] = []
    for number in range(STEPS):
        made.append(step.submit(*[made[one] for one in parents(number)]))
    return len([one.result() for one in made[-10:]])


@flow(task_runner=RayTaskRunner(address="auto"))
def tables() -> int:
    return consume.submit(produce.submit()).result()


def main() -> None:
    with prefect_test_harness(server_startup_timeout=180):
        compare(layers, tables, rounds=3)


if __name__ == "__main__":
    with small_ray(1 << 30):
        main()
