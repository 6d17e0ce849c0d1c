"""Whether a cluster can ever run a task: Ray itself would wait for ever.

Owns: the comparison of a request with the nodes, and the table that people read when it fails. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from penstock.values import frozen

_HIDDEN = ("node:", "object_store_memory", "accelerator_type:")
_GIB = 1 << 30


@frozen
class Node:
    """A machine of the cluster.

    Args:
        id: Ray's, in hexadecimal.
        host: its address.
        resources: everything that it has in total, by Ray's names.
    """

    id: str
    host: str
    resources: Mapping[str, float]


def misfit(amounts: Mapping[str, float], nodes: Sequence[Node]) -> str:
    """Why no node can ever run a task, or the empty text.

    Args:
        amounts: what the task asks for, by Ray's names.
        nodes: those that are alive.
    """
    if any(_fits(amounts, node) for node in nodes):
        return ""
    asked = ", ".join(_shown(name, value) for name, value in amounts.items())
    return (
        f"Wanted one node with {asked}; none of the {len(nodes)} nodes of the cluster has that.\n"
        f"{table(nodes)}\n"
        "Ask for less (config or tag 'penstock/ray'), add a node, or say autoscaling: true if it grows."
    )


def table(nodes: Iterable[Node]) -> str:
    """The nodes and what they have, one line a node."""
    lines = [f"  {node.host} ({node.id[:8]}): {_inventory(node.resources)}" for node in nodes]
    return "\n".join(lines) or "  (no node is alive)"


def processors(nodes: Iterable[Node]) -> int:
    """How many processors the cluster has, rounded down."""
    return int(sum(node.resources.get("CPU", 0.0) for node in nodes))


def places(amounts: Mapping[str, float], nodes: Iterable[Node]) -> float:
    """How many such tasks the nodes can run at once; infinite when they ask for nothing."""
    return sum(
        min((node.resources.get(name, 0.0) // value for name, value in amounts.items()), default=math.inf)
        for node in nodes
    )


def _fits(amounts: Mapping[str, float], node: Node) -> bool:
    return all(node.resources.get(name, 0.0) >= value for name, value in amounts.items())


def _inventory(resources: Mapping[str, float]) -> str:
    seen = {name: value for name, value in sorted(resources.items()) if not name.startswith(_HIDDEN)}
    return ", ".join(_shown(name, value) for name, value in seen.items()) or "nothing"


def _shown(name: str, value: float) -> str:
    return f"memory {value / _GIB:.1f} GiB" if name == "memory" else f"{name} {value:g}"
