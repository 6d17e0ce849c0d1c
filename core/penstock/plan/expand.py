"""Expansion: a job becomes a plan.

Owns: ids, edges, modes of dynamic steps and where each argument comes from.
Linear in nodes and edges; must not call user code or look at values.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, field

from penstock.define.assets import AssetsDefinition
from penstock.define.bulk import without_collector
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import NO_VALUE, InputDefinition
from penstock.errors import InvalidConfigError, InvalidDefinitionError, UserError
from penstock.keys import AssetCheckKey, AssetKey
from penstock.plan.flatten import OpenInput, OpOutput, Place, Scope, Wire, resolve, walk
from penstock.plan.model import (
    COLLECTED,
    DIRECT,
    MAPPED,
    NO_READING,
    Plan,
    Source,
    Step,
    StepInput,
    StepOutput,
)
from penstock.plan.priorities import priorities_of
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.plan.partitions import Read

_NO_NAMES: frozenset[str] = frozenset()
_End = AssetKey | AssetCheckKey
_NO_ENDS: Mapping[str, _End] = {}


@frozen(kw_only=True)
class Given:
    """What the launch of a run gives besides the job.

    Args:
        config_inputs: step key → inputs that run config gives.
        input_values: names of top-level inputs with a value.
        partition_keys: partitions of the run.
        reads: the upstream partitions that nodes read; see ``Plan``.
    """

    config_inputs: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    input_values: frozenset[str] = _NO_NAMES
    partition_keys: tuple[str, ...] = ()
    reads: Mapping[str, Mapping[AssetKey, Read]] = NO_READING


_NOTHING_GIVEN = Given()


@without_collector
def build_plan(job: JobDefinition, given: Given = _NOTHING_GIVEN) -> Plan:
    """Turn a job into a plan.

    Args:
        job: with its graph complete (an op selection or asset selection is applied before).
        given: inputs and partitions of this launch.

    Raises:
        InvalidDefinitionError: when an input comes from nowhere, steps wait for each other, or a priority is
            no number.
    """
    places = list(walk(Scope(job.graph)))
    ids = {place.path: number for number, place in enumerate(places)}
    ends = _ends_of_graphs(job)
    drafts = [_draft(place, ids, job, given, ends.get(place.path, _NO_ENDS)) for place in places]
    order = _topological(drafts)
    steps = _renumber(drafts, order)
    return Plan(
        job_name=job.name,
        steps=_mark_mapped(steps),
        partition_keys=given.partition_keys,
        reads=given.reads,
        priorities=priorities_of(places, steps),
    )


def _ends_of_graphs(job: JobDefinition) -> dict[tuple[str, ...], dict[str, _End]]:
    """Which output of an op inside a graph is which asset of that graph, or the verdict of which check."""
    found: dict[tuple[str, ...], dict[str, _End]] = {}
    if job.assets is None:
        return found
    for name, assets in job.assets.by_node.items():
        graph = assets.node
        if isinstance(graph, GraphDefinition):
            inside = Scope(graph, (name,), job.graph.nodes[name], Scope(job.graph))
            checks = {output: spec.key for output, spec in assets.checks_by_output.items()}
            for output, key in (*checks.items(), *assets.keys_by_output.items()):
                end = resolve(graph.outs[output], inside) if output in graph.outs else None
                if isinstance(end, OpOutput):
                    found.setdefault(end.path, {})[end.output] = key
    return found


def _draft(
    place: Place,
    ids: Mapping[tuple[str, ...], int],
    job: JobDefinition,
    given: Given,
    ends: Mapping[str, _End],
) -> Step:
    """One step with ids of appearance and sources not yet marked as mapped."""
    key = ".".join(place.path)
    assets = job.assets.by_node.get(place.path[0]) if job.assets is not None else None
    inputs = tuple(
        _input(name, definition, place, ids, assets, given) for name, definition in place.op.ins.items()
    )
    after = _after(place, ids)
    upstream = dict.fromkeys(s.step for one in inputs for s in one.sources)
    upstream.update(dict.fromkeys(s.step for s in after))
    return Step(
        id=ids[place.path],
        key=key,
        node=place.path,
        inputs=inputs,
        outputs=_outputs(place, ends if assets is None or len(place.path) > 1 else assets.keys_by_output),
        after=after,
        upstream=tuple(upstream),
        kind="op" if assets is None else assets.kind,
        checks=_checks(place, assets, ends),
    )


def _after(place: Place, ids: Mapping[tuple[str, ...], int]) -> tuple[Source, ...]:
    """Order-only sources of the op's node and of the graphs around it."""
    found: list[Source] = []
    scope, node = place.scope, place.node
    while True:
        for one in node.after:
            found.extend(_sources(resolve(one, scope), ids))
        if scope.outer is None or scope.node is None:
            return tuple(found)
        scope, node = scope.outer, scope.node


