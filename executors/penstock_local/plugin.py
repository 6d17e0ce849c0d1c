"""What this plugin registers. Light: imports nothing of the plugin itself."""

from __future__ import annotations

from penstock.spi.entry import ExecutorEntry
from penstock.spi.hooks import hookimpl

penstock_spi = "1.0"

_POOL = "penstock_local.pool:ProcessPoolExecutor"
_CONFIG = "penstock_local.settings:PoolSettings"
_SUMMARY = "Steps on warm worker processes of this machine."


@hookimpl
def penstock_executors() -> list[ExecutorEntry]:
    """The process pool, by both of its names, and the threads."""
    return [
        ExecutorEntry(name="process", target=_POOL, summary=_SUMMARY, config=_CONFIG),
        ExecutorEntry(name="multiprocess", target=_POOL, summary=_SUMMARY, config=_CONFIG),
        ExecutorEntry(
            name="thread",
            target="penstock_local.threads:ThreadExecutor",
            summary="Steps in threads of this process, for those that mostly wait.",
        ),
    ]
