"""The drive: the one loop that carries a plan out and writes down what happens.

Owns: the order "decide, note, act": events go to the journal before a command is carried out, and
observers hear of them once they are stored. A task that leaves this process is submitted only
when everything before it is stored. Knows the store only as the journal it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field

from penstock.engine.decide import (
    Finish,
    Submit,
    WaitUntil,
    after_loss,
    cancellation,
    next_command,
    skips,
)
from penstock.engine.failures import free_values
from penstock.engine.inputs import handed_name
from penstock.engine.io import Ref
from penstock.engine.journal import Journal
from penstock.engine.program import Program
from penstock.engine.record import StepRecord, Work
from penstock.engine.run_step import run_step, start_event
from penstock.engine.state import Phase, RunState, Unit
from penstock.events.runs import TERMINAL, RunStatus
from penstock.events.values import Happened, RunCanceling, RunStarted
from penstock.keys import AssetKey
from penstock.spi.executor import Executor, Lost, Message, Outcome, Progress, Task, TaskResult, Ticket

INTERRUPTED = "interrupted from the keyboard"


@define(kw_only=True, eq=False, slots=False)
class Drive:
    """One run on its way.

    Args:
        program: what is carried out.
        state: where the run stands; kept up to date.
        executor: where tasks run.
        journal: takes events to the store, in order; raises when somebody else owns the run.

    ``kept`` names the values of each unit that the result will ask for; ``failure`` holds what the
    first failed unit raised, in this process only.
    """

    program: Program
    state: RunState
    executor: Executor
    journal: Journal
    failure: tuple[Unit, BaseException] | None = None
    tickets: dict[Unit, Ticket] = field(factory=dict[Unit, Ticket])
    running: dict[str, Unit] = field(factory=dict[str, Unit])
    handed: dict[Unit, dict[str, None]] = field(factory=dict[Unit, dict[str, None]])
    kept: dict[Unit, tuple[str, ...]] = field(factory=dict[Unit, tuple[str, ...]])
    cancel_reason: str | None = None

    def begin(self) -> None:
        """Note that the run starts; a state that is further on already is left alone."""
        if self.state.status in (RunStatus.QUEUED, RunStatus.STARTING):
            self._note([RunStarted(at=self.program.tools.now())])

    def run(self) -> None:
        """Carry on until the run has ended. A keyboard interrupt ends it as canceled."""
        try:
            while self.state.status not in TERMINAL and self.cancel_reason is None:
                self._turn()
        except KeyboardInterrupt:
            self.cancel_reason = INTERRUPTED
        if self.cancel_reason is not None and self.state.status not in TERMINAL:
            self._cancel(self.cancel_reason)

    # ---- one turn of the loop -----------------------------------------------------------------

    def _turn(self) -> None:
        now = self.program.tools.now()
        while events := skips(self.state, now):
            self._note(events)
        command = next_command(self.state, now, len(self.running), self._room())
        if isinstance(command, Submit):
            self._submit(command)
        elif isinstance(command, Finish):
            self._note(command.events)
            self.journal.flush()
        elif isinstance(command, WaitUntil):
            self.program.tools.sleep(max(command.at - now, 0.0))
        else:
            for message in self.executor.collect(self._patience(now)):
                self._take(message)

    def _room(self) -> int:
        limit = self.executor.features.max_concurrent
        return 1 << 30 if limit is None else limit - len(self.running)

    def _patience(self, now: float) -> float | None:
        retry = self.state.next_retry()
        return None if retry is None else max(retry[0] - now, 0.0)

    def _note(self, events: Sequence[Happened]) -> None:
        """Take events into the journal and the state."""
        self.journal.add(events)
        self.state.apply_all(events)

    # ---- out: tasks ---------------------------------------------------------------------------

    def _submit(self, command: Submit) -> None:
        unit, attempt = command.unit, command.attempt
        key = self.state.key(unit)
        in_process = self.executor.features.in_process
        if in_process:
            self._note([start_event(self.program, key, attempt)])
        else:
            self.state.claim(unit)
            self.journal.flush()
        sources = self._sources(unit)
        work = Work(
            step=unit[0],
            mapping_key=unit[1],
            attempt=attempt,
            sources=sources,
            versions=self._versions(unit[0]),
            announces=not in_process,
        )
        task = Task(key=f"{key}#{attempt}", run=_task(self.program, work))
        ticket = self.executor.submit(task, self._upstream(sources))
        self.tickets[unit] = ticket
        self.running[ticket.key] = unit

    def _versions(self, step: int) -> dict[AssetKey, str]:
        """Data versions of what the assets of a step depend on: of this run, else of earlier ones."""
        made, before = self.state.versions, self.program.versions
        found: dict[AssetKey, str] = {}
        assets = self.program.bound(self.program.plan.steps[step]).assets
        for spec in () if assets is None else assets.specs_by_key.values():
            for dep in spec.deps:
                version = made.get(dep.asset_key) or before.get(dep.asset_key)
                if version is not None:
                    found[dep.asset_key] = version
        return found

    def _sources(self, unit: Unit) -> dict[str, tuple[Ref, ...]]:
        step = self.program.plan.steps[unit[0]]
        return {
            one.name: tuple(
                Ref(
                    step=made_by[0],
                    key=self.program.plan.steps[made_by[0]].key,
                    output=output,
                    unit=made_by[1],
                    mapping_key=key,
                )
                for made_by, output, key in self.state.sources_present(unit, one.sources)
            )
            for one in step.inputs
            if one.sources and one.kind != "nothing"
        }

    def _upstream(self, sources: Mapping[str, tuple[Ref, ...]]) -> dict[str, tuple[Ticket, str]]:
        """Which of the values were handed on, and under which ticket."""
        found: dict[str, tuple[Ticket, str]] = {}
        for name, refs in sources.items():
            for place, ref in enumerate(refs):
                unit = (ref.step, ref.unit)
                if ref.name in self.handed.get(unit, ()):
                    found[handed_name(name, place)] = (self.tickets[unit], ref.name)
        return found

    # ---- in: messages -------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        unit = self.running[message.ticket.key]
        if isinstance(message, Progress):
            self._note(message.record)
            return
        del self.running[message.ticket.key]
        if isinstance(message, Outcome):
            self._take_record(unit, message.record)
        elif isinstance(message, Lost):
            self._note([after_loss(self.state, unit, message.reason, self.program.tools.now(), 0)])

    def _take_record(self, unit: Unit, record: StepRecord) -> None:
        self._note(record.events)
        if record.handed:
            self.handed[unit] = dict.fromkeys(record.handed)
        if self.program.keeps_values and (record.handed or record.kept):
            self.kept[unit] = (*record.handed, *record.kept)
        if isinstance(record.exception, KeyboardInterrupt):
            self.cancel_reason = INTERRUPTED
        elif record.exception is not None and self._is_first_failure(unit):
            self.failure = (unit, record.exception)
            if not self.program.keeps_values:
                free_values(record.exception)
        self._release()

    def _is_first_failure(self, unit: Unit) -> bool:
        return self.failure is None and self.state.phase[unit] is Phase.FAILED

    def _release(self) -> None:
        """Drop handed-on values that no later step will ask for."""
        spent, self.state.spent = self.state.spent, []
        if self.program.keeps_values:
            return
        for step in spent:
            for unit in [(step, key) for key in self.state.keys.get(step, (None,))]:
                names = self.handed.pop(unit, None)
                if names:
                    self.executor.release(self.tickets[unit], tuple(names))

    def _cancel(self, reason: str) -> None:
        now = self.program.tools.now()
        for ticket in self.tickets.values():
            if ticket.key in self.running:
                self.executor.cancel(ticket)
        # one batch: another interrupt must not come between the two ends of it
        self._note([RunCanceling(at=now, reason=reason), *cancellation(self.state, now, reason)])
        self.journal.flush()


def _task(program: Program, work: Work) -> Callable[[Mapping[str, Any]], TaskResult]:
    def run(handed: Mapping[str, Any]) -> TaskResult:
        record, values = run_step(program, work, handed)
        return TaskResult(record=record, handed=values)

    return run
