"""The state of a run as a fold over its events.

Owns: for each unit (a step, with its mapping key when it is mapped) how far it is, what it
produced, and which units that makes ready, to be skipped or out of reach. ``apply`` is the only
thing that changes a state, one event at a time, in time proportional to the edges it touches; so a
live run, a resumed one and a re-execution all come to the same state from the same events.
Pure: no clock, no store, no user code.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from enum import IntEnum

from penstock.events.runs import RunStatus
from penstock.events.values import (
    DATA_VERSION_TAG,
    AssetMaterialized,
    AssetObserved,
    ErrorInfo,
    Happened,
    OutputProduced,
    RunCanceled,
    RunCanceling,
    RunFailed,
    RunQueued,
    RunStarted,
    RunStarting,
    RunSucceeded,
    StepFailed,
    StepInterrupted,
    StepRestarted,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
)
from penstock.keys import AssetKey
from penstock.plan.model import COLLECTED, MAPPED, Plan, Source, Step, bare_key, mapping_key_of, unit_key

Unit = tuple[int, str | None]


class Phase(IntEnum):
    """How far a unit is. Everything from ``SUCCEEDED`` on is final."""

    WAITING = 0
    READY = 1
    RUNNING = 2
    RETRYING = 3
    SUCCEEDED = 4
    SKIPPED = 5
    FAILED = 6
    INTERRUPTED = 7
    OUT_OF_REACH = 8


_STATUS_OF: dict[type[Happened], RunStatus] = {
    RunQueued: RunStatus.QUEUED,
    RunStarting: RunStatus.STARTING,
    RunStarted: RunStatus.STARTED,
    RunSucceeded: RunStatus.SUCCESS,
    RunFailed: RunStatus.FAILURE,
    RunCanceling: RunStatus.CANCELING,
    RunCanceled: RunStatus.CANCELED,
}


class RunState:
    """Where a run stands.

    Args:
        plan: the plan it follows.
        only: keys of the steps or units that are to run; None for all. The others count as done
            with what ``apply`` is told of them (events of the run that is being re-executed).

    ``ready`` is a heap of (step id, order, mapping key); ``to_skip`` holds units whose input will
    never come; ``spent`` collects steps whose readers are all done; ``versions`` maps assets to the data version this run gave them.
    """

    def __init__(self, plan: Plan, only: frozenset[str] | None = None) -> None:
        self.plan = plan
        self.only = only
        self.status = RunStatus.QUEUED
        self.phase: dict[Unit, Phase] = {}
        self.attempts: dict[Unit, int] = {}
        self.produced: dict[Unit, dict[str, list[str] | None]] = {}
        self.keys: dict[int, tuple[str, ...]] = {}
        self.ready: list[tuple[int, int, str | None]] = []
        self.to_skip: dict[Unit, None] = {}
        self.retry_at: dict[Unit, float] = {}
        self.errors: dict[Unit, ErrorInfo] = {}
        self.versions: dict[AssetKey, str] = {}
        self.spent: list[int] = []
        self._readers_left = [len(readers) for readers in plan.readers]
        self._waiting: dict[Unit, int] = {}
        self._template_waiting: dict[int, int] = {}
        self._open: dict[int, int] = {}
        self._settled: set[int] = set()
        self._order: dict[Unit, int] = {}
        self._units: dict[str, Unit] = {}
        self._templates = _templates_by_origin(plan)
        self._lay_out()

    # ---- questions --------------------------------------------------------------------------

    @property
    def failed(self) -> list[Unit]:
        """Units that ended in failure, in order of failing."""
        return [unit for unit, phase in self.phase.items() if phase is Phase.FAILED]

    def key(self, unit: Unit) -> str:
        """The key under which a unit runs."""
        return unit_key(self.plan.steps[unit[0]].key, unit[1])

    def unit(self, key: str) -> Unit:
        """The unit of a key."""
        found = self._units.get(key)
        if found is None:
            found = self._units[key] = (self.plan.step(bare_key(key)).id, mapping_key_of(key))
        return found

    def sources_present(self, unit: Unit, sources: Sequence[Source]) -> list[tuple[Unit, str, str | None]]:
        """The values behind some sources that exist: (unit, output, mapping key of the output)."""
        found: list[tuple[Unit, str, str | None]] = []
        for source in sources:
            found.extend(self._values_of(source, unit[1]))
        return found

    def claim(self, unit: Unit) -> None:
        """Take a unit out of what is ready or due before its start is reported."""
        if self.ready and (self.ready[0][0], self.ready[0][2]) == unit:
            heapq.heappop(self.ready)
            self.phase[unit] = Phase.RUNNING
        self.retry_at.pop(unit, None)

    def unfinished(self) -> list[Unit]:
        """Units that are neither final nor out of reach."""
        return [unit for unit, phase in self.phase.items() if phase < Phase.SUCCEEDED]

    # ---- the fold ---------------------------------------------------------------------------

    def apply(self, event: Happened) -> None:
        """Take one event in."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
        elif (status := _STATUS_OF.get(type(event))) is not None:
            self.status = status

    def apply_all(self, events: Iterable[Happened]) -> RunState:
        """Take events in, in order; returns itself."""
        for event in events:
            self.apply(event)
        return self

    def _on_started(self, event: StepStarted | StepRestarted) -> None:
        unit = self.unit(event.step)
        self._leave_ready(unit)
        self.phase[unit] = Phase.RUNNING
        self.attempts[unit] = event.attempt
        self.retry_at.pop(unit, None)

    def _leave_ready(self, unit: Unit) -> None:
        """A started unit is no longer ready; it is the first one, save in replays."""
        if self.phase.get(unit) is not Phase.READY:
            return
        if (self.ready[0][0], self.ready[0][2]) == unit:
            heapq.heappop(self.ready)
        else:
            self.ready = [one for one in self.ready if (one[0], one[2]) != unit]
            heapq.heapify(self.ready)

    def _on_output(self, event: OutputProduced) -> None:
        made = self.produced.setdefault(self.unit(event.step), {})
        if event.mapping_key is None:
            made[event.output_name] = None
        else:
            keys = made.setdefault(event.output_name, [])
            if keys is not None:
                keys.append(event.mapping_key)

    def _on_retry(self, event: StepRetryScheduled) -> None:
        unit = self.unit(event.step)
        self.phase[unit] = Phase.RETRYING
        self.attempts[unit] = event.attempt
        self.retry_at[unit] = event.at + event.wait
        self.produced.pop(unit, None)

    def _on_version(self, event: AssetMaterialized | AssetObserved) -> None:
        fact = event.materialization if isinstance(event, AssetMaterialized) else event.observation
        version = fact.tags.get(DATA_VERSION_TAG)
        if version is not None:
            self.versions[fact.asset_key] = version

    def _on_succeeded(self, event: StepSucceeded) -> None:
        self._finish(self.unit(event.step), Phase.SUCCEEDED)

    def _on_skipped(self, event: StepSkipped) -> None:
        unit = self.unit(event.step)
        self.to_skip.pop(unit, None)
        self._finish(unit, Phase.SKIPPED)

    def _on_failed(self, event: StepFailed) -> None:
        unit = self.unit(event.step)
        self.errors[unit] = event.error
        self._finish(unit, Phase.FAILED)

    def _on_interrupted(self, event: StepInterrupted) -> None:
        self._finish(self.unit(event.step), Phase.INTERRUPTED)

    # ---- spreading --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for step in self.plan.steps:
            if step.mapped_by is not None:
                self._template_waiting[step.id] = sum(1 for u in step.upstream if not _by_key(step, u))
                self._open[step.id] = -1
                continue
            unit = (step.id, None)
            self._open[step.id] = 1
            self._waiting[unit] = len(step.upstream)
            if step.upstream or not self.is_wanted(unit):
                self.phase[unit] = Phase.WAITING
            else:
                self._make_ready(unit, 0)

    def is_wanted(self, unit: Unit) -> bool:
        """Whether this run is to run the unit."""
        if self.only is None:
            return True
        return self.plan.steps[unit[0]].key in self.only or self.key(unit) in self.only

    def _make_ready(self, unit: Unit, order: int) -> None:
        self.phase[unit] = Phase.READY
        heapq.heappush(self.ready, (unit[0], order, unit[1]))

    def _finish(self, unit: Unit, phase: Phase) -> None:
        """A unit is final: spread what that means, without recursion."""
        self._leave_ready(unit)
        work = [(unit, phase)]
        while work:
            done, how = work.pop()
            if self.phase.get(done, Phase.WAITING) >= Phase.SUCCEEDED:
                continue
            self.phase[done] = how
            for reader in self._spread(done):
                if self.phase[reader] >= Phase.SUCCEEDED:  # a replay told of it before its source
                    continue
                verdict = self._verdict(reader)
                if verdict is Phase.OUT_OF_REACH:
                    work.append((reader, verdict))
                elif not self.is_wanted(reader):
                    continue
                elif verdict is Phase.SKIPPED:
                    self.to_skip[reader] = None
                else:
                    self._make_ready(reader, self._order.get(reader, 0))

    def _spread(self, done: Unit) -> list[Unit]:
        """Count down what waits for this unit; returns the units that wait for nothing more."""
        step, key = done
        self._open[step] -= 1
        free: list[Unit] = []
        whole = self._open[step] == 0
        for reader in self.plan.readers[step]:
            if _by_key(self.plan.steps[reader], step):
                if key is not None:
                    self._count_down((reader, key), free)
            elif whole:
                self._count_down_step(reader, free)
        if whole:
            self._settle(step, free)
        return free

    def _settle(self, step: int, free: list[Unit]) -> None:
        """A whole step is done: what it multiplies gets its units; empty ones are done at once."""
        settled = [step]
        while settled:
            one = settled.pop()
            if one in self._settled:
                continue
            self._settled.add(one)
            self._spend(one)
            for template in self._templates.get(one, ()):
                if self._expand(template, free):
                    for reader in self.plan.readers[template.id]:
                        if not _by_key(self.plan.steps[reader], template.id):
                            self._count_down_step(reader, free)
                    settled.append(template.id)

    def _spend(self, settled: int) -> None:
        """Note which steps have no reader left now that this one is done."""
        if not self._readers_left[settled]:
            self.spent.append(settled)
        for upstream in self.plan.steps[settled].upstream:
            self._readers_left[upstream] -= 1
            if not self._readers_left[upstream] and upstream in self._settled:
                self.spent.append(upstream)

    def _expand(self, template: Step, free: list[Unit]) -> bool:
        """Give a mapped step its units; True when there are none."""
        origin = template.mapped_by
        if origin is None:
            return False
        source = (origin.step, None)
        given = self.produced.get(source, {}).get(origin.output)
        keys = tuple(given or ()) if self.phase.get(source) is Phase.SUCCEEDED else ()
        self.keys[template.id] = keys
        self._order.update({(template.id, key): place for place, key in enumerate(keys)})
        self._open[template.id] = len(keys)
        per_key = sum(1 for u in template.upstream if _by_key(template, u))
        for key in keys:
            unit = (template.id, key)
            self.phase[unit] = Phase.WAITING
            self._waiting[unit] = self._template_waiting[template.id] + per_key
            if not self._waiting[unit]:
                free.append(unit)
        return not keys

    def _count_down(self, unit: Unit, free: list[Unit]) -> None:
        self._waiting[unit] -= 1
        if self._waiting[unit] == 0:
            free.append(unit)

    def _count_down_step(self, step: int, free: list[Unit]) -> None:
        if step in self._template_waiting:
            self._template_waiting[step] -= 1
            for key in self.keys.get(step, ()):
                self._count_down((step, key), free)
        else:
            self._count_down((step, None), free)

    # ---- verdicts ---------------------------------------------------------------------------

    def _verdict(self, unit: Unit) -> Phase:
        """What becomes of a unit that waits for nothing more: ready, skipped or out of reach."""
        step = self.plan.steps[unit[0]]
        skip = False
        for one in step.inputs:
            if one.sources:
                lost, present = self._look(one.sources, unit[1])
                if lost:
                    return Phase.OUT_OF_REACH
                skip = skip or not present
        for source in step.after:
            lost, present = self._look((source,), unit[1])
            if lost:
                return Phase.OUT_OF_REACH
            skip = skip or not present
        return Phase.SKIPPED if skip else Phase.READY

    def _look(self, sources: Sequence[Source], key: str | None) -> tuple[bool, bool]:
        """Whether any of the sources failed, and whether any of them has something to give."""
        present = False
        for source in sources:
            for unit in self._units_behind(source, key):
                if self.phase[unit] > Phase.SKIPPED:
                    return True, False
                present = present or self._has(unit, source)
            if source.mode == COLLECTED and self._collects_nothing(source):
                present = True
        return False, present

    def _collects_nothing(self, source: Source) -> bool:
        """An empty collection is a value: the dynamic step ran and gave no keys."""
        step = self.plan.steps[source.step]
        origin = step.mapped_by.step if step.mapped_by is not None else step.id
        return self.phase.get((origin, None)) is Phase.SUCCEEDED

    def _has(self, unit: Unit, source: Source) -> bool:
        if self.phase[unit] is not Phase.SUCCEEDED:
            return False
        step = self.plan.steps[source.step]
        if step.kind == "check":  # the verdict is all it gives
            return True
        known = any(output.name == source.output for output in step.outputs)
        return not known or source.output in self.produced.get(unit, {})

    def _units_behind(self, source: Source, key: str | None) -> list[Unit]:
        step = self.plan.steps[source.step]
        if step.mapped_by is None:
            return [(source.step, None)]
        if source.mode == MAPPED:
            return [(source.step, key)]
        return [(source.step, k) for k in self.keys.get(source.step, ())] or [(step.mapped_by.step, None)]

    def _values_of(self, source: Source, key: str | None) -> list[tuple[Unit, str, str | None]]:
        found: list[tuple[Unit, str, str | None]] = []
        for unit in self._units_behind(source, key):
            if unit[0] != source.step:
                continue
            made = self.produced.get(unit, {})
            if source.output not in made:
                continue
            keys = made[source.output]
            if keys is None:
                found.append((unit, source.output, None))
            elif source.mode == MAPPED:
                found.append((unit, source.output, key))
            else:
                found.extend((unit, source.output, k) for k in keys)
        return found


