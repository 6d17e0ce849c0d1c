"""What one task asks of Ray: config, wants and the tag ``penstock/ray``, put together.

Owns: ``Request``, and the order in which they count: the tag before the step's wants before the config.
Pure: what a request means for a cluster is ``feasibility``'s, how it is said to Ray ``executor``'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import evolve, field

from penstock.config.faults import Fault
from penstock.errors import InvalidConfigError
from penstock.spi.executor import Wants
from penstock.values import frozen
from penstock_ray.config import RayConfig, faults_of
from penstock_ray.rules import amount, mapping, quantities, strategy, whole

TAG = "penstock/ray"
_RULES = {
    "num_cpus": amount,
    "num_gpus": amount,
    "memory": whole,
    "resources": quantities,
    "runtime_env": mapping,
    "scheduling_strategy": strategy,
}


@frozen(kw_only=True)
class Request:
    """What a task asks for.

    Args:
        cpus, gpus: processors.
        memory: bytes.
        resources: custom resources by name.
        runtime_env: of this task, beside that of the run.
        strategy: how Ray chooses a node.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory: int | None = None
    resources: Mapping[str, float] = field(factory=dict[str, float])
    runtime_env: Mapping[str, Any] = field(factory=dict[str, Any])
    strategy: str | None = None

    def amounts(self) -> dict[str, float]:
        """Everything of which a node must have enough, by Ray's names."""
        named = {"CPU": self.cpus, "GPU": self.gpus, "memory": float(self.memory or 0), **self.resources}
        return {name: value for name, value in named.items() if value}

    @property
    def shape(self) -> tuple[Any, ...]:
        """What tells it from others, but for its environment."""
        return self.cpus, self.gpus, self.memory, self.strategy, *sorted(self.resources.items())

    def options(self) -> dict[str, Any]:
        """As arguments of Ray's ``options``."""
        said: dict[str, Any] = {"num_cpus": self.cpus}
        if self.gpus:
            said["num_gpus"] = self.gpus
        for name in ("memory", "resources", "runtime_env"):
            if getattr(self, name):
                said[name] = getattr(self, name)
        if self.strategy:
            said["scheduling_strategy"] = self.strategy
        return said


def request_of(wants: Wants, config: RayConfig, task: str = "") -> Request:
    """What a task asks for.

    Args:
        wants: of the task.
        config: for what it does not say.
        task: its key, for messages.

    Raises:
        InvalidConfigError: when its tag cannot be used, with every fault.
    """
    tag = tag_of(wants.tags.get(TAG), task)
    return Request(
        cpus=_first(tag.get("num_cpus"), wants.cpus, config.num_cpus, 1.0),
        gpus=_first(tag.get("num_gpus"), wants.gpus, config.num_gpus, 0.0),
        memory=_first(tag.get("memory"), wants.memory, config.memory, None),
        resources={**config.resources, **tag.get("resources", {})},
        runtime_env=tag.get("runtime_env", {}),
        strategy=_first(tag.get("scheduling_strategy"), config.scheduling_strategy, None),
    )


def requests_of(wanted: Iterable[tuple[str, Wants]], config: RayConfig) -> list[tuple[str, Request]]:
    """What several tasks ask for.

    Args:
        wanted: the name of each with what it wants.
        config: for what they do not say.

    Raises:
        InvalidConfigError: when tags cannot be used, with every fault of all of them.
    """
    found: list[tuple[str, Request]] = []
    faults: list[Fault] = []
    for task, wants in wanted:
        try:
            found.append((task, request_of(wants, config, task)))
        except InvalidConfigError as error:
            faults += [evolve(one, path=f"{task}: {one.path}") for one in error.faults]
    if faults:
        raise InvalidConfigError(f"In the tags {TAG!r} of steps:", faults)
    return found


def tag_of(value: Any, task: str) -> Mapping[str, Any]:
    """What a tag says: a mapping, or one as JSON text.

    Raises:
        InvalidConfigError: with every fault.
    """
    if value is None:
        return {}
    where = f"the tag {TAG!r} of {task}" if task else f"the tag {TAG!r}"
    said = _parsed(value)
    if said is None:
        fault = Fault("$", "a mapping, or one as JSON text", repr(value), 'Write {"num_cpus": 2}.')
        raise InvalidConfigError(f"In {where}:", [fault])
    if faults := faults_of(said, _RULES, "$"):
        raise InvalidConfigError(f"In {where}:", faults)
    return {name: one for name, one in said.items() if one is not None}


def _parsed(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return None if mapping(value) else cast("Mapping[str, Any]", value)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
