"""The executor as users name it in their definitions.

Owns: ``ray_executor`` and what its config looks like in a run config. Imports nothing of Ray; what the
values mean, and what is wrong with them, is ``config``'s. The schema repeats its rules, so that a run config
with faults of several kinds shows all of them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from penstock.config import Bool, Field, Float, Int, Noneable, Permissive, String
from penstock.config.python_nodes import Checked
from penstock.config.python_nodes import Rule as Test
from penstock.define.executor import RETRIES, TAG_LIMITS, ExecutorDefinition
from penstock_ray.config import RayConfig, rules_of
from penstock_ray.rules import OWN_ONLY, PARTS, Rule, amount, quantities

_RULES = rules_of(RayConfig)
_MORE_TO_SAY: dict[Rule, tuple[str, ...]] = {amount: (PARTS,), quantities: (OWN_ONLY,)}


def _field(schema: object, text: str) -> Field:
    return Field(schema, is_required=False, description=text)


def _ruled(name: str, schema: Any, text: str) -> Field:
    """A field of ``RayConfig``: None, or what its rule lets pass."""
    rule = _RULES[name]
    wanted = (rule(object()), *_MORE_TO_SAY.get(rule, ()))
    tests = tuple(Test(one, partial(_lets_pass, rule, one)) for one in wanted)
    return _field(Noneable(Checked(schema, tests)), text)


def _lets_pass(rule: Rule, wanted: str, value: Any) -> bool:
    return rule(value) != wanted


_FIELDS: dict[str, tuple[Any, str]] = {
    "address": (String, "of a cluster: host:port, auto, or local for a Ray of its own"),
    "namespace": (String, "in which Ray names of this run live"),
    "num_cpus": (Float, "processors of each step"),
    "num_gpus": (Float, "GPUs of each step"),
    "memory": (Int, "bytes of each step, for Ray's bookkeeping"),
    "resources": (Permissive(), "custom resources of each step"),
    "runtime_env": (Permissive(), "of the whole run, as of ray.init"),
    "scheduling_strategy": (String, "DEFAULT or SPREAD"),
    "window": (Int, "tasks sent to Ray at once; four for each processor by default"),
    "max_concurrent": (Int, "steps at once"),
    "fuse": (Bool, "whether steps that need only each other may run as one task"),
    "batch": (Bool, "whether short steps that are ready may travel together"),
    "autoscaling": (Bool, "whether to wait for resources that no node has yet"),
    "heartbeat": (Float, "seconds between signs of life of a running step"),
    "stalled_after": (Float, "seconds without one after which the log says so"),
    "grace": (Float, "seconds beyond its timeout after which a step is killed"),
    "probe": (Bool, "whether modules are looked for on each node before the first step"),
    "hub_host": (String, "address of this machine that workers dial"),
    "auth": (String, "token or disabled; by default what Ray's environment variables say"),
    "local": (Permissive(), "arguments of ray.init for a Ray of its own"),
}

RAY_CONFIG = {
    **{name: _ruled(name, schema, text) for name, (schema, text) in _FIELDS.items()},
    "retries": _field(RETRIES, "whether failed steps are tried again as their policies say"),
    "tag_concurrency_limits": TAG_LIMITS,
}

ray_executor = ExecutorDefinition(
    "ray",
    RAY_CONFIG,
    description="Each step as a task of a Ray cluster, or of a Ray that is started for the run.",
    target="ray",
)