def _sources(wire: Wire, ids: Mapping[tuple[str, ...], int]) -> list[Source]:
    ends = wire if isinstance(wire, tuple) else (wire,)
    return [
        Source(ids[end.path], end.output, COLLECTED if end.collected else DIRECT)
        for end in ends
        if isinstance(end, OpOutput) and end.path in ids
    ]


def _input(
    name: str,
    definition: InputDefinition,
    place: Place,
    ids: Mapping[tuple[str, ...], int],
    assets: AssetsDefinition | None,
    given: Given,
) -> StepInput:
    """Where one argument of one op comes from; the first of many ways that applies."""
    wired = place.node.inputs.get(name)
    wire: Wire | None = None if wired is None else resolve(wired, place.scope)
    is_nothing = definition.type.is_nothing
    if wire is not None and not isinstance(wire, OpenInput):
        sources = tuple(_sources(wire, ids))
        if sources or isinstance(wire, tuple):
            kind = "nothing" if is_nothing else "fan_in" if isinstance(wire, tuple) else "upstream"
            return StepInput(name=name, kind=kind, sources=sources)
    open_name = wire.name if isinstance(wire, OpenInput) else name
    at_top = len(place.path) == 1 or (isinstance(wire, OpenInput) and wire.node == place.path[0])
    asset_key = _asset_of(open_name if at_top else name, at_top, definition, assets)
    if is_nothing:
        return StepInput(name=name, kind="nothing")
    is_loaded = definition.input_manager_key is not None  # what config says is for its manager
    if not is_loaded and name in given.config_inputs.get(".".join(place.path), _NO_NAMES):
        return StepInput(name=name, kind="config")
    if isinstance(wire, OpenInput) and wire.node is None:
        if wire.name in given.input_values:
            return StepInput(name=name, kind="value", graph_input=wire.name)
        if wire.name in given.config_inputs.get("", _NO_NAMES):
            return StepInput(name=name, kind="config", graph_input=wire.name)
    if asset_key is not None:
        return StepInput(name=name, kind="asset", asset_key=asset_key)
    if definition.input_manager_key is not None:
        return StepInput(name=name, kind="manager")
    if definition.default is not NO_VALUE:
        return StepInput(name=name, kind="default")
    raise _unconnected(name, definition, place)


def _asset_of(
    name: str, at_top: bool, definition: InputDefinition, assets: AssetsDefinition | None
) -> AssetKey | None:
    if assets is not None and at_top and name in assets.keys_by_input:
        return assets.keys_by_input[name]
    return definition.asset_key


def _unconnected(name: str, definition: InputDefinition, place: Place) -> UserError:
    key = ".".join(place.path)
    start = f"Input {name!r} of step {key!r} ({place.op.shape.where}) is connected to nothing"
    if definition.type.loader is not None:
        entry = f"ops.{'.ops.'.join(place.path)}.inputs.{name}"
        return InvalidConfigError(f"{start} and has no value: give it in run config as {entry}.")
    return InvalidDefinitionError(
        f"{start}: pass it an output in the graph, or give it a default value or an input_manager_key."
    )


