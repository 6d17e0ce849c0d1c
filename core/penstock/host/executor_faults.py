"""Executors that definitions name and that cannot carry anything out: found without a run.

Owns: ``executor_faults``. Says only what is wrong in every run: no executor at all, or a name that nobody
offers. Which plugins there are is asked when a name is not Penstock's own. Must not know the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from penstock.define.asset_graph import flattened
from penstock.define.asset_job import UnresolvedAssetJobDefinition
from penstock.define.assets import AssetsDefinition
from penstock.define.executor import as_executor, in_process_executor, multi_or_in_process_executor
from penstock.define.faults import DefinitionFault
from penstock.define.job import JobDefinition
from penstock.define.repository import RepositoryDefinition
from penstock.engine.wants import executor_value
from penstock.errors import InvalidDefinitionError, suggest

_BUILT_IN = frozenset({in_process_executor.target, multi_or_in_process_executor.target})


def executor_faults(
    project: RepositoryDefinition, offered: Callable[[], Collection[str]]
) -> list[DefinitionFault]:
    """What is wrong with the executors that a project names, each where it is named.

    Args:
        project: everything in it.
        offered: the names of executors that plugins offer.
    """
    found: list[DefinitionFault] = []
    for subject, given, where in _named(project):
        message = _fault(given, offered)
        if message:
            found.append(DefinitionFault(subject, f"{subject}: {message}", where))
    return found


def _named(project: RepositoryDefinition) -> Iterator[tuple[str, Any, str]]:
    """What names an executor, the executor, and where that stands."""
    yield "executor of all jobs", project.executor, ""
    for name, job in project.given_jobs.items():
        if isinstance(job, UnresolvedAssetJobDefinition):
            yield f"job {name!r}", job.options.get("executor_def"), job.where
        elif isinstance(job, JobDefinition):
            yield f"job {name!r}", job.own_executor, job.graph.where
    for one in flattened(project.assets):
        if isinstance(one, AssetsDefinition):
            yield f"asset {one.name!r}", executor_value(one.executor), one.where


def _fault(given: Any, offered: Callable[[], Collection[str]]) -> str:
    try:
        definition = as_executor(given)
    except InvalidDefinitionError as error:
        return str(error)
    if definition is None or definition.target is None or definition.target in _BUILT_IN:
        return ""
    names = offered()
    if definition.target in names:
        return ""
    known = ", ".join(sorted(names))
    return (
        f"there is no executor {definition.target!r}.{suggest(definition.target, names)} There are: {known}."
    )
