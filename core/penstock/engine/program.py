"""The program of a run: its plan bound to live definitions, config and resources.

Owns: everything a worker knows besides the step in hand. Made once per run and process. The shell's
means (clock, chance, table conversion) come in as ``Tools``, so that nothing here reaches for them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from penstock.define.assets import AssetsDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.retry import RetryPolicy
from penstock.events.runs import Run
from penstock.keys import AssetKey
from penstock.plan.flatten import Place, Scope, walk
from penstock.plan.model import Plan
from penstock.plan.run_config import BoundRunConfig


def _same(value: Any, _wanted: Any) -> Any:
    return value


def _as_it_is(value: Any) -> Any:
    return value


_NO_CAPTURE: AbstractContextManager[None] = nullcontext()


def _no_capture(_key: str) -> AbstractContextManager[None]:
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
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.perf_counter
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    convert: Callable[[Any, Any], Any] = _same
    settle: Callable[[Any], Any] = _as_it_is
    capture: Callable[[str], AbstractContextManager[None]] = _no_capture


@frozen(kw_only=True, eq=False)
class BoundStep:
    """A step's definitions, looked up once.

    ``tags`` are those of op and node together; ``hooks`` those of job, graphs, node and op.
    """

    place: Place
    op: OpDefinition
    assets: AssetsDefinition | None
    hooks: tuple[Any, ...]
    retry_policy: RetryPolicy | None
    timeout: float | None
    config: Any
    inputs_config: Mapping[str, Any]
    resource_keys: frozenset[str]

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of op and node together."""
        return {**self.op.tags, **self.place.node.tags}


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
        versions: data versions of assets as known so far; the driver keeps it up to date.
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
    def _bound(self) -> dict[tuple[str, ...], BoundStep]:
        return {}

    def bound(self, path: tuple[str, ...]) -> BoundStep:
        """The definitions of the step at a node path."""
        found = self._bound.get(path)
        if found is None:
            found = self._bound[path] = self._bind(self.places[path])
        return found

    def _bind(self, place: Place) -> BoundStep:
        key = ".".join(place.path)
        op, node = place.op, place.node
        assets = self.job.assets.by_node.get(place.path[0]) if self.job.assets is not None else None
        policy = node.retry_policy or op.retry_policy or self.job.op_retry_policy
        timeout = op.timeout if op.timeout is not None else self.job.timeout
        return BoundStep(
            place=place,
            op=op,
            assets=assets,
            hooks=_hooks(place, self.job, assets),
            retry_policy=policy,
            timeout=timeout,
            config=self.config.ops.get(key),
            inputs_config=self.config.inputs.get(key, {}),
            resource_keys=op.required_resource_keys,
        )


def _hooks(place: Place, job: JobDefinition, assets: AssetsDefinition | None) -> tuple[Any, ...]:
    """Hooks that watch an op, each once: of the job, the graphs around it, its node and itself."""
    found: dict[Any, None] = dict.fromkeys(job.hooks)
    if assets is not None:
        found.update(dict.fromkeys(assets.hooks))
    scope: Scope | None = place.scope
    while scope is not None and scope.node is not None:
        found.update(dict.fromkeys(scope.node.hooks))
        found.update(dict.fromkeys(scope.graph.hooks))
        scope = scope.outer
    found.update(dict.fromkeys(place.node.hooks))
    found.update(dict.fromkeys(place.op.hooks))
    return tuple(sorted(found, key=lambda hook: hook.name))
