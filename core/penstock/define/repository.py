"""A project with everything in it looked up by name: what ``Definitions`` and ``@repository`` become.

Owns: ``RepositoryDefinition``. It is built at once and resolves jobs when they are asked for; what is
wrong with it as a whole is found by ``faults``, and ``@repository`` is in ``repository_decorator``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import evolve, field

from penstock.define import port
from penstock.define.asset_graph import AssetGraph, flattened
from penstock.define.asset_job import IMPLICIT_JOB, UnresolvedAssetJobDefinition, build_asset_job
from penstock.define.assets import AssetsDefinition
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.requirements import check_resources
from penstock.define.schedule import ScheduleDefinition
from penstock.define.sensor import SensorDefinition
from penstock.define.specs import AssetSpec
from penstock.define.targets import AnyJob, jobs_targeted
from penstock.define.unresolved_schedule import AnySchedule
from penstock.errors import InvalidDefinitionError, InvariantViolationError, suggest
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.values import frozen


@frozen(kw_only=True, eq=False, slots=False)
class RepositoryDefinition:
    """Everything of a project.

    Args:
        name: of the project.
        assets: definitions of assets and checks, those that schedules and sensors bring included.
        jobs: op jobs, asset jobs and graphs.
        schedules, sensors: what starts runs; their jobs belong to the project too.
        resources: by key, for everything that does not bind its own.
        executor: of jobs that have none.
        loggers: by key.
        description, metadata: for people.
    """

    name: str
    assets: Sequence[AssetsDefinition] = ()
    jobs: Sequence[AnyJob] = ()
    schedules: Sequence[AnySchedule] = ()
    sensors: Sequence[SensorDefinition] = ()
    resources: Mapping[str, Any] = field(factory=dict[str, Any])
    executor: Any = None
    loggers: Mapping[str, Any] = field(factory=dict[str, Any])
    description: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict[str, Any])

    # ---- assets ---------------------------------------------------------------------------------

    @cached_property
    def asset_graph(self) -> AssetGraph:
        """Every asset and check.

        Raises:
            InvalidDefinitionError: when a key stands twice.
        """
        return AssetGraph.from_assets(self.assets)

    @property
    def assets_defs_by_key(self) -> Mapping[AssetKey, AssetsDefinition]:
        """The definition of each asset that is defined here."""
        graph = self.asset_graph
        return {key: one for key, one in graph.by_key.items() if key not in graph.undeclared}

    @property
    def asset_checks_defs_by_key(self) -> Mapping[AssetCheckKey, AssetsDefinition]:
        """The definition that evaluates each check."""
        return self.asset_graph.by_check

    @property
    def source_assets_by_key(self) -> Mapping[AssetKey, AssetsDefinition]:
        """The definition of each external asset."""
        return {key: one for key, one in self.asset_graph.by_key.items() if one.is_external}

    # ---- jobs -----------------------------------------------------------------------------------

    @cached_property
    def given_jobs(self) -> Mapping[str, AnyJob]:
        """Each job as it was given, those of schedules and sensors included, under its name."""
        return {job.name: job for job in self._all_jobs}

    @property
    def _all_jobs(self) -> list[AnyJob]:
        targets = jobs_targeted((*self.schedules, *self.sensors))
        return [*reversed(targets), *self.jobs]

    @cached_property
    def _ambiguous_jobs(self) -> frozenset[str]:
        """Names under which several different jobs were given."""
        return frozenset(job.name for job in self._all_jobs if self.given_jobs[job.name] is not job)

    @cached_property
    def _resolved(self) -> dict[str, JobDefinition]:
        return {}

    @cached_property
    def _schedules(self) -> dict[str, ScheduleDefinition]:
        return {}

    @property
    def job_names(self) -> Sequence[str]:
        """The names of all jobs; the implicit job of all assets comes last."""
        implicit = [IMPLICIT_JOB] if self.has_implicit_global_asset_job_def() else []
        return [*self.given_jobs, *implicit]

    def has_job(self, name: str) -> bool:
        """Whether there is a job of this name."""
        return name in self.given_jobs or (name == IMPLICIT_JOB and self.has_implicit_global_asset_job_def())

    def get_job(self, name: str) -> JobDefinition:
        """The job of this name, with the resources of the project.

        Raises:
            InvariantViolationError: when there is none.
            InvalidDefinitionError: when it cannot be made.
        """
        found = self._resolved.get(name)
        if found is None:
            found = self._resolved[name] = self._resolve(name)
        return found

    def _resolve(self, name: str) -> JobDefinition:
        given = self.given_jobs.get(name)
        if name in self._ambiguous_jobs:
            raise InvalidDefinitionError(f"The job {name!r} is defined twice. Rename or remove one.")
        if given is None and name == IMPLICIT_JOB:
            return build_asset_job(
                IMPLICIT_JOB,
                self.asset_graph,
                resources=self.resources,
                executor_def=self.executor,
                logger_defs=self.loggers,
            )
        if given is None:
            raise InvariantViolationError(
                f"There is no job {name!r}.{suggest(name, self.given_jobs)}"
                f" Known are: {', '.join(self.given_jobs) or 'none'}."
            )
        if isinstance(given, UnresolvedAssetJobDefinition):
            return given.resolve(self.asset_graph, self.resources, self.executor, self.loggers)
        job: JobDefinition = given.to_job() if isinstance(given, GraphDefinition) else given
        bound = job.with_top_level_resources(self.resources)
        check_resources(bound)
        return evolve(
            bound,
            executor_def=bound.own_executor if bound.own_executor is not None else self.executor,
            loggers=bound.loggers or self.loggers,
        )

    def get_all_jobs(self) -> Sequence[JobDefinition]:
        """Every job, the implicit one of all assets included."""
        return [self.get_job(name) for name in self.job_names]

    def has_implicit_global_asset_job_def(self) -> bool:
        """Whether there are assets that a run can make or observe, or checks."""
        return any(one.node is not None for one in self.asset_graph.definitions)

    def get_implicit_global_asset_job_def(self) -> JobDefinition:
        """The job of all assets, ``__ASSET_JOB``."""
        return self.get_job(IMPLICIT_JOB)

    # ---- schedules and sensors ------------------------------------------------------------------

    def has_schedule_def(self, name: str) -> bool:
        """Whether there is a schedule of this name."""
        return any(one.name == name for one in self.schedules)

    def get_schedule_def(self, name: str) -> ScheduleDefinition:
        """The schedule of this name.

        Raises:
            InvariantViolationError: when there is none.
            InvalidDefinitionError: when it cannot follow the partitions of its job.
        """
        return self._whole(_named(name, self.schedules, "schedule"))

    def _whole(self, given: AnySchedule) -> ScheduleDefinition:
        """A schedule, made now when it waited for the assets of its job."""
        if isinstance(given, ScheduleDefinition):
            return given
        found = self._schedules.get(given.name)
        if found is None:
            found = self._schedules[given.name] = given.resolve(self.get_job(given.job_name))
        return found

    def has_sensor_def(self, name: str) -> bool:
        """Whether there is a sensor of this name."""
        return any(one.name == name for one in self.sensors)

    def get_sensor_def(self, name: str) -> SensorDefinition:
        """The sensor of this name.

        Raises:
            InvariantViolationError: when there is none.
        """
        return _named(name, self.sensors, "sensor")

    @property
    def schedule_defs(self) -> Sequence[ScheduleDefinition]:
        """Every schedule."""
        return [self._whole(one) for one in self.schedules]

    @property
    def sensor_defs(self) -> Sequence[SensorDefinition]:
        """Every sensor."""
        return self.sensors

    def get_top_level_resources(self) -> Mapping[str, Any]:
        """The resources of the project by key."""
        return self.resources

    # ---- values ---------------------------------------------------------------------------------

    def load_asset_value(self, asset_key: CoercibleToAssetKey, **options: Any) -> Any:
        """What an asset's last materialization stored.

        Args:
            asset_key: the asset.
            options: ``python_type``, ``instance``, ``partition_key``, ``metadata``, ``resource_config``.
        """
        known, resources = self._stored()
        return port.call("load_asset_value", known, resources, as_asset_key(asset_key), **options)

    def get_asset_value_loader(self, instance: Any = None) -> Any:
        """A context manager that loads several values and keeps resources open meanwhile.

        Args:
            instance: whose storage; None for the default one.
        """
        known, resources = self._stored()
        return port.call("asset_value_loader", known, resources, instance=instance)

    def _stored(self) -> tuple[Mapping[AssetKey, AssetsDefinition], Mapping[str, Any]]:
        """Every asset, and every resource that may read one."""
        bound = {key: one for made in self.asset_graph.definitions for key, one in made.resource_defs.items()}
        return self.asset_graph.by_key, {**bound, **self.resources}


def _named(name: str, among: Sequence[Any], what: str) -> Any:
    for one in among:
        if one.name == name:
            return one
    raise InvariantViolationError(
        f"There is no {what} {name!r}.{suggest(name, [one.name for one in among])}"
        f" Known are: {', '.join(one.name for one in among) or 'none'}."
    )


def sort_out(things: Iterable[Any]) -> dict[str, list[Any]]:
    """Things of a project by what they are: ``assets``, ``jobs``, ``schedules`` and ``sensors``.

    Args:
        things: as a repository function returns them; lists among them are taken apart.

    Raises:
        InvalidDefinitionError: when one is none of these.
    """
    found: dict[str, list[Any]] = {"assets": [], "jobs": [], "schedules": [], "sensors": []}
    for thing in flattened(things):
        found[_room_of(thing)].append(thing)
    return found


def _room_of(thing: Any) -> str:
    if isinstance(thing, AssetsDefinition | AssetSpec):
        return "assets"
    if isinstance(thing, JobDefinition | UnresolvedAssetJobDefinition | GraphDefinition):
        return "jobs"
    if isinstance(thing, AnySchedule):
        return "schedules"
    if isinstance(thing, SensorDefinition):
        return "sensors"
    raise InvalidDefinitionError(
        f"A project holds assets, checks, jobs, schedules and sensors; found {thing!r}"
        f" ({type(thing).__name__})."
    )
