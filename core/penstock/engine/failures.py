"""Exceptions as values: what a failed step leaves in the log.

Owns: turning an exception into ``ErrorInfo`` with the frames of the user's code, and deciding
whom to blame. Must not know the run.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from penstock.errors import (
    CheckFailedError,
    ExecutionInterruptedError,
    HandleOutputError,
    LoadInputError,
    ResourceFunctionError,
    StepTimeoutError,
    TypeCheckDidNotPass,
    TypeCheckError,
)
from penstock.events.values import Blame, ErrorInfo

_OWN = str(Path(__file__).resolve().parent.parent)
_DEEPEST = 12

_BLAMES: tuple[tuple[tuple[type[BaseException], ...], Blame], ...] = (
    ((LoadInputError, HandleOutputError), Blame.IO),
    ((ResourceFunctionError,), Blame.RESOURCE),
    ((TypeCheckDidNotPass, TypeCheckError), Blame.TYPE),
    ((CheckFailedError,), Blame.CHECK),
    ((StepTimeoutError,), Blame.TIMEOUT),
    ((ExecutionInterruptedError, KeyboardInterrupt), Blame.INTERRUPT),
)


def blame_of(error: BaseException) -> Blame:
    """Whose code an exception came from."""
    return next((blame for kinds, blame in _BLAMES if isinstance(error, kinds)), Blame.USER)


def describe_error(error: BaseException, depth: int = 0) -> ErrorInfo:
    """An exception and the ones behind it as a value.

    Frames of Penstock above the user's own code are left out.
    """
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return ErrorInfo(
        cls_name=type(error).__qualname__,
        message=str(error),
        stack=tuple(_frames(error)),
        cause=describe_error(behind, depth + 1) if behind is not None and depth < _DEEPEST else None,
    )


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, frame in enumerate(frames) if not frame.filename.startswith(_OWN)), len(frames))
    return traceback.format_list(frames[first:])
