"""Config classes: ``class Bake(Config): minutes: int`` is an attrs class that checks itself.

Owns ``Config``, ``PermissiveConfig`` and ``Structured``, what they share with resources. A class
body is only noted when the class is made; its annotations are read on first use (``spec``), so
classes cost little and may refer to each other.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, dataclass_transform

import attrs

from penstock.config import pydantic_parts
from penstock.config.faults import FAULTY, raise_faults
from penstock.config.objects import bind_values, check_attributes, faults_of
from penstock.config.plain import extras_of, holds_references
from penstock.config.python_nodes import ObjectOf
from penstock.config.reading import spec_of
from penstock.config.schema import Field, Noneable
from penstock.config.shaping import namespaces_of_the_class_statement, shape
from penstock.config.spec import ClassField, DraftField
from penstock.config.walk import Walk
from penstock.config.walk_python import REFUSALS
from penstock.errors import InvalidInvocationError


class FrozenConfigError(InvalidInvocationError, AttributeError):
    """An attribute of a config object was set or deleted."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
class Structured:
    """An object made of named, typed, checked values: the ground of config and resource classes.

    Subclasses declare fields by annotations. Names that begin with an underscore are no fields;
    they are private state that may be set at any time.
    """

    __config_drafts__: ClassVar[Mapping[str, DraftField]] = {}
    __config_permissive__: ClassVar[bool] = False
    __config_private__: ClassVar[Mapping[str, Any]] = {}
    __config_after__: ClassVar[tuple[Callable[[Any], Any], ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        shape(cls, namespaces_of_the_class_statement())

    def __init__(self, /, **values: Any) -> None:
        walk = Walk(None)
        bound = bind_values(spec_of(type(self)), values, "$", walk)
        name = type(self).__name__
        if bound is not FAULTY:
            try:
                _fill(self, bound)
            except REFUSALS as error:
                walk.faults.extend(faults_of(error, "$", values))
        raise_faults(f"{name}(…) cannot be made of these values:", walk.faults)

    @classmethod
    def __config_opaque__(cls, annotation: Any) -> bool:
        """Whether a field holds a part that no config gives; resources override this."""
        return False

    @classmethod
    def __config_build__(cls, values: dict[str, Any]) -> Self:
        """Make an object of bound values; a class with an ``__init__`` of its own gets to see them."""
        if cls.__init__ is not Structured.__init__:
            return cls(**values)
        made = cls.__new__(cls)
        _fill(made, values)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            _refuse_change(self, name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if not name.startswith("_"):
            _refuse_change(self, name)
        object.__delattr__(self, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structured) or type(self) is not type(other):
            return NotImplemented
        return dict(_entries(self)) == dict(_entries(other))

    def __hash__(self) -> int:
        return hash((type(self), *(value for _, value in _entries(self))))

    def __repr__(self) -> str:
        entries = ", ".join(f"{name}={value!r}" for name, value in _entries(self))
        return f"{type(self).__name__}({entries})"

    @classmethod
    def to_config_schema(cls) -> Field:
        """A schema whose bound value is a dict with the entries of this class."""
        return Field(ObjectOf(cls, as_dict=True))

    @classmethod
    def to_fields_dict(cls) -> dict[str, Field]:
        """The fields by key, for use inside another schema."""
        return {field.key: _as_schema_field(field) for field in spec_of(cls).fields}

    def model_dump(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """The values by name, nested objects as dicts, everything else as it is.

        Args:
            include: names of the values that are wanted; None for all.
            exclude: names of values to leave out.
            exclude_none: whether values that are None are left out, also of nested objects.
        """
        return {
            name: _dumped(value, exclude_none)
            for name, value in _entries(self)
            if (include is None or name in include)
            and name not in exclude
            and not (exclude_none and value is None)
        }

    def model_dump_json(self) -> str:
        """The values as a JSON text; enum members are written by their values."""
        return json.dumps(self.model_dump(), default=_as_json, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def model_validate(cls, given: Mapping[str, Any]) -> Self:
        """An object of values by name.

        Raises:
            InvalidConfigError: when they do not fit.
        """
        return cls(**given)

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """A copy with some values exchanged; they are not checked again.

        Args:
            update: values by name.
        """
        made = copy.copy(self)
        made.__dict__.update(update or {})
        return made


class Config(Structured):
    """The ground of config classes: fields by annotation, strict types, no unknown entries.

    ``class Bake(Config): minutes: int; fan: bool = False`` is configured as
    ``{"minutes": 30}`` and made in code as ``Bake(minutes=30)``. Objects cannot be changed.
    """


class PermissiveConfig(Config):
    """A config class that also accepts entries that it does not declare; they become attributes."""

    __config_permissive__ = True

    def __getattr__(self, name: str) -> Any:
        extras = self.__dict__.get("_extras", {})
        if name in extras:
            return extras[name]
        raise AttributeError(f"{type(self).__name__} has no entry {name!r}")

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...


def _as_schema_field(field: ClassField) -> Field:
    default = field.factory() if field.factory is not None else field.default
    node = Noneable(field.node) if default is None else field.node
    return Field(node, default_value=default, description=field.description)


def _refuse_change(config: Structured, name: str) -> None:
    raise FrozenConfigError(
        f"{type(config).__name__} objects cannot be changed, found a change of {name!r}."
        f" Make a new one, or a changed copy with model_copy(update={{{name!r}: …}})."
    )


def _entries(config: Structured) -> Iterator[tuple[str, Any]]:
    for name in config.__config_drafts__:
        yield name, config.__dict__[name]
    yield from extras_of(config).items()


def _dumped(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, Structured):
        return value.model_dump(exclude_none=exclude_none)
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value).items()
        return {key: _dumped(entry, exclude_none) for key, entry in entries}
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        return type(items)(_dumped(item, exclude_none) for item in items)
    return value


def _as_json(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value)


def _fill(made: Structured, values: dict[str, Any]) -> None:
    """Give a new object its values; its own checks wait until no reference is left."""
    cls = type(made)
    own = made.__dict__
    own.update(values)
    if cls.__config_permissive__:
        own["_extras"] = {name: own.pop(name) for name in values if name not in cls.__config_drafts__}
    for name, value in cls.__config_private__.items():
        own[name] = (
            value.get_default() if pydantic_parts.is_private_attribute(value) else copy.deepcopy(value)
        )
    check_attributes(made)
    if cls.__config_after__ and not holds_references(values):
        for check in cls.__config_after__:
            check(made)