def _by_key(reader: Step, upstream: int) -> bool:
    """Whether each unit of the reader waits only for the unit of the same mapping key."""
    if reader.mapped_by is None or reader.mapped_by.step == upstream:
        return False
    every = [s for one in reader.inputs for s in one.sources] + list(reader.after)
    return all(s.mode == MAPPED for s in every if s.step == upstream)


def _templates_by_origin(plan: Plan) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in plan.steps:
        if step.mapped_by is not None:
            found.setdefault(step.mapped_by.step, []).append(step)
    return found


_HANDLERS = {
    StepStarted: RunState._on_started,  # noqa: SLF001  # the class's own table
    StepRestarted: RunState._on_started,  # noqa: SLF001
    OutputProduced: RunState._on_output,  # noqa: SLF001
    StepRetryScheduled: RunState._on_retry,  # noqa: SLF001
    AssetMaterialized: RunState._on_version,  # noqa: SLF001
    AssetObserved: RunState._on_version,  # noqa: SLF001
    StepSucceeded: RunState._on_succeeded,  # noqa: SLF001
    StepSkipped: RunState._on_skipped,  # noqa: SLF001
    StepFailed: RunState._on_failed,  # noqa: SLF001
    StepInterrupted: RunState._on_interrupted,  # noqa: SLF001
}
