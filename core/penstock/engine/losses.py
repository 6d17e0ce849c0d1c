"""Losses: what it means for a step that its worker, its time or its input is gone.

Owns: whether a lost attempt counts, is followed by another or ends the step, and which steps have to run
again because what they handed on is gone. An attempt that certainly never began is free, and leaves no start
in the log even when its step fails for it; every other counts and is repeated only as the step's own policy
says: nobody knows how far it came.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from penstock.engine.decide import retry_after
from penstock.engine.failures import blame_of, describe_error
from penstock.engine.io import hands_straight_on
from penstock.engine.program import Program
from penstock.engine.run_step import start_event
from penstock.engine.state import Phase, RunState, Unit
from penstock.errors import Error, StepTimeoutError, WorkerLostError
from penstock.events.values import (
    Blame,
    EngineNoted,
    Happened,
    StepFailed,
    StepRetryScheduled,
)
from penstock.spi.executor import Lost, Ticket

MOST_FREE = 5
"""How often in a row a task may be lost before it began, until its step fails."""

RECOMPUTE_TAG = "penstock/recompute"
"""A tag that allows a step that succeeded to run again when what it handed on is lost."""

Handed = Mapping[Unit, tuple[Ticket, frozenset[str]]]


def after_loss(
    program: Program, state: RunState, unit: Unit, attempt: int, loss: Lost, in_vain: int
) -> list[Happened]:
    """The events that a lost attempt leaves; none when it is simply to be submitted again.

    Args:
        attempt: the number of the attempt that was lost.
        in_vain: how often in a row the unit was lost before it began, this time included.
    """
    now, key = program.tools.now(), state.key(unit)
    has_begun = state.attempts.get(unit, 0) >= attempt
    error = error_of(key, loss)
    if not loss.started and not has_begun:
        is_over = loss.cause == "input" or in_vain > MOST_FREE  # another try would find as little
        return [_failed(now, key, error, attempt - 1)] if is_over else []
    events: list[Happened] = []
    if not has_begun:
        events.append(start_event(program, key, attempt))
    captured = program.tools.captured(key)
    if captured is not None:
        events.append(captured)
    policy = program.bound(program.plan.steps[unit[0]]).retry_policy
    retry = retry_after(
        error,
        attempt,
        policy,
        chance=program.tools.chance(),
        enabled=program.retries_enabled and loss.cause != "input",
    )
    if retry is not None:
        info = describe_error(error)
        return [*events, StepRetryScheduled(at=now, step=key, error=info, wait=retry.wait, attempt=attempt)]
    return [*events, _failed(now, key, error, attempt)]


def _failed(now: float, key: str, error: Error, attempts: int) -> StepFailed:
    """The end of a step after so many attempts."""
    blame = blame_of(error) if isinstance(error, StepTimeoutError) else Blame.WORKER
    return StepFailed(at=now, step=key, error=describe_error(error), blame=blame, attempt=attempts)


def error_of(key: str, loss: Lost) -> Error:
    """What a lost attempt is told as, and raised as where the caller wants to be told."""
    if loss.cause == "timeout":
        return StepTimeoutError(f"Step {key!r} ran longer than its timeout and was killed: {loss.reason}")
    if loss.cause == "input":
        return WorkerLostError(
            f"Step {key!r} cannot begin: {loss.reason}. Bind an I/O manager that stores what it reads, or"
            f" allow the steps before it to run again by the tag {RECOMPUTE_TAG}: 'true'."
        )
    return WorkerLostError(f"Step {key!r} came to no end: {loss.reason}")


def is_stored(program: Program, unit: Unit, output: str) -> bool:
    """Whether what a unit handed on was stored as well, so that a manager can load it."""
    step = program.plan.steps[unit[0]]
    return not any(one.name == output and hands_straight_on(program, one) for one in step.outputs)


def to_recompute(
    program: Program, state: RunState, handed: Handed, lost: Collection[Unit]
) -> list[Unit] | None:
    """The units that have to run again so that these give their values once more.

    Args:
        handed: what is still at hand.
        lost: units whose values are neither at hand nor stored.

    Returns:
        Them and those before them whose values are gone too; None when one of them may not run again.
    """
    found: dict[Unit, None] = {}
    left = list(lost)
    while left:
        unit = left.pop()
        step = program.plan.steps[unit[0]]
        may = program.bound(step).tags.get(RECOMPUTE_TAG) == "true"
        if not may or unit[1] is not None or any(output.dynamic for output in step.outputs):
            return None
        found[unit] = None
        for one in step.inputs:
            for source, output, _ in state.sources_present(unit, one.sources):
                at_hand = output in handed.get(source, (None, frozenset[str]()))[1]
                if not at_hand and not is_stored(program, source, output) and source not in found:
                    left.append(source)
    return [unit for unit in found if state.phase[unit] is Phase.SUCCEEDED]


def recompute_note(program: Program, state: RunState, units: Collection[Unit]) -> EngineNoted:
    """What people read about it."""
    names = ", ".join(sorted(state.key(unit) for unit in units))
    return EngineNoted(
        at=program.tools.now(),
        message=f"What {names} handed on was lost with its worker; the step runs again ({RECOMPUTE_TAG}).",
    )
