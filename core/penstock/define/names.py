"""What definitions may be called, and how their tags are written.

Owns: the rule for names of ops, graphs, jobs, resources, inputs and outputs, and the
normal form of tags. Pure.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

from penstock.errors import InvalidDefinitionError

RESERVED_NAMES = frozenset(
    {
        *keyword.kwlist,
        *("context", "conf", "config", "meta", "arg_dict", "input_arg_dict", "output_arg_dict"),
        *("bool", "dict", "float", "input", "int", "output", "str", "type"),
    }
)
"""Names that a node cannot have: they would clash with parameters or with Python itself."""

_MATCHES = re.compile(r"[A-Za-z0-9_]+").fullmatch
_NO_TAGS: Mapping[str, str] = {}


def checked_name(name: str, what: str) -> str:
    """A name that may stand in step keys, run config and URLs.

    Args:
        name: the name as given.
        what: what is being named, for the message (``"op"``).

    Raises:
        InvalidDefinitionError: when it has other characters than letters, digits and underscores,
            or is reserved.
    """
    if not isinstance(name, str) or _MATCHES(name) is None:
        raise InvalidDefinitionError(
            f"{name!r} cannot be the name of {_a(what)}: wanted letters, digits and underscores only"
            f" (regex [A-Za-z0-9_]+).{_proposal(name)}"
        )
    if name in RESERVED_NAMES:
        raise InvalidDefinitionError(
            f"{name!r} cannot be the name of {_a(what)}: it is reserved. Try {name + '_' + what!r}."
        )
    return name


def name_of(fn: Any) -> str:
    """The name of a function, also of one wrapped in ``partial``, else of its class."""
    fn = getattr(fn, "func", fn)
    return getattr(fn, "__name__", None) or type(fn).__name__


def checked_slot(name: str, what: str, owner: str) -> str:
    """A name that an input or output may have.

    Args:
        name: the name as given.
        what: ``"input"`` or ``"output"``.
        owner: whose it is, for the message.

    Raises:
        InvalidDefinitionError: when it is no identifier made of letters, digits and underscores.
    """
    if not isinstance(name, str) or _MATCHES(name) is None or keyword.iskeyword(name):
        raise InvalidDefinitionError(
            f"{name!r} cannot be the name of an {what} of {owner!r}: wanted letters, digits and"
            f" underscores only (regex [A-Za-z0-9_]+), and no Python keyword."
        )
    return name


def as_tags(tags: Mapping[str, Any] | None, owner: str) -> Mapping[str, str]:
    """Tags with all values as text; values that are no text are written as JSON.

    Args:
        tags: as given, or None.
        owner: whose they are, for the message.

    Raises:
        InvalidDefinitionError: when a key is no text or a value cannot be written as JSON.
    """
    if not tags:
        return _NO_TAGS
    return {_tag_key(key, owner): _tag_value(key, value, owner) for key, value in tags.items()}


def _tag_key(key: Any, owner: str) -> str:
    if not isinstance(key, str):
        raise InvalidDefinitionError(f"Tags of {owner!r} want text as keys, found {key!r}.")
    return key


def _tag_value(key: Any, value: Any, owner: str) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise InvalidDefinitionError(
            f"Tag {key!r} of {owner!r} wants text or something that JSON can say,"
            f" found {value!r} ({type(value).__name__})."
        ) from error


def _a(what: str) -> str:
    return f"an {what}" if what[:1] in "aeiou" else f"a {what}"


def _proposal(name: Any) -> str:
    if not isinstance(name, str):
        return ""
    near = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    if near in RESERVED_NAMES:
        near = f"{near}_1"
    return f" Try {near!r}." if near else ""
