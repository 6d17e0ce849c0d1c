"""The program of a run: its plan bound to live definitions, config and resources.

Owns: everything a worker knows besides the step in hand. Made once per run and process. The shell's
means (clock, chance, table conversion) come in as ``Tools``, so that nothing here reaches for them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import Any, Protocol, Self

from attrs import define, field

from penstock.define.assets import AssetsDefinition
from penstock.define.hook import HookDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.requirements import resource_keys_of
from penstock.define.retry import RetryPolicy
from penstock.define.specs import AssetCheckSpec
from penstock.engine.offered import Resources
from penstock.engine.wants import wants_of
from penstock.events.runs import Run
from penstock.events.values import LogsCaptured
from penstock.keys import AssetCheckKey, AssetKey
from penstock.plan.flatten import Place, Scope, walk
from penstock.plan.model import Plan, Step, StepOutput
from penstock.plan.run_config import BoundRunConfig
from penstock.spi.executor import Wants
from penstock.values import frozen

_NO_CONFIG: Mapping[str, Any] = {}
_NO_CHECKS: Mapping[AssetKey, Sequence[AssetCheckKey]] = {}
_NO_RESOURCES: frozenset[str] = frozenset()


def _same(value: Any, _wanted: Any) -> Any:
    return value


def _as_it_is(value: Any) -> Any:
    return value


class Captured(Protocol):
    """What was kept of a step's output so far."""

    @property
    def file(self) -> str | None:
        """Where it lies, None when there was none."""
        ...


class _NoCapture:
    """Keeps nothing."""

    file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


_NO_CAPTURE: AbstractContextManager[Captured] = _NoCapture()


def _nothing_captured(_key: str) -> LogsCaptured | None:
    return None


def _no_capture(_key: str) -> AbstractContextManager[Captured]:
    return _NO_CAPTURE


@frozen(kw_only=True)
class Tools:
    """What the shell lends the engine.

    Args:
        now: seconds since 1970.
        monotonic: seconds of a clock that never jumps.
        chance: a random number of 0 to 1.
        sleep: waits so many seconds.
        convert: a table as the type that a consumer's annotation asks for.
        settle: a value that can be read more than once: a stream becomes a table.
        capture: a context in which what a step prints is kept under its key.
        captured: the event that tells what a step printed whose worker is gone, if anything is left of it.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.perf_counter
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    convert: Callable[[Any, Any], Any] = _same
    settle: Callable[[Any], Any] = _as_it_is
    capture: Callable[[str], AbstractContextManager[Captured]] = _no_capture
    captured: Callable[[str], LogsCaptured | None] = _nothing_captured


@define(kw_only=True, eq=False, slots=False)
class BoundStep:
    """A step's definitions, looked up once; not to be changed.

    Args:
        step: of the plan.
        outputs: the step's outputs by name.
        blocking_checks: the blocking checks that the step evaluates, by their asset.
        hooks: those of job, graphs, node and op.
    """

    step: Step
    outputs: Mapping[str, StepOutput]
    blocking_checks: Mapping[AssetKey, Sequence[AssetCheckKey]]
    place: Place
    op: OpDefinition
    assets: AssetsDefinition | None
    hooks: tuple[HookDefinition, ...]
    retry_policy: RetryPolicy | None
    timeout: float | None
    resource_keys: frozenset[str]
    config: Any = None
    inputs_config: Mapping[str, Any] = _NO_CONFIG
    outputs_config: Mapping[str, Any] = _NO_CONFIG
    loads_config: Mapping[str, Any] = _NO_CONFIG

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Tags of op and node together."""
        return {**self.op.tags, **self.place.node.tags}

    @cached_property
    def wants(self) -> Wants:
        """What the step asks of the place that runs it."""
        executor = None if self.assets is None else self.assets.executor
        return wants_of(self.op, self.tags, executor, self.timeout)

    @cached_property
    def outputs_by_asset(self) -> Mapping[AssetKey, StepOutput]:
        """The outputs that are assets, by asset."""
        return {output.asset_key: output for output in self.step.outputs if output.asset_key is not None}

    @cached_property
    def checks(self) -> Sequence[AssetCheckSpec]:
        """The specs of every check whose result the step may give.

        They are those that its definition declares; of an op inside a graph those that its outputs stand for,
        if there are any.
        """
        every = () if self.assets is None else tuple(self.assets.checks_by_output.values())
        inside = len(self.step.node) > 1 and self.step.checks
        return tuple(spec for spec in every if spec.key in self.step.checks) if inside else every

    @cached_property
    def checks_by_name(self) -> Mapping[str, Sequence[AssetCheckSpec]]:
        """The same by name, which checks of several assets may share."""
        found: dict[str, list[AssetCheckSpec]] = {}
        for spec in self.checks:
            found.setdefault(spec.name, []).append(spec)
        return found

    def is_selected(self, output: StepOutput) -> bool:
        """Whether the run asks for an output: always, save for assets that a subset leaves out."""
        chosen = None if self.assets is None else self.assets.selected
        return chosen is None or output.asset_key is None or output.asset_key in chosen


