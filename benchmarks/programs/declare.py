"""Declares assets, loads them as a project and plans the run of all: seconds of each, and the memory."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

from library import load, plan_of, report
from shapes import assets

WARM_UP = 10


def measured(name: str, library: Any, shape: str, count: int) -> dict[str, float]:
    """Seconds of each part."""
    begun, used = time.perf_counter(), time.process_time()
    made = assets(library, shape, count)
    declared = time.perf_counter()
    definitions = library.Definitions(assets=made)
    library.Definitions.validate_loadable(definitions)
    loaded = time.perf_counter()
    plan_of(name, definitions.resolve_implicit_global_asset_job_def())
    planned = time.perf_counter()
    return {
        "declare_ms": 1e3 * (declared - begun),
        "load_ms": 1e3 * (loaded - declared),
        "plan_ms": 1e3 * (planned - loaded),
        "total_ms": 1e3 * (planned - begun),
        "cpu_ms": 1e3 * (time.process_time() - used),
    }


def main(name: str, shape: str, count: int) -> None:
    library = load(name)
    measured(name, library, shape, WARM_UP)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    numbers = measured(name, library, shape, count)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    report(**numbers, asset_bytes=1024 * grown / count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
