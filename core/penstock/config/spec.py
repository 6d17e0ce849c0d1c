"""What config classes look like from the outside: their fields, keys, defaults and checks.

Owns these values. ``reading`` fills them in for each kind of class; ``objects`` binds by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, field

from penstock.config.faults import MISSING
from penstock.config.python_nodes import Node, Transform
from penstock.values import frozen

_ATOMS = (str, int, float, bool, bytes, type(None))


@frozen(kw_only=True, eq=False)
class DraftField:
    """A field as the body of a Config class says it, its annotation perhaps still a string.

    Args:
        name: of the attribute.
        annotation: as written.
        default: a value, or ``MISSING``.
        factory: makes the default, or None.
        info: what ``pydantic.Field`` returned, or None.
        namespaces: globals and locals in which a string annotation means something.
    """

    name: str
    annotation: Any
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    info: Any = None
    namespaces: tuple[dict[str, Any], Mapping[str, Any]] = field(default=({}, {}), repr=False)


def _default_is_an_atom(field: ClassField) -> bool:
    return type(field.default) in _ATOMS


@frozen(kw_only=True, eq=False)
class ClassField:
    """One field of a config class.

    Args:
        name: of the attribute.
        key: in the config: the alias or the name.
        node: the type.
        default: a value, or ``MISSING``.
        factory: makes the default, or None.
        before: applied to the raw value.
        after: applied to the bound value.
        attribute: the attrs attribute whose validator is called, or None.
        made_by_class: whether the class itself fills the default in.
        description: for documentation.
        keeps_default: whether the default is immutable and may be shared.
    """

    name: str
    key: str
    node: Node
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    before: tuple[Transform, ...] = ()
    after: tuple[Transform, ...] = ()
    attribute: Any = None
    made_by_class: bool = False
    description: str | None = None
    keeps_default: bool = field(init=False, default=Factory(_default_is_an_atom, takes_self=True))

    @property
    def has_default(self) -> bool:
        """Whether nothing needs to be given."""
        return self.made_by_class or self.default is not MISSING or self.factory is not None


def _fields_by_key(spec: ClassSpec) -> Mapping[str, ClassField]:
    return {field.name: field for field in spec.fields} | {field.key: field for field in spec.fields}


@frozen(kw_only=True, eq=False)
class ClassSpec:
    """A config class as ``bind`` needs it.

    Args:
        cls: the class.
        fields: in the order of the class.
        by_key: every key and name that the config may use.
        permissive: whether other keys are accepted.
        before: functions applied to the raw dict.
        build: makes the object of a dict of attribute names to bound values.
        defers: whether an object cannot hold unresolved references, so that none is built yet.
    """

    cls: type
    fields: tuple[ClassField, ...]
    build: Callable[[dict[str, Any]], Any]
    permissive: bool = False
    before: tuple[Callable[[Any], Any], ...] = ()
    defers: bool = False
    by_key: Mapping[str, ClassField] = field(init=False, default=Factory(_fields_by_key, takes_self=True))
