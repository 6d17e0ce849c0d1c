"""Long texts of an event, cut so that everybody sees that they were cut.

Owns: what may be cut (messages, descriptions, stack lines) and how the cut reads.
Metadata is ``metadata_cut``'s; tags and keys are never cut. Must not know bytes or stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from attrs import evolve

from penstock.events.values import ErrorInfo, Happened

TEXT_LIMIT = 4096
"""Characters that a message or description may keep."""

STACK_LIMIT = 60
"""Lines of a stack that stay: the first and the last ones."""

CAUSE_LIMIT = 4
"""Errors of a chain that stay."""

_TEXTS = ("message", "description", "reason")
_HOLDERS = ("failure", "type_check", "evaluation", "materialization", "observation", "expectation")

T = TypeVar("T")


def shorten(event: Happened) -> Happened:
    """The same event with every long text cut."""
    changes: dict[str, Any] = _texts_of(event)
    error: ErrorInfo | None = getattr(event, "error", None)
    if error is not None:
        changes["error"] = shorten_error(error)
    for name in _HOLDERS:
        held = getattr(event, name, None)
        if held is not None and (cut := _texts_of(held)):
            changes[name] = evolve(held, **cut)
    return evolve(event, **changes)


def shorten_error(error: ErrorInfo, causes: int = CAUSE_LIMIT) -> ErrorInfo:
    """The same error with its message, stack and chain of causes cut."""
    cause = None
    if error.cause is not None:
        cause = shorten_error(error.cause, causes - 1) if causes > 1 else _rest(error.cause)
    return ErrorInfo(
        cls_name=error.cls_name, message=cut_text(error.message), stack=_cut_stack(error.stack), cause=cause
    )


def cut_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """At most ``limit`` characters of a text, and how many are missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … [{len(text) - limit:,} more characters were cut]"


def _texts_of(value: object) -> dict[str, Any]:
    found = {name: getattr(value, name, None) for name in _TEXTS}
    return {name: cut_text(text) for name, text in found.items() if text and len(text) > TEXT_LIMIT}


def _cut_stack(stack: Sequence[str]) -> tuple[str, ...]:
    lines = [cut_text(line, 256) for line in stack]
    if len(lines) <= STACK_LIMIT:
        return tuple(lines)
    half = STACK_LIMIT // 2
    middle = f"  … [{len(lines) - 2 * half:,} more lines were cut]\n"
    return (*lines[:half], middle, *lines[-half:])


def _rest(error: ErrorInfo) -> ErrorInfo:
    count, at = 1, error
    while at.cause is not None:
        count, at = count + 1, at.cause
    return ErrorInfo(cls_name="…", message=f"[{count:,} more causes were cut]")
