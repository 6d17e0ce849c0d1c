"""The runner of a run's tasks: carries out the works of one task, in whatever process it lives.

Owns: how a chain of steps passes its values on inside one task, what travels of an exception, and when the
driver hears of a step that is still running. Knows neither the executor around it nor the store.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve

from penstock.engine.inputs import handed_name
from penstock.engine.live import Live, Teller
from penstock.engine.loops import LOOP
from penstock.engine.program import Program
from penstock.engine.record import StepRecord, Told, Work
from penstock.engine.run_step import run_step
from penstock.events.values import DATA_VERSION_TAG, AssetMaterialized
from penstock.keys import AssetKey
from penstock.plan.model import unit_key
from penstock.plan.versions import with_later
from penstock.spi.executor import Report, TaskResult

LARGEST_EXCEPTION = 1 << 20
"""Bytes of a pickled exception that travels to the driver."""


class ProgramRunner:
    """Runs tasks of a program here; may be called from several threads.

    Args:
        program: of the run, as this process has it.
        is_away: whether records leave this process.
        dumps: pickles an exception for the driver.
    """

    def __init__(
        self, program: Program, *, is_away: bool = False, dumps: Callable[[Any], bytes] = pickle.dumps
    ) -> None:
        self.program = program
        self._is_away = is_away
        self._dumps = dumps
        self._teller = Teller()
        self._let_go: Callable[[], None] | None = None

    def run(self, body: Sequence[Work], handed: Mapping[str, Any], report: Report | None) -> TaskResult:
        """Carry out the works of a task, each after the other, until one does not succeed.

        Returns:
            One record for each work that began, and the values of the last that ended well.
        """
        if self._let_go is None and threading.current_thread() is not threading.main_thread():
            self._let_go = LOOP.hold()
        if report is None and len(body) == 1 and not self._is_away:
            record, values = run_step(self.program, body[0], handed)
            return TaskResult(record=(record,), handed=values)
        records: list[StepRecord] = []
        made: dict[str, Any] = {}
        versions: dict[AssetKey, str] = {}
        before: Told | None = None
        for place, work in enumerate(body):
            given = handed if place == 0 else _handed_in_chain(work, made)
            one = evolve(work, versions=with_later(work.versions, versions)) if versions else work
            live = None if report is None else Live(place, report, before)
            record, values = self._run_one(one, given, live)
            records.append(record)
            goes_on = record.is_success and place + 1 < len(body)
            if goes_on:
                versions.update(_versions_in(record))
            if live is not None:
                before = live.rest() if goes_on else None
                _leave_out_told(record, live)
            if not record.is_success:
                break
            made = values
        _keep_last_handed(records)
        if self._is_away:
            for record in records:
                _make_portable(record, self._dumps)
        return TaskResult(record=tuple(records), handed=made)

    def keys(self, body: Sequence[Work]) -> list[str]:
        """The keys of the units that a task carries out."""
        steps = self.program.plan.steps
        return [unit_key(steps[work.step].key, work.mapping_key) for work in body]

    def close(self) -> None:
        """End what runs beside the steps; idempotent."""
        self._teller.close()
        if self._let_go is not None:
            let_go, self._let_go = self._let_go, None
            let_go()

    def _run_one(
        self, work: Work, handed: Mapping[str, Any], live: Live | None
    ) -> tuple[StepRecord, dict[str, Any]]:
        """Carry out one work; what happens in it is told while it goes on."""
        if live is None:
            return run_step(self.program, work, handed)
        record = StepRecord(events=live.events)
        self._teller.begin(live)
        try:
            return run_step(self.program, work, handed, record, on_start=live.flush)
        finally:
            self._teller.end(live)


def _leave_out_told(record: StepRecord, live: Live) -> None:
    """Repeat nothing that arrives anyhow."""
    told = live.stop()
    if live.is_reliable:
        record.first, record.events = told, record.events[told:]


def _versions_in(record: StepRecord) -> dict[AssetKey, str]:
    """The data versions that an attempt gave to assets, which those after it in a chain depend on."""
    facts = [event.materialization for event in record.events if isinstance(event, AssetMaterialized)]
    return {fact.asset_key: fact.tags[DATA_VERSION_TAG] for fact in facts if DATA_VERSION_TAG in fact.tags}


def _handed_in_chain(work: Work, made: Mapping[str, Any]) -> dict[str, Any]:
    """What the work before this one made, by the names under which this one asks for it."""
    return {
        handed_name(name, place): made[ref.name]
        for name, refs in work.sources.items()
        for place, ref in enumerate(refs)
        if ref.name in made
    }


def _keep_last_handed(records: Sequence[StepRecord]) -> None:
    """Of a chain only the values of the last success are handed on: nobody else reads the others."""
    last = max((place for place, one in enumerate(records) if one.is_success), default=-1)
    for place, record in enumerate(records):
        if place != last:
            record.handed, record.kept = [], []


def _make_portable(record: StepRecord, dumps: Callable[[Any], bytes]) -> None:
    """Pickle the exception apart, so that one that cannot travel does not take the record with it."""
    error, record.exception = record.exception, None
    if error is None:
        return
    if isinstance(error, KeyboardInterrupt):
        record.exception = KeyboardInterrupt()
        return
    try:
        pickled = dumps(error)
    except Exception:  # noqa: BLE001  # an exception of the user's may hold anything
        return
    if len(pickled) <= LARGEST_EXCEPTION:
        record.pickled = pickled
