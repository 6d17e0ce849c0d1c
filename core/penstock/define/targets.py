"""Targets of schedules and sensors: which job their runs are of.

Owns: the name that a schedule or sensor takes from its job, and calling its function as tests do. Must not
know what the function returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.define.names import checked_name
from penstock.define.signature import read_shape
from penstock.errors import InvalidDefinitionError


def as_text(given: str | None) -> str:
    """A name that may be left out."""
    return given or ""


def name_target(definition: Any, what: str) -> None:
    """Set the name of a definition, and of its job, from each other.

    Args:
        definition: a schedule or sensor under construction.
        what: which of the two.

    Raises:
        InvalidDefinitionError: when it has no job, or its name is not one.
    """
    job = definition.job
    if job is None and not definition.job_name:
        raise InvalidDefinitionError(f"The {what} {definition.name!r} has no job. Give job= or job_name=.")
    if job is not None:
        object.__setattr__(definition, "job_name", job.name)
    if not definition.name:
        object.__setattr__(definition, "name", f"{definition.job_name}_{what}")
    checked_name(definition.name, what)


def call_evaluation(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a function that may or may not take a context."""
    shape = read_shape(fn)
    takes_context = shape.context is not None or bool(shape.order)
    return fn(*args, **kwargs) if takes_context else fn(**kwargs)
