"""What calls give back while a graph is being composed.

Owns: the handles of outputs and graph inputs, with ``map``, ``collect``, unpacking and attribute
access, and a clear refusal for whatever else people try with them. A handle never holds a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never, NoReturn, Self, cast

from penstock.errors import InvalidDefinitionError, InvariantViolationError, suggest
from penstock.values import frozen

Scope = tuple[str, str]
"""The node and dynamic output over which something is mapped."""


@frozen
class InputHandle:
    """An input of the graph that is being composed."""

    composer: Any
    name: str

    def __iter__(self) -> Never:
        _refuse_unpacking(f"the graph input {self.name!r}")

    def __getitem__(self, _index: Any) -> Never:
        _refuse_unpacking(f"the graph input {self.name!r}")


@frozen
class OutputHandle:
    """An output of a node.

    Args:
        composer: the graph it belongs to.
        node: the node's name.
        output: the output's name.
        scope: over what the node is mapped, None when it runs once.
        collected: whether this stands for all mapped values as one list.
    """

    composer: Any
    node: str
    output: str
    scope: Scope | None = None
    collected: bool = False

    def __iter__(self) -> Never:
        _refuse_unpacking(f"the output {self.output!r} of {self.node!r}")

    def __getitem__(self, _index: Any) -> Never:
        _refuse_unpacking(f"the output {self.output!r} of {self.node!r}")

    def map(self, _fn: Any) -> NoReturn:
        """Refused: only dynamic outputs are mapped."""
        _refuse_mapping(self, "map")

    def collect(self) -> NoReturn:
        """Refused: only dynamic outputs are collected."""
        _refuse_mapping(self, "collect")


@frozen
class DynamicHandle:
    """A dynamic output, or what came of mapping over one: to be mapped on or collected.

    Args:
        composer: the graph it belongs to.
        node: the node's name.
        output: the output's name.
        scope: the dynamic output that makes the many.
    """

    composer: Any
    node: str
    output: str
    scope: Scope

    def map(self, fn: Callable[[Any], Any]) -> Any:
        """Use ops once for each value.

        Args:
            fn: an op, a graph, or a function that is given the handle of one value and wires it.

        Returns:
            A dynamic handle of what the function returned; a tuple of them for a tuple, None for None.

        Raises:
            InvalidDefinitionError: when the function returns something else.
        """
        if not callable(fn):
            raise InvalidDefinitionError(
                f"map of the dynamic output {self.output!r} of {self.node!r} wants an op, a graph or a"
                f" function, found {fn!r}."
            )
        one = OutputHandle(self.composer, self.node, self.output, self.scope)
        return self._multiplied(fn(one))

    def collect(self) -> OutputHandle:
        """All values as one list, for an op that runs once after all of them."""
        return OutputHandle(self.composer, self.node, self.output, None, collected=True)

    def _multiplied(self, answer: Any) -> Any:
        if answer is None or isinstance(answer, DynamicHandle):
            return answer
        if isinstance(answer, Outputs):
            return Outputs(answer.node, answer.names, tuple(map(self._multiplied, answer)))
        if isinstance(answer, tuple):
            answers = cast("tuple[Any, ...]", answer)
            return tuple(map(self._multiplied, answers))
        if isinstance(answer, OutputHandle) and not answer.collected:
            return DynamicHandle(self.composer, answer.node, answer.output, answer.scope or self.scope)
        raise InvalidDefinitionError(
            f"The function given to map of the dynamic output {self.output!r} of {self.node!r} should return"
            f" what an op or graph gave back, a tuple of such, or None; found {answer!r}."
        )

    def __iter__(self) -> Never:
        raise InvariantViolationError(
            f"The dynamic output {self.output!r} of {self.node!r} cannot be iterated over: how many values"
            " there are is known only in a run. Use .map(op) or .collect()."
        )


class Outputs(tuple[Any, ...]):  # noqa: SLOT001  # tuples of varying length cannot have slots
    """The outputs of a node that has several: unpack it, index it, or take one by its name."""

    node: str
    names: tuple[str, ...]

    def __new__(cls, node: str, names: tuple[str, ...], handles: tuple[Any, ...]) -> Self:
        """Name the outputs of a node."""
        made = super().__new__(cls, handles)
        made.node, made.names = node, names
        return made

    def __getattr__(self, name: str) -> Any:
        if name in self.names:
            return self[self.names.index(name)]
        raise AttributeError(
            f"{self.node!r} has no output {name!r}; it has {', '.join(map(repr, self.names))}."
            f"{suggest(name, self.names)}"
        )


def _refuse_unpacking(what: str) -> Never:
    raise InvariantViolationError(
        f"{what[0].upper()}{what[1:]} is one value, so it cannot be unpacked or indexed while the graph is"
        " being composed. Give the op several outs, or take the value apart inside an op."
    )


def _refuse_mapping(handle: OutputHandle, verb: str) -> Never:
    raise InvalidDefinitionError(
        f"{verb} is for dynamic outputs, but the output {handle.output!r} of {handle.node!r} is"
        f" {'already collected' if handle.collected else 'no dynamic one'}."
        " Declare it with DynamicOut() and yield DynamicOutput(value, mapping_key)."
    )
