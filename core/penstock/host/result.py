"""The result of a run, as the caller of ``materialize`` or ``execute_in_process`` sees it.

Owns: ``ExecutionResult``: questions about events and values of one finished run. Values come from
what the run kept, else from where its I/O managers stored them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from penstock.define.graph import GraphDefinition, Node
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.engine.state import Phase, RunState, Unit
from penstock.errors import InvariantViolationError, StepOutputNotFoundError, job_title, suggest
from penstock.events.runs import Run, RunStatus
from penstock.events.values import AssetCheckEvaluation, AssetMaterialization, AssetObservation, Happened
from penstock.events.view import Event, EventType, view
from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.plan.flatten import OpOutput, Scope, resolve
from penstock.plan.model import Step

_NO_NODES: Mapping[str, Node] = {}


@define(kw_only=True, eq=False, slots=False)
class ExecutionResult:
    """What came of a run.

    Args:
        run: the run as it ended.
        job_def: the job as it was run.
        happened: every event of the run, in order.
        values: what was kept: unit → output name (with mapping key) → value.
        has_values: whether everything that was to be kept is there, also without the instance.
        load: loads what was not kept: (unit, output) → value.
    """

    run: Run
    job_def: JobDefinition
    state: RunState = field(repr=False)
    happened: Sequence[Happened] = field(repr=False)
    values: Mapping[Unit, Mapping[str, Any]] = field(repr=False, factory=dict[Unit, Mapping[str, Any]])
    has_values: bool = field(repr=False, default=True)
    load: Callable[[Unit, str], Any] | None = field(repr=False, default=None)
    on_close: Callable[[], None] | None = field(repr=False, default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.on_close is not None:
            self.on_close()

    # ---- the run ------------------------------------------------------------------------------

    @property
    def success(self) -> bool:
        """Whether the run succeeded."""
        return self.run.status is RunStatus.SUCCESS

    @property
    def is_canceled(self) -> bool:
        """Whether the run was stopped."""
        return self.run.status is RunStatus.CANCELED

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.run.run_id

    # ---- events -------------------------------------------------------------------------------

    @cached_property
    def _views(self) -> Sequence[Event]:
        return tuple(view(event, self.run_id, self.run.job_name) for event in self.happened)

    @property
    def all_events(self) -> list[Event]:
        """Every event of the run, in order."""
        return list(self._views)

    @property
    def all_node_events(self) -> list[Event]:
        """Every event of a step, in order."""
        return [event for event in self.all_events if event.step_key]

    def filter_events(self, condition: Callable[[Event], bool]) -> list[Event]:
        """The events for which a condition holds."""
        return [event for event in self.all_events if condition(event)]

    def events_of_type(self, *kinds: EventType) -> list[Event]:
        """The events of these types, in order."""
        return [event for event in self.all_events if event.event_type in kinds]

    def events_for_node(self, node: str) -> list[Event]:
        """The events of a node's steps, in order."""
        steps = self._step_ids(node)
        return [e for e in self.all_node_events if self._is_of(e.step_key, steps)]

    def _is_of(self, step_key: str | None, steps: set[int]) -> bool:
        return step_key is not None and self.state.unit(step_key)[0] in steps

    def get_step_success_events(self) -> list[Event]:
        """Success events of steps."""
        return self.events_of_type(EventType.STEP_SUCCESS)

    def get_step_failure_events(self) -> list[Event]:
        """Failure events of steps."""
        return self.events_of_type(EventType.STEP_FAILURE)

    def get_step_skipped_events(self) -> list[Event]:
        """Skip events of steps."""
        return self.events_of_type(EventType.STEP_SKIPPED)

    def get_failed_step_keys(self) -> set[str]:
        """Keys of the steps that failed."""
        return {self.state.key(unit) for unit in self.state.failed}

    def get_asset_materialization_events(self) -> list[Event]:
        """Materializations, in order."""
        return self.events_of_type(EventType.ASSET_MATERIALIZATION)

    def get_asset_observation_events(self) -> list[Event]:
        """Observations, in order."""
        return self.events_of_type(EventType.ASSET_OBSERVATION)

    def get_asset_check_evaluations(self) -> list[AssetCheckEvaluation]:
        """Check evaluations, in order."""
        return [
            event.asset_check_evaluation_data
            for event in self.events_of_type(EventType.ASSET_CHECK_EVALUATION)
        ]

    def asset_materializations_for_node(self, node: str) -> list[AssetMaterialization]:
        """What the steps of a node made, in order."""
        return [
            event.materialization
            for event in self.events_for_node(node)
            if event.event_type is EventType.ASSET_MATERIALIZATION
        ]

    def asset_observations_for_node(self, node: str) -> list[AssetObservation]:
        """What the steps of a node observed, in order."""
        return [
            event.asset_observation_data.asset_observation
            for event in self.events_for_node(node)
            if event.event_type is EventType.ASSET_OBSERVATION
        ]

    def get_run_success_event(self) -> Event:
        """The event with which the run succeeded.

        Raises:
            InvariantViolationError: when it did not.
        """
        return self._only(EventType.RUN_SUCCESS)

    def get_run_failure_event(self) -> Event:
        """The event with which the run failed.

        Raises:
            InvariantViolationError: when it did not.
        """
        return self._only(EventType.RUN_FAILURE)

    get_job_success_event = get_run_success_event
    get_job_failure_event = get_run_failure_event

    def _only(self, kind: EventType) -> Event:
        found = self.events_of_type(kind)
        if not found:
            raise InvariantViolationError(
                f"Run {self.run_id} has no {kind.name} event: it ended as {self.run.status.value}."
            )
        return found[0]

    # ---- nodes --------------------------------------------------------------------------------

    def is_node_success(self, node: str) -> bool:
        """Whether every step of a node succeeded."""
        return self._phases(node) == {Phase.SUCCEEDED}

    def is_node_failed(self, node: str) -> bool:
        """Whether any step of a node failed."""
        return Phase.FAILED in self._phases(node)

    def is_node_skipped(self, node: str) -> bool:
        """Whether every step of a node was skipped."""
        return self._phases(node) == {Phase.SKIPPED}

    def is_node_untouched(self, node: str) -> bool:
        """Whether no step of a node was ever reached."""
        return self._phases(node) <= {Phase.WAITING, Phase.READY, Phase.OUT_OF_REACH}

    def _phases(self, node: str) -> set[Phase]:
        steps = self._step_ids(node)
        return {phase for unit, phase in self.state.phase.items() if unit[0] in steps}

    def failure_data_for_node(self, node: str) -> Any:
        """Error and user failure data of a node's failed step, None when none failed."""
        for event in self.events_for_node(node):
            if event.event_type is EventType.STEP_FAILURE:
                return event.event_specific_data
        return None

    def retry_attempts_for_node(self, node: str) -> int:
        """How often the steps of a node were tried again."""
        return sum(e.event_type is EventType.STEP_RESTARTED for e in self.events_for_node(node))

    # ---- values -------------------------------------------------------------------------------

    def output_for_node(self, node: str, output_name: str = "result") -> Any:
        """The value of an output of an op or graph.

        Args:
            node: dotted path of the node.
            output_name: of that op or graph.

        Returns:
            The value; for mapped or dynamic outputs a dict by mapping key.

        Raises:
            InvariantViolationError: when there is no such node or output, or it was not produced.
        """
        end = self._end_of(tuple(node.split(".")), output_name)
        return self._value(self.state.plan.by_key[".".join(end.path)], end.output)

    def output_value(self, output_name: str = "result") -> Any:
        """The value of an output of the outermost graph."""
        outs = self.job_def.graph.outs
        if output_name not in outs:
            raise InvariantViolationError(
                f"Graph {self.job_def.graph.name!r} has no output {output_name!r}; it has"
                f" {', '.join(outs) or 'none'}.{suggest(output_name, outs)}"
            )
        end = resolve(outs[output_name], Scope(self.job_def.graph))
        if not isinstance(end, OpOutput):
            raise InvariantViolationError(f"Output {output_name!r} is not the output of an op.")
        return self._value(self.state.plan.by_key[".".join(end.path)], end.output)

    def asset_value(self, asset_key: CoercibleToAssetKey) -> Any:
        """The value of an asset that this run made."""
        key = AssetKey.from_user_string(asset_key) if isinstance(asset_key, str) else as_asset_key(asset_key)
        if key in self._makers:
            return self._value(*self._makers[key])
        known = [k.to_user_string() for step in self.state.plan.steps for k in step.asset_keys]
        raise InvariantViolationError(
            f"Run {self.run_id} did not make asset {key.to_user_string()!r}."
            f"{suggest(key.to_user_string(), known)}"
        )

    def _value(self, step: Step, output: str) -> Any:
        if step.mapped_by is None:
            return self._of_unit((step.id, None), output)
        units = [(step.id, key) for key in self.state.keys.get(step.id, ())]
        return {unit[1]: self._of_unit(unit, output) for unit in units if self._has(unit, output)}

    def _has(self, unit: Unit, output: str) -> bool:
        return output in self.state.produced.get(unit, {})

    def _of_unit(self, unit: Unit, output: str) -> Any:
        if not self._has(unit, output):
            raise StepOutputNotFoundError(
                f"Step {self.state.key(unit)!r} did not produce output {output!r};"
                f" it produced {', '.join(self.state.produced.get(unit, {})) or 'nothing'}."
            )
        keys = self.state.produced[unit][output]
        if keys is None:
            return self._kept_or_loaded(unit, output)
        return {key: self._kept_or_loaded(unit, f"{output}[{key}]") for key in keys}

    def _kept_or_loaded(self, unit: Unit, name: str) -> Any:
        kept = self.values.get(unit, {})
        if name in kept:
            return kept[name]
        step = self.state.plan.steps[unit[0]]
        if any(o.name == name and o.nothing for o in step.outputs):
            return None
        if self.load is None:
            return None
        return self.load(unit, name)

    @cached_property
    def _makers(self) -> dict[AssetKey, tuple[Step, str]]:
        """Which output of which step is an asset."""
        return {
            output.asset_key: (step, output.name)
            for step in self.state.plan.steps
            for output in step.outputs
            if output.asset_key is not None
        }

    # ---- finding ------------------------------------------------------------------------------

    def _definition_at(self, path: tuple[str, ...]) -> OpDefinition | GraphDefinition:
        found: OpDefinition | GraphDefinition = self.job_def.graph
        for name in path:
            nodes = found.nodes if isinstance(found, GraphDefinition) else _NO_NODES
            if name not in nodes:
                raise InvariantViolationError(
                    f"{job_title(self.job_def.name, begins=True)} has no node {'.'.join(path)!r}."
                    f"{suggest(name, nodes)}"
                )
            found = nodes[name].definition
        return found

    def _end_of(self, path: tuple[str, ...], output: str) -> OpOutput:
        definition = self._definition_at(path)
        if isinstance(definition, OpDefinition):
            if output not in definition.outs:
                raise InvariantViolationError(
                    f"Node {'.'.join(path)!r} has no output {output!r}; it has {', '.join(definition.outs)}."
                )
            return OpOutput(path, output)
        if output not in definition.outs:
            raise InvariantViolationError(
                f"Graph {'.'.join(path)!r} has no output {output!r}; it has"
                f" {', '.join(definition.outs) or 'none'}."
            )
        end = resolve(definition.outs[output], Scope(definition, path))
        if not isinstance(end, OpOutput):
            raise InvariantViolationError(
                f"Output {output!r} of {'.'.join(path)!r} is not the output of an op."
            )
        return end

    def _step_ids(self, node: str) -> set[int]:
        path = tuple(node.split("[", 1)[0].split("."))
        self._definition_at(path)
        return {step.id for step in self.state.plan.steps if step.node[: len(path)] == path}


ExecuteInProcessResult = ExecutionResult
"""The original's name for the result of ``execute_in_process``."""

JobExecutionResult = ExecutionResult
"""The original's name for the result of ``execute_job``."""
