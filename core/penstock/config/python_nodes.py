"""Nodes that only Python annotations lead to: literals, unions, tuples, classes, constrained types.

Owns these node classes and ``Rule``. They hold finished nodes; ``annotations`` makes them,
``bind`` checks values against them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from attrs import define, field

from penstock.values import frozen

Node: TypeAlias = Any
"""Any node: the nodes inside may be of ``schema``, which stands above."""

Transform = Callable[[Any, Mapping[str, Any]], Any]
"""Takes a value and the fields bound so far, returns the value to go on with."""


@frozen(eq=False)
class Rule:
    """A constraint on a value that already has the right type.

    Args:
        wanted: what passes, as the end of "wanted …".
        passes: the test; whatever it raises counts as a no.
    """

    wanted: str
    passes: Callable[[Any], bool] = field()


@frozen(eq=False)
class Literals:
    """Exactly one of some values."""

    values: tuple[Any, ...]


@frozen(eq=False)
class Member:
    """A member of a Python enum, configured by its name."""

    enum_class: type[enum.Enum]


@frozen(eq=False)
class Leaf:
    """A value that a text stands for: a date, a path, a decimal number."""

    python_type: type
    wanted: str
    read: Callable[[Any], Any] = field()


@frozen(eq=False)
class Foreign:
    """A type of no known kind; cattrs, or pydantic for its own types, makes the value."""

    annotation: Any


@frozen(eq=False)
class Items:
    """A list of any length that becomes a tuple or a set."""

    inner_type: Node
    factory: Callable[[list[Any]], Any]


@frozen(eq=False)
class Fixed:
    """A list of known length, with one type for each place; becomes a tuple."""

    inner_types: tuple[Node, ...]
    factory: Callable[[Iterable[Any]], Any] = tuple


@frozen(eq=False)
class Checked:
    """A type with constraints and functions around it (``Annotated``).

    Args:
        inner_type: the type itself.
        rules: hold for the bound value.
        before: applied to the raw value.
        after: applied to the bound value.
    """

    inner_type: Node
    rules: tuple[Rule, ...] = ()
    before: tuple[Transform, ...] = ()
    after: tuple[Transform, ...] = ()


@define(eq=False, repr=False)
class OneOf:
    """One of several types; ``tags`` is the memo of choices by the value of the discriminator.

    Args:
        options: the types, in the order of the annotation.
        discriminator: the field of the option classes that names the choice, or None.
    """

    options: tuple[Node, ...]
    discriminator: str | None = None
    tags: Mapping[str, ObjectOf] | None = field(default=None, init=False, repr=False)


@frozen(eq=False)
class ObjectOf:
    """An object of a config class, pydantic model, dataclass or attrs class.

    Args:
        cls: the class.
        as_dict: whether the bound value is the object's dict instead of the object.
    """

    cls: type
    as_dict: bool = False


@frozen(eq=False)
class Opaque:
    """A part that no config gives, such as a resource inside a resource: taken as it is."""

    annotation: Any = None


PythonNode: TypeAlias = (
    Literals | Member | Leaf | Foreign | Items | Fixed | Checked | OneOf | ObjectOf | Opaque
)
"""Any of the node classes of this module."""

PYTHON_NODES: tuple[type, ...] = (
    Literals,
    Member,
    Leaf,
    Foreign,
    Items,
    Fixed,
    Checked,
    OneOf,
    ObjectOf,
    Opaque,
)
