"""A run as the sum of its events: the one way in which anybody learns what a run did.

Resume after a crash, re-execution from failure, the live view and the check of a store all use it.
Owns: ``RunSummary`` and how each event changes it; which sequences of events cannot be.
Pure: knows no store, no clock. Folding a list in one go or in pieces gives the same summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any

from attrs import define, evolve, field

from penstock.errors import TransitionRejected
from penstock.events import values as v
from penstock.events.runs import LEGAL_TRANSITIONS, RunRecord, RunStatus
from penstock.keys import AssetKey
from penstock.values import frozen

STATUS_AFTER: Mapping[type[v.Happened], RunStatus] = {
    v.RunQueued: RunStatus.QUEUED,
    v.RunStarting: RunStatus.STARTING,
    v.RunStarted: RunStatus.STARTED,
    v.RunCanceling: RunStatus.CANCELING,
    v.RunSucceeded: RunStatus.SUCCESS,
    v.RunFailed: RunStatus.FAILURE,
    v.RunCanceled: RunStatus.CANCELED,
}
"""Where a run stands after each of the events that move it."""

FIRST_STATUSES = frozenset({RunStatus.QUEUED, RunStatus.STARTING, RunStatus.STARTED})
"""Where a run may begin: a run in this process is never queued."""


class StepStatus(Enum):
    """Where a step stands after its latest event."""

    RUNNING = "RUNNING"
    WAITING_FOR_RETRY = "WAITING_FOR_RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    SKIPPED = "SKIPPED"
    INTERRUPTED = "INTERRUPTED"


@frozen(kw_only=True)
class StepSummary:
    """What one step did.

    Args:
        attempts: how many attempts began.
        seconds: what the attempt that succeeded took, None before.
        start_time, end_time: of the first attempt and of the last event that ended one.
        error: of the latest failed attempt; kept when a retry succeeds.
    """

    step: str
    status: StepStatus
    attempts: int = 0
    seconds: float | None = None
    start_time: float | None = None
    end_time: float | None = None
    error: v.ErrorInfo | None = None
    blame: v.Blame | None = None
    reason: str = ""

    @property
    def step_key(self) -> str:
        """The key of the step, under the name that events use."""
        return self.step


@frozen(kw_only=True)
class RunSummary:
    """What a run did, step by step in the order in which the steps first showed.

    Args:
        status: None before any event that sets one.
        last_seq: how many events went in.
        materialized: (asset, partition or None) of each materialization, in order, once each.
    """

    status: RunStatus | None = None
    create_time: float | None = None
    start_time: float | None = None
    end_time: float | None = None
    steps: Mapping[str, StepSummary] = field(factory=dict[str, StepSummary])
    materialized: tuple[tuple[AssetKey, str | None], ...] = ()
    error: v.ErrorInfo | None = None
    message: str = ""
    last_seq: int = 0

    def steps_in(self, *statuses: StepStatus) -> tuple[str, ...]:
        """The keys of the steps that stand in one of these."""
        return tuple(key for key, step in self.steps.items() if step.status in statuses)

    @property
    def failed_steps(self) -> tuple[str, ...]:
        """The steps whose last attempt failed."""
        return self.steps_in(StepStatus.FAILURE)

    @property
    def skipped_steps(self) -> tuple[str, ...]:
        """The steps that did not run because an input never came."""
        return self.steps_in(StepStatus.SKIPPED)

    @property
    def succeeded_steps(self) -> tuple[str, ...]:
        """The steps that need not run again."""
        return self.steps_in(StepStatus.SUCCESS)

    @property
    def unfinished_steps(self) -> tuple[str, ...]:
        """The steps that were under way or about to be tried again when the log ends."""
        return self.steps_in(StepStatus.RUNNING, StepStatus.WAITING_FOR_RETRY)

    @property
    def materialized_keys(self) -> frozenset[AssetKey]:
        """The assets that were made, wholly or in part."""
        return frozenset(key for key, _ in self.materialized)


def fold(events: Iterable[v.Happened], start: RunSummary | None = None) -> RunSummary:
    """Sum up events.

    Args:
        events: of one run, in order.
        start: the summary of the events before them, None for none.
    """
    growing = _Growing.of(start or RunSummary())
    for event in events:
        growing.take(event)
    return growing.summary()


def apply(summary: RunSummary, event: v.Happened) -> RunSummary:
    """The summary after one more event; for many at once ``fold(events, summary)`` is cheaper."""
    return fold((event,), summary)


def status_of(events: Iterable[v.Happened]) -> RunStatus | None:
    """Where the run stands after these events, None when none of them says."""
    found = [STATUS_AFTER[type(event)] for event in events if type(event) in STATUS_AFTER]
    return found[-1] if found else None


def move(status: RunStatus | None, events: Iterable[v.Happened], run_id: str = "") -> RunStatus | None:
    """Where a run stands after more events, if it may go there.

    Args:
        status: where it stands now, None for a run that does not exist yet.
        events: in order.
        run_id: for the message.

    Raises:
        TransitionRejected: at the first change that the state machine forbids.
    """
    for event in events:
        after = STATUS_AFTER.get(type(event))
        if after is None:
            continue
        if not _is_legal(status, after):
            raise TransitionRejected(_refusal(run_id, status, after))
        status = after
    return status


def check_run(record: RunRecord, events: Sequence[v.Happened], seqs: Sequence[int] = ()) -> list[str]:
    """What is wrong with a stored run (RELIABILITY B12: I1, I2, I3).

    Args:
        record: the run as stored.
        events: all its events, in order.
        seqs: their sequence numbers, when known.

    Returns:
        One sentence per violation; empty when all is well.
    """
    faults = [*_faults_of_sequence(record, events, seqs), *_faults_of_starts(events)]
    statuses = [STATUS_AFTER[type(event)] for event in events if type(event) in STATUS_AFTER]
    for before, after in pairwise([None, *statuses]):
        if after is not None and not _is_legal(before, after):
            faults.append(_refusal(record.run.run_id, before, after))
    if statuses and statuses[-1] is not record.run.status:
        faults.append(f"The run is stored as {record.run.status.value}, its events say {statuses[-1].value}.")
    return faults


# ---- the rules ---------------------------------------------------------------------------------


def _is_legal(before: RunStatus | None, after: RunStatus) -> bool:
    return after in (FIRST_STATUSES if before is None else LEGAL_TRANSITIONS.get(before, frozenset()))


def _refusal(run_id: str, before: RunStatus | None, after: RunStatus) -> str:
    allowed = FIRST_STATUSES if before is None else LEGAL_TRANSITIONS.get(before, frozenset())
    names = " or ".join(sorted(status.value for status in allowed)) or "nowhere, it is over"
    stands = "does not exist yet" if before is None else f"is {before.value}"
    return f"Run {run_id} {stands} and may go to {names}, but was told to go to {after.value}."


def _faults_of_sequence(record: RunRecord, events: Sequence[v.Happened], seqs: Sequence[int]) -> list[str]:
    faults: list[str] = []
    if seqs and list(seqs) != list(range(1, len(seqs) + 1)):
        faults.append(f"The sequence numbers of its events are not 1 to {len(seqs)}.")
    if record.last_seq != len(events):
        faults.append(f"The run counts {record.last_seq} events, the log has {len(events)}.")
    return faults


def _faults_of_starts(events: Sequence[v.Happened]) -> list[str]:
    begun = Counter(
        (event.step, event.attempt) for event in events if isinstance(event, (v.StepStarted, v.StepRestarted))
    )
    return [
        f"Attempt {attempt} of step {step!r} began {count} times."
        for (step, attempt), count in begun.items()
        if count > 1
    ]


# ---- the fold ----------------------------------------------------------------------------------


@define
class _Growing:
    """A summary while it grows: frozen values copied once, not once an event."""

    run: dict[str, Any]
    steps: dict[str, StepSummary]
    materialized: dict[tuple[AssetKey, str | None], None]
    count: int

    @classmethod
    def of(cls, start: RunSummary) -> _Growing:
        run = {
            "status": start.status, "create_time": start.create_time, "start_time": start.start_time,
            "end_time": start.end_time, "error": start.error, "message": start.message,
        }  # fmt: skip
        return cls(run, dict(start.steps), dict.fromkeys(start.materialized), start.last_seq)

    def take(self, event: v.Happened) -> None:
        self.count += 1
        if self.run["create_time"] is None:
            self.run["create_time"] = event.at
        change = _CHANGES.get(type(event))
        if change is not None:
            change(self, event)

    def step(self, event: Any, **changes: Any) -> None:
        known = self.steps.get(event.step)
        if known is None:
            known = StepSummary(step=event.step, status=StepStatus.RUNNING)
        self.steps[event.step] = evolve(known, **changes)

    def summary(self) -> RunSummary:
        return RunSummary(
            **self.run, steps=self.steps, materialized=tuple(self.materialized), last_seq=self.count
        )


def _run_moved(growing: _Growing, event: Any) -> None:
    status = STATUS_AFTER[type(event)]
    growing.run["status"] = status
    if status is RunStatus.STARTED:
        growing.run["start_time"] = event.at
    if not LEGAL_TRANSITIONS[status]:
        growing.run["end_time"] = event.at
    if isinstance(event, v.RunFailed):
        growing.run.update(error=event.error, message=event.message)


def _step_started(growing: _Growing, event: Any) -> None:
    known = growing.steps.get(event.step)
    begun = event.at if known is None or known.start_time is None else known.start_time
    growing.step(event, status=StepStatus.RUNNING, attempts=event.attempt, start_time=begun)


def _step_succeeded(growing: _Growing, event: Any) -> None:
    growing.step(event, status=StepStatus.SUCCESS, seconds=event.seconds, end_time=event.at)


def _step_failed(growing: _Growing, event: Any) -> None:
    growing.step(
        event, status=StepStatus.FAILURE, error=event.error, blame=event.blame, end_time=event.at
    )  # fmt: skip


def _retry_scheduled(growing: _Growing, event: Any) -> None:
    growing.step(event, status=StepStatus.WAITING_FOR_RETRY, error=event.error)


def _step_skipped(growing: _Growing, event: Any) -> None:
    growing.step(event, status=StepStatus.SKIPPED, reason=event.reason, end_time=event.at)


def _step_interrupted(growing: _Growing, event: Any) -> None:
    growing.step(event, status=StepStatus.INTERRUPTED, end_time=event.at)


def _materialized(growing: _Growing, event: Any) -> None:
    made = event.materialization
    growing.materialized[made.asset_key, made.partition] = None


_CHANGES: Mapping[type[v.Happened], Callable[[_Growing, Any], None]] = {
    **dict.fromkeys(STATUS_AFTER, _run_moved),
    v.StepStarted: _step_started,
    v.StepRestarted: _step_started,
    v.StepSucceeded: _step_succeeded,
    v.StepFailed: _step_failed,
    v.StepRetryScheduled: _retry_scheduled,
    v.StepSkipped: _step_skipped,
    v.StepInterrupted: _step_interrupted,
    v.AssetMaterialized: _materialized,
}
