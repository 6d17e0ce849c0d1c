"""``Type``: a named check of values, with what others derive from it.

Owns: the call of check functions and the checks by Python class. Knows no annotations
(``annotations``) and no containers (``containers``).
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from penstock.errors import InvalidDefinitionError, InvariantViolationError, TypeCheckError
from penstock.metadata import MetadataValue, normalize_metadata
from penstock.types.checks import PASSED, TypeCheck, refused, require_parameters
from penstock.types.loaders import TypeLoader

CheckFunction = Callable[[Any, Any], "TypeCheck | bool"]


class TypeKind(enum.Enum):
    """The shape of a type."""

    ANY = "ANY"
    SCALAR = "SCALAR"
    LIST = "LIST"
    NOTHING = "NOTHING"
    NULLABLE = "NULLABLE"
    REGULAR = "REGULAR"


class Type:
    """What a value of an input or output must be.

    Args:
        type_check_fn: ``(context, value) -> bool | TypeCheck``.
        key: identity of the type; by default its name.
        name: what people see; by default the key.
        is_builtin: whether the type comes with the package.
        description: what the type means.
        loader: makes values from run config; None means that config cannot give one.
        required_resource_keys: resources that the check function uses.
        kind: the shape of the type.
        typing_type: the annotation that says the same, for conversion and config.
        metadata: facts about the type.

    Raises:
        InvalidDefinitionError: when there is neither name nor key, or the function does not take
            two arguments.
    """

    accepts_anything: bool = False
    inner_types: tuple[Type, ...] = ()

    def __init__(  # names and order are the public API
        self,
        type_check_fn: CheckFunction,
        key: str | None = None,
        name: str | None = None,
        is_builtin: bool = False,
        description: str | None = None,
        loader: TypeLoader | None = None,
        required_resource_keys: Iterable[str] | None = None,
        kind: TypeKind = TypeKind.REGULAR,
        typing_type: Any = Any,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._name, self.key = _identity(name, key)
        self.kind, self.is_builtin, self.typing_type = kind, is_builtin, typing_type
        self.description, self.loader = description, loader
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.metadata: Mapping[str, MetadataValue] = normalize_metadata(metadata) if metadata else {}
        if not is_builtin:
            who = f"The check function of type {self.display_name!r}"
            require_parameters(type_check_fn, ("context", "value"), who)
        self._check = type_check_fn

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.display_name}>"

    @property
    def display_name(self) -> str:
        """What people see."""
        return self._name or self.key

    @property
    def unique_name(self) -> str:
        """The name, or the key of a type without name."""
        return self._name or self.key

    @property
    def has_unique_name(self) -> bool:
        """Whether the type was given a name."""
        return self._name is not None

    @property
    def is_nothing(self) -> bool:
        """Whether no value is passed, only order is kept."""
        return self.kind is TypeKind.NOTHING

    @property
    def is_any(self) -> bool:
        """Whether the type is ``Any``."""
        return self.kind is TypeKind.ANY

    @property
    def supports_fan_in(self) -> bool:
        """Whether an input of this type may collect several outputs into a list."""
        return self.kind in {TypeKind.LIST, TypeKind.ANY, TypeKind.NOTHING}

    @property
    def fan_in_type(self) -> Type:
        """The type of each output that such an input collects."""
        return self.inner_types[0] if self.kind is TypeKind.LIST else self

    def type_check(self, context: Any, value: object) -> TypeCheck:
        """Ask whether a value is of this type.

        Args:
            context: a ``TypeCheckContext``, handed on to the check function.
            value: any value.

        Raises:
            TypeCheckError: when the check function raised; the cause is chained.
            InvariantViolationError: when it returned something else than bool or ``TypeCheck``.
        """
        if self.accepts_anything:
            return PASSED
        try:
            answer: Any = self._check(context, value)
        except (TypeCheckError, InvariantViolationError):
            raise
        except Exception as error:
            raise TypeCheckError(
                f"The check function of type {self.display_name!r} raised"
                f" {type(error).__qualname__}: {error}. It should return False or a TypeCheck."
            ) from error
        return PASSED if answer is True else self._as_check(answer)

    def _as_check(self, answer: Any) -> TypeCheck:
        if isinstance(answer, TypeCheck):
            return answer
        if answer is False:
            return TypeCheck(success=False)
        if type(answer).__module__ == "numpy":
            return TypeCheck(success=answer)
        raise InvariantViolationError(
            f"The check function of type {self.display_name!r} returned {answer!r:.120} of type"
            f" {type(answer).__qualname__}; it should return True, False or a TypeCheck."
        )


def _identity(name: str | None, key: str | None) -> tuple[str | None, str]:
    if name is None and key is None:
        raise InvalidDefinitionError("A Type has a name, a key, or both. Write Type(name=..., ...).")
    return name, key if key is not None else typing.cast("str", name)


class PythonObjectType(Type):
    """The instances of a Python class.

    Args:
        python_type: the class, or a tuple of classes.
        key: identity of the type; by default its name.
        name: what people see; by default the name of the class.
        options: further arguments of ``Type``, except the check function.

    Raises:
        InvalidDefinitionError: when ``python_type`` is not a class.
    """

    def __init__(
        self,
        python_type: type | tuple[type, ...],
        key: str | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        classes = python_type if isinstance(python_type, tuple) else (python_type,)
        for found in classes:
            if not isinstance(found, type):
                raise InvalidDefinitionError(
                    f"PythonObjectType(python_type=...) takes a class, found {found!r:.120}."
                )
        self.python_type = python_type
        self.accepts_anything = object in classes
        #: whether ``isinstance`` alone decides, so that containers may look at classes only
        self.by_instance = all(type(found) is type for found in classes)
        name = name or (None if key else _class_name(classes))
        options.setdefault("typing_type", typing.Union[classes])  # noqa: UP007  # built while running
        super().__init__(_instance_check(python_type), key=key, name=name, **options)


def _class_name(classes: tuple[type, ...]) -> str:
    names = [found.__name__ for found in classes]
    return names[0] if len(names) == 1 else f"Union[{', '.join(names)}]"


def _instance_check(python_type: type | tuple[type, ...]) -> CheckFunction:
    wanted = described(python_type)

    def check(_context: Any, value: object) -> TypeCheck | bool:
        return isinstance(value, python_type) or refused(f"expected {wanted}, found {found(value)}")

    return check


def described(python_type: type | tuple[type, ...]) -> str:
    """Classes as people write them, with their module unless it is ``builtins``."""
    if isinstance(python_type, tuple):
        return " or ".join(described(one) for one in python_type)
    module = python_type.__module__
    return python_type.__qualname__ if module == "builtins" else f"{module}.{python_type.__qualname__}"


def found(value: object) -> str:
    """A value's class and its beginning, for messages."""
    if value is None:
        return "None"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # the user's __repr__ must not hide the real message
        text = "a value whose repr fails"
    return f"{described(type(value))} {text if len(text) <= 80 else text[:77] + '...'}"


def loader_schema(wanted: Type) -> Any | None:
    """The config schema from which an input of this type can be filled; None where it cannot.

    Args:
        wanted: any type.
    """
    return wanted.loader.schema_type if wanted.loader is not None else None
