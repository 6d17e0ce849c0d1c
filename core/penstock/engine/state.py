"""The state of a run as a fold over its events.

Owns: for each unit (a step, with its mapping key when it is mapped) how far it is, what it
produced, and which units that makes ready, to be skipped or out of reach. ``apply`` is the only
thing that changes a state, one event at a time, in time proportional to the edges it touches; so a
live run, a resumed one and a re-execution all come to the same state from the same events.
Pure: no clock, no store, no user code.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, ClassVar

from penstock.engine.layout import layout_of
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.keys import AssetKey
from penstock.plan.model import COLLECTED, MAPPED, Plan, Source, Step, bare_key, mapping_key_of, unit_key
from penstock.plan.priorities import places_among, turns
from penstock.spi.queueing import enqueue

Unit = tuple[int, str | None]


class Phase(IntEnum):
    """How far a unit is: ``CLAIMED`` is on its way to a worker. Everything from ``SUCCEEDED`` on is final."""

    WAITING = 0
    READY = 1
    CLAIMED = 2
    RUNNING = 3
    RETRYING = 4
    SUCCEEDED = 5
    SKIPPED = 6
    FAILED = 7
    INTERRUPTED = 8
    OUT_OF_REACH = 9


_STATUS_OF: dict[type[v.Happened], RunStatus] = {
    v.RunQueued: RunStatus.QUEUED,
    v.RunStarting: RunStatus.STARTING,
    v.RunStarted: RunStatus.STARTED,
    v.RunSucceeded: RunStatus.SUCCESS,
    v.RunFailed: RunStatus.FAILURE,
    v.RunCanceling: RunStatus.CANCELING,
    v.RunCanceled: RunStatus.CANCELED,
}


class RunState:
    """Where a run stands.

    Args:
        plan: the plan it follows.
        only: keys of the steps or units that are to run; None for all. The others count as done
            with what ``apply`` is told of them (events of the run that is being re-executed).

    ``to_skip`` holds units whose input will never come; ``retry_at`` when units may be tried again;
    ``spent`` collects steps whose readers are all done; ``versions`` maps assets to the data version
    that this run gave them.
    """

    def __init__(self, plan: Plan, only: frozenset[str] | None = None) -> None:
        self.plan = plan
        self.only = only
        self.status = RunStatus.QUEUED
        self.phase: dict[Unit, Phase] = {}
        self.attempts: dict[Unit, int] = {}
        self.produced: dict[Unit, dict[str, list[str] | None]] = {}
        self.keys: dict[int, tuple[str, ...]] = {}
        self.to_skip: dict[Unit, None] = {}
        self.retry_at: dict[Unit, float] = {}
        self.errors: dict[Unit, v.ErrorInfo] = {}
        self.versions: dict[AssetKey, str] = {}
        self.spent: list[int] = []
        self._layout = layout_of(plan)
        self._turns = turns(plan) if plan.priorities else None
        self._turn_of = None if self._turns is None else places_among(self._turns)
        self._ready: list[tuple[int, int, str | None]] = []  # by turn
        self._retries: list[tuple[float, int, str | None]] = []
        self._readers_left = [len(readers) for readers in plan.readers]
        self._waiting: dict[Unit, int] = {}
        self._template_waiting: dict[int, int] = {}
        self._open: dict[int, int] = {}
        self._settled: set[int] = set()
        self._order: dict[Unit, int] = {}
        self._units: dict[str, Unit] = {}  # of those that are not done
        self._alone: dict[str, dict[str, list[str] | None]] = {}
        self._parked: dict[str, deque[tuple[Unit, Phase]]] = {}
        self._due: dict[Unit, float] = {}  # moments of retries that wait for something else meanwhile
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

    def next_ready(self) -> Unit | None:
        """The first unit that may start: by priority, then in plan order, mapped ones by their keys."""
        heap = self._ready
        while heap:
            turn = heap[0][0]
            unit = (turn if self._turns is None else self._turns[turn], heap[0][2])
            if self.phase[unit] is Phase.READY:
                return unit
            heapq.heappop(heap)  # started meanwhile
        return None

    def next_retry(self) -> tuple[float, Unit] | None:
        """The moment of the next retry and its unit."""
        heap = self._retries
        while heap:
            at, step, key = heap[0]
            if self.retry_at.get((step, key)) == at:
                return at, (step, key)
            heapq.heappop(heap)  # started meanwhile
        return None

    def is_done(self, step: int) -> bool:
        """Whether every unit of a step is final."""
        return step in self._settled

    def claim(self, unit: Unit) -> None:
        """Take a unit out of what is ready, due or waiting before its start is reported."""
        self.phase[unit] = Phase.CLAIMED
        self.retry_at.pop(unit, None)

    def unclaim(self, unit: Unit) -> None:
        """A claimed unit was not started after all."""
        if self.phase[unit] is not Phase.CLAIMED:
            return
        if not self._waiting.get(unit):
            self._make_ready(unit, self._order.get(unit, 0))
            return
        self.phase[unit] = Phase.WAITING

    def reopen(self, unit: Unit) -> None:
        """A unit that succeeded is to run again, because what it handed on is lost.

        Its readers wait for it once more, save what is on its way to a worker. Not for mapped units.
        """
        step = unit[0]
        self._open[step] += 1
        if step in self._settled:  # what it reads is needed once more
            self._settled.discard(step)
            for upstream in self.plan.steps[step].upstream:
                self._readers_left[upstream] += 1
        for reader in self._layout.whole[step]:
            if reader in self._template_waiting:
                self._template_waiting[reader] += 1
            for key in self.keys.get(reader, (None,)):
                if (reader, key) in self._waiting:
                    self._waiting[reader, key] += 1
                    self._hold_back((reader, key))
        self._make_ready(unit, 0)

    def _hold_back(self, unit: Unit) -> None:
        """A unit that could have started waits again."""
        if self.phase[unit] is Phase.RETRYING:
            self._due[unit] = self.retry_at.pop(unit)
        elif self.phase[unit] is not Phase.READY:
            return
        self.phase[unit] = Phase.WAITING

    def park(self, unit: Unit, reason: str) -> None:
        """Take a unit out of what is ready or due until ``unpark`` of the same reason."""
        queue = self._parked.setdefault(reason, deque())
        enqueue(queue, (unit, self.phase[unit]), lambda one: self.plan.priorities.get(one[0][0], 0))
        self.claim(unit)

    def unpark(self, reason: str, now: float) -> bool:
        """Give back the first unit that is parked for a reason; False when there is none."""
        parked = self._parked.get(reason)
        if not parked:
            return False
        unit, phase = parked.popleft()
        if phase is Phase.RETRYING:
            self._due[unit] = now
        self.unclaim(unit)
        return True

    @property
    def parked(self) -> list[str]:
        """The reasons for which units are parked."""
        return [reason for reason, units in self._parked.items() if units]

    def unfinished(self) -> list[Unit]:
        """Units that are neither final nor out of reach."""
        return [unit for unit, phase in self.phase.items() if phase < Phase.SUCCEEDED]

    # ---- the fold ---------------------------------------------------------------------------

    def apply(self, event: v.Happened) -> None:
        """Take one event in."""
        kind = type(event)
        handler = self._HANDLERS.get(kind)
        if handler is not None:
            handler(self, event)
        elif kind in _STATUS_OF:
            self.status = _STATUS_OF[kind]

    def apply_all(self, events: Iterable[v.Happened]) -> RunState:
        """Take events in, in order; returns itself."""
        for event in events:
            self.apply(event)
        return self

    def _on_started(self, event: v.StepStarted | v.StepRestarted) -> None:
        unit = self.unit(event.step)
        if self.phase.get(unit) is Phase.SUCCEEDED:
            self.reopen(unit)
        self.phase[unit] = Phase.RUNNING
        self.attempts[unit] = event.attempt
        self.retry_at.pop(unit, None)

    def _on_output(self, event: v.OutputProduced) -> None:
        unit, name, key = self.unit(event.step), event.output_name, event.mapping_key
        made = self.produced.get(unit)
        keys = None if made is None else made.get(name)
        if key is not None and keys is not None:
            keys.append(key)
        elif made is None and key is None:
            self.produced[unit] = self._alone.setdefault(name, {name: None})
        else:  # a new one, for units with the same single output share theirs
            self.produced[unit] = {**(made or {}), name: None if key is None else [key]}

    def _on_retry(self, event: v.StepRetryScheduled) -> None:
        unit = self.unit(event.step)
        self.attempts[unit] = event.attempt
        self._retry_at(unit, event.at + event.wait)
        self.produced.pop(unit, None)

    def _retry_at(self, unit: Unit, at: float) -> None:
        self.phase[unit] = Phase.RETRYING
        self.retry_at[unit] = at
        heapq.heappush(self._retries, (at, unit[0], unit[1]))

    def _on_version(self, event: v.AssetMaterialized | v.AssetObserved) -> None:
        fact = event.materialization if isinstance(event, v.AssetMaterialized) else event.observation
        version = fact.tags.get(v.DATA_VERSION_TAG)
        if version is not None:
            self.versions[fact.asset_key] = version

    def _on_ended(self, event: v.StepSucceeded | v.StepInterrupted) -> None:
        is_success = isinstance(event, v.StepSucceeded)
        self._finish(self.unit(event.step), Phase.SUCCEEDED if is_success else Phase.INTERRUPTED)

    def _on_skipped(self, event: v.StepSkipped) -> None:
        unit = self.unit(event.step)
        self.to_skip.pop(unit, None)
        self._finish(unit, Phase.SKIPPED)

    def _on_failed(self, event: v.StepFailed) -> None:
        unit = self.unit(event.step)
        self.errors[unit] = event.error
        self._finish(unit, Phase.FAILED)

    _HANDLERS: ClassVar[Mapping[type[v.Happened], Callable[[Any, Any], None]]] = {
        v.StepStarted: _on_started,
        v.StepRestarted: _on_started,
        v.OutputProduced: _on_output,
        v.StepRetryScheduled: _on_retry,
        v.AssetMaterialized: _on_version,
        v.AssetObserved: _on_version,
        v.StepSucceeded: _on_ended,
        v.StepSkipped: _on_skipped,
        v.StepFailed: _on_failed,
        v.StepInterrupted: _on_ended,
    }

    # ---- spreading --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for step in self.plan.steps:
            if step.mapped_by is not None:
                self._template_waiting[step.id] = self._layout.waits_whole[step.id]
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
        if self._due and unit in self._due:
            self._retry_at(unit, self._due.pop(unit))
            return
        self.phase[unit] = Phase.READY
        turn = unit[0] if self._turn_of is None else self._turn_of[unit[0]]
        heapq.heappush(self._ready, (turn, order, unit[1]))

    def _finish(self, unit: Unit, phase: Phase) -> None:
        """A unit is final: spread what that means, without recursion."""
        work = [(unit, phase)]
        while work:
            done, how = work.pop()
            if self.phase.get(done, Phase.WAITING) >= Phase.SUCCEEDED:
                continue
            self.phase[done] = how
            self._units.pop(self.key(done), None)
            for reader in self._spread(done):
                if self.phase[reader] >= Phase.SUCCEEDED:  # a replay told of it before its source
                    continue
                verdict = self._verdict(reader)
                if verdict is Phase.OUT_OF_REACH:
                    work.append((reader, verdict))
                elif not self.is_wanted(reader) or self.phase[reader] in (Phase.CLAIMED, Phase.RUNNING):
                    continue  # of another run, claimed together with what it waited for, or at work already
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
        if key is not None:
            for reader in self._layout.by_key[step]:
                self._count_down((reader, key), free)
        if whole:
            for reader in self._layout.whole[step]:
                self._count_down_step(reader, free)
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
            for template in self._layout.mapped.get(one, ()):
                if self._expand(template, free):
                    for reader in self._layout.whole[template.id]:
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
        per_key = self._layout.waits_by_key[template.id]
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
                present = present or (unit[0] == source.step and self._has(unit, source))
            if source.mode == COLLECTED and self._collects_nothing(source):
                present = True
        return False, present

    def _collects_nothing(self, source: Source) -> bool:
        """An empty collection is a value, unless the dynamic output is optional: then it was left out."""
        step = self.plan.steps[source.step]
        origin = step.mapped_by or source
        number, name = origin.step, origin.output
        unit = (number, None)
        if self.phase.get(unit) is not Phase.SUCCEEDED or name in self.produced.get(unit, {}):
            return False
        return any(out.name == name and out.required for out in self.plan.steps[number].outputs)

    def _has(self, unit: Unit, source: Source) -> bool:
        if self.phase[unit] is not Phase.SUCCEEDED:
            return False
        made = self.produced.get(unit)
        if made is not None and source.output in made:
            return True
        # the verdict of a check is all it gives; wires may also name what is no output
        return (
            self.plan.steps[source.step].kind == "check"
            or source.output not in self._layout.outputs[source.step]
        )

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
