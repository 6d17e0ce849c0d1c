"""What a run has come to so far, as the command line counts it, and its last line.

Owns: counts over live events, and the summary at the end. Touches no screen.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from penstock.errors import UnstorableValueError
from penstock.events import values as v
from penstock.events.fold import STATUS_AFTER
from penstock.events.runs import Run, RunStatus
from penstock.events.sentences import duration
from penstock.events.values import AssetCheckSeverity

SHORT = 8


@define(eq=False)
class Tally:
    """Counts of one run, kept up to date by its events; ``total`` is the number of its steps, or 0."""

    total: int = 0
    run: Run | None = None
    status: RunStatus | None = None
    began: float | None = None
    ended: float | None = None
    assets: set[tuple[Any, str | None]] = field(factory=set[tuple[Any, str | None]])
    done: list[str] = field(factory=list[str])
    failed: list[str] = field(factory=list[str])
    unstorable: int = 0
    skipped: list[str] = field(factory=list[str])
    checks_passed: int = 0
    checks_warned: int = 0
    checks_failed: int = 0

    def count(self, run: Run, event: v.Happened) -> None:
        """Take one more event in."""
        self.run = run
        if self.began is None:
            self.began = event.at
        if type(event) in STATUS_AFTER:
            self.status = STATUS_AFTER[type(event)]
            self.ended = event.at
        elif isinstance(event, v.StepSucceeded):
            self.done.append(event.step)
        elif isinstance(event, v.StepFailed):
            self.failed.append(event.step)
            self.unstorable += event.error.cls_name == UnstorableValueError.__name__
        elif isinstance(event, v.StepSkipped):
            self.skipped.append(event.step)
        elif isinstance(event, v.AssetMaterialized):
            self.assets.add((event.materialization.asset_key, event.materialization.partition))
        elif isinstance(event, v.CheckEvaluated):
            self._count_check(event.evaluation)

    def _count_check(self, found: v.AssetCheckEvaluation) -> None:
        if found.passed:
            self.checks_passed += 1
        elif found.severity is AssetCheckSeverity.WARN:
            self.checks_warned += 1
        else:
            self.checks_failed += 1

    @property
    def failed_by_bad_values(self) -> bool:
        """Whether the run failed only because steps returned what cannot be stored."""
        return self.status is RunStatus.FAILURE and 0 < len(self.failed) == self.unstorable

    @property
    def run_id(self) -> str:
        """The id of the run, empty before it exists."""
        return "" if self.run is None else self.run.run_id

    @property
    def seconds(self) -> float:
        """From the first event to the last that moved the run."""
        return 0.0 if self.began is None or self.ended is None else self.ended - self.began

    @property
    def not_run(self) -> int:
        """How many steps were never reached; 0 when that is not known, as with mapped steps."""
        ended = [*self.done, *self.failed, *self.skipped]
        return 0 if any("[" in step for step in ended) else max(self.total - len(ended), 0)

    def summary(self) -> str:
        """What came of it, one line without colour: counts, time, and the run's short id."""
        parts = [_counted(len(self.assets), "asset", "made")] if self.assets else []
        if not self.assets or self.failed:
            parts.append(_counted(len(self.done), "step", "done"))
        parts += [_counted(len(self.failed), "step", "failed")] if self.failed else []
        parts += [_counted(len(self.skipped), "step", "skipped")] if self.skipped else []
        parts += [_counted(self.not_run, "step", "not run")] if self.not_run else []
        parts += [_counted(self.checks_passed, "check", "passed")] if self.checks_passed else []
        parts += [_counted(self.checks_warned, "check", "warned")] if self.checks_warned else []
        parts += [_counted(self.checks_failed, "check", "failed")] if self.checks_failed else []
        return f"{', '.join(parts)} in {duration(self.seconds)}"

    def to_plain(self) -> dict[str, Any]:
        """JSON-able data: the last line of ``--json``."""
        return {
            "type": "SUMMARY",
            "run_id": self.run_id,
            "status": self.status.value if self.status else None,
            "seconds": self.seconds,
            "assets": sorted({key.to_user_string() for key, _ in self.assets}),
            "steps_done": self.done,
            "steps_failed": self.failed,
            "steps_skipped": self.skipped,
            "steps_not_run": self.not_run,
            "checks_passed": self.checks_passed,
            "checks_warned": self.checks_warned,
            "checks_failed": self.checks_failed,
        }


def _counted(number: int, noun: str, verb: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'} {verb}"
