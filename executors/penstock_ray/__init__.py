"""Ray: steps as tasks of a Ray cluster, tables handed on through its object store, events live.

Owns: the executor ``ray`` and what it stands on. ``connection`` finds the cluster, ``executor`` keeps the
tasks of a run moving, ``hub`` (driver) and ``link`` (worker) carry what running tasks tell, ``step`` is what
runs on Ray. Importing the package imports none of them, nor Ray: public names are lazy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock_ray.definition import ray_executor
    from penstock_ray.object_io_manager import RayObjectIOManager
    from penstock_ray.run_launcher import RayRunLauncher

__all__ = ["RayObjectIOManager", "RayRunLauncher", "ray_executor"]

_HOMES = {
    "RayObjectIOManager": "penstock_ray.object_io_manager",
    "RayRunLauncher": "penstock_ray.run_launcher",
    "ray_executor": "penstock_ray.definition",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
