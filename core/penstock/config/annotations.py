"""Python annotations as nodes: ``list[int]``, ``Literal``, ``X | None``, ``Annotated``, classes.

Owns that translation. Knows the kinds of classes by ``is_config_class`` alone; what fields they
have is read by ``spec``, when a value is bound, so classes may refer to themselves.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections import abc
from collections.abc import Mapping
from typing import Any, cast

import attrs

from penstock.config import pydantic_parts
from penstock.config.leaves import leaf_of
from penstock.config.python_nodes import (
    Checked,
    Fixed,
    Foreign,
    Items,
    Literals,
    Member,
    ObjectOf,
    OneOf,
)
from penstock.config.schema import (
    Any_,
    Array,
    Field,
    Map,
    Node,
    Noneable,
    Permissive,
    PythonType,
    Shape,
    as_node,
)
from penstock.errors import InvalidConfigDefinitionError

_LISTS = {list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable}
_SETS: Mapping[Any, Any] = {set: set, frozenset: frozenset, abc.Set: frozenset, abc.MutableSet: set}
_DICTS = {dict, abc.Mapping, abc.MutableMapping}


def is_config_class(cls: Any) -> bool:
    """Whether a class describes config: Config, pydantic model, dataclass or attrs class."""
    if not isinstance(cls, type):
        return False
    known: Any = cls
    return (
        hasattr(known, "__config_drafts__")
        or attrs.has(known)
        or dataclasses.is_dataclass(known)
        or pydantic_parts.is_model_class(known)
    )


def as_config_class(annotation: Any) -> type | None:
    """The config class that a parameter is annotated with, or None for any other annotation.

    Args:
        annotation: resolved, not a string; ``Annotated`` and ``| None`` are looked through.
    """
    if typing.get_origin(annotation) is typing.Annotated:
        return as_config_class(annotation.__origin__)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        classes = [as_config_class(option) for option in typing.get_args(annotation)]
        known = [cls for cls in classes if cls is not None]
        return known[0] if len(known) == 1 and len(classes) == 2 else None
    cls = typing.get_origin(annotation) or annotation
    return cls if is_config_class(cls) else None


def resolved(node: Node) -> Node:
    """A node that is no ``PythonType``: what the annotation means, remembered in the node."""
    if type(node) is not PythonType:
        return node
    if node.resolved is None:
        node.resolved = node_of(node.annotation)
    return node.resolved


def node_of(annotation: Any) -> Node:
    """What an annotation says, as a node.

    Args:
        annotation: a type, a generic alias, a union, ``Literal``, ``Annotated`` …

    Raises:
        InvalidConfigDefinitionError: when it is not resolved (a string) or means nothing.
    """
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return _node_of_class(annotation)
    if annotation is None:
        return Literals((None,))
    if isinstance(annotation, typing.TypeVar):
        return Any_ if annotation.__bound__ is None else node_of(annotation.__bound__)
    if isinstance(annotation, typing.NewType):
        return node_of(annotation.__supertype__)
    if type(annotation).__name__ == "TypeAliasType":
        return node_of(cast("Any", annotation).__value__)
    if isinstance(annotation, str | typing.ForwardRef):
        raise InvalidConfigDefinitionError(
            f"A field type must be known when the config is used, found the unresolved {annotation!r}."
        )
    if typing.get_origin(annotation) is None:
        return resolved(as_node(annotation))
    return _node_of_generic(typing.get_origin(annotation), typing.get_args(annotation), annotation)


def _node_of_class(cls: Any) -> Node:
    leaf = leaf_of(cls)
    if leaf is not None:
        return leaf
    if cls is type(None):
        return Literals((None,))
    if cls in _DICTS:
        return Permissive()
    if cls in _LISTS or cls in _SETS or cls is tuple:
        return _node_of_generic(cls, (Any,) if cls is not tuple else (Any, ...), cls)
    if issubclass(cls, enum.Enum):
        return Member(cls)
    if is_config_class(cls):
        return ObjectOf(cls)
    if hasattr(cls, "_fields") and hasattr(cls, "_make"):
        return _node_of_named_tuple(cls)
    if typing.is_typeddict(cls):
        return _node_of_typed_dict(cls)
    known = as_node(cls)
    return Foreign(cls) if type(known) is PythonType else known


def _node_of_named_tuple(cls: Any) -> Node:
    hints = typing.get_type_hints(cls, include_extras=True)
    return Fixed(tuple(node_of(hints.get(name, Any)) for name in cls._fields), cls._make)


def _node_of_typed_dict(cls: Any) -> Node:
    hints = typing.get_type_hints(cls, include_extras=True)
    return Shape(
        {
            name: Field(node_of(_unwrapped(hint)), is_required=name in cls.__required_keys__)
            for name, hint in hints.items()
        }
    )


def _unwrapped(hint: Any) -> Any:
    required = typing.get_origin(hint) in (typing.Required, typing.NotRequired)
    return typing.get_args(hint)[0] if required else hint


def _node_of_generic(origin: Any, arguments: tuple[Any, ...], annotation: Any) -> Node:
    if origin is typing.Annotated:
        return _node_of_annotated(annotation.__origin__, annotation.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return _node_of_union(arguments)
    if origin is typing.Literal:
        return Literals(arguments)
    if origin in (typing.Final, typing.ClassVar, typing.Required, typing.NotRequired):
        return node_of(arguments[0])
    if origin in _LISTS:
        return Array(node_of(arguments[0]))
    if origin in _DICTS:
        keys, values = arguments
        return Map(node_of(keys), node_of(values))
    if origin in _SETS:
        return Items(node_of(arguments[0]), _SETS[origin])
    if origin is tuple:
        return _node_of_tuple(arguments)
    return ObjectOf(origin) if is_config_class(origin) else Foreign(annotation)


def _node_of_tuple(arguments: tuple[Any, ...]) -> Node:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return Items(node_of(arguments[0]), tuple)
    return Fixed(tuple(map(node_of, arguments)))


def _node_of_union(arguments: tuple[Any, ...]) -> Node:
    options = tuple(node_of(argument) for argument in arguments if argument is not type(None))
    union = options[0] if len(options) == 1 else OneOf(options)
    return Noneable(union) if len(options) < len(arguments) else union


def _node_of_annotated(inner: Any, metadata: tuple[Any, ...]) -> Node:
    node = node_of(inner)
    flat: list[Any] = []
    for entry in metadata:
        if pydantic_parts.is_field_info(entry):
            node = discriminated(node, pydantic_parts.discriminator_of(entry))
            flat.extend(cast("list[Any]", entry.metadata))
        else:
            flat.append(entry)
    return checked(node, flat)


def checked(node: Node, metadata: list[Any]) -> Node:
    """A node with the constraints and functions of its metadata around it, if there are any."""
    rules = pydantic_parts.rules_of(metadata)
    before, after = pydantic_parts.transforms_of(metadata)
    return Checked(node, rules, before, after) if rules or before or after else node


def discriminated(node: Node, discriminator: str | None) -> Node:
    """A union, perhaps inside Optional, with the field that tells its options apart."""
    if discriminator is None:
        return node
    if isinstance(node, Noneable):
        return Noneable(discriminated(node.inner_type, discriminator))
    return OneOf(node.options, discriminator) if isinstance(node, OneOf) else node
