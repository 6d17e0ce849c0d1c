"""The keeper: an actor of the cluster that owns stored values, so that they outlive the worker they are from.

Owns: ``Keeper`` and how to find it. In Ray a value dies with the process that put it; therefore the actor,
which lives as long as the cluster, puts each value again itself. It needs no processor.
"""

from __future__ import annotations

from typing import Any

import ray as _ray

ray: Any = _ray  # ships types that a strict checker cannot follow

Key = tuple[str, ...]


class Keeper:
    """References by key; runs as an actor."""

    def __init__(self) -> None:
        self._references: dict[Key, Any] = {}

    def keep(self, key: Key, value: Any) -> None:
        """Store a value in place of what was there."""
        self._references[key] = ray.put(value)

    def find(self, key: Key) -> Any:
        """The reference in a list, so that it travels as such; empty when nothing is there."""
        reference = self._references.get(key)
        return [] if reference is None else [reference]

    def forget(self, prefix: Key) -> int:
        """Drop each value whose key begins so; how many there were."""
        gone = [key for key in self._references if key[: len(prefix)] == prefix]
        for key in gone:
            del self._references[key]
        return len(gone)


def keeper(name: str, namespace: str) -> Any:
    """A handle of the actor, which is started by whoever asks first."""
    options = {
        "name": name,
        "namespace": namespace,
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
    }
    return ray.remote(Keeper).options(**options).remote()
