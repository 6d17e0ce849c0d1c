"""Flattening: nested graphs become a list of ops with resolved wiring.

Owns: following wires through graph boundaries. Nothing here recurses: neither long nor deeply nested
graphs meet a limit. Must not know assets or config.
"""

from __future__ import annotations

from collections.abc import Iterator

from penstock.define.graph import FanIn, FromGraphInput, FromNode, GraphDefinition, Node, Source
from penstock.define.op import OpDefinition
from penstock.values import frozen


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
    stack = [(scope, iter(scope.graph.nodes.values()))]
    while stack:
        here, nodes = stack[-1]
        for node in nodes:
            path = (*here.path, node.name)
            if isinstance(node.definition, OpDefinition):
                yield Place(path, node, node.definition, here)
            else:
                inner = Scope(node.definition, path, node, here)
                stack.append((inner, iter(node.definition.nodes.values())))
                break
        else:
            stack.pop()


def resolve(source: Source, scope: Scope) -> Wire:
    """Follow a wire to the op output it starts from.

    Returns:
        One ``OpOutput`` or ``OpenInput``, or a tuple of them for a fan-in.
    """
    ends: list[OpOutput | OpenInput] = []
    is_list = False
    waiting = [(source, scope)]
    while waiting:
        one, here = _outwards(*waiting.pop())
        if isinstance(one, FanIn):
            is_list = True
            waiting.extend((each, here) for each in reversed(one.sources))
        else:
            ends.append(one if isinstance(one, OpenInput) else _inwards(one, here))
    return tuple(ends) if is_list else ends[0]


def _outwards(source: Source, scope: Scope) -> tuple[FromNode | FanIn | OpenInput, Scope]:
    """A wire without the graph inputs that it passes, and the graph in which it then stands."""
    while isinstance(source, FromGraphInput):
        if scope.outer is None or scope.node is None:
            return OpenInput(source.name), scope
        wired = scope.node.inputs.get(source.name)
        if wired is None:
            return OpenInput(source.name, ".".join(scope.path)), scope
        source, scope = wired, scope.outer
    return source, scope


def _inwards(source: FromNode, scope: Scope) -> OpOutput:
    """The op output behind the output of a node, however deep the op is nested."""
    collected = False
    while True:
        node = scope.graph.nodes[source.node]
        path = (*scope.path, node.name)
        collected = collected or source.mode == "collected"
        if isinstance(node.definition, OpDefinition):
            return OpOutput(path, source.output, collected)
        scope = Scope(node.definition, path, node, scope)
        source = node.definition.outs[source.output]
