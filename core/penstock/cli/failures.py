"""Failures as text: what the user's code raised, and where in the user's code.

Owns: how an ``ErrorInfo`` reads. Frames of Penstock and
its plugins are left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.errors import UserCodeExecutionError
from penstock.events.values import ErrorInfo

_MOST_FRAMES = 8
_WRAPPERS = frozenset(one.__name__ for one in UserCodeExecutionError.__subclasses__())
_PENSTOCK = re.compile(r'File "[^"]*[/\\]penstock(_\w+)?[/\\]')


def failure_lines(step: str, error: ErrorInfo) -> Iterator[str]:
    """The failure of a step: what the user's code raised, the user's frames, and what was behind it.

    Args:
        step: the step, for the head line.
        error: what was raised, with what is behind it.
    """
    raised = raised_by_user(error)
    head, *rest = (f"{raised.cls_name}: {raised.message}" if raised.message else raised.cls_name).splitlines()
    yield f"  ✗ {step}: {head}"
    yield from (f"    {line}" for line in rest)
    frames = _frames(raised)
    if not frames and error is not raised and error.message:
        yield f"    {error.cls_name}: {error.message.strip().splitlines()[0]}"
    yield from frames
    behind = raised.cause
    if behind is not None and _frames(behind):
        yield f"    because of {first_line(behind)}"
        yield from _frames(behind)


def _frames(error: ErrorInfo) -> list[str]:
    """The user's frames of one exception."""
    frames = [frame for frame in error.stack if not _PENSTOCK.search(frame)]
    shown = [f"    {line}" for frame in frames[-_MOST_FRAMES:] for line in frame.rstrip("\n").splitlines()]
    above = len(frames) - _MOST_FRAMES
    return [f"    … {above} frames above", *shown] if above > 0 else shown


def whole_lines(step: str, error: ErrorInfo) -> Iterator[str]:
    """The failure of a step with the whole chain and every frame."""
    yield f"  ✗ {step}:"
    yield from (f"    {line}" for line in error.to_string().splitlines())


def raised_by_user(error: ErrorInfo) -> ErrorInfo:
    """The first exception of a chain that is not Penstock's own wrapping."""
    while error.cause is not None and error.cls_name in _WRAPPERS:
        error = error.cause
    return error


def first_line(error: ErrorInfo) -> str:
    """Class and first line of what the user's code raised."""
    raised = raised_by_user(error)
    lines = raised.message.strip().splitlines()
    return f"{raised.cls_name}: {lines[0]}" if lines else raised.cls_name
