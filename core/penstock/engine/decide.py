"""What to do next: pure decisions over the state of a run.

Owns: which events follow from a state and which commands the shell is to carry out. ``now`` is an
argument; nothing here waits, writes or calls anybody.
"""

from __future__ import annotations

from penstock.define.retry import Failure, RetryPolicy, RetryRequested
from penstock.engine.state import Phase, RunState, Unit
from penstock.events.values import (
    ErrorInfo,
    Happened,
    RunCanceled,
    RunFailed,
    RunSucceeded,
    StepInterrupted,
    StepRetryScheduled,
    StepSkipped,
)
from penstock.values import frozen


@frozen
class Submit:
    """Hand this unit to the executor as this attempt."""

    unit: Unit
    attempt: int


@frozen
class WaitUntil:
    """Nothing to do before this moment, in seconds since 1970."""

    at: float


@frozen
class Finish:
    """Nothing is left to do; these events end the run."""

    events: tuple[Happened, ...]


Command = Submit | WaitUntil | Finish


def skips(state: RunState, now: float) -> list[Happened]:
    """Events for units whose input will never come."""
    return [
        StepSkipped(at=now, step=state.key(unit), reason="an input it needs was not produced")
        for unit in state.to_skip
    ]


def next_command(state: RunState, now: float, running: int, room: int) -> Command | None:
    """What the shell is to do now; None when it has to wait for a running unit.

    Args:
        state: with every event so far applied and no skip pending.
        now: seconds since 1970.
        running: how many units the executor has.
        room: how many more it would take.
    """
    retry = state.next_retry()
    if room > 0:
        unit = state.next_ready()
        if retry is not None and retry[0] <= now and not _goes_before(state, unit, retry[1]):
            return Submit(retry[1], state.attempts[retry[1]] + 1)
        if unit is not None:
            return Submit(unit, state.attempts.get(unit, 0) + 1)
    if running:
        return None
    if retry is not None:
        return WaitUntil(retry[0])
    return Finish(ending(state, now))


def _goes_before(state: RunState, unit: Unit | None, due: Unit) -> bool:
    """Whether a unit that is ready is more urgent than one that is due again."""
    of = state.plan.priorities
    return unit is not None and bool(of) and of.get(unit[0], 0) > of.get(due[0], 0)


def ending(state: RunState, now: float) -> tuple[Happened, ...]:
    """The event that ends a run in which nothing can go on."""
    failed = tuple(state.key(unit) for unit in state.failed)
    if not failed:
        return (RunSucceeded(at=now),)
    return (
        RunFailed(
            at=now,
            reason="step_failure",
            message=f"{len(failed)} step{'s' if len(failed) > 1 else ''} failed: {', '.join(failed[:10])}"
            + (" …" if len(failed) > 10 else ""),  # a line on a screen
            failed_steps=failed,
        ),
    )


def cancellation(state: RunState, now: float, reason: str) -> tuple[Happened, ...]:
    """The events that end a run that was told to stop and whose units have stopped."""
    stopped = [unit for unit in state.phase if state.phase[unit] is Phase.RUNNING]
    return (
        *(
            StepInterrupted(at=now, step=state.key(unit), attempt=state.attempts.get(unit, 1))
            for unit in stopped
        ),
        RunCanceled(at=now, reason=reason),
    )


@frozen
class Retry:
    """Another attempt after so many seconds."""

    wait: float


def retry_after(
    error: BaseException, attempt: int, policy: RetryPolicy | None, *, chance: float, enabled: bool
) -> Retry | None:
    """Whether a failed attempt is followed by another.

    ``RetryRequested`` wins over the policy; ``Failure(allow_retries=False)`` ends the step.

    Args:
        error: what the attempt raised.
        attempt: its number, from 1.
        policy: of the step, else of the job.
        chance: a random number of 0 to 1 for the jitter.
        enabled: False when the run's config disabled retries.
    """
    if not enabled:
        return None
    if isinstance(error, RetryRequested):
        return Retry(error.seconds_to_wait or 0.0) if attempt <= error.max_retries else None
    if isinstance(error, Failure) and not error.allow_retries:
        return None
    if policy is None or attempt > policy.max_retries:
        return None
    return Retry(max(policy.calculate_delay(attempt, chance), 0.0))


def resumption(state: RunState, now: float) -> tuple[Happened, ...]:
    """The events with which a new driver takes over a run: what was under way is tried again."""
    error = ErrorInfo(cls_name="WorkerLostError", message="The process that carried this step out is gone.")
    return tuple(
        StepRetryScheduled(at=now, step=state.key(unit), error=error, attempt=state.attempts.get(unit, 1))
        for unit, phase in state.phase.items()
        if phase is Phase.RUNNING
    )
