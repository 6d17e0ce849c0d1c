"""Op selection: running a part of a job's graph.

Owns: the little language of op selections (``op``, ``*op``, ``op+``, ``++op``, ``graph.op``) and
cutting a graph down to the chosen ops. An input whose source was cut asks run config for its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from penstock.define.graph import FanIn, FromNode, GraphDefinition, Node, Source
from penstock.define.op import OpDefinition
from penstock.errors import InvalidSubsetError, suggest
from penstock.plan.flatten import OpOutput, Scope, resolve, walk
from penstock.values import frozen

Path = tuple[str, ...]
_SHOWN = 20
_TERM = re.compile(r"^(?P<up>\*|\++)?(?P<name>[A-Za-z0-9_.]+)(?P<down>\*|\++)?$")


@frozen
class Edges:
    """Who reads whom among the ops of a graph.

    ``below`` lists the ops at or below each path, so that a term may name a graph.
    """

    up: Mapping[Path, tuple[Path, ...]]
    down: Mapping[Path, tuple[Path, ...]]
    below: Mapping[Path, list[Path]]


def select_ops(graph: GraphDefinition, selection: Sequence[str], job_name: str) -> GraphDefinition:
    """Cut a graph down to selected ops.

    Args:
        graph: of the job.
        selection: terms; their union is taken.
        job_name: for messages.

    Raises:
        InvalidSubsetError: when a term names no op or cannot be read.
    """
    edges = edges_of(graph)
    chosen: set[Path] = set()
    for term in selection:
        chosen |= _resolve_term(term, edges, job_name)
    return _cut(graph, chosen)


def edges_of(graph: GraphDefinition) -> Edges:
    """The edges between the ops of a graph, nested ones included."""
    up: dict[Path, list[Path]] = {}
    down: dict[Path, list[Path]] = {}
    below: dict[Path, list[Path]] = {}
    places = list(walk(Scope(graph)))
    for place in places:
        up[place.path] = []
        down[place.path] = []
        for length in range(1, len(place.path) + 1):
            below.setdefault(place.path[:length], []).append(place.path)
    for place in places:
        for source in (*place.node.inputs.values(), *place.node.after):
            wire = resolve(source, place.scope)
            for end in wire if isinstance(wire, tuple) else (wire,):
                if isinstance(end, OpOutput):
                    up[place.path].append(end.path)
                    down[end.path].append(place.path)
    return Edges(
        {path: tuple(found) for path, found in up.items()},
        {path: tuple(found) for path, found in down.items()},
        below,
    )


def _resolve_term(term: str, edges: Edges, job_name: str) -> set[Path]:
    match = _TERM.match(term.strip())
    if term.strip() == "*":
        return set(edges.up)
    if match is None:
        raise InvalidSubsetError(
            f"The op selection {term!r} cannot be read. Write 'op', '*op', 'op*', '+op', 'op+' or 'graph.op'."
        )
    start = edges.below.get(tuple(match["name"].split(".")))
    if start is None:
        known = sorted({".".join(path) for path in edges.up})
        raise InvalidSubsetError(
            f"Job {job_name!r} has no op {match['name']!r}.{suggest(match['name'], known)}"
            f" It has: {', '.join(known[:_SHOWN])}{' …' if len(known) > _SHOWN else ''}."
        )
    chosen = set(start)
    return chosen | _reach(chosen, edges.up, match["up"]) | _reach(chosen, edges.down, match["down"])


def _reach(start: Iterable[Path], edges: Mapping[Path, tuple[Path, ...]], mark: str | None) -> set[Path]:
    """Everything within so many edges: ``*`` for all, one per ``+``."""
    if mark is None:
        return set()
    depth = len(edges) if mark == "*" else len(mark)
    found = set(start)
    border = set(start)
    for _ in range(depth):
        border = {near for path in border for near in edges[path]} - found
        if not border:
            break
        found |= border
    return found


def _cut(graph: GraphDefinition, chosen: set[Path]) -> GraphDefinition:
    """The graph with the chosen ops alone; inner graphs are cut before the ones around them."""
    standing = {path[:length] for path in chosen for length in range(1, len(path) + 1)}
    found: list[tuple[Path, GraphDefinition]] = [((), graph)]
    for prefix, one in found:  # grows while it is walked: outer graphs come first
        found.extend(
            ((*prefix, name), node.definition)
            for name, node in one.nodes.items()
            if isinstance(node.definition, GraphDefinition) and (*prefix, name) in standing
        )
    cut: dict[Path, GraphDefinition] = {}
    for prefix, one in reversed(found):
        nodes = {
            name: evolve(node, definition=cut.get((*prefix, name), node.definition))
            for name, node in one.nodes.items()
            if (*prefix, name) in standing
        }
        kept = {name: _without_cut(node, nodes) for name, node in nodes.items()}
        outs = {name: source for name, source in one.outs.items() if _stands(source, kept)}
        cut[prefix] = evolve(one, nodes=kept, outs=outs)
    return cut[()]


def _without_cut(node: Node, nodes: Mapping[str, Node]) -> Node:
    """The node without wires to what was cut."""
    inputs: dict[str, Source] = {}
    for name, source in node.inputs.items():
        if isinstance(source, FanIn):
            left = tuple(s for s in source.sources if _stands(s, nodes))
            if left:
                inputs[name] = FanIn(left)
        elif _stands(source, nodes):
            inputs[name] = source
    after = tuple(source for source in node.after if _stands(source, nodes))
    return evolve(node, inputs=inputs, after=after)


def _stands(source: object, nodes: Mapping[str, Node]) -> bool:
    if not isinstance(source, FromNode):
        return True
    node = nodes.get(source.node)
    if node is None:
        return False
    if isinstance(node.definition, OpDefinition):
        return True
    return source.output in node.definition.outs
