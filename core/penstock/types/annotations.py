"""From Python annotations to types.

Owns: the reading of every annotation that people write, and the classes that were given a type
of their own. What cannot be checked is ``Any``: an annotation never makes a program fail. Lazy:
``logging``, of which definitions need nothing, is imported when a value is checked.
"""

from __future__ import annotations

import collections
import collections.abc
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from penstock.errors import InvalidDefinitionError
from penstock.types.checks import TypeCheck, TypeCheckContext
from penstock.types.containers import (
    dict_of,
    entries_check,
    items_check,
    list_of,
    literal_of,
    optional_of,
    set_of,
    tuple_of,
    tuple_of_many,
    union_of,
)
from penstock.types.definition import PythonObjectType, Type
from penstock.types.loaders import PlainLoader, TypeLoader
from penstock.types.scalars import ANY, NOTHING, SCALARS, anything

_C = TypeVar("_C", bound=type)
_REMEMBERED_AT_MOST = 4096
_remembered: dict[Any, Type] = {}
_registered: dict[type[Any], Type] = {}


def resolve_type(annotation: Any) -> Type:
    """The type that an annotation says.

    Args:
        annotation: a ``Type``, a class, anything of ``typing``, None for ``Nothing``; strings and
            what cannot be checked are ``Any``.

    Raises:
        InvalidDefinitionError: when it is no annotation at all, for example a number.
    """
    if isinstance(annotation, Type):
        return annotation
    try:
        known = _remembered.get(annotation)
    except TypeError:
        return _resolved(annotation)
    if known is None:
        if len(_remembered) >= _REMEMBERED_AT_MOST:
            _remembered.clear()
        known = _remembered[annotation] = _resolved(annotation)
    return known


def check_type(type: Any, value: object) -> TypeCheck:
    """Ask whether a value is of a type, outside of any run.

    Args:
        type: a ``Type`` or an annotation.
        value: any value.

    Raises:
        TypeCheckError: when the type's check function raised.
    """
    from logging import getLogger  # noqa: PLC0415 - lazy, as the docstring says

    return resolve_type(type).type_check(TypeCheckContext(log=getLogger(__name__)), value)


class TypeName:
    """A name such as ``List`` that is a type by itself and gives types when subscripted.

    Args:
        name: the name.
        bare: what it means by itself.
        make: what it means with arguments.
        count: how many arguments it takes; None is any number.
    """

    def __init__(self, name: str, bare: Any, make: Callable[..., Type], count: int | None) -> None:
        self._name, self.bare, self._make, self._count = name, bare, make, count

    def __getitem__(self, arguments: Any) -> Type:
        given = cast("tuple[Any, ...]", arguments if isinstance(arguments, tuple) else (arguments,))
        if self._count is not None and len(given) != self._count:
            raise InvalidDefinitionError(f"{self._name}[...] takes {self._count} types, found {len(given)}.")
        return self._make(*map(resolve_type, given))

    def __repr__(self) -> str:
        return self._name


def make_python_type_usable_as_type(python_type: type[Any], type: Type) -> None:
    """Let a class stand for a type of its own wherever it is an annotation.

    Args:
        python_type: the class.
        type: the type that it stands for.

    Raises:
        InvalidDefinitionError: when the class already stands for another type.
    """
    taken = _registered.get(python_type) or SCALARS.get(python_type)
    if taken is not None and taken is not type:
        raise InvalidDefinitionError(
            f"{python_type.__qualname__} already stands for the type {taken.display_name!r};"
            f" it cannot stand for {type.display_name!r} too. Annotate with the Type itself."
        )
    _registered[python_type] = type
    _remembered.clear()


@overload
def usable_as_type(name: _C, description: str | None = None, loader: TypeLoader | None = None) -> _C: ...
@overload
def usable_as_type(
    name: str | None = None, description: str | None = None, loader: TypeLoader | None = None
) -> Callable[[_C], _C]: ...
def usable_as_type(name: Any = None, description: str | None = None, loader: TypeLoader | None = None) -> Any:
    """Decorate a class so that it is a type with a name, a description and a loader of its own.

    Args:
        name: what people see; by default the name of the class.
        description: what the type means.
        loader: makes values from run config.
    """

    def decorate(python_type: _C) -> _C:
        shown = name if isinstance(name, str) else python_type.__name__
        made = PythonObjectType(python_type, name=shown, description=description, loader=loader)
        make_python_type_usable_as_type(python_type, made)
        return python_type

    return decorate(name) if isinstance(name, type) else decorate


def _resolved(annotation: Any) -> Type:
    if annotation is None or annotation is type(None):
        return NOTHING
    if isinstance(annotation, TypeName):
        return resolve_type(annotation.bare)
    if annotation in _UNCHECKED or isinstance(annotation, (str, typing.ForwardRef)):
        return ANY
    origin: Any = typing.get_origin(annotation)
    if origin is not None:
        return _from_generic(annotation, origin, typing.get_args(annotation))
    return _from_class(annotation) if isinstance(annotation, type) else _from_form(annotation)


