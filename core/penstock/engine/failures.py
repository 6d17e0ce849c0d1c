"""Exceptions as values: what a failed step leaves in the log.

Owns: turning an exception into ``ErrorInfo`` with the frames of the user's code, and deciding
whom to blame. Must not know the run.
"""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from penstock.errors import (
    CheckFailedError,
    Error,
    ExecutionInterruptedError,
    HandleOutputError,
    LoadInputError,
    ResourceFunctionError,
    StepTimeoutError,
    TypeCheckDidNotPass,
    TypeCheckError,
    UserCodeExecutionError,
)
from penstock.events.values import Blame, ErrorInfo

_OWN = str(Path(__file__).resolve().parent.parent)
_PATHS = sysconfig.get_paths()
_LIBRARY = _PATHS["stdlib"]
_INSTALLED = (_PATHS["purelib"], _PATHS["platlib"])
_DEEPEST = 12
_MOST_MEMBERS = 10

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


def user_error(error: BaseException) -> BaseException:
    """What the user's own code raised, when it is wrapped to say where."""
    if isinstance(error, TypeCheckError) and error.__cause__ is not None:
        return error.__cause__
    # not by attribute: an exception of the user's may have one of that name, or answer to any
    inner = error.user_exception if isinstance(error, UserCodeExecutionError) else None
    return error if inner is None else inner


def describe_error(error: BaseException, depth: int = 0) -> ErrorInfo:
    """An exception and the ones behind it as a value, with the frames of the user's code alone."""
    behind = _behind(error)
    return ErrorInfo(
        cls_name=type(error).__qualname__,
        message=said_by(error),
        stack=tuple(traceback.format_list(_frames(error))),
        cause=describe_error(behind, depth + 1) if behind is not None and depth < _DEEPEST else None,
    )


def without_own_frames(error: BaseException) -> BaseException:
    """The same exception with a traceback that begins in the user's code."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and not _is_users(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return error if trace is None else error.with_traceback(trace)


def said_by(error: BaseException) -> str:
    """The message of an exception, also of one that cannot print itself; a group names its members."""
    try:
        message = str(error)
    except Exception as failure:  # noqa: BLE001  # an exception of the user's may not even print itself
        return f"(its message could not be read: {type(failure).__name__})"
    if not isinstance(error, BaseExceptionGroup):
        return message
    members = _members(error)
    named = [f"{type(one).__qualname__}: {said_by(one)}" for one in members[:_MOST_MEMBERS]]
    return f"{message}: {'; '.join(named)}{' …' if len(members) > _MOST_MEMBERS else ''}"


def _behind(error: BaseException) -> BaseException | None:
    """What led to an exception; for a group without such, its first member, whose frames tell most."""
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is None and isinstance(error, BaseExceptionGroup):
        return _members(error)[0]
    return behind


def free_values(error: BaseException) -> None:
    """Let go of the local variables in the frames that an exception, and those behind it, came through."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        left += (one.__cause__, one.__context__)


def _members(group: Any) -> tuple[BaseException, ...]:
    return cast("tuple[BaseException, ...]", group.exceptions)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Frames from the first of the user's on, without those of Penstock.

    A mistake of Penstock itself has no such frames and keeps all of them.
    """
    frames = list(traceback.extract_tb(error.__traceback__))
    first = next((place for place, frame in enumerate(frames) if _is_users(frame.filename)), None)
    if first is None:
        return [] if isinstance(error, Error) else frames
    return [frame for frame in frames[first:] if not frame.filename.startswith(_OWN)]


def _is_users(filename: str) -> bool:
    """Whether a file is neither Penstock's nor of Python's library, which may stand in between."""
    if filename.startswith((_OWN, "<frozen")):
        return False
    return not filename.startswith(_LIBRARY) or filename.startswith(_INSTALLED)
