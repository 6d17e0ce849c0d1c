"""``@graph``: a function whose body wires ops becomes a graph.

Owns: the decorator and what a graph's inputs inherit from what they are wired to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

from attrs import evolve

from penstock.config import ConfigMapping
from penstock.define.composition import Composed, compose
from penstock.define.graph import FanIn, FromGraphInput, GraphDefinition, Node, Source
from penstock.define.inference import type_of
from penstock.define.inout import NO_VALUE, GraphIn, GraphOut, In, InputDefinition, Out
from penstock.define.names import as_tags, checked_name, checked_slot, name_of
from penstock.define.op import described
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.pending import checked_hooks
from penstock.define.signature import BARE, FunctionShape, read_shape
from penstock.errors import InvalidDefinitionError, suggest

Slot = GraphIn | In | None


@overload
def graph(compose_fn: Callable[..., Any], /) -> GraphDefinition: ...
@overload
def graph(
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    tags: Mapping[str, Any] | None = None,
    config: ConfigMapping | Mapping[str, Any] | None = None,
    hooks: Iterable[Any] | None = None,
) -> Callable[[Callable[..., Any]], GraphDefinition]: ...
def graph(
    compose_fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    tags: Mapping[str, Any] | None = None,
    config: ConfigMapping | Mapping[str, Any] | None = None,
    hooks: Iterable[Any] | None = None,
) -> Any:
    """Make a graph of a function whose body calls ops and graphs.

    Args:
        compose_fn: the function, when used without parentheses.
        name: of the graph, by default that of the function.
        description: for people, by default the function's docstring.
        ins: what is said of inputs, by parameter name.
        out: the output, or several by name.
        tags: of jobs made of the graph.
        config: a ``ConfigMapping``, or fixed config of its nodes by node name.
        hooks: run after every op in it.

    Raises:
        InvalidDefinitionError: when something in the body cannot be wired.
    """

    def decorate(fn: Callable[..., Any]) -> GraphDefinition:
        own_name = checked_name(name or name_of(fn), "graph")
        return compose_graph(
            fn,
            own_name,
            f"@graph {own_name!r}",
            ins=ins,
            out=out,
            description=description,
            tags=as_tags(tags, own_name),
            config_mapping=as_config_mapping(config),
            hooks=checked_hooks(hooks, own_name),
        )

    return decorate if compose_fn is None else decorate(compose_fn)


def compose_graph(
    fn: Callable[..., Any],
    name: str,
    title: str,
    *,
    ins: Mapping[str, Any] | None = None,
    out: Any = None,
    description: str | None = None,
    **fields: Any,
) -> GraphDefinition:
    """Run a body once and make a graph of what it wired.

    Args:
        fn: the body.
        name: of the graph.
        title: the graph for messages, such as ``@job 'nightly'``.
        ins: what is said of inputs, by parameter name.
        out: one ``GraphOut``, several by name, or None.
        description: for people, by default the function's docstring.
        fields: further fields of ``GraphDefinition``.

    Raises:
        InvalidDefinitionError: when something in the body cannot be wired.
    """
    shape = read_shape(fn)
    parameters = _parameters(shape, ins, title)
    said_outs = {DEFAULT_OUTPUT: out} if isinstance(out, GraphOut | Out) else out
    declared = None if said_outs is None else [checked_slot(one, "output", name) for one in said_outs]
    optional = {one for one, out in (said_outs or {}).items() if not getattr(out, "is_required", True)}
    wanted = None if declared is None else [one for one in declared if one not in optional]
    composed = compose(fn, title, list(parameters), wanted, optional)
    return GraphDefinition(
        name=name,
        nodes=composed.nodes,
        ins={
            parameter: _graph_input(parameter, annotation, (ins or {}).get(parameter), shape, composed)
            for parameter, annotation in parameters.items()
        },
        outs=composed.outs,
        description=description or described(fn),
        where=shape.where,
        out_descriptions=_descriptions(said_outs),
        origin=(fn.__module__, getattr(fn, "__qualname__", "<partial>")),
        **fields,
    )


def as_config_mapping(config: ConfigMapping | Mapping[str, Any] | None) -> ConfigMapping | None:
    """What was given as a graph's config: fixed config becomes a mapping that takes none."""
    if config is None or isinstance(config, ConfigMapping):
        return config
    fixed = dict(config)
    return ConfigMapping(lambda _given: fixed, {})


def _parameters(shape: FunctionShape, ins: Mapping[str, Any] | None, title: str) -> dict[str, Any]:
    """Every parameter of the body is an input, whatever its name or annotation."""
    found = {name: _annotation(shape, name) for name in shape.order}
    if shape.context is not None:
        raise InvalidDefinitionError(
            f"{title} ({shape.where}) takes {shape.context!r}, but the body of a graph only wires ops and"
            " runs at definition time: there is no context. Use the context inside an op."
        )
    for name in ins or ():
        if name not in found:
            raise InvalidDefinitionError(
                f"{title} ({shape.where}) declares an input {name!r}, but its function has no parameter of"
                f" that name.{suggest(name, found)}"
            )
    return found


def _annotation(shape: FunctionShape, name: str) -> Any:
    if name == shape.config:
        return shape.config_class
    return shape.resources.get(name, shape.inputs.get(name, BARE))


def _graph_input(
    name: str, annotation: Any, said: Slot, shape: FunctionShape, composed: Composed
) -> InputDefinition:
    inner = _first_reader(name, composed.nodes)
    default = shape.defaults.get(name, NO_VALUE)
    given: dict[str, Any] = {"name": name}
    if annotation is not BARE:
        given |= {"type": type_of(annotation), "annotation": annotation}
    if default is not NO_VALUE:
        given["default"] = default
    if said is not None and said.description is not None:
        given["description"] = said.description
    return evolve(inner, **given)


def _first_reader(name: str, nodes: Mapping[str, Node]) -> InputDefinition:
    """The first inner input that a graph's input is wired to; composition saw that there is one."""
    for node in nodes.values():
        for input_name, source in node.inputs.items():
            if _reads(source, name):
                inner = node.definition.ins[input_name]
                return evolve(inner, type=inner.type.fan_in_type) if isinstance(source, FanIn) else inner
    raise InvalidDefinitionError(f"The graph input {name!r} is not wired to anything.")


def _reads(source: Source, name: str) -> bool:
    sources = source.sources if isinstance(source, FanIn) else (source,)
    return any(isinstance(one, FromGraphInput) and one.name == name for one in sources)


def _descriptions(outs: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        name: one.description for name, one in (outs or {}).items() if one is not None and one.description
    }
