"""The schema model: what a config may look like, as frozen values.

Owns every node of a config type and ``Field``, and the coercion of what users write (``int``,
``{"a": str}``, ``[float]``, a config class) to nodes. Knows nothing of how values are checked
(``bind``) or how Python annotations are read (``annotations``): those stay inside ``PythonType``
until somebody binds.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from attrs import define, field

from penstock.config.faults import MISSING
from penstock.config.python_nodes import PYTHON_NODES, PythonNode
from penstock.errors import InvalidConfigDefinitionError
from penstock.values import frozen


@frozen(eq=False)
class Scalar:
    """A plain value of one type.

    Args:
        given_name: how the type is called in messages.
        python_type: the exact type of the value; ``object`` takes anything.
    """

    given_name: str
    python_type: type


Int = Scalar("Int", int)
Float = Scalar("Float", float)
Bool = Scalar("Bool", bool)
String = Scalar("String", str)
Any_ = Scalar("Any", object)
StringSource = Scalar("StringSource", str)
IntSource = Scalar("IntSource", int)
BoolSource = Scalar("BoolSource", bool)

_SCALARS: Mapping[Any, Scalar] = {
    int: Int,
    float: Float,
    bool: Bool,
    str: String,
    Any: Any_,
    object: Any_,
}


def as_node(config: object) -> Node:
    """The config type that a user wrote, as a node.

    Args:
        config: a node, a Python type, ``{name: type}``, ``{str: type}``, ``[type]``, a runtime type
            with a ``typing_type``, a config class, or any annotation.

    Raises:
        InvalidConfigDefinitionError: when it is no type at all.
    """
    if isinstance(config, NODES):
        return cast("Node", config)
    if isinstance(config, Mapping):
        return _node_of_mapping(cast("Mapping[Any, Any]", config))
    if isinstance(config, list):
        return _node_of_list(cast("list[Any]", config))
    return _node_of_type(config)


def _node_of_mapping(config: Mapping[Any, Any]) -> Node:
    if len(config) == 1:
        (key,) = config
        if not isinstance(key, str):
            return Map(key, config[key])
    return Shape(config)


def _node_of_list(config: list[Any]) -> Node:
    if len(config) != 1:
        raise InvalidConfigDefinitionError(
            f"A list schema holds the one type of its elements, found {config!r}. Write [int], for example."
        )
    return Array(config[0])


def _node_of_type(config: Any) -> Node:
    for python_type, scalar in _SCALARS.items():
        if config is python_type:
            return scalar
    if not isinstance(config, type):
        runtime = getattr(config, "typing_type", None)
        if runtime is not None:
            return as_node(runtime)
        if typing.get_origin(config) is None and not isinstance(config, typing.NewType):
            raise InvalidConfigDefinitionError(
                f"A config schema is a type, a dict of names to types, [a type], a Field or a Config"
                f" class, found {config!r}."
            )
    return PythonType(config)


def _as_fields(fields: Mapping[Any, Any] | None) -> Mapping[str, Field]:
    made: dict[Any, Field] = {name: field_of(config) for name, config in (fields or {}).items()}
    for name in made:
        if not isinstance(name, str):
            raise InvalidConfigDefinitionError(f"The names of a Shape are strings, found {name!r}.")
    return MappingProxyType(made)


def _as_values(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(value if isinstance(value, EnumValue) else EnumValue(value) for value in values)


@frozen(eq=False)
class Array:
    """A list whose elements are all of one type."""

    inner_type: Node = field(converter=as_node)


@frozen(eq=False)
class Map:
    """A dict of any keys of one type to values of another.

    Args:
        key_type: the type of the keys, a scalar.
        inner_type: the type of the values.
        key_label_name: what the keys are, for messages and documentation.
    """

    key_type: Node = field(converter=as_node)
    inner_type: Node = field(converter=as_node)
    key_label_name: str | None = None


@frozen(eq=False)
class Shape:
    """A dict with named entries and no others.

    Args:
        fields: names to fields, or to anything that a schema may be.
        description: for documentation.
        field_aliases: accepted for compatibility; names stay as they are.
    """

    fields: Mapping[str, Field] = field(converter=_as_fields)
    description: str | None = None
    field_aliases: Mapping[str, str] | None = None


@frozen(eq=False)
class Permissive:
    """A dict with named entries that are checked, and any others that are not."""

    fields: Mapping[str, Field] = field(default=None, converter=_as_fields)
    description: str | None = None


@frozen(eq=False)
class Selector:
    """A dict with exactly one of several entries."""

    fields: Mapping[str, Field] = field(converter=_as_fields)
    description: str | None = None


@frozen(eq=False)
class Noneable:
    """None, or a value of the inner type."""

    inner_type: Node = field(converter=as_node)


@frozen(eq=False)
class EnumValue:
    """One name that a config ``Enum`` accepts.

    Args:
        config_value: the name that stands in the config.
        python_value: what the code gets for it; by default the name.
        description: for documentation.
    """

    config_value: str
    python_value: Any = field(default=None)
    description: str | None = None

    @property
    def meaning(self) -> Any:
        """What the code gets."""
        return self.config_value if self.python_value is None else self.python_value


@frozen(eq=False)
class Enum:
    """One of several names, each standing for a Python value.

    Args:
        name: what the names are, for messages.
        enum_values: the names.
    """

    name: str
    enum_values: Sequence[EnumValue] = field(converter=_as_values)

    @staticmethod
    def from_python_enum(enum: type[enum.Enum], name: str | None = None) -> Enum:
        """The member names of a Python enum; the code gets members."""
        values = [EnumValue(member.name, python_value=member) for member in enum]
        return Enum(name or enum.__name__, values)

    @staticmethod
    def from_python_enum_direct_values(enum: type[enum.Enum], name: str | None = None) -> Enum:
        """The member names of a Python enum; the code gets the members' values."""
        values = [EnumValue(member.name, python_value=member.value) for member in enum]
        return Enum(name or enum.__name__, values)


