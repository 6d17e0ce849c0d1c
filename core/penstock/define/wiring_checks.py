"""Checks of a whole job's wiring, made when the job is defined.

Owns: inputs that nothing can fill, and different definitions under one name. Walks down nested
graphs; must not know runs: what a launch gives is checked by the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.define.graph import FanIn, FromGraphInput, GraphDefinition, Node, Source
from penstock.define.op import InputDefinition, OpDefinition
from penstock.errors import InvalidDefinitionError
from penstock.types import loader_schema
from penstock.values import frozen

Definition = OpDefinition | GraphDefinition


@frozen
class OpenInput:
    """An input of an op that no output is wired to.

    Args:
        path: node names from the outermost graph to the op.
        op: the op.
        input: its input.
    """

    path: tuple[str, ...]
    op: OpDefinition
    input: InputDefinition


def open_inputs(graph: GraphDefinition) -> Iterator[OpenInput]:
    """Every input of an op that neither an output nor an input of the outermost graph is wired to.

    Args:
        graph: the outermost graph.
    """
    return _open_inputs(graph, (), frozenset())


def _open_inputs(
    graph: GraphDefinition, path: tuple[str, ...], unfilled: frozenset[str]
) -> Iterator[OpenInput]:
    for node in graph.nodes.values():
        here = (*path, node.name)
        loose = [name for name in node.definition.ins if _is_open(node.inputs.get(name), unfilled)]
        if isinstance(node.definition, GraphDefinition):
            yield from _open_inputs(node.definition, here, frozenset(loose))
        else:
            for name in loose:
                yield OpenInput(here, node.definition, node.definition.ins[name])


def _is_open(source: Source | None, unfilled: frozenset[str]) -> bool:
    if source is None:
        return True
    if isinstance(source, FanIn):
        return bool(source.sources) and all(_is_open(one, unfilled) for one in source.sources)
    return isinstance(source, FromGraphInput) and source.name in unfilled


def can_be_filled(definition: InputDefinition) -> bool:
    """Whether an unwired input can get a value: by default, config, asset or input manager."""
    return (
        definition.type.is_nothing
        or definition.has_default_value
        or definition.asset_key is not None
        or definition.input_manager_key is not None
        or loader_schema(definition.type) is not None
    )


def refuse_unfilled_inputs(graph: GraphDefinition, title: str) -> None:
    """Insist that every input of every op can get a value.

    Args:
        graph: the outermost graph; its own inputs are filled at launch.
        title: the job for messages.

    Raises:
        InvalidDefinitionError: naming the first input that cannot.
    """
    for found in open_inputs(graph):
        if not can_be_filled(found.input):
            raise InvalidDefinitionError(
                f"{title}: input {found.input.name!r} of {'.'.join(found.path)!r}"
                f" ({found.op.shape.where}) is connected to nothing, and its type"
                f" {found.input.type.display_name!r} cannot be given in run config. Pass it an output, make"
                f" it an input of {graph.name!r}, or give it a default_value."
            )


def definitions_in(graph: GraphDefinition) -> Iterator[Definition]:
    """Every op and graph used in a graph, nested ones included, each as often as it is used."""
    for node in graph.nodes.values():
        yield node.definition
        if isinstance(node.definition, GraphDefinition):
            yield from definitions_in(node.definition)


def refuse_clashing_names(graphs: Iterable[GraphDefinition]) -> None:
    """Insist that one name means one op or graph throughout.

    Args:
        graphs: the graphs of one job, or of all jobs of a repository.

    Raises:
        InvalidDefinitionError: naming the two that share a name.
    """
    known: dict[str, Definition] = {}
    for graph in graphs:
        for definition in definitions_in(graph):
            other = known.setdefault(definition.name, definition)
            if other is not definition:
                raise InvalidDefinitionError(
                    f"Two different definitions are called {definition.name!r}: {_origin(other)} and"
                    f" {_origin(definition)}. Names of ops and graphs are unique; rename one, or use"
                    f" .alias() for a second use of the same."
                )


def _origin(definition: Definition) -> str:
    if isinstance(definition, OpDefinition):
        return f"the op at {definition.shape.where}"
    return f"the graph at {definition.where}"


def nodes_by_path(
    graph: GraphDefinition, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every node of a graph with its path, nested ones after the graph around them."""
    for node in graph.nodes.values():
        here = (*path, node.name)
        yield here, node
        if isinstance(node.definition, GraphDefinition):
            yield from nodes_by_path(node.definition, here)