def _outputs(place: Place, ends: Mapping[str, _End]) -> tuple[StepOutput, ...]:
    """The outputs of a step, save those that are verdicts: whoever waits for one waits for the step."""
    return tuple(
        StepOutput(
            name=name,
            asset_key=end,
            required=out.is_required,
            dynamic=out.is_dynamic,
            manager_key=out.io_manager_key,
            nothing=out.type.is_nothing,
        )
        for name, out in place.op.outs.items()
        if not isinstance(end := ends.get(name), AssetCheckKey)
    )


def _checks(
    place: Place, assets: AssetsDefinition | None, ends: Mapping[str, _End]
) -> tuple[AssetCheckKey, ...]:
    if assets is None or not assets.checks_by_output:
        return ()
    wanted = assets.selected_checks
    keys = [spec.key for spec in assets.checks_by_output.values()]
    if len(place.path) > 1 and assets.kind != "check":
        keys = [end for end in ends.values() if isinstance(end, AssetCheckKey)]
    return tuple(key for key in keys if wanted is None or key in wanted)


def _topological(drafts: Sequence[Step]) -> list[int]:
    """Ids of appearance in an order where sources come first; ties keep their order."""
    waiting = [len(step.upstream) for step in drafts]
    readers: list[list[int]] = [[] for _ in drafts]
    for step in drafts:
        for upstream in step.upstream:
            readers[upstream].append(step.id)
    ready = [step.id for step in drafts if not waiting[step.id]]
    order: list[int] = []
    while ready:
        number = heapq.heappop(ready)
        order.append(number)
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(drafts):
        stuck = [drafts[number].key for number, left in enumerate(waiting) if left][:8]
        raise InvalidDefinitionError(
            f"These steps wait for each other, so none can start: {', '.join(stuck)}."
            " Break the circle by removing one of the dependencies."
        )
    return order


def _renumber(drafts: Sequence[Step], order: Sequence[int]) -> list[Step]:
    if all(number == place for place, number in enumerate(order)):
        return list(drafts)
    place_of = {number: place for place, number in enumerate(order)}

    def move(source: Source) -> Source:
        return Source(place_of[source.step], source.output, source.mode)

    return [
        evolve(
            drafts[number],
            id=place,
            inputs=tuple(
                evolve(one, sources=tuple(map(move, one.sources))) if one.sources else one
                for one in drafts[number].inputs
            ),
            after=tuple(map(move, drafts[number].after)),
            upstream=tuple(place_of[u] for u in drafts[number].upstream),
        )
        for place, number in enumerate(order)
    ]


def _mark_mapped(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Find the steps that run once per dynamic output, sources first."""
    if not any(output.dynamic for step in steps for output in step.outputs):
        return tuple(steps)
    marked: list[Step] = []
    for step in steps:
        marked.append(_mark(step, marked))
    return tuple(marked)


def _mark(step: Step, done: Sequence[Step]) -> Step:
    origin: Source | None = None

    def mark(source: Source) -> Source:
        nonlocal origin
        made_by = done[source.step]
        dynamic = next((o.dynamic for o in made_by.outputs if o.name == source.output), False)
        multiplies = Source(made_by.id, source.output) if dynamic else made_by.mapped_by
        if multiplies is None or source.mode == COLLECTED:
            return source
        if origin is not None and origin != multiplies:
            raise InvalidDefinitionError(
                f"Step {step.key!r} reads from two different dynamic outputs. Collect one of them first."
            )
        origin = multiplies
        return Source(source.step, source.output, MAPPED)

    inputs = tuple(
        evolve(one, sources=tuple(map(mark, one.sources))) if one.sources else one for one in step.inputs
    )
    after = tuple(map(mark, step.after))
    if origin is None:
        return step
    if any(output.dynamic for output in step.outputs):
        raise InvalidDefinitionError(
            f"Step {step.key!r} has a dynamic output and is itself mapped over one."
            " Collect the outer one first."
        )
    return evolve(step, inputs=inputs, after=after, mapped_by=origin)
