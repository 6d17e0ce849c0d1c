"""Failures as text: what the user's code raised, and where in the user's code.

Owns: how an ``ErrorInfo`` reads. Frames of Penstock and its plugins are left out, and those of
installed libraries below the user's last one are only counted. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from penstock.errors import UserCodeExecutionError
from penstock.events.values import ErrorInfo

_MOST_FRAMES = 8
_MOST_LINES = 16
_WRAPPERS = frozenset(one.__name__ for one in UserCodeExecutionError.__subclasses__())
_LIBRARY = re.compile(
    r'File "(?:[^"]*[/\\](?:site|dist)-packages[/\\](?P<package>\w+)|[^"]*[/\\]lib[/\\]python3|<frozen '
    r"|(?P<compiled>\w+)[^\"]*\.(?:pyx|pxi)\")"
)
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
    yield from (f"    {line}" for line in rest[:_MOST_LINES])
    if len(rest) > _MOST_LINES:
        yield f"    … {len(rest) - _MOST_LINES} more lines (penstock run show -v)"
    frames = _frames(raised)
    if not frames and error is not raised and error.message:
        yield f"    {error.cls_name}: {error.message.strip().splitlines()[0]}"
    yield from frames
    behind = raised.cause
    if behind is not None and any(_is_of_user(frame) for frame in behind.stack):
        yield f"    because of {first_line(behind)}"
        yield from _frames(behind)
    elif behind is not None and _is_elsewhere(behind, raised):
        yield f"    because of {first_line(behind)}"


def _frames(error: ErrorInfo) -> list[str]:
    """The user's frames of one exception; of libraries' frames only that the failure came from there."""
    frames = [frame for frame in error.stack if not _PENSTOCK.search(frame)]
    own = [place for place, frame in enumerate(frames) if _is_of_user(frame)]
    below = frames[own[-1] + 1 :] if own else []
    frames = frames[: len(frames) - len(below)]
    shown = [f"    {line}" for frame in frames[-_MOST_FRAMES:] for line in frame.rstrip("\n").splitlines()]
    above = len(frames) - _MOST_FRAMES
    if above > 0:
        shown.insert(0, f"    … {above} frames above")
    if below:
        noun = "frame" if len(below) == 1 else "frames"
        shown.append(f"      … {len(below)} {noun} of {_library(below)} (penstock run show -v)")
    return shown


def _is_elsewhere(behind: ErrorInfo, raised: ErrorInfo) -> bool:
    """Whether a library's exception says more than the one that the user's code let through or raised."""
    return any(map(_is_of_user, raised.stack)) and first_line(behind) != first_line(raised)


def _is_of_user(frame: str) -> bool:
    return not _PENSTOCK.search(frame) and not _LIBRARY.search(frame)


def _library(frames: Sequence[str]) -> str:
    """Whose frames these are: the first library that the user's code called."""
    found = _LIBRARY.search(frames[0])
    return (found and (found["package"] or found["compiled"])) or "Python"


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
