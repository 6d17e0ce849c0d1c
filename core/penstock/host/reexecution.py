"""Re-execution: what a new run takes over from an earlier one.

Owns: which units run again and which events of the past the new run starts from. The state they lead to
is made by the same fold as that of a live run.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.define.job import JobDefinition
from penstock.engine.state import Phase, RunState
from penstock.errors import InvariantViolationError, RunNotFoundError, StepNotFoundError, suggest
from penstock.events.runs import Run, RunStatus
from penstock.events.values import (
    AssetMaterialized,
    AssetObserved,
    Happened,
    OutputProduced,
    StepHappened,
    StepSkipped,
    StepSucceeded,
)
from penstock.host.coverage import coverage_tags
from penstock.host.instance import Instance
from penstock.host.ownership import mend_lost_runs
from penstock.host.prepare import Past
from penstock.plan.expand import Given, build_plan
from penstock.plan.model import Plan, bare_key, mapping_key_of
from penstock.plan.op_selection import read_term
from penstock.plan.run_config import input_names
from penstock.spi.store import EventQuery
from penstock.values import frozen

EVERY_UNIT = "[?]"
"""After the key of a mapped step: every unit of it."""

_STORING = ("op", "materialize")
_NO_OUTPUTS: frozenset[str] = frozenset()
_TAKEN_OVER = (OutputProduced, StepSucceeded, StepSkipped, AssetMaterialized, AssetObserved)


@frozen(kw_only=True)
class ReexecutionOptions:
    """Which run is repeated, and which of its steps.

    Args:
        parent_run_id: the run.
        step_selection: step keys (``"clean"``, ``"work[b]"``, ``"work[?]"`` for every unit of ``work``);
            empty for all of them.
    """

    parent_run_id: str
    step_selection: Sequence[str] = ()
    is_from_failure: bool = False

    @staticmethod
    def from_failure(run_id: str, instance: Instance) -> ReexecutionOptions:
        """Repeat what failed or was never reached.

        Raises:
            RunNotFoundError: when there is no such run.
            InvariantViolationError: when the run did not fail and was not canceled.
        """
        mend_lost_runs(instance.store)
        run = instance.get_run_by_id(run_id)
        if run is None:
            raise RunNotFoundError(f"There is no run {run_id!r}, so nothing of it can be repeated.")
        if run.status not in (RunStatus.FAILURE, RunStatus.CANCELED):
            raise InvariantViolationError(
                f"Run {run_id} ended as {run.status.value}; only a failed or canceled run can be repeated"
                " from its failure. Repeat all of it: `penstock run retry --all`, or without from_failure."
            )
        return ReexecutionOptions(parent_run_id=run_id, is_from_failure=True)


def past_of(options: ReexecutionOptions, job: JobDefinition, instance: Instance) -> Past:
    """What a re-execution of a job starts from.

    Raises:
        RunNotFoundError: when the parent is not stored.
        StepNotFoundError: when the selection names no step of the job.
    """
    parent = instance.get_run_by_id(options.parent_run_id)
    if parent is None:
        raise RunNotFoundError(f"There is no run {options.parent_run_id!r} to repeat.")
    plan = build_plan(job, Given(config_inputs=input_names(parent.run_config)))
    lineage = _lineage(parent, instance)
    taken, origin = _taken_over(lineage, instance)
    taken = _still_fitting(plan, taken)
    if options.is_from_failure:
        keys = _unfinished(plan, taken)
    elif options.step_selection:
        keys = _selected(plan, options.step_selection)
    else:
        keys, taken = tuple(step.key for step in plan.steps), []
    kept = _in_plan_order(plan, _left_alone(plan, taken, frozenset(keys)))
    state = RunState(plan, frozenset(keys)).apply_all(kept)
    _refuse_unreachable(state, keys, parent)
    _refuse_unknown_units(state, keys)
    return Past(
        parent_run_id=parent.run_id,
        root_run_id=parent.root_run_id or parent.run_id,
        step_keys=tuple(keys),
        events=tuple(kept),
        origin=origin,
        partition_tags=coverage_tags(parent.tags),
    )


def _refuse_unreachable(state: RunState, keys: Sequence[str], parent: Run) -> None:
    """Refuse steps that would wait for ever for one that neither ran nor runs again."""
    plan, again = state.plan, {bare_key(key) for key in keys}
    for key in keys:
        for source in (plan.steps[number] for number in plan.step(key).upstream):
            if source.key not in again and not state.is_done(source.id):
                raise InvariantViolationError(
                    f"Step {key!r} reads from step {source.key!r}, which succeeded neither in run"
                    f" {parent.run_id} nor before. Repeat {source.key!r} too, or repeat from the failure."
                )


def _refuse_unknown_units(state: RunState, keys: Sequence[str]) -> None:
    """Refuse units of mapped steps for which there is no item; where the items are found anew, any may be."""
    plan = state.plan
    for key in keys:
        step, item = plan.step(key), mapping_key_of(key)
        if item is None or step.mapped_by is None or plan.steps[step.mapped_by.step].key in keys:
            continue
        known = [f"{step.key}[{one}]" for one in state.keys.get(step.id, ())]
        if key not in known:
            raise StepNotFoundError(
                f"Step {step.key!r} has no unit {key!r}; it has {', '.join(known) or 'none'}."
                f"{suggest(key, known)}"
            )


def _left_alone(plan: Plan, taken: Sequence[StepHappened], again: frozenset[str]) -> list[StepHappened]:
    """What is not run again; units of a dynamic step that is may not come again, so they are not kept."""
    found: list[StepHappened] = []
    for event in taken:
        step = plan.by_key.get(bare_key(event.step))
        origin = None if step is None or step.mapped_by is None else plan.steps[step.mapped_by.step].key
        if step is not None and again.isdisjoint((event.step, step.key, origin or "")):
            found.append(event)
    return found


def _lineage(run: Run, instance: Instance) -> list[Run]:
    """A run and those it repeats, oldest first."""
    found = [run]
    while found[0].parent_run_id is not None:
        before = instance.get_run_by_id(found[0].parent_run_id)
        if before is None:
            break
        found.insert(0, before)
    return found


def _taken_over(lineage: Sequence[Run], instance: Instance) -> tuple[list[StepHappened], dict[str, str]]:
    """What steps left behind in a line of runs, the last successful attempt of each."""
    by_step: dict[str, list[StepHappened]] = {}
    origin: dict[str, str] = {}
    for run in lineage:
        of_run: dict[str, list[StepHappened]] = {}
        for stored in instance.store.read(EventQuery(run_id=run.run_id)):
            event: Happened = stored.event
            if isinstance(event, StepHappened) and isinstance(event, _TAKEN_OVER) and event.step:
                of_run.setdefault(event.step, []).append(event)
        for step, events in of_run.items():
            if any(isinstance(e, (StepSucceeded, StepSkipped)) for e in events):
                by_step[step] = events
                origin[step] = run.run_id
    return [event for events in by_step.values() for event in events], origin


def _still_fitting(plan: Plan, taken: Sequence[StepHappened]) -> list[StepHappened]:
    """Without units that lack an output which is read now: their step was changed, so it has to run again."""
    wanted = _wanted_outputs(plan)
    made: dict[str, set[str]] = {}
    for event in taken:
        if isinstance(event, OutputProduced):
            made.setdefault(event.step, set()).add(event.output_name)
    lacking = {
        event.step
        for event in taken
        if isinstance(event, StepSucceeded)
        and not wanted.get(bare_key(event.step), _NO_OUTPUTS) <= made.get(event.step, _NO_OUTPUTS)
    }
    return [event for event in taken if event.step not in lacking]


def _wanted_outputs(plan: Plan) -> dict[str, set[str]]:
    """Step key → the outputs that it must produce because other steps read them."""
    required = [{one.name for one in step.outputs if one.required and not one.dynamic} for step in plan.steps]
    found: dict[str, set[str]] = {}
    for reader in plan.steps:
        for source in (*reader.after, *(one for given in reader.inputs for one in given.sources)):
            step = plan.steps[source.step]
            if step.kind in _STORING and source.output in required[source.step]:
                found.setdefault(step.key, set()).add(source.output)
    return found


def _unfinished(plan: Plan, taken: Sequence[StepHappened]) -> tuple[str, ...]:
    """Keys of units that did not end well, and of steps that were never reached."""
    state = RunState(plan).apply_all(_in_plan_order(plan, taken))
    keys = [state.key(unit) for unit in sorted(state.unfinished(), key=lambda unit: (unit[0], unit[1] or ""))]
    reached = {unit[0] for unit in state.phase if state.phase[unit] >= Phase.SUCCEEDED} | {
        unit[0] for unit in state.unfinished()
    }
    keys.extend(step.key for step in plan.steps if step.id not in reached and state.keys.get(step.id) is None)
    return tuple(dict.fromkeys(keys))


def _in_plan_order(plan: Plan, events: Sequence[StepHappened]) -> list[StepHappened]:
    """Events of steps that the plan still has, sources before readers."""
    known = [event for event in events if bare_key(event.step) in plan.by_key]
    return sorted(known, key=lambda event: plan.by_key[bare_key(event.step)].id)


def _selected(plan: Plan, selection: Sequence[str]) -> tuple[str, ...]:
    """The chosen keys; with ``+`` or ``*`` beside a key, what comes before or follows it too."""
    keys: dict[str, None] = {}
    for text in selection:
        term = read_term(text)
        name = term.word.text.removesuffix(EVERY_UNIT)
        step = plan.step(name)
        keys[name] = None
        above = _within(step.id, [one.upstream for one in plan.steps], term.up)
        for number in sorted(above | _within(step.id, plan.readers, term.down)):
            keys[plan.steps[number].key] = None
    return tuple(keys)


def _within(start: int, edges: Sequence[Sequence[int]], depth: int | None) -> set[int]:
    """The steps within so many edges of one, None for all; without itself."""
    found, border = {start}, {start}
    while border and (depth is None or depth > 0):
        border = {near for one in border for near in edges[one]} - found
        found |= border
        depth = None if depth is None else depth - 1
    return found - {start}
