"""The config of the Ray executor: what may be said, and every fault of it at once.

Owns: ``RayConfig``, and the reading of plain values into it. Pure: imports neither Ray nor anything that
looks outside. What a step asks for by its tag is ``options``'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, fields

from penstock.config.faults import Fault
from penstock.errors import InvalidConfigError, suggest
from penstock.values import frozen
from penstock_ray.rules import (
    Rule,
    amount,
    count,
    flag,
    mapping,
    one_of,
    quantities,
    seconds,
    strategy,
    text,
    whole,
)


def _as(rule: Rule, default: Any, *, factory: Any = None) -> Any:
    if factory is not None:
        return field(factory=factory, metadata={"rule": rule})
    return field(default=default, metadata={"rule": rule})


@frozen(kw_only=True)
class RayConfig:
    """How steps are run on Ray.

    Args:
        address: of a cluster (``"host:port"``), ``"auto"`` for one that runs on this machine, ``"local"``
            for one of its own; by default the Ray that the process uses already, then ``RAY_ADDRESS``, then
            one of its own.
        namespace: in which this run's Ray names live.
        num_cpus, num_gpus: of each step, where the step does not say; one processor and no GPU by default.
        memory: bytes of each step, for Ray's bookkeeping only.
        resources: custom resources of each step, by name.
        runtime_env: of the whole run, as of ``ray.init``.
        scheduling_strategy: ``"DEFAULT"`` or ``"SPREAD"``.
        window: tasks sent to Ray at once; by default four for each processor of the cluster, 16 to 1000.
        max_concurrent: steps at once.
        fuse: whether steps that need only each other may run as one task.
        batch: whether short steps that are ready may travel together, as one task of Ray.
        autoscaling: whether the cluster grows; resources that no node has are then waited for.
        heartbeat: seconds between the signs of life of a running step.
        stalled_after: seconds without one after which the log says so.
        grace: seconds beyond its timeout after which a step that did not stop itself is killed.
        probe: whether modules are looked for on each node before the first step.
        hub_host: address of this machine that workers dial; found by default.
        auth: ``"token"`` or ``"disabled"``; by default what Ray's environment variables say.
        local: arguments of ``ray.init`` for a Ray of its own (``{"num_cpus": 4}``).
    """

    address: str | None = _as(text, None)
    namespace: str | None = _as(text, None)
    num_cpus: float | None = _as(amount, None)
    num_gpus: float | None = _as(amount, None)
    memory: int | None = _as(whole, None)
    resources: Mapping[str, float] = _as(quantities, None, factory=dict[str, float])
    runtime_env: Mapping[str, Any] = _as(mapping, None, factory=dict[str, Any])
    scheduling_strategy: str | None = _as(strategy, None)
    window: int | None = _as(count, None)
    max_concurrent: int | None = _as(count, None)
    fuse: bool = _as(flag, default=True)
    batch: bool = _as(flag, default=True)
    autoscaling: bool = _as(flag, default=False)
    heartbeat: float = _as(seconds, 5.0)
    stalled_after: float = _as(seconds, 30.0)
    grace: float = _as(seconds, 2.0)
    probe: bool = _as(flag, default=True)
    hub_host: str | None = _as(text, None)
    auth: str | None = _as(one_of("token", "disabled"), None)
    local: Mapping[str, Any] = _as(mapping, None, factory=dict[str, Any])

    @classmethod
    def read(cls, given: Mapping[str, Any] | None) -> RayConfig:
        """The config that plain values mean.

        Raises:
            InvalidConfigError: with every fault that they have.
        """
        values = {key: value for key, value in (given or {}).items() if key not in _FOR_THE_ENGINE}
        faults = faults_of(values, rules_of(cls), "$.execution.config")
        if faults:
            raise InvalidConfigError("The config of the Ray executor cannot be used:", faults)
        return cls(**{key: value for key, value in values.items() if value is not None})


_FOR_THE_ENGINE = frozenset({"retries", "tag_concurrency_limits"})
"""What the engine reads out of the same config."""


def rules_of(cls: type) -> dict[str, Rule]:
    """The fields of a config class, and what each may hold."""
    return {one.name: one.metadata["rule"] for one in fields(cls)}


def faults_of(values: Mapping[str, Any], rules: Mapping[str, Rule], path: str) -> list[Fault]:
    """Everything that is wrong with some values, in their order.

    Args:
        values: by name, None for what is not said.
        rules: of each name that exists.
        path: where the values stand.
    """
    faults: list[Fault] = []
    for name, value in values.items():
        where = f"{path}.{name}"
        if name not in rules:
            hint = suggest(str(name), rules)
            faults.append(
                Fault(where, f"one of {', '.join(sorted(rules))}", "a field that does not exist", hint)
            )
        elif value is not None and (wanted := rules[name](value)):
            faults.append(Fault(where, wanted, repr(value)))
    return faults
