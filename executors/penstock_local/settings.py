"""What can be chosen about the process pool.

Owns: ``PoolSettings``, and reading it from the config of an executor with all faults in one error. Keys that
the engine answers for (retries, limits by tag) are left to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, cast

from penstock.errors import InvalidConfigError
from penstock.values import frozen

_METHODS = ("fork", "forkserver", "spawn")


@frozen(kw_only=True)
class PoolSettings:
    """How the pool works.

    Args:
        max_concurrent: steps at once in processes of their own; 0 for one per processor.
        max_threads: steps of the lanes ``thread`` and ``async`` at once.
        spawn: whether each worker starts from nothing instead of being forked.
        preload: modules that the zygote imports before it forks.
        max_steps_per_worker: steps after which a worker is replaced.
        max_worker_memory: bytes; a worker that holds more after a step is replaced. None for no limit.
        max_step_memory: bytes; a worker that holds more during a step is killed. None for no limit.
        shelf_directory: where values lie that are handed on; None for shared memory where there is enough.
    """

    max_concurrent: int = 0
    max_threads: int = 32
    spawn: bool = False
    preload: tuple[str, ...] = ()
    max_steps_per_worker: int = 1000
    max_worker_memory: int | None = None
    max_step_memory: int | None = None
    shelf_directory: str | None = None


def read(config: Mapping[str, Any] | None, processors: int | None = None) -> PoolSettings:
    """The settings of a config.

    Args:
        config: of the executor.
        processors: how many there are; None to find out.

    Raises:
        InvalidConfigError: with every fault.
    """
    given = dict(config or {})
    faults: list[str] = []
    values: dict[str, Any] = {}
    for name, (reader, wanted) in _READERS.items():
        if given.get(name) is not None:
            try:
                values[name] = reader(given[name])
            except (TypeError, ValueError):
                faults.append(f"$.{name}: wanted {wanted}, found {given[name]!r}.")
    if faults:
        raise InvalidConfigError("The config of the process executor does not fit:", faults)
    spawn, preload = values.pop("start_method", (False, ()))
    most = values.pop("max_concurrent", 0) or processors or count_processors()
    return PoolSettings(max_concurrent=most, spawn=spawn, preload=preload, **values)


def count_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _whole(least: int) -> Callable[[Any], int]:
    def read_whole(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError(value)
        return value

    return read_whole


def _start_method(value: Any) -> tuple[bool, tuple[str, ...]]:
    """``"spawn"`` or ``{"spawn": {}}`` or ``{"forkserver": {"preload_modules": [...]}}``."""
    more: Any = {}
    if isinstance(value, Mapping):
        ((value, more),) = cast("Mapping[str, Any]", value).items()
    if value not in _METHODS or not isinstance(more or {}, Mapping):
        raise ValueError(value)
    preload = tuple(cast("Mapping[str, Any]", more or {}).get("preload_modules") or ())
    if not all(isinstance(one, str) for one in preload):
        raise ValueError(preload)
    return value == "spawn", preload


def _text(value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        raise TypeError(value)
    return str(cast("str | os.PathLike[str]", value))


_COUNT = "a whole number above 0"
_READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "max_concurrent": (_whole(0), "a whole number, or 0 for one per processor"),
    "max_threads": (_whole(1), _COUNT),
    "max_steps_per_worker": (_whole(1), _COUNT),
    "max_worker_memory": (_whole(1), "a number of bytes"),
    "max_step_memory": (_whole(1), "a number of bytes"),
    "start_method": (_start_method, '"forkserver" or "spawn", or {"spawn": {}}'),
    "shelf_directory": (_text, "a path"),
}
