"""Why a task never gave an outcome: Ray's exceptions, as the engine and people should hear of them.

Owns: the mapping. A step returns its own failures as values, so each exception here is one of the system.
"""

from __future__ import annotations

import re
from typing import Any

import ray as _ray

from penstock.spi.executor import Cause, Lost
from penstock_ray.flights import Flight

ray: Any = _ray  # ships types that a strict checker cannot follow
exceptions = ray.exceptions

Kinds = tuple[type[BaseException], ...]

_MEMORY: Kinds = (exceptions.OutOfMemoryError,)
_NODE: Kinds = (exceptions.NodeDiedError, exceptions.LocalRayletDiedError)
_INPUT: Kinds = (exceptions.ObjectLostError,)
_WORKER: Kinds = (exceptions.WorkerCrashedError,)
_NEVER: Kinds = (exceptions.RuntimeEnvSetupError, exceptions.TaskUnschedulableError)
_SAID = {"timeout": "killed because its time was up", "canceled": "canceled"}
_LONGEST = 600
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


def is_crash(error: BaseException) -> bool:
    """Whether a worker died, so that what it told last may still be under way."""
    return isinstance(error, _MEMORY + _NODE + _WORKER)


def lost(flight: Flight, error: BaseException) -> Lost:
    """What to say of a task that ended in an exception of Ray."""
    if flight.stopped is not None and not isinstance(_root(error), _INPUT):
        return _lost(flight, flight.stopped, _SAID[flight.stopped])
    cause, text = _cause(_root(error))
    ending = _ending(flight, error)  # what Ray says of a dead worker are guesses how it may have died
    missing = _missing(flight, _root(error)) if cause == "input" else ()
    text = f"{text}{ending}" if ending and cause == "worker" else f"{text}{ending}: {_first_lines(error)}"
    if is_crash(error) and flight.worker is not None and not flight.worker.is_direct:
        text = f"{text}; what it told in its last moment may be missing"
    return _lost(flight, cause, text, missing, begun=cause != "input")


def unread(flight: Flight, reason: str) -> Lost:
    """What to say when the machinery in the worker failed."""
    return Lost(ticket=flight.ticket, reason=reason, started=True, cause="worker")


def unsent(flight: Flight, cause: Cause, reason: str, missing: tuple[str, ...] = ()) -> Lost:
    """What to say of a task that was never sent."""
    return Lost(ticket=flight.ticket, reason=reason, started=False, cause=cause, missing=missing)


def _lost(
    flight: Flight, cause: Cause, text: str, missing: tuple[str, ...] = (), *, begun: bool = True
) -> Lost:
    started = begun and flight.may_have_begun()
    when = f"on {flight.where()}" if flight.started is not None else "before it began"
    if started and flight.started is None:
        when = "on a worker that cannot be heard"
    return Lost(
        ticket=flight.ticket, reason=f"{text} ({when})", started=started, cause=cause, missing=missing
    )


def _cause(error: BaseException) -> tuple[Cause, str]:
    if isinstance(error, _MEMORY):
        return "memory", "killed for want of memory"
    if isinstance(error, _NODE):
        return "node", "its node went away"
    if isinstance(error, _INPUT):
        return "input", "a value that it needs is gone"
    if isinstance(error, exceptions.TaskCancelledError):
        return "canceled", "canceled from outside"
    if isinstance(error, _NEVER):
        return "worker", "Ray could not give it a place"
    return "worker", "its worker died"


def _ending(flight: Flight, error: BaseException) -> str:
    """How its process ended, where that is known."""
    process = flight.worker.process if flight.worker is not None and is_crash(error) else None
    ending = process.ending() if process is not None else ""
    return f" ({ending})" if ending else ""


def _root(error: BaseException) -> BaseException:
    """What happened; a fault while arguments are read comes wrapped."""
    cause: Any = getattr(error, "cause", None)
    return cause if isinstance(error, exceptions.RayTaskError) and isinstance(cause, BaseException) else error


def _missing(flight: Flight, error: BaseException) -> tuple[str, ...]:
    wanted = getattr(error, "object_ref_hex", None)
    references = {name: one for name, one in flight.inputs.items() if isinstance(one, ray.ObjectRef)}
    named = tuple(name for name, value in references.items() if value.hex() == wanted)
    return named or tuple(references)


def _first_lines(error: BaseException) -> str:
    return " ".join(_COLORS.sub("", str(error)).split())[:_LONGEST]
