"""Schemas in words: one short line for messages and documentation.

Owns the wording of types. Knows nothing of values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from penstock.config.annotations import resolved
from penstock.config.python_nodes import (
    Checked,
    Fixed,
    Foreign,
    Items,
    Leaf,
    Literals,
    Member,
    ObjectOf,
    OneOf,
    Opaque,
)
from penstock.config.reading import spec_of
from penstock.config.schema import (
    Array,
    Enum,
    Field,
    Map,
    Mapped,
    Node,
    Noneable,
    Permissive,
    Scalar,
    ScalarUnion,
    Selector,
    Shape,
    as_node,
)

_DEEPEST = 3


def describe(schema: Any) -> str:
    """A config type in words.

    Args:
        schema: a field, or anything that a schema may be.

    Returns:
        One line, such as ``{name: String, count: Int (optional)}``.
    """
    return _describe(schema.config_type if isinstance(schema, Field) else as_node(schema), 0)


def _describe(node: Node, depth: int) -> str:
    node = resolved(node)
    return "…" if depth > _DEEPEST else _WORDS[type(node)](node, depth)


def _entries(fields: Iterable[tuple[str, Node, bool]], depth: int) -> str:
    words = (
        f"{name}: {_describe(node, depth + 1)}{'' if required else ' (optional)'}"
        for name, node, required in fields
    )
    return f"{{{', '.join(words)}}}"


def _fields(node: Shape | Permissive | Selector) -> Iterable[tuple[str, Node, bool]]:
    return ((name, each.config_type, each.is_required) for name, each in node.fields.items())


def _object(node: ObjectOf, depth: int) -> str:
    fields = ((each.key, each.node, not each.has_default) for each in spec_of(node.cls).fields)
    return f"{node.cls.__name__} {_entries(fields, depth)}"


def one_of(choices: Iterable[Any]) -> str:
    """``one of 'a', 'b'``."""
    return f"one of {', '.join(repr(choice) for choice in choices)}"


def _checked(node: Checked, depth: int) -> str:
    return ", ".join([_describe(node.inner_type, depth), *(rule.wanted for rule in node.rules)])


def _alternatives(options: Iterable[Node], depth: int) -> str:
    return " or ".join(_describe(option, depth + 1) for option in options)


def _map(node: Map, depth: int) -> str:
    label = node.key_label_name or _describe(node.key_type, depth + 1)
    return f"a dict of {label} to {_describe(node.inner_type, depth + 1)}"


_WORDS: Mapping[type, Callable[[Any, int], str]] = {
    Scalar: lambda node, _: node.given_name,
    Array: lambda node, depth: f"a list of {_describe(node.inner_type, depth + 1)}",
    Map: _map,
    Shape: lambda node, depth: _entries(_fields(node), depth),
    Permissive: lambda node, depth: f"{_entries(_fields(node), depth)} and any other entries",
    Selector: lambda node, depth: f"exactly one entry of {_entries(_fields(node), depth)}",
    Noneable: lambda node, depth: f"{_describe(node.inner_type, depth)} or None",
    Enum: lambda node, _: one_of(value.config_value for value in node.enum_values),
    ScalarUnion: lambda node, depth: _alternatives((node.scalar_type, node.non_scalar_schema), depth),
    Mapped: lambda node, depth: _describe(node.outer.config_type, depth),
    Literals: lambda node, _: one_of(node.values),
    Member: lambda node, _: one_of(member.name for member in node.enum_class),
    Leaf: lambda node, _: node.wanted,
    Foreign: lambda node, _: getattr(node.annotation, "__name__", repr(node.annotation)),
    Items: lambda node, depth: f"a list of {_describe(node.inner_type, depth + 1)}",
    Fixed: lambda node, _: f"a list of {len(node.inner_types)} values",
    Checked: _checked,
    OneOf: lambda node, depth: _alternatives(node.options, depth),
    ObjectOf: _object,
    Opaque: lambda node, _: getattr(node.annotation, "__name__", "an object"),
}