_UNCHECKED: list[Any] = [Any, inspect.Parameter.empty, typing.Optional, typing.Union]


def _from_class(found: type[Any]) -> Type:
    known = _registered.get(found) or SCALARS.get(found)
    if known is not None:
        return known
    if found in _BARE:
        return _BARE[found]()
    if typing.is_typeddict(found):
        return PythonObjectType(dict, name=found.__name__, typing_type=found)
    try:
        isinstance(None, found)
    except TypeError:  # for example a Protocol that is not runtime_checkable
        return anything(found.__name__, found)
    return PythonObjectType(found, typing_type=found)


def _from_form(annotation: Any) -> Type:
    """What is neither a class nor subscripted."""
    inner = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if inner is not None:  # NewType, or a type alias of Python 3.12
        return resolve_type(inner)
    if annotation is typing.LiteralString:
        return SCALARS[str]
    if type(annotation).__module__ in _TYPING or getattr(annotation, "__module__", None) in _TYPING:
        return ANY
    raise InvalidDefinitionError(
        f"A type is a Type, a class or an annotation, found {annotation!r:.120}"
        f" of type {type(annotation).__qualname__}."
    )


_TYPING = frozenset({"typing", "typing_extensions"})


def _from_generic(annotation: Any, origin: Any, args: tuple[Any, ...]) -> Type:
    if origin in {typing.Union, types.UnionType}:
        return _from_union(annotation, args)
    if origin is typing.Literal:
        return literal_of(args, annotation)
    if origin in _WRAPPERS:
        return resolve_type(args[0]) if args else ANY
    build = _GENERICS.get(origin)
    if build is not None:
        return build(*args) if args else _from_class(origin)
    if isinstance(origin, type):
        return _from_abstract(annotation, origin, args)
    return _from_form(origin)


_WRAPPERS: list[Any] = [
    typing.Annotated,
    typing.Final,
    typing.ClassVar,
    typing.Required,
    typing.NotRequired,
]


def _from_union(annotation: Any, args: tuple[Any, ...]) -> Type:
    rest = tuple(resolve_type(arg) for arg in args if arg is not type(None))
    if len(rest) == len(args):
        return union_of(rest, annotation)
    if len(rest) == 1:
        return optional_of(rest[0])
    return optional_of(union_of(rest, typing.Union[tuple(one.typing_type for one in rest)]))  # noqa: UP007  # built while running


def _from_abstract(annotation: Any, origin: type[Any], args: tuple[Any, ...]) -> Type:
    """A subscripted class that is none of the built-in containers."""
    if origin in _MAPPINGS and len(args) == 2:
        check = entries_check(origin, resolve_type(args[0]), resolve_type(args[1]))
    elif origin in _COLLECTIONS and len(args) == 1:
        check = items_check(origin, resolve_type(args[0]))
    elif origin is type:
        return PythonObjectType(type, typing_type=annotation)
    else:
        bare = _from_class(origin)
        return (
            anything(bare.display_name, annotation) if bare.accepts_anything else _retyped(bare, annotation)
        )
    names = ",".join(resolve_type(arg).display_name for arg in args)
    return Type(check, key=f"{origin.__name__}[{names}]", typing_type=annotation)


def _retyped(bare: Type, annotation: Any) -> Type:
    if type(bare) is not PythonObjectType:
        return bare
    return PythonObjectType(bare.python_type, name=bare.display_name, typing_type=annotation)


def _tuple(*args: Any) -> Type:
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple_of_many(resolve_type(args[0]))
    return tuple_of(() if args == ((),) else tuple(map(resolve_type, args)))


def _plain(python_type: type[Any], loader: TypeLoader | None = None) -> Callable[[], Type]:
    return lambda: PythonObjectType(python_type, typing_type=python_type, loader=loader)


_BARE: dict[Any, Callable[[], Type]] = {
    list: lambda: list_of(ANY),
    dict: _plain(dict, PlainLoader(dict, wrapped=False)),
}
_GENERICS: dict[Any, Callable[..., Type]] = {
    list: lambda *args: list_of(*map(resolve_type, args)),
    set: lambda *args: set_of(*map(resolve_type, args)),
    dict: lambda *args: dict_of(*map(resolve_type, args)),
    tuple: _tuple,
}
_MAPPINGS: frozenset[type[Any]] = frozenset(
    {
        collections.OrderedDict,
        collections.abc.Mapping,
        collections.abc.MutableMapping,
        collections.defaultdict,
    }
)
_COLLECTIONS: frozenset[type[Any]] = frozenset(
    {
        collections.abc.Collection,
        collections.abc.MutableSequence,
        collections.abc.MutableSet,
        collections.abc.Sequence,
        collections.abc.Set,
        frozenset,
    }
)
