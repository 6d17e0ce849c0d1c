"""Flattening: nested graphs become a list of ops with resolved wiring.

Owns: following wires through graph boundaries. Recursion goes as deep as graphs nest, never
along the graph. Must not know assets or config.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from penstock.define.graph import FanIn, FromGraphInput, FromNode, GraphDefinition, Node, Source
from penstock.define.op import OpDefinition


@frozen(eq=False)
class Place:
    """An op node and the graphs around it, outermost first."""

    path: tuple[str, ...]
    node: Node
    op: OpDefinition
    scope: Scope


@frozen(eq=False)
class Scope:
    """A graph in use: its definition, its path and the node that uses it."""

    graph: GraphDefinition
    path: tuple[str, ...] = ()
    node: Node | None = None
    outer: Scope | None = None


@frozen
class OpOutput:
    """A resolved wire: the output of an op at a path."""

    path: tuple[str, ...]
    output: str
    collected: bool = False


@frozen
class OpenInput:
    """A wire that ends at an input of the outermost graph or of a top-level node."""

    name: str
    node: str | None = None


Wire = OpOutput | OpenInput | tuple["OpOutput | OpenInput", ...]


def walk(scope: Scope) -> Iterator[Place]:
    """Every op of a graph, nested ones in place, in order of appearance."""
    for node in scope.graph.nodes.values():
        path = (*scope.path, node.name)
        if isinstance(node.definition, OpDefinition):
            yield Place(path, node, node.definition, scope)
        else:
            yield from walk(Scope(node.definition, path, node, scope))


def resolve(source: Source, scope: Scope) -> Wire:
    """Follow a wire to the op output it starts from.

    Returns:
        One ``OpOutput`` or ``OpenInput``, or a tuple of them for a fan-in.
    """
    if isinstance(source, FanIn):
        parts: list[OpOutput | OpenInput] = []
        for one in source.sources:
            found = resolve(one, scope)
            parts.extend(found if isinstance(found, tuple) else (found,))
        return tuple(parts)
    if isinstance(source, FromGraphInput):
        return _outwards(source.name, scope)
    return _inwards(source, scope)


def _outwards(name: str, scope: Scope) -> Wire:
    if scope.outer is None or scope.node is None:
        return OpenInput(name)
    wired = scope.node.inputs.get(name)
    if wired is None:
        return OpenInput(name, ".".join(scope.path))
    return resolve(wired, scope.outer)


def _inwards(source: FromNode, scope: Scope) -> Wire:
    node = scope.graph.nodes[source.node]
    path = (*scope.path, node.name)
    collected = source.mode == "collected"
    if isinstance(node.definition, OpDefinition):
        return OpOutput(path, source.output, collected)
    inner = resolve(node.definition.outs[source.output], Scope(node.definition, path, node, scope))
    if collected and isinstance(inner, OpOutput):
        return OpOutput(inner.path, inner.output, True)
    return inner
