"""What this plugin registers. Light: imports neither Ray nor anything of the plugin itself."""

from __future__ import annotations

from penstock.spi.entry import CommandEntry, ExecutorEntry, IOManagerEntry
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


@hookimpl
def penstock_io_managers() -> list[IOManagerEntry]:
    """Values in Ray's object store."""
    return [
        IOManagerEntry(
            name="ray",
            target="penstock_ray.object_io_manager:RayObjectIOManager",
            summary="Values in Ray's object store, until the cluster ends",
            speaks="arrow",
        )
    ]


@hookimpl
def penstock_commands() -> list[CommandEntry]:
    """``penstock ray``."""
    return [
        CommandEntry(
            name="ray",
            target="penstock_ray.doctor:command",
            summary="Find what is wrong with the way to a Ray cluster.",
        )
    ]
