"""Ops and assets in the shapes that are measured: a chain, and layers of which each reads the one before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LAYERS = 10
GRID_WIDTH = 50


def parents(shape: str, count: int) -> list[tuple[int, ...]]:
    """Of each node the nodes that it reads.

    Args:
        shape: ``chain`` (each reads the one before), ``layers`` (ten, each node reads two of the layer
            before) or ``grid`` (the same with layers of fifty).
        count: of nodes; layers are of equal width.
    """
    if shape == "chain":
        return [() if number == 0 else (number - 1,) for number in range(count)]
    width = min(GRID_WIDTH, count) if shape == "grid" else max(count // LAYERS, 1)
    return [
        () if number < width else tuple({_above(number, 0, width): 0, _above(number, 1, width): 0})
        for number in range(count)
    ]


def _above(number: int, shift: int, width: int) -> int:
    layer, place = divmod(number, width)
    return (layer - 1) * width + (place + shift) % width


def functions(read: tuple[int, ...]) -> Callable[..., int]:
    """A new function with as many parameters as nodes are read."""
    if not read:

        def node() -> int:
            return 0

        return node
    if len(read) == 1:

        def follower(left: int) -> int:
            return left + 1

        return follower

    def joiner(left: int, right: int) -> int:
        return left + right & 0xFFFF

    return joiner


def assets(library: Any, shape: str, count: int) -> list[Any]:
    """The nodes of a shape as assets, from ``a0`` on."""
    made: list[Any] = []
    for number, read in enumerate(parents(shape, count)):
        names = zip(("left", "right"), read, strict=False)
        ins = {name: library.AssetIn(key=f"a{parent}") for name, parent in names}
        made.append(library.asset(name=f"a{number}", ins=ins)(functions(read)))
    return made


def op_chain(library: Any, count: int, manager: Any) -> Any:
    """A job of ops, each of which reads the one before."""

    @library.op
    def first() -> int:
        return 0

    @library.op
    def following(value: int) -> int:
        return value + 1

    @library.job(resource_defs={"io_manager": manager})
    def chain() -> None:
        value = first()
        for _ in range(count - 1):
            value = following(value)

    return chain
