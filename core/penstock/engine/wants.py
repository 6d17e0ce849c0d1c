"""What a step asks of the place that runs it, read from its definition.

Owns: the words that people may use for it (``compute=``, tags, ``lane``) and their way into ``Wants``.
Pure; what only one executor understands is passed on unread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from penstock.define.op import OpDefinition
from penstock.errors import InvalidDefinitionError
from penstock.plan.priorities import priority_of
from penstock.spi.executor import Lane, Wants

LANE_TAG = "penstock/lane"
EXECUTOR_TAG = "penstock/executor"
RAY_TAG = "penstock/ray"
LANES: tuple[Lane, ...] = ("process", "thread", "async")
_PLAIN = {"num_cpus": "cpus", "num_gpus": "gpus", "memory": "memory"}
_NOTHING: Mapping[str, Any] = {}


def wants_of(op: OpDefinition, tags: Mapping[str, str], executor: Any, timeout: float | None) -> Wants:
    """What a step asks for.

    Args:
        op: its op.
        tags: of op and node.
        executor: what its asset was given as ``executor=`` and ``compute=``.
        timeout: seconds, None for no limit.

    Raises:
        InvalidDefinitionError: when it names a lane that is none, or its tag for Ray is no JSON.
    """
    name, compute = _parts(executor)
    asked = {_PLAIN[key]: compute[key] for key in _PLAIN if key in compute}
    rest = {key: value for key, value in compute.items() if key not in _PLAIN and key != "lane"}
    lane = (
        compute.get("lane") or tags.get(LANE_TAG) or op.lane or ("async" if op.shape.is_async else "process")
    )
    if lane not in LANES:
        raise InvalidDefinitionError(
            f"{op.name!r} ({op.shape.where}) asks for the lane {lane!r}; there are {', '.join(LANES)}."
        )
    told: Mapping[str, Any] = {**tags, RAY_TAG: {**_ray(tags), **rest}} if rest else tags
    chosen = name if name is not None else tags.get(EXECUTOR_TAG)
    first = priority_of(tags)  # the plan has looked at it
    return Wants(timeout=timeout, lane=lane, tags=told, executor=chosen, priority=first, **asked)


def _parts(executor: Any) -> tuple[str | None, Mapping[str, Any]]:
    """The name of the executor and what is to be computed with."""
    compute: Mapping[str, Any] = _NOTHING
    if isinstance(executor, Mapping) and set(cast("Mapping[str, Any]", executor)) == {"executor", "compute"}:
        given = cast("Mapping[str, Any]", executor)
        executor, compute = given["executor"], given["compute"] or _NOTHING
    if executor is None or isinstance(executor, str):
        return executor, compute
    return executor_key(executor), compute


def executor_key(executor: Any) -> str:
    """The name by which the parts of a run speak of an executor that was given as a value."""
    name: Any = getattr(executor, "name", None) or type(executor).__name__
    return f"{name}@{id(executor):x}"


def executor_value(executor: Any) -> Any:
    """The executor in what an asset was given as ``executor=`` and ``compute=``."""
    if isinstance(executor, Mapping) and set(cast("Mapping[str, Any]", executor)) == {"executor", "compute"}:
        return cast("Mapping[str, Any]", executor)["executor"]
    return cast("Any", executor)


def _ray(tags: Mapping[str, Any]) -> Mapping[str, Any]:
    given = tags.get(RAY_TAG) or _NOTHING
    try:
        return cast("Mapping[str, Any]", json.loads(given) if isinstance(given, str) else given)
    except ValueError as error:
        raise InvalidDefinitionError(
            f"The tag {RAY_TAG!r} wants a mapping, or one as JSON text, found {given!r}."
        ) from error
