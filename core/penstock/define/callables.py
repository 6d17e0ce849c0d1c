"""Small user functions around definitions: which single argument they take.

Owns: whether a resource, hook, logger or executor function takes its context, the complaint when it
takes something else, and from which line a function of ours was called. Pure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from penstock.errors import InvalidDefinitionError


def takes_argument(fn: Callable[..., Any], what: str, wanted: str) -> bool:
    """Whether a function takes its one argument, or none at all.

    Args:
        fn: the user's function.
        what: what it is, for the message (``"@resource"``).
        wanted: the name of the argument, for the message.

    Raises:
        InvalidDefinitionError: when it needs more than one argument.
    """
    parameters = positional_parameters(fn)
    if len([one for one in parameters if one.default is one.empty]) > 1:
        name = getattr(fn, "__name__", repr(fn))
        raise InvalidDefinitionError(
            f"The {what} function {name!r} takes at most one argument, {wanted};"
            f" found {', '.join(one.name for one in parameters)}."
        )
    return bool(parameters)


def positional_parameters(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that can be given by place; none for callables without a signature."""
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return []
    by_place = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [one for one in parameters if one.kind in by_place]


def is_schema(first: Any) -> bool:
    """Whether the first argument of a decorator is a config schema and not the function itself."""
    return isinstance(first, type) or not callable(first)


def place_of_caller() -> str:
    """``"file.py:12"`` of the call of the function that asks, empty where Python cannot tell."""
    own = inspect.currentframe()
    asking = own and own.f_back
    caller = asking and asking.f_back
    return f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else ""
