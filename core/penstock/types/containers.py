"""Types of types: lists, dicts, sets, tuples, optionals, unions and literals.

Owns: the checks inside containers and their loaders. Gets resolved types, never annotations.
Items are looked at only in built-in containers: looking into others might use them up.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from typing import Any

from penstock.types.checks import PASSED, TypeCheck, refused
from penstock.types.definition import CheckFunction, PythonObjectType, Type, TypeKind, described, found
from penstock.types.loaders import ItemsLoader, NoneOrLoader, PlainLoader, TypeLoader, ValuesLoader

_BUILT_IN: tuple[type[Any], ...] = (list, tuple, set, frozenset, dict)


def list_of(inner: Type) -> Type:
    """A list whose items are of one type."""
    loader = inner.loader and ItemsLoader(_list_schema(inner), (inner.loader,), list)
    name = f"[{inner.display_name}]"
    return _made(items_check(list, inner), name, list[inner.typing_type], (inner,), loader, TypeKind.LIST)


def set_of(inner: Type) -> Type:
    """A set whose items are of one type."""
    loader = inner.loader and ItemsLoader(_list_schema(inner), (inner.loader,), set)
    name = f"Set[{inner.display_name}]"
    return _made(items_check(set, inner), name, set[inner.typing_type], (inner,), loader)


def dict_of(key: Type, value: Type) -> Type:
    """A dict whose keys and values are of one type each."""
    loader: TypeLoader | None = None
    if value.loader is not None and value.loader.annotated:
        loader = ValuesLoader(dict[key.typing_type, value.loader.schema_type], value.loader)
    name = f"Dict[{key.display_name},{value.display_name}]"
    annotation = dict[key.typing_type, value.typing_type]
    return _made(entries_check(dict, key, value), name, annotation, (key, value), loader)


def tuple_of(inner: tuple[Type, ...]) -> Type:
    """A tuple of so many items, each of its own type."""
    loaders = tuple(one.loader for one in inner if one.loader is not None)
    loader = ItemsLoader(list, loaders, tuple) if loaders and len(loaders) == len(inner) else None
    name = f"Tuple[{','.join(one.display_name for one in inner)}]"
    annotation = tuple[tuple(one.typing_type for one in inner)]  # type: ignore[misc]  # built while running
    return _made(_positions_check(inner), name, annotation, inner, loader)


def tuple_of_many(inner: Type) -> Type:
    """A tuple of any length whose items are of one type."""
    loader = inner.loader and ItemsLoader(_list_schema(inner), (inner.loader,), tuple)
    name = f"Tuple[{inner.display_name},...]"
    return _made(items_check(tuple, inner), name, tuple[inner.typing_type, ...], (inner,), loader)


def optional_of(inner: Type) -> Type:
    """A value of a type, or None."""

    def check(context: Any, value: object) -> TypeCheck | bool:
        return value is None or inner.type_check(context, value)

    loader: TypeLoader | None = None
    if inner.loader is not None:
        schema = inner.loader.schema_type
        wanted = typing.Optional[schema] if inner.loader.annotated else schema  # noqa: UP045  # built while running
        loader = NoneOrLoader(wanted, inner.loader)
    annotation = typing.Optional[inner.typing_type]  # noqa: UP045  # built while running
    made = _made(check, f"{inner.display_name}?", annotation, (inner,), loader, TypeKind.NULLABLE)
    made.accepts_anything = inner.accepts_anything
    return made


def union_of(inner: tuple[Type, ...], annotation: Any) -> Type:
    """A value of any of several types."""
    names = " or ".join(one.display_name for one in inner)

    def check(context: Any, value: object) -> TypeCheck | bool:
        fits = any(one.type_check(context, value).success for one in inner)
        return fits or refused(f"expected {names}, found {found(value)}")

    plain = all(type(one.loader) is PlainLoader for one in inner)
    loader = (
        PlainLoader(annotation, wrapped=all(one.typing_type is not dict for one in inner)) if plain else None
    )
    name = f"Union[{','.join(one.display_name for one in inner)}]"
    made = _made(check, name, annotation, inner, loader)
    made.accepts_anything = any(one.accepts_anything for one in inner)
    return made


def literal_of(choices: tuple[Any, ...], annotation: Any) -> Type:
    """One of several constants."""
    text = " or ".join(map(repr, choices))

    def check(_context: Any, value: object) -> TypeCheck | bool:
        fits = any(type(value) is type(choice) and value == choice for choice in choices)
        return fits or refused(f"expected {text}, found {found(value)}")

    plain = all(type(choice) in {str, int, bool} for choice in choices)
    name = f"Literal[{', '.join(map(repr, choices))}]"
    return _made(check, name, annotation, (), PlainLoader(annotation) if plain else None)


def items_check(container: type[Any], inner: Type) -> CheckFunction:
    """A check that a value is a container and all its items are of one type.

    Args:
        container: the class of the container.
        inner: the type of the items.
    """

    def check(context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, container):
            return refused(f"expected {described(container)}, found {found(value)}")
        return PASSED if inner.accepts_anything else _check_items(context, value, inner, "item")

    return check


def entries_check(container: type[Any], key: Type, inner: Type) -> CheckFunction:
    """A check that a value is a mapping and all its keys and values are of one type each.

    Args:
        container: the class of the mapping.
        key: the type of the keys.
        inner: the type of the values.
    """

    def check(context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, container):
            return refused(f"expected {described(container)}, found {found(value)}")
        if not isinstance(value, dict):
            return PASSED
        keys = _check_items(context, tuple(typing.cast("dict[Any, Any]", value)), key, "key")
        return _check_values(context, typing.cast("Any", value), inner) if keys.success else keys

    return check


def _check_values(context: Any, value: dict[Any, Any], inner: Type) -> TypeCheck:
    if inner.accepts_anything or _all_instances(value.values(), inner):
        return PASSED
    for key, item in value.items():
        answer = inner.type_check(context, item)
        if not answer.success:
            return _inside(answer, f"value at {key!r}")
    return PASSED


def _check_items(context: Any, items: Any, inner: Type, what: str) -> TypeCheck:
    if inner.accepts_anything or not isinstance(items, _BUILT_IN) or _all_instances(items, inner):
        return PASSED
    for at, item in enumerate(typing.cast("Iterable[Any]", items)):
        answer = inner.type_check(context, item)
        if not answer.success:
            return _inside(answer, f"{what} {at}")
    return PASSED


def _all_instances(items: Iterable[Any], inner: Type) -> bool:
    """Whether this is already clear from the classes of the items: fast for long lists."""
    if type(inner) is not PythonObjectType or not inner.by_instance:
        return False
    return all(issubclass(kind, inner.python_type) for kind in set(map(type, items)))


def _inside(answer: TypeCheck, where: str) -> TypeCheck:
    return TypeCheck(success=False, description=f"{where}: {answer.description}", metadata=answer.metadata)


def _positions_check(inner: tuple[Type, ...]) -> CheckFunction:
    def check(context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, tuple):
            return refused(f"expected tuple, found {found(value)}")
        items = typing.cast("tuple[Any, ...]", value)
        if len(items) != len(inner):
            return refused(f"expected a tuple of {len(inner)} items, found {len(items)}: {found(items)}")
        for at, (one, item) in enumerate(zip(inner, items, strict=True)):
            answer = one.type_check(context, item)
            if not answer.success:
                return _inside(answer, f"item {at}")
        return PASSED

    return check


def _list_schema(inner: Type) -> Any:
    loader = typing.cast("TypeLoader", inner.loader)
    return list[loader.schema_type] if loader.annotated else [loader.schema_type]


def _made(
    check: CheckFunction,
    name: str,
    annotation: Any,
    inner: tuple[Type, ...],
    loader: TypeLoader | None,
    kind: TypeKind = TypeKind.REGULAR,
) -> Type:
    made = Type(check, key=name, kind=kind, typing_type=annotation, loader=loader)
    made.inner_types = inner
    return made
