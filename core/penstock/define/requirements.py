"""Resources that a job needs: by whom each is needed, and which are missing.

Owns: the walk over everything that may need a resource: ops, inputs, outputs, types, hooks, and
resources themselves. Pure; whoever is about to load or run a job asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.graph import Node
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.resource import as_resource_definitions
from penstock.define.wiring_checks import nodes_by_path
from penstock.errors import InvalidDefinitionError, job_title, suggest
from penstock.values import frozen

DEFAULT_KEYS = frozenset({"io_manager"})
"""Keys that are always bound."""


@frozen
class Requirement:
    """Somebody needs a resource.

    Args:
        key: the resource key.
        who: who needs it, as part of a sentence (``op 'load' (etl.py:12)``).
        where: ``"file.py:12"`` of the op that needs it, empty when it is no op.
    """

    key: str
    who: str
    where: str = ""


class MissingResourcesError(InvalidDefinitionError):
    """A job needs resources that nobody provides.

    Args:
        message: names all of them.
        missing: one for each.
        known: the keys of those that are provided.
    """

    def __init__(self, message: str, missing: Sequence[Requirement], known: Sequence[str]) -> None:
        super().__init__(message)
        self.missing = missing
        self.known = known

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.missing, self.known)


def requirements_of(job: JobDefinition) -> Iterator[Requirement]:
    """Everything in a job that needs a resource, in order of appearance.

    Args:
        job: op job or asset job.
    """
    for path, node in nodes_by_path(job.graph):
        own = _bound_by_assets(job, path[0])
        for found in _of_node(path, node):
            if found.key not in own:
                yield found
    yield from _of_hooks(job.hooks, job_title(job.name))
    for key, definition in as_resource_definitions(job.resource_defs).items():
        for needed in sorted(definition.required_resource_keys):
            yield Requirement(needed, f"resource {key!r}")


def _of_node(path: tuple[str, ...], node: Node) -> Iterator[Requirement]:
    yield from _of_hooks(node.hooks, f"node {'.'.join(path)!r}")
    yield from _of_hooks(node.definition.hooks, f"{node.definition.name!r}")
    if isinstance(node.definition, OpDefinition):
        yield from _of_op(node.definition, ".".join(path))


def _of_op(op: OpDefinition, key: str) -> Iterator[Requirement]:
    where = op.shape.where
    who = f"op {key!r} ({where})"
    for needed in sorted(op.required_resource_keys):
        yield Requirement(needed, who, where)
    for one in op.ins.values():
        if one.input_manager_key is not None:
            yield Requirement(one.input_manager_key, f"input {one.name!r} of {who}", where)
        for needed in _of_type(one.type):
            yield Requirement(needed, f"the type of input {one.name!r} of {who}", where)
    for out in op.outs.values():
        if not out.type.is_nothing:
            yield Requirement(out.io_manager_key, f"output {out.name!r} of {who}", where)
        for needed in sorted(out.type.required_resource_keys):
            yield Requirement(needed, f"the type of output {out.name!r} of {who}", where)


def resource_keys_of(op: OpDefinition) -> frozenset[str]:
    """The resources that an op and the types of its inputs and outputs use."""
    of_types = {key for one in (*op.ins.values(), *op.outs.values()) for key in _of_type(one.type)}
    return op.required_resource_keys | of_types if of_types else op.required_resource_keys


def _of_type(wanted: Any) -> list[str]:
    loader = wanted.loader
    of_loader = frozenset[str]() if loader is None else loader.required_resource_keys()
    return sorted(wanted.required_resource_keys | of_loader)


def _of_hooks(hooks: frozenset[Any], where: str) -> Iterator[Requirement]:
    for hook in sorted(hooks, key=lambda one: one.name):
        for needed in sorted(hook.required_resource_keys):
            yield Requirement(needed, f"hook {hook.name!r} of {where}")


def _bound_by_assets(job: JobDefinition, node: str) -> Mapping[str, Any]:
    assets = job.assets.by_node.get(node) if job.assets is not None else None
    return {} if assets is None else assets.resource_defs


def missing_resources(job: JobDefinition) -> list[Requirement]:
    """What a job needs and nobody provides, each key once, in order of appearance.

    Args:
        job: with the resources of the surrounding definitions bound already.
    """
    found: dict[str, Requirement] = {}
    for needed in requirements_of(job):
        if needed.key not in job.resource_defs and needed.key not in DEFAULT_KEYS:
            found.setdefault(needed.key, needed)
    return list(found.values())


def missing_for_assets(graph: AssetGraph, resources: Mapping[str, Any]) -> Iterator[Requirement]:
    """What the ops of assets need and nobody provides, when no job can be made of them to be asked.

    Args:
        graph: every asset.
        resources: those of the surrounding definitions.
    """
    for one in graph.definitions:
        if one.node is not None:
            provided = {**resources, **one.resource_defs}.keys() | DEFAULT_KEYS
            found = _of_node((one.name,), Node(name=one.name, definition=one.node))
            yield from (needed for needed in found if needed.key not in provided)


def check_resources(job: JobDefinition) -> None:
    """Insist that a job has every resource it needs.

    Raises:
        InvalidDefinitionError: naming job, who needs it, and the key, for every one that is missing.
    """
    missing = missing_resources(job)
    if not missing:
        return
    known = list(job.resource_defs)
    lines = [lacking(one, known) for one in missing]
    lines[0] = f"In {job_title(job.name)}, {lines[0]}"
    message = (
        "\n  ".join(lines)
        + f"\nThe job has {', '.join(map(repr, known)) or 'no resources'}. Bind the missing ones with"
        " resource_defs={...} of the job or resources={...} of Definitions."
    )
    raise MissingResourcesError(message, missing, known)


def lacking(needed: Requirement, known: Collection[str]) -> str:
    """What is said of a resource that nobody provides.

    Args:
        needed: the resource, and who needs it.
        known: the keys of those that are provided.
    """
    return (
        f"{needed.who} needs the resource {needed.key!r}, which nobody provides.{suggest(needed.key, known)}"
    )
