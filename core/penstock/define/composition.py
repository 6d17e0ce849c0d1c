"""Composition: the body of a ``@graph`` or ``@job`` runs once, and its calls become nodes.

Owns: names of nodes, wiring of arguments, and the graph's own inputs and outputs. The body sees
handles (``handles``) and never a value. What cannot be wired is refused here, at definition time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

from penstock.define.composing import Use, composing
from penstock.define.graph import FanIn, FromGraphInput, FromNode, GraphDefinition, Node, Source
from penstock.define.handles import DynamicHandle, InputHandle, OutputHandle, Outputs, Scope
from penstock.define.op import OpDefinition
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.pending import PendingNode
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, suggest
from penstock.values import frozen


@frozen
class Composed:
    """What the body of a graph came to."""

    nodes: Mapping[str, Node]
    outs: Mapping[str, FromNode]


class GraphComposer:
    """Collects the nodes of one graph.

    Args:
        title: the graph for messages, such as ``@graph 'add_up'``.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.nodes: dict[str, Node] = {}
        self._uses: dict[str, int] = {}

    def invoke(self, definition: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], use: Use) -> Any:
        """Add a node.

        Args:
            definition: the op or graph.
            args: handles in the order of its inputs.
            kwargs: handles by input name.
            use: alias, tags, hooks and retries of this use.

        Returns:
            None, one handle or several, as the definition has outputs.

        Raises:
            InvalidDefinitionError: when an argument cannot be wired.
        """
        name = self._name(definition, use)
        inputs: dict[str, Source] = {}
        scope: Scope | None = None
        for input_name, value in self._matched(definition, name, args, kwargs).items():
            place = f"input {input_name!r} of {name!r}"
            inputs[input_name], found = self._source(value, place)
            scope = self._joined(scope, found, name)
        self._refuse_nested(definition, name, scope)
        self.nodes[name] = Node(
            name=name,
            definition=definition,
            inputs=inputs,
            tags=use.tags,
            hooks=use.hooks,
            retry_policy=use.retry_policy,
        )
        return self._handles(definition, name, scope)

    # ---- names and arguments ----------------------------------------------------------------

    def _name(self, definition: Any, use: Use) -> str:
        if use.alias is not None:
            if use.alias in self.nodes:
                raise InvalidDefinitionError(
                    f"In {self.title}, the name {use.alias!r} is given to two nodes. Use another alias."
                )
            return use.alias
        name, number = definition.name, self._uses.get(definition.name, 0) + 1
        if number > 1:
            name = f"{definition.name}_{number}"
        while name in self.nodes:
            number += 1
            name = f"{definition.name}_{number}"
        self._uses[definition.name] = number
        return name

    def _matched(
        self, definition: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        known = list(definition.ins)
        if len(args) > len(known):
            raise InvalidDefinitionError(
                f"In {self.title}, {name!r} is called with {len(args)} arguments, but has"
                f" {len(known)} inputs: {', '.join(map(repr, known)) or 'none'}."
            )
        matched = dict(zip(known, args, strict=False))
        for key, value in kwargs.items():
            if key not in definition.ins:
                raise InvalidDefinitionError(
                    f"In {self.title}, {name!r} is called with {key!r}, but has no such input; it has"
                    f" {', '.join(map(repr, known)) or 'none'}.{suggest(key, known)}"
                )
            if key in matched:
                raise InvalidInvocationError(
                    f"In {self.title}, {name!r} is given input {key!r} twice: by place and by name."
                )
            matched[key] = value
        return matched

    # ---- wires ------------------------------------------------------------------------------

    def _source(self, value: Any, place: str) -> tuple[Source, Scope | None]:
        if isinstance(value, OutputHandle):
            self._own(value, place)
            mode = "collected" if value.collected else "direct" if value.scope is None else "mapped"
            return FromNode(value.node, value.output, mode), value.scope
        if isinstance(value, InputHandle):
            self._own(value, place)
            return FromGraphInput(value.name), None
        if type(value) is list:
            return self._fan_in(cast("list[Any]", value), place)
        raise self._unwirable(value, place)

    def _fan_in(self, values: Sequence[Any], place: str) -> tuple[Source, Scope | None]:
        sources: list[FromNode | FromGraphInput] = []
        scope: Scope | None = None
        for number, value in enumerate(values):
            where = f"element {number} of the list for {place}"
            if type(value) is list:
                raise self._unwirable(value, where)
            source, found = self._source(value, where)
            scope = self._joined(scope, found, place)
            sources.append(cast("FromNode | FromGraphInput", source))
        return FanIn(tuple(sources)), scope

    def _own(self, handle: OutputHandle | InputHandle, place: str) -> None:
        if handle.composer is not self:
            raise InvalidDefinitionError(
                f"In {self.title}, {place} comes from {handle.composer.title}. Pass it in as an input of the"
                " graph: wires do not cross the border of a graph on their own."
            )

    def _joined(self, scope: Scope | None, found: Scope | None, reader: str) -> Scope | None:
        if scope is not None and found is not None and scope != found:
            raise InvalidDefinitionError(
                f"In {self.title}, {reader!r} reads from two dynamic outputs: {scope[1]!r} of {scope[0]!r}"
                f" and {found[1]!r} of {found[0]!r}. Collect one of them first."
            )
        return found if scope is None else scope

    def _refuse_nested(self, definition: Any, name: str, scope: Scope | None) -> None:
        if scope is not None and makes_dynamic(definition):
            raise InvalidDefinitionError(
                f"In {self.title}, {name!r} has a dynamic output and is mapped over {scope[1]!r} of"
                f" {scope[0]!r}. Collect the outer one first: dynamic outputs do not nest."
            )

    def _unwirable(self, value: Any, place: str) -> InvalidDefinitionError:
        return InvalidDefinitionError(f"In {self.title}, {place} {_why_not(value)}")

    # ---- what the call gives back -----------------------------------------------------------

    def _handles(self, definition: Any, name: str, scope: Scope | None) -> Any:
        outs: Mapping[str, Any] = definition.outs
        handles = tuple(self._handle(definition, name, output, scope) for output in outs)
        if len(handles) == 1:
            return handles[0]
        return Outputs(name, tuple(outs), handles) if handles else None

    def _handle(self, definition: Any, name: str, output: str, scope: Scope | None) -> Any:
        if definition.output_named(output).is_dynamic:
            return DynamicHandle(self, name, output, (name, output))
        return OutputHandle(self, name, output, scope)

    def wire_outputs(
        self, answer: Any, wanted: Sequence[str] | None, optional: Collection[str] = ()
    ) -> dict[str, FromNode]:
        """The outputs of the graph, from what its body returned.

        Args:
            answer: a handle, several, or a dict of handles by output name.
            wanted: the declared output names, None when nothing was declared.
            optional: further names that a dict may have.

        Raises:
            InvalidDefinitionError: when that is not what was declared, or no handle.
        """
        named = self._named(answer, wanted, optional)
        if wanted is not None:
            for name in wanted:
                if name not in named:
                    raise InvalidDefinitionError(
                        f"{self.title} declares an output {name!r}, but its body returns none of that name."
                        " Return a dict of output names to what ops gave back."
                    )
        return {name: self._returned(name, value) for name, value in named.items()}

    def _named(
        self, answer: Any, wanted: Sequence[str] | None, optional: Collection[str]
    ) -> Mapping[str, Any]:
        if answer is None:
            return {}
        if isinstance(answer, Outputs) and wanted is None:
            return dict(zip(answer.names, answer, strict=True))
        if isinstance(answer, tuple):
            return self._named_by_place(cast("tuple[Any, ...]", answer), wanted)
        if not isinstance(answer, Mapping):
            names = wanted if wanted is not None else (DEFAULT_OUTPUT,)
            if len(names) != 1:
                raise InvalidDefinitionError(
                    f"{self.title} has {len(names)} outputs ({', '.join(map(repr, names))}), but its body"
                    " returns one thing. Return a dict or a tuple of what ops gave back."
                )
            return {names[0]: answer}
        for name in cast("Mapping[Any, Any]", answer):
            if wanted is not None and name not in wanted and name not in optional:
                raise InvalidDefinitionError(
                    f"{self.title} returns an output {name!r} that is not declared; it has"
                    f" {', '.join(map(repr, wanted))}.{suggest(str(name), wanted)}"
                )
        return cast("Mapping[str, Any]", answer)

    def _named_by_place(self, answer: tuple[Any, ...], wanted: Sequence[str] | None) -> Mapping[str, Any]:
        if wanted is None or len(wanted) != len(answer):
            declared = "none" if wanted is None else str(len(wanted))
            raise InvalidDefinitionError(
                f"{self.title} returns {len(answer)} outputs, but declares {declared}. Name them with"
                " out={'name': GraphOut(), ...}, in the same order."
            )
        return dict(zip(wanted, answer, strict=True))

    def _returned(self, name: str, value: Any) -> FromNode:
        if isinstance(value, DynamicHandle):
            mode = "direct" if value.scope == (value.node, value.output) else "mapped"
            return FromNode(value.node, value.output, mode)
        if isinstance(value, OutputHandle) and not value.collected:
            return FromNode(value.node, value.output, "direct" if value.scope is None else "mapped")
        if isinstance(value, OutputHandle):
            raise InvalidDefinitionError(
                f"{self.title} returns a collected output as {name!r}. Pass it to an op first: the list is"
                " made for an op, not for the graph."
            )
        raise InvalidDefinitionError(f"{self.title}: output {name!r} {_why_not(value)}")


def makes_dynamic(definition: Any) -> bool:
    """Whether an op, or anything inside a graph, has a dynamic output."""
    if isinstance(definition, OpDefinition):
        return any(out.is_dynamic for out in definition.outs.values())
    if isinstance(definition, GraphDefinition):
        return any(makes_dynamic(node.definition) for node in definition.nodes.values())
    return False


def _why_not(value: Any) -> str:
    """The rest of a sentence that says why something cannot be wired."""
    if isinstance(value, DynamicHandle):
        return (
            f"is the dynamic output {value.output!r} of {value.node!r} as a whole. Use .map(op) to run once"
            " for each value, or .collect() to get all of them as a list."
        )
    if isinstance(value, Outputs):
        return (
            f"is all outputs of {value.node!r} at once ({', '.join(map(repr, value.names))}). Take one, for"
            f" example .{value.names[0]}."
        )
    if isinstance(value, OpDefinition | GraphDefinition | PendingNode):
        return f"is {value.name!r} itself, not what it gives back. Call it: {value.name}()."
    if isinstance(value, InputHandle):
        return f"is the graph's own input {value.name!r}. Pass it through an op first."
    return (
        f"is {value!r} of type {type(value).__name__}, which cannot be wired. Inside a graph, only what ops"
        " and graphs give back, inputs of the graph, and lists of these are passed on; give constants by"
        " config, default values or an op that returns them."
    )


def compose(
    fn: Callable[..., Any],
    title: str,
    inputs: Sequence[str],
    outs: Sequence[str] | None,
    optional: Collection[str] = (),
) -> Composed:
    """Run the body of a graph once.

    Args:
        fn: the body.
        title: the graph for messages.
        inputs: names of its parameters, each of which gets a handle.
        outs: declared output names, None when nothing was declared.
        optional: further names of outputs that it may return.

    Raises:
        InvalidDefinitionError: when something in it cannot be wired.
    """
    composer = GraphComposer(title)
    with composing(composer):
        answer = fn(**{name: InputHandle(composer, name) for name in inputs})
    _refuse_running_code(answer, title)
    wired = composer.wire_outputs(answer, outs, optional)
    _refuse_unused_inputs(composer, inputs, title)
    return Composed(composer.nodes, wired)


def _refuse_running_code(answer: Any, title: str) -> None:
    if hasattr(answer, "send") and hasattr(answer, "close"):
        answer.close()
        raise InvalidDefinitionError(
            f"The body of {title} yields or awaits, but it only wires ops and runs at definition time."
            " Return what the last ops gave back."
        )


def _refuse_unused_inputs(composer: GraphComposer, inputs: Sequence[str], title: str) -> None:
    used = {
        source.name
        for node in composer.nodes.values()
        for wire in node.inputs.values()
        for source in (wire.sources if isinstance(wire, FanIn) else (wire,))
        if isinstance(source, FromGraphInput)
    }
    for name in inputs:
        if name not in used:
            raise InvalidDefinitionError(
                f"{title} has an input {name!r} that no op or graph in it takes. Pass it on, or remove it."
            )
