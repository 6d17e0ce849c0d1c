"""Runs a small job of ops with the multiprocess executor of a library, from a file that it can load again."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from library import instance_of, load, moments, report

NAME, COUNT = sys.argv[1], int(sys.argv[2])
WIDTH = 2
library = load(NAME)


@library.op
def source() -> int:
    return 0


@library.op
def follower(value: int) -> int:
    return value + 1


@library.job(executor_def=library.multiprocess_executor.configured({"max_concurrent": 2}))
def two_chains():
    """As many ops as wanted, in two chains side by side."""
    values = [source.alias(f"s{number}")() for number in range(WIDTH)]
    for number in range(WIDTH, COUNT):
        values.append(follower.alias(f"s{number}")(values[number - WIDTH]))


def main() -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    with instance_of(NAME, "durable", folder) as instance:
        job = library.reconstructable(two_chains)
        launched = time.time()
        result = library.execute_job(job, instance=instance)
        ended = time.time()
        first = min(moments(NAME, instance, result.run_id, "STEP_START"))
    assert result.success
    report(step_ms=1e3 * (ended - first) / COUNT, start_ms=1e3 * (first - launched))


if __name__ == "__main__":
    main()
