"""Some steps with dagster-ray's executor, which submits a Ray job for each of them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dagster
from dagster_ray import ray_executor
from library import instance_of, load, moments, report
from quiet_ray import small_ray

library: Any = dagster
COUNT = 6
WIDTH = 2


@library.op
def source() -> int:
    return 0


@library.op
def follower(value: int) -> int:
    return value + 1


@library.job(
    executor_def=ray_executor.configured({"ray": {"address": os.environ.get("BENCH_DASHBOARD", "")}})
)
def two_chains():
    """Two chains side by side: each step costs seconds, so there are few."""
    values = [source.alias(f"s{number}")() for number in range(WIDTH)]
    for number in range(WIDTH, COUNT):
        values.append(follower.alias(f"s{number}")(values[number - WIDTH]))


def main() -> None:
    load("dagster")
    with instance_of("dagster", "durable", Path(os.environ["DAGSTER_HOME"])) as instance:
        result = library.execute_job(library.reconstructable(two_chains), instance=instance)
        ended = time.time()
        assert result.success
        first = min(moments("dagster", instance, result.run_id, "STEP_START"))
    report(step_ms=1e3 * (ended - first) / COUNT)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    # the jobs inherit it
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ["DAGSTER_HOME"] = mkdtemp(prefix="bench-")
    with small_ray(1 << 30, include_dashboard=True) as context:
        os.environ["BENCH_DASHBOARD"] = f"http://{context.dashboard_url}"
        main()
