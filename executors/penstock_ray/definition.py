"""The executor as users name it in their definitions.

Owns: ``ray_executor`` and what its config looks like in a run config. Imports nothing of Ray; what the
values mean, and what is wrong with them, is ``config``'s.
"""

from __future__ import annotations

from penstock.config import Field, Noneable, Permissive
from penstock.define.executor import ExecutorDefinition

_TEXT, _NUMBER, _WHOLE = Noneable(str), Noneable(float), Noneable(int)


def _field(schema: object, text: str) -> Field:
    return Field(schema, is_required=False, description=text)


RAY_CONFIG = {
    "address": _field(_TEXT, "of a cluster: host:port, auto, or local for a Ray of its own"),
    "namespace": _field(_TEXT, "in which Ray names of this run live"),
    "num_cpus": _field(_NUMBER, "processors of each step"),
    "num_gpus": _field(_NUMBER, "GPUs of each step"),
    "memory": _field(_WHOLE, "bytes of each step, for Ray's bookkeeping"),
    "resources": _field(Permissive(), "custom resources of each step"),
    "runtime_env": _field(Permissive(), "of the whole run, as of ray.init"),
    "scheduling_strategy": _field(_TEXT, "DEFAULT or SPREAD"),
    "window": _field(_WHOLE, "tasks sent to Ray at once; four for each processor by default"),
    "max_concurrent": _field(_WHOLE, "steps at once"),
    "fuse": _field(bool, "whether steps that need only each other may run as one task"),
    "batch": _field(bool, "whether short steps that are ready may travel together"),
    "autoscaling": _field(bool, "whether to wait for resources that no node has yet"),
    "heartbeat": _field(float, "seconds between signs of life of a running step"),
    "stalled_after": _field(float, "seconds without one after which the log says so"),
    "grace": _field(float, "seconds beyond its timeout after which a step is killed"),
    "probe": _field(bool, "whether modules are looked for on each node before the first step"),
    "hub_host": _field(_TEXT, "address of this machine that workers dial"),
    "auth": _field(_TEXT, "token or disabled; by default what Ray's environment variables say"),
    "local": _field(Permissive(), "arguments of ray.init for a Ray of its own"),
    "retries": _field(Permissive(), "whether failed steps are tried again as their policies say"),
    "tag_concurrency_limits": _field([Permissive()], "steps at once by tag"),
}

ray_executor = ExecutorDefinition(
    "ray",
    RAY_CONFIG,
    description="Each step as a task of a Ray cluster, or of a Ray that is started for the run.",
    target="ray",
)
