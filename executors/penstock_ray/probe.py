"""One question to each node before the first step: can you import what the steps need?

Owns: the probe task and the one clear error that comes of its answers. The task is lazy about its import,
which happens in the worker.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray as _ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from penstock.errors import UnmetExecutorRequirementsError
from penstock.values import frozen
from penstock_ray.feasibility import Node

ray: Any = _ray  # ships types that a strict checker cannot follow

TIMEOUT = 60.0
SETTLING = 3.0
"""Seconds until it is known everywhere which nodes there are."""
_PAUSE = 0.2
_ABSENT = (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError)
_REMEDIES = (
    "Install the modules in the image of the nodes; or send your code along with"
    ' runtime_env={"working_dir": "."} in the config of the executor; or keep it in the program that'
    " launches the run, whose functions travel by value."
)
_OWN = ("penstock", "penstock_ray")


@frozen
class Answer:
    """Of one node.

    Args:
        node: that answered.
        missing: modules that it does not find, with what it says about them.
        fault: why it did not answer, or the empty text.
        is_absent: whether Ray says that there is no such node, or not yet.
    """

    node: Node
    missing: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    is_absent: bool = False


def check_modules(modules: Sequence[str], nodes: Sequence[Node], host: str = "") -> None:
    """Ask each node whether it finds modules.

    A node that has just come is not known everywhere yet, and one that has just gone still is: those that
    nobody knows are asked again for a moment, and then left out, for Ray places nothing there.

    Args:
        modules: their dotted names.
        nodes: those to ask.
        host: whose disk is this one's: there a step looks where this process does.

    Raises:
        UnmetExecutorRequirementsError: naming modules, nodes and remedies.
    """
    names = (*_OWN, *modules)
    answers = ask(names, nodes, host)
    until = time.monotonic() + SETTLING
    while (absent := [one.node for one in answers if one.is_absent]) and time.monotonic() < until:
        time.sleep(_PAUSE)
        answers = [one for one in answers if not one.is_absent] + ask(names, absent, host)
    if message := complaint([one for one in answers if not one.is_absent]):
        raise UnmetExecutorRequirementsError(message)


def ask(modules: Sequence[str], nodes: Sequence[Node], host: str = "") -> list[Answer]:
    """The answers of all nodes, asked at the same time."""
    remote: Any = ray.remote(num_cpus=0, max_retries=0)(_finder())
    near, names = import_folders(), tuple(modules)
    asked = {
        node.id: remote.options(**_placed(node)).remote(names, near if node.host == host else ())
        for node in nodes
    }
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=TIMEOUT)
    return [_answer(node, asked[node.id]) for node in nodes]


def complaint(answers: Sequence[Answer]) -> str:
    """One message about everything that is missing, or the empty text."""
    lines = [
        f"  module {name!r} is missing on node {answer.node.host} ({answer.node.id[:8]}): {why}"
        for answer in answers
        for name, why in answer.missing
    ]
    lines += [
        f"  node {one.node.host} ({one.node.id[:8]}) did not answer: {one.fault}"
        for one in answers
        if one.fault
    ]
    if not lines:
        return ""
    return "\n".join(["Wanted Ray workers that can import what the steps need, found:", *lines, _REMEDIES])


def import_folders() -> tuple[str, ...]:
    """Where this process finds modules."""
    return tuple(dict.fromkeys(str(Path(one).resolve()) for one in sys.path if Path(one).exists()))


def _finder() -> Callable[[tuple[str, ...], tuple[str, ...]], list[tuple[str, str]]]:
    """The task: a function of its own, so that a worker without Penstock can run it."""

    def find(modules: tuple[str, ...], folders: tuple[str, ...]) -> list[tuple[str, str]]:
        import importlib.util as finding  # noqa: PLC0415 - lazy: in the worker
        import sys as own  # noqa: PLC0415 - the same: nothing of this module is there

        own.path += [one for one in folders if one not in own.path]
        missing: list[tuple[str, str]] = []
        for name in modules:
            try:
                found = finding.find_spec(name)
            except Exception as error:  # noqa: BLE001 - a parent package may raise anything
                missing.append((name, f"{type(error).__name__}: {error}"))
                continue
            if found is None:
                missing.append((name, "not found"))
        return missing

    find.__module__ = "__main__"  # so that it is pickled by value
    return find


def _placed(node: Node) -> dict[str, Any]:
    return {
        "scheduling_strategy": NodeAffinitySchedulingStrategy(node.id, soft=False),
        "name": "penstock/probe",
    }


def _answer(node: Node, reference: Any) -> Answer:
    try:
        return Answer(node, tuple(ray.get(reference, timeout=0)))
    except Exception as error:  # noqa: BLE001 - any of Ray's, told to people
        fault = f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
        return Answer(node, fault=fault, is_absent=isinstance(error, _ABSENT))


def python_version() -> str:
    """Of this process."""
    return ".".join(map(str, sys.version_info[:3]))
