"""What is wrong with a project: every fault at once, each with what and where it is about.

Owns: ``faults`` (what makes a project unusable) and ``loose_deps`` (dependencies on assets that nobody
defines, which ``strict_deps`` and ``penstock check`` treat as faults). Pure, linear in definitions. Lazy:
rules of partitions are imported when an asset depends on itself, and those of conditions when one has some.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from importlib import import_module
from typing import Any

from attrs import evolve

from penstock.define.asset_graph import AssetGraph, cycle_message, flattened, twice
from penstock.define.asset_job import IMPLICIT_JOB, unknown_input
from penstock.define.assets import AssetsDefinition, as_definition
from penstock.define.bulk import without_collector
from penstock.define.job import JobDefinition
from penstock.define.repository import RepositoryDefinition
from penstock.define.requirements import (
    MissingResourcesError,
    Requirement,
    lacking,
    missing_for_assets,
)
from penstock.define.sensor import SensorDefinition
from penstock.define.specs import AssetSpec
from penstock.define.targets import jobs_targeted
from penstock.define.unresolved_schedule import UnresolvedPartitionedAssetScheduleDefinition
from penstock.define.wiring_checks import refuse_clashing_names
from penstock.errors import InvalidDefinitionError, UserError, suggest
from penstock.keys import AssetKey, user_strings
from penstock.values import frozen


@frozen
class DefinitionFault:
    """One thing that is wrong with a project.

    Args:
        subject: what it is about: ``"asset orders"``, ``"job nightly"``.
        message: what was wanted, what was found, what to do.
        where: ``"file.py:12"`` where known.
        about_missing: whether something is wanted that nobody defines: more definitions would mend it.
    """

    subject: str
    message: str
    where: str = ""
    about_missing: bool = False

    def __str__(self) -> str:
        # Most messages name the place themselves, because they are raised alone as well.
        return (
            self.message if not self.where or self.where in self.message else f"{self.message} ({self.where})"
        )


@without_collector
def faults(project: RepositoryDefinition, *, strict_deps: bool = False) -> list[DefinitionFault]:
    """Everything that is wrong with a project.

    Args:
        project: everything in it.
        strict_deps: whether dependencies on assets that nobody defines count.

    Returns:
        Faults in order: keys, names, dependencies, jobs. Of assets that claim one key the first counts.
    """
    found: list[DefinitionFault] = []
    try:
        graph = project.asset_graph
    except InvalidDefinitionError:
        found += _key_faults(project)
        project = _without_doubles(project)
        graph = project.asset_graph
    found += [*_name_faults(project), *_graph_faults(graph)]
    if strict_deps:
        found += loose_deps(graph)
    found += _tick_faults(project)
    return [*found, *_job_faults(project, {fault.message for fault in found})]


def _without_doubles(project: RepositoryDefinition) -> RepositoryDefinition:
    """The same with what is an asset, and of assets that claim one key with the first."""
    claimed: set[Any] = set()
    kept: list[AssetsDefinition] = []
    for entry in flattened(project.assets):
        if isinstance(entry, AssetsDefinition | AssetSpec):
            one = as_definition(entry)
            keys = _keys_of(one)
            if claimed.isdisjoint(keys):
                claimed.update(keys)
                kept.append(one)
    return evolve(project, assets=kept)


def _keys_of(one: AssetsDefinition) -> list[Any]:
    return [*one.specs_by_key, *(spec.key for spec in one.checks_by_output.values())]


def refuse_faults(project: RepositoryDefinition, *, strict_deps: bool = False) -> None:
    """Raise everything that is wrong with a project as one error.

    Raises:
        InvalidDefinitionError: the message of the one fault, or a list of all.
    """
    found = faults(project, strict_deps=strict_deps)
    if len(found) == 1:
        raise InvalidDefinitionError(str(found[0]))
    if found:
        lines = "\n".join(f"  {number}. {fault}" for number, fault in enumerate(found, 1))
        raise InvalidDefinitionError(f"The definitions have {len(found)} faults:\n{lines}")


def _key_faults(project: RepositoryDefinition) -> Iterator[DefinitionFault]:
    """Entries that are no assets, and keys that stand twice."""
    by_key: dict[Any, AssetsDefinition] = {}
    seen: set[int] = set()
    for entry in flattened(project.assets):
        if id(entry) in seen:
            continue
        seen.add(id(entry))
        try:
            one = as_definition(entry)
        except InvalidDefinitionError as error:
            yield DefinitionFault("asset", str(error))
            continue
        for key in _keys_of(one):
            other = by_key.setdefault(key, one)
            if other is not one:
                what = "asset" if key in one.specs_by_key else "check"
                message = twice(f"The {what} {key.to_user_string()!r}", other, one)
                yield DefinitionFault(f"asset {key.to_user_string()}", message, one.where)


def _name_faults(project: RepositoryDefinition) -> Iterator[DefinitionFault]:
    ticking = (*project.schedules, *project.sensors)
    yield from _doubles("job", [*project.jobs, *jobs_targeted(ticking)])
    yield from _doubles("schedule", project.schedules)
    yield from _doubles("sensor", project.sensors)
    for name in sorted({one.name for one in project.schedules} & {one.name for one in project.sensors}):
        yield DefinitionFault(
            f"schedule {name}", f"A schedule and a sensor are both called {name!r}. Rename one of them."
        )
    for one in project.schedules:
        yield from _target_faults(one, f"schedule {one.name!r}", project)
    for one in project.sensors:
        yield from _target_faults(one, f"sensor {one.name!r}", project)


def _target_faults(one: Any, who: str, project: RepositoryDefinition) -> Iterator[DefinitionFault]:
    """Jobs that a schedule or sensor is to run and that do not exist; partitions that it cannot follow."""
    known, subject = project.given_jobs, who.replace("'", "")
    for target in one.targets:
        name = target.job_name
        if name not in known and name != IMPLICIT_JOB:
            said = f"The {who} is to run the job {name!r}, which does not exist.{suggest(name, known)}"
            yield DefinitionFault(subject, f"{said} Add the job to the definitions.", about_missing=True)
    if isinstance(one, UnresolvedPartitionedAssetScheduleDefinition):
        yield from _unfollowed(one, subject, project)


def _unfollowed(
    one: UnresolvedPartitionedAssetScheduleDefinition, subject: str, project: RepositoryDefinition
) -> Iterator[DefinitionFault]:
    """A schedule that cannot follow the partitions of its job; what is wrong with the job is said of it."""
    try:
        job = project.get_job(one.job_name)
    except UserError:
        return
    try:
        one.resolve(job)
    except UserError as error:
        yield DefinitionFault(subject, str(error))


def _doubles(what: str, things: Iterable[Any]) -> Iterator[DefinitionFault]:
    seen: dict[str, Any] = {}
    for one in things:
        if seen.setdefault(one.name, one) is not one:
            yield DefinitionFault(
                f"{what} {one.name}", f"The {what} {one.name!r} is defined twice. Rename or remove one."
            )


def _graph_faults(graph: AssetGraph) -> Iterator[DefinitionFault]:
    circle = graph.find_cycle()
    if circle:
        name = circle[0].to_user_string()
        yield DefinitionFault(f"asset {name}", cycle_message(circle), graph.definition(circle[0]).where)
    for key in graph.depending_on_themselves:
        one, name = graph.definition(key), key.to_user_string()
        if one.partitions_def is None:
            yield DefinitionFault(
                f"asset {name}",
                f"Asset {name!r} depends on itself. Only a partitioned asset can, on its own earlier"
                " partitions: give it partitions_def and a TimeWindowPartitionMapping.",
                one.where,
            )
        else:
            yield from _looking_ahead(one, key)
    for one in graph.definitions:
        yield from _mapping_faults(one, graph)
    for one in graph.definitions if graph.undeclared else ():
        for argument, key in one.keys_by_input.items():
            if key in graph.undeclared and one.kind != "check":
                message = unknown_input(argument, key, one, graph)
                yield DefinitionFault(f"asset {one.name}", message, one.where, about_missing=True)
    yield from _condition_faults(graph)


def _condition_faults(graph: AssetGraph) -> Iterator[DefinitionFault]:
    specs = [spec for one in graph.definitions for spec in (*one.specs, *one.checks_by_output.values())]
    if all(spec.automation_condition is None for spec in specs):
        return
    rules = import_module("penstock.define.condition_faults")
    for subject, message, about_missing in rules.condition_faults(graph):
        yield DefinitionFault(subject, message, about_missing=about_missing)


def _looking_ahead(one: AssetsDefinition, key: AssetKey) -> Iterator[DefinitionFault]:
    """An asset that would read partitions of its own that are not earlier ones."""
    rules = import_module("penstock.partitions.mapping_rules")
    name, given = key.to_user_string(), one.partition_mappings.get(key)
    if given is not None and not hasattr(given, "validate_partition_mapping"):
        return  # told below
    try:
        mapping = rules.mapping_between(given, one.partitions_def, one.partitions_def)
        rules.refuse_looking_ahead(mapping, f"Asset {name!r}")
    except UserError as error:
        yield DefinitionFault(f"asset {name}", str(error), one.where)


def _mapping_faults(one: AssetsDefinition, graph: AssetGraph) -> Iterator[DefinitionFault]:
    """Partition mappings that do not fit the partitions between which they stand."""
    for key, mapping in one.partition_mappings.items():
        known = graph.by_key.get(key)
        if known is None:
            continue
        upstream = known.specs_by_key[key].partitions_def if key in known.specs_by_key else None
        upstream = known.partitions_def if upstream is None else upstream
        check = getattr(mapping, "validate_partition_mapping", None)
        what = f"The partition mapping of {one.name!r} for {key.to_user_string()!r}"
        if check is None:
            yield DefinitionFault(
                f"asset {one.name}", f"{what} is none: {mapping!r}. Give a PartitionMapping.", one.where
            )
        elif upstream is not None:
            try:
                check(upstream, one.partitions_def)
            except UserError as error:
                yield DefinitionFault(f"asset {one.name}", f"{what} does not fit: {error}", one.where)


def loose_deps(graph: AssetGraph) -> list[DefinitionFault]:
    """Dependencies on assets that nobody defines, each with what may have been meant."""
    known = user_strings(key for key in graph.by_key if key not in graph.undeclared)
    found: list[DefinitionFault] = []
    for key, wanted_by in graph.undeclared.items():
        name = key.to_user_string()
        found.extend(
            DefinitionFault(
                f"asset {name}",
                f"{one.name!r} depends on {name!r}, which nobody defines.{suggest(name, known)} Correct the"
                f" name, or add AssetSpec({name!r}) if something else makes it.",
                one.where,
                about_missing=True,
            )
            for one in wanted_by
            if key not in one.keys_by_input.values()
        )
    return found


def _job_faults(project: RepositoryDefinition, said: set[str]) -> Iterator[DefinitionFault]:
    """Jobs that cannot be made; the job of all assets speaks for assets that are in no other."""
    try:
        given = project.given_jobs.values()  # also those that schedules and sensors bring
        refuse_clashing_names(job.graph for job in given if isinstance(job, JobDefinition))
    except InvalidDefinitionError as error:
        yield DefinitionFault("op", str(error))
    for name in project.job_names:
        try:
            project.get_job(name)
        except UserError as error:
            for fault in _told(error, name, project):
                if fault.message not in said:
                    said.add(fault.message)
                    yield fault


def _tick_faults(project: RepositoryDefinition) -> Iterator[DefinitionFault]:
    """Resources that schedules and sensors ask for, and assets that sensors choose, which nobody defines."""
    for one in project.sensors:
        yield from _unselectable(one, project.asset_graph)
    for kind, definitions in (("schedule", project.schedules), ("sensor", project.sensors)):
        for one in definitions:
            missing = sorted(frozenset(one.required_resource_keys) - project.resources.keys())
            yield from _lacks(
                (Requirement(key, f"The {kind} {one.name!r}") for key in missing), project.resources
            )


def _unselectable(one: SensorDefinition, graph: AssetGraph) -> Iterator[DefinitionFault]:
    """What a sensor chooses among the assets and checks of the project, and does not find."""
    try:
        if one.asset_selection is not None:
            one.asset_selection.resolve(graph)
            one.asset_selection.resolve_checks(graph)
    except UserError as error:
        yield DefinitionFault(f"sensor {one.name}", f"sensor {one.name!r}: {error}", about_missing=True)


def _told(error: UserError, job: str, project: RepositoryDefinition) -> Iterator[DefinitionFault]:
    """Why a job cannot be made; what its steps lack is said of the steps, for other jobs lack it too."""
    if isinstance(error, MissingResourcesError):
        yield from _lacks(error.missing, error.known)
        return
    given = project.given_jobs.get(job)
    where = getattr(getattr(given, "graph", given), "where", "")
    yield DefinitionFault(f"job {job}", str(error), where, about_missing=True)
    if job == IMPLICIT_JOB:
        yield from _lacks(missing_for_assets(project.asset_graph, project.resources), project.resources)


def _lacks(missing: Iterable[Requirement], known: Collection[str]) -> Iterator[DefinitionFault]:
    for needed in missing:
        message = f"{lacking(needed, known)} Bind it with resources={{...}} of Definitions."
        yield DefinitionFault(f"resource {needed.key}", message, needed.where, about_missing=True)
