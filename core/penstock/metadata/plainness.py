"""Plain values: what JSON can say, copied into one canonical form.

Owns: the test and the copy that make user data safe to keep: string keys, lists instead of
tuples, NumPy scalars as Python numbers, no aliasing with the user's own objects.
Knows nothing of the kinds of metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from penstock.errors import InvalidMetadataError

Scalar = str | int | float | bool | None
_BYTES: tuple[type, ...] = (bytes, bytearray, memoryview)
_EXACT: frozenset[type] = frozenset({str, int, float, bool, type(None)})


def as_scalar(value: Any) -> Any:
    """A string, number, bool or None as exactly that type; anything else is returned as it is.

    Args:
        value: any object; subclasses (string enums, NumPy scalars) lose their class.
    """
    if type(value) in _EXACT:
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return _bare(value, kind)
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        found: Any = item()
        return as_scalar(found) if type(found) is not type(value) else value
    return value


def _bare(value: Any, kind: type) -> Any:
    # str(...) of an enum member is its name, so the unbound method of the plain type is asked
    return {str: str.__str__, int: int.__int__, float: float.__float__}[kind](value)


def is_scalar(value: Any) -> bool:
    """Whether this is exactly a string, int, float, bool or None."""
    return type(value) in _EXACT


def json_copy(value: Any, where: str = "$") -> Any:
    """Copy data into canonical JSON shape: dicts with string keys, lists, scalars.

    Args:
        value: nested mappings, sequences and scalars.
        where: path of ``value``, for the message.

    Raises:
        InvalidMetadataError: naming the path of the first value that JSON cannot hold.
    """
    scalar = as_scalar(value)
    if type(scalar) in _EXACT:
        return scalar
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_key(key, where): json_copy(item, f"{where}.{key}") for key, item in items}
    if _is_sequence(value):
        return [json_copy(item, f"{where}[{at}]") for at, item in enumerate(value)]
    raise InvalidMetadataError(
        f"JSON metadata holds strings, numbers, bools, None, lists and dicts, but {where} is a"
        f" {type(value).__qualname__}: {value!r:.120}. Turn it into one of these first."
    )


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, _BYTES)


def _key(key: Any, where: str) -> str:
    key = as_scalar(key)
    if type(key) is str:
        return key
    if key is None or type(key) is bool:
        return {None: "null", True: "true", False: "false"}[key]
    if type(key) in _EXACT:
        return repr(key)
    raise InvalidMetadataError(
        f"JSON metadata has string keys, but {where} has the key {key!r:.120}"
        f" of type {type(key).__qualname__}. Write str(key)."
    )
