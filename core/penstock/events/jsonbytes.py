"""JSON as bytes, fast for what is common and exact for what is not.

Owns: the two ways in which stored text is written: plain JSON by orjson, and after a marker byte
whatever orjson cannot carry exactly (integers beyond 64 bits, NaN and infinities, lone surrogates).
Must not know what is written. Must not be imported by definition code: it brings orjson.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

import orjson

_MARK = b"~"
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def dumps(value: Any, *, finite: bool = False) -> bytes:
    """Write JSON-able data; what is no JSON is written as its text.

    Args:
        value: mappings, lists, tuples, text, numbers, booleans and None, nested at will.
        finite: that no NaN or infinity is inside is known; they would become null.
    """
    try:
        found = orjson.dumps(value, default=_as_plain, option=_OPTIONS)
    except (orjson.JSONEncodeError, RecursionError):
        return _dumps_exactly(value)
    # orjson writes NaN and infinities as null, silently; a null is rare enough to look again.
    if not finite and b"null" in found and _has_odd_number(value):
        return _dumps_exactly(value)
    return found


def loads(body: bytes) -> Any:
    """Read back what ``dumps`` wrote."""
    return json.loads(body[1:]) if body[:1] == _MARK else orjson.loads(body)


def _dumps_exactly(value: Any) -> bytes:
    return _MARK + json.dumps(_with_text_keys(value), default=_as_plain, separators=(",", ":")).encode()


def _as_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[Any]", value), key=str)
    return str(value)


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {key if isinstance(key, str) else str(key): _with_text_keys(item) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [_with_text_keys(item) for item in cast("list[Any]", value)]
    return value


def _has_odd_number(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(map(_has_odd_number, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_odd_number, cast("list[Any]", value)))
    return False
