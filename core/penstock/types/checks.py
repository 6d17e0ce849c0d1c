"""What a type check answers, and what a check function is told.

Owns: ``TypeCheck``, ``TypeCheckContext``, the words of a refusal and what is asked of functions
that users give. Knows no type.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from attrs import field

from penstock.errors import InvalidDefinitionError, InvariantViolationError, TypeCheckDidNotPass
from penstock.metadata import MetadataValue, normalize_metadata
from penstock.values import frozen


def _answer(success: Any) -> bool:
    if isinstance(success, bool):
        return success
    if type(success).__module__ == "numpy" and type(success).__name__ in {"bool", "bool_"}:
        return bool(success)
    raise InvariantViolationError(
        f"TypeCheck(success=...) is True or False, found {success!r:.120}"
        f" of type {type(success).__qualname__}. Write bool(...)."
    )


def _entries(metadata: Mapping[str, Any] | None) -> Mapping[str, MetadataValue]:
    return normalize_metadata(metadata) if metadata else {}


@frozen(hash=False)
class TypeCheck:
    """The answer of a type check.

    Args:
        success: whether the value is of the type.
        description: why, in words.
        metadata: facts about the value; they are recorded with the input or output.
    """

    success: bool = field(converter=_answer)
    description: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=_entries)


PASSED = TypeCheck(success=True)


@frozen(kw_only=True)
class TypeCheckContext:
    """What a check function may look at besides the value.

    Args:
        run_id: the run that checks.
        log: the run's logger.
        resources: the resources that the type requires.
        type: the ``Type`` that is checked.
    """

    run_id: str | None = None
    log: Any = None
    resources: Any = None
    type: Any = None


def refused(description: str) -> TypeCheck:
    """An answer that the value is not of the type."""
    return TypeCheck(success=False, description=description)


def refusal(type_name: str, check: TypeCheck, where: str) -> TypeCheckDidNotPass:
    """The error for a value that a check refused; the caller raises it.

    Args:
        type_name: display name of the type that was wanted.
        check: the check's answer.
        where: the input or output, for example ``output "result" of step "load"``.
    """
    why = f" {check.description.rstrip('.')}." if check.description else ""
    return TypeCheckDidNotPass(
        f"Type check failed for {where}: the value is not of type {type_name!r}.{why}"
        " Change the annotation, or what is passed.",
        metadata=check.metadata,
        type_name=type_name,
    )


def require_parameters(function: Any, names: tuple[str, ...], who: str) -> None:
    """Insist that a function of the user can be called with so many arguments.

    Args:
        function: what the user gave.
        names: what the arguments are, in order.
        who: the beginning of the message, for example ``The check function of type 'Even'``.

    Raises:
        InvalidDefinitionError: when it is no function, or takes more or fewer arguments.
    """
    if not callable(function):
        raise InvalidDefinitionError(f"{who} is a function ({', '.join(names)}), found {function!r:.120}.")
    try:
        inspect.signature(function).bind(*names)
    except TypeError as error:
        raise InvalidDefinitionError(
            f"{who} takes {len(names)} arguments, ({', '.join(names)}): {error}."
        ) from error
    except ValueError:
        return  # a builtin without a signature is believed