@frozen(eq=False)
class ScalarUnion:
    """A plain value of one type, or a dict or list of another."""

    scalar_type: Node = field(converter=as_node)
    non_scalar_schema: Node = field(converter=as_node)


@define(eq=False, repr=False)
class PythonType:
    """A Python annotation or class; ``resolved`` is the memo of the node that it means."""

    annotation: Any
    resolved: Node | None = field(default=None, init=False, repr=False)


@frozen(eq=False)
class Mapped:
    """A config settled by ``configured``: users give ``outer``, a function makes ``inner`` of it."""

    outer: Field
    function: Callable[[Any], Any]
    inner: Field


Node: TypeAlias = (
    Scalar
    | Array
    | Map
    | Shape
    | Permissive
    | Selector
    | Noneable
    | Enum
    | ScalarUnion
    | PythonType
    | Mapped
    | PythonNode
)
"""Any of the node classes of this module and of ``python_nodes``."""

NODES: tuple[type, ...] = (
    Scalar,
    Array,
    Map,
    Shape,
    Permissive,
    Selector,
    Noneable,
    Enum,
    ScalarUnion,
    PythonType,
    Mapped,
    *PYTHON_NODES,
)

_default_checks: list[Callable[[Field], None]] = []


def check_defaults_by(check: Callable[[Field], None]) -> None:
    """Let ``bind``, which stands above this module, check each default when its field is made."""
    _default_checks[:] = [check]


@frozen(eq=False)
class Field:
    """A config type, and what holds when nothing is given.

    Args:
        config_type: anything that a schema may be; called ``config`` in the call.
        default_value: used when nothing is given.
        is_required: by default, whether there is nothing to fill in.
        description: for documentation.
        examples: for documentation.

    Raises:
        InvalidConfigDefinitionError: when the schema is none, or a required field has a default.
        InvalidConfigError: when the default does not fit the type.
    """

    config_type: Node = field(converter=as_node, alias="config")
    default_value: Any = MISSING
    given_required: bool | None = field(default=None, alias="is_required")
    description: str | None = None
    examples: Sequence[Any] | None = None

    def __attrs_post_init__(self) -> None:
        if self.default_value is MISSING:
            return
        if self.given_required:
            raise InvalidConfigDefinitionError(
                f"A field is required or has a default, found both: is_required=True and"
                f" default_value={self.default_value!r}."
            )
        for check in _default_checks:
            check(self)

    @property
    def default_provided(self) -> bool:
        """Whether a default was given."""
        return self.default_value is not MISSING

    @property
    def is_required(self) -> bool:
        """Whether a value must be given: no default, and nothing that could be filled in."""
        if self.given_required is not None:
            return self.given_required
        return not self.default_provided and not _fills_itself(self.config_type)


def _fills_itself(node: Node) -> bool:
    if isinstance(node, Shape | Permissive):
        return not any(inner.is_required for inner in node.fields.values())
    if isinstance(node, Selector):
        return len(node.fields) == 1 and not any(f.is_required for f in node.fields.values())
    return isinstance(node, Noneable)


def field_of(config: Any) -> Field:
    """What a user wrote as a schema, as a field."""
    return config if isinstance(config, Field) else Field(as_node(config))


ANY_CONFIG = Field(Any_, is_required=False)
"""The schema of what declares none: anything goes, nothing is needed."""


def as_field(config_schema: Any) -> Field:
    """What a user wrote as ``config_schema``, as a field; None is ``ANY_CONFIG``."""
    return ANY_CONFIG if config_schema is None else field_of(config_schema)
