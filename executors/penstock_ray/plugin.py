"""What this plugin registers. Light: imports neither Ray nor anything of the plugin itself."""

from __future__ import annotations

from penstock.spi.entry import ExecutorEntry
from penstock.spi.hooks import hookimpl

penstock_spi = "1.0"


@hookimpl
def penstock_executors() -> list[ExecutorEntry]:
    """The Ray executor."""
    return [
        ExecutorEntry(
            name="ray",
            target="penstock_ray.executor:RayExecutor",
            summary="Steps as tasks of a Ray cluster, or of a Ray started for the run",
        )
    ]