@define(kw_only=True, eq=False, slots=False)
class Program:
    """A run's plan with everything that carrying out its steps needs.

    Args:
        run: the stored run.
        job: the job as it was resolved for this run.
        config: bound run config.
        resources: opened resources by key.
        resource_configs: the config each resource was opened with.
        input_values: values given at launch for inputs of the outermost graph.
        versions: data versions of assets that earlier runs made.
        versions_read: top-level node → upstream asset with partitions → the version of what is read of it.
        origin: step key → run that made its outputs, for steps this run does not repeat.
        stores_op_outputs: False hands op outputs of the default I/O manager straight on.
        keeps_values: True keeps every output for the result object.
        retries_enabled: False when the run's execution config disabled retries.
    """

    run: Run
    job: JobDefinition
    plan: Plan
    config: BoundRunConfig
    tools: Tools = field(factory=Tools)
    resources: Mapping[str, Any] = field(factory=dict[str, Any])
    resource_configs: Mapping[str, Any] = field(factory=dict[str, Any])
    input_values: Mapping[str, Any] = field(factory=dict[str, Any])
    versions: dict[AssetKey, str] = field(factory=dict[AssetKey, str])
    versions_read: Mapping[str, Mapping[AssetKey, str]] = field(factory=dict[str, Mapping[AssetKey, str]])
    origin: Mapping[str, str] = field(factory=dict[str, str])
    stores_op_outputs: bool = True
    keeps_values: bool = False
    retries_enabled: bool = True
    log: Any = None
    instance: Any = None

    @cached_property
    def places(self) -> dict[tuple[str, ...], Place]:
        """Every op of the job by its path."""
        return {place.path: place for place in walk(Scope(self.job.graph))}

    @cached_property
    def _bound(self) -> dict[int, BoundStep]:
        return {}

    @cached_property
    def _of_managers(self) -> dict[str, Resources]:
        return {}

    def bound(self, step: Step) -> BoundStep:
        """The definitions of a step."""
        found = self._bound.get(step.id)
        if found is None:
            found = self._bound[step.id] = self._bind(step)
        return found

    def configure(self, config: BoundRunConfig, *, retries_enabled: bool) -> None:
        """From now on this is the run's config."""
        self.config, self.resource_configs = config, config.resources
        self.retries_enabled = retries_enabled
        for bound in self._bound.values():
            self._give_config(bound)

    def _give_config(self, bound: BoundStep) -> None:
        bound.config = self.config.ops.get(bound.step.key)
        bound.inputs_config = self.config.inputs.get(bound.step.key, _NO_CONFIG)
        bound.outputs_config = self.config.outputs.get(bound.step.key, _NO_CONFIG)
        bound.loads_config = self.config.loads.get(bound.step.key, _NO_CONFIG)

    def use(self, resources: Mapping[str, Any]) -> None:
        """From now on these are the opened resources."""
        self.resources = resources
        self._of_managers.clear()

    def resources_of(self, key: str) -> Resources:
        """What the resource of a key requires itself, as an I/O manager sees it."""
        found = self._of_managers.get(key)
        if found is None:
            wanted: frozenset[str] = getattr(
                self.job.resource_defs.get(key), "required_resource_keys", _NO_RESOURCES
            )
            values = {one: self.resources[one] for one in wanted}
            found = self._of_managers[key] = Resources(values, f"Resource {key!r}")
        return found

    def _bind(self, step: Step) -> BoundStep:
        place = self.places[step.node]
        op, node = place.op, place.node
        assets = self.job.assets.by_node.get(step.node[0]) if self.job.assets is not None else None
        policy = node.retry_policy or op.retry_policy or self.job.op_retry_policy
        timeout = op.timeout if op.timeout is not None else self.job.timeout
        bound = BoundStep(
            step=step,
            outputs={output.name: output for output in step.outputs},
            blocking_checks=_blocking(assets, step) if step.checks else _NO_CHECKS,
            place=place,
            op=op,
            assets=assets,
            hooks=_hooks(place, self.job, assets),
            retry_policy=policy,
            timeout=timeout,
            resource_keys=resource_keys_of(op),
        )
        self._give_config(bound)
        return bound


def _blocking(assets: AssetsDefinition | None, step: Step) -> Mapping[AssetKey, Sequence[AssetCheckKey]]:
    evaluated = set(step.checks)
    found: dict[AssetKey, list[AssetCheckKey]] = {}
    for spec in () if assets is None else assets.checks_by_output.values():
        if spec.blocking and spec.key in evaluated:
            found.setdefault(spec.key.asset_key, []).append(spec.key)
    return found


def _hooks(place: Place, job: JobDefinition, assets: AssetsDefinition | None) -> tuple[HookDefinition, ...]:
    """Hooks that watch an op, each once: of the job, the graphs around it, its node and itself."""
    sources: list[frozenset[HookDefinition]] = [job.hooks, place.node.hooks, place.op.hooks]
    if assets is not None:
        sources.append(assets.hooks)
    scope: Scope | None = place.scope
    while scope is not None and scope.node is not None:
        sources += (scope.node.hooks, scope.graph.hooks)
        scope = scope.outer
    if not any(sources):
        return ()
    return tuple(sorted({hook for hooks in sources for hook in hooks}, key=lambda hook: hook.name))
