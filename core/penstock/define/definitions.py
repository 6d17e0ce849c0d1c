"""``Definitions``: everything of a project, handed over at once.

Owns: the public container, what it accepts, and merging. What it comes to is a ``RepositoryDefinition``,
made when it is first needed; what is wrong with it is found by ``faults``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import Converter, evolve, field

from penstock.define.asset_changes import map_asset_specs
from penstock.define.asset_graph import AssetGraph, flattened
from penstock.define.asset_job import IMPLICIT_JOB
from penstock.define.assets import AssetsDefinition, as_definition
from penstock.define.faults import refuse_faults
from penstock.define.job import JobDefinition
from penstock.define.project_entries import listed, mapped, refuse_strangers
from penstock.define.repository import RepositoryDefinition
from penstock.define.schedule import ScheduleDefinition
from penstock.define.selection import AssetSelection
from penstock.define.sensor import SensorDefinition
from penstock.define.specs import AssetSpec
from penstock.define.targets import brought_assets
from penstock.define.unresolved_schedule import AnySchedule
from penstock.errors import InvalidInvocationError, InvariantViolationError
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.values import frozen

REPOSITORY_NAME = "__repository__"
_LISTED: Any = Converter(listed, takes_field=True)
_MAPPED: Any = Converter(mapped, takes_field=True)


@frozen(eq=False, slots=False)
class Definitions:
    """Everything of a project.

    Args:
        assets: what ``@asset`` and its like make, specs and sources.
        schedules, sensors: what starts runs.
        jobs: op jobs, asset jobs and graphs.
        resources: by key; anything may be a resource.
        executor: of jobs that have none.
        loggers: by key.
        asset_checks: what ``@asset_check`` makes.
        metadata: facts about the project.
        strict_deps: whether depending on an asset that nobody defines is a fault.

    Raises:
        InvalidDefinitionError: when something is no list or no dict. What is listed is looked at when it
            is first needed, so that ``penstock check`` can tell every fault of a file.
    """

    assets: Sequence[Any] = field(default=None, converter=_LISTED)
    schedules: Sequence[AnySchedule] = field(default=None, converter=_LISTED)
    sensors: Sequence[SensorDefinition] = field(default=None, converter=_LISTED)
    jobs: Sequence[Any] = field(default=None, converter=_LISTED)
    resources: Mapping[str, Any] = field(default=None, converter=_MAPPED)
    executor: Any = None
    loggers: Mapping[str, Any] = field(default=None, converter=_MAPPED)
    asset_checks: Sequence[Any] = field(default=None, converter=_LISTED)
    metadata: Mapping[str, Any] = field(default=None, converter=_MAPPED)
    strict_deps: bool = field(default=False, kw_only=True)

    # ---- the whole ------------------------------------------------------------------------------

    @cached_property
    def _repository(self) -> RepositoryDefinition:
        refuse_strangers(self)
        assets = [as_definition(one) for one in flattened((*self.assets, *self.asset_checks))]
        _refuse_bound_twice(assets, self.resources)
        return RepositoryDefinition(
            name=REPOSITORY_NAME,
            assets=[*assets, *brought_assets(assets, (*self.schedules, *self.sensors))],
            jobs=self.jobs,
            schedules=self.schedules,
            sensors=self.sensors,
            resources=self.resources,
            executor=self.executor,
            loggers=self.loggers,
            metadata=self.metadata,
        )

    def get_repository_def(self) -> RepositoryDefinition:
        """Everything looked up by name.

        Raises:
            InvalidDefinitionError: naming argument and place of everything that stands where it cannot.
        """
        return self._repository

    @staticmethod
    def validate_loadable(defs: Definitions) -> None:
        """Refuse definitions with faults, naming all of them.

        Raises:
            InvalidDefinitionError: when there is a fault.
        """
        refuse_faults(defs.get_repository_def(), strict_deps=defs.strict_deps)

    @staticmethod
    def merge(*def_sets: Definitions) -> Definitions:
        """One project of several.

        Args:
            def_sets: each may bring the same resource or logger under a key; executors must agree.

        Raises:
            InvariantViolationError: when two bind different things to one key, or name two executors.
        """
        executors = [one.executor for one in def_sets if one.executor is not None]
        if any(one is not executors[0] and one != executors[0] for one in executors):
            raise InvariantViolationError(
                "Definitions to be merged name different executors. Keep the one of the whole project."
            )
        return Definitions(
            assets=_all("assets", def_sets),
            schedules=_all("schedules", def_sets),
            sensors=_all("sensors", def_sets),
            jobs=_all("jobs", def_sets),
            asset_checks=_all("asset_checks", def_sets),
            resources=_agreed("resource", [one.resources for one in def_sets]),
            loggers=_agreed("logger", [one.loggers for one in def_sets]),
            metadata=_agreed("metadata", [one.metadata for one in def_sets]),
            executor=executors[0] if executors else None,
            strict_deps=any(one.strict_deps for one in def_sets),
        )

    # ---- assets ---------------------------------------------------------------------------------

    def resolve_asset_graph(self) -> AssetGraph:
        """Every asset and check, with who depends on whom."""
        return self._repository.asset_graph

    def resolve_all_asset_keys(self) -> Sequence[AssetKey]:
        """The key of every asset, those that are only depended on included."""
        return list(self.resolve_asset_graph().by_key)

    def resolve_all_asset_specs(self) -> Sequence[AssetSpec]:
        """What is said about every asset, those that are only depended on included."""
        return self.resolve_asset_graph().specs

    def resolve_assets_def(self, key: CoercibleToAssetKey) -> AssetsDefinition:
        """The definition of an asset.

        Raises:
            InvariantViolationError: when there is none.
        """
        return self.resolve_asset_graph().definition(as_asset_key(key))

    get_assets_def = resolve_assets_def

    def get_asset_checks_def(self, key: AssetCheckKey) -> AssetsDefinition:
        """The definition that evaluates a check.

        Raises:
            InvariantViolationError: when there is none.
        """
        found = self.resolve_asset_graph().by_check.get(key)
        if found is None:
            raise InvariantViolationError(f"There is no check {key.to_user_string()!r}.")
        return found

    def map_asset_specs(
        self, *, func: Callable[[AssetSpec], AssetSpec], selection: Any = None
    ) -> Definitions:
        """The same project with each spec replaced by what a function makes of it.

        Args:
            func: called once per spec.
            selection: for which assets, all by default.
        """
        if selection is None:
            return evolve(self, assets=map_asset_specs(func, flattened(self.assets)))
        chosen = AssetSelection.from_coercible(selection).resolve(self.resolve_asset_graph())
        return evolve(
            self,
            assets=map_asset_specs(
                lambda spec: func(spec) if spec.key in chosen else spec, flattened(self.assets)
            ),
        )

    map_resolved_asset_specs = map_asset_specs

    # ---- jobs, schedules, sensors ---------------------------------------------------------------

    def resolve_job_def(self, name: str) -> JobDefinition:
        """The job of this name, with the resources of the project.

        Raises:
            InvariantViolationError: when there is none.
            InvalidDefinitionError: when it cannot be made.
        """
        return self._repository.get_job(name)

    get_job_def = resolve_job_def

    def resolve_all_job_defs(self) -> Sequence[JobDefinition]:
        """Every job, the implicit one of all assets included."""
        return self._repository.get_all_jobs()

    def get_implicit_global_asset_job_def(self) -> JobDefinition:
        """The job of all assets, ``__ASSET_JOB``."""
        return self._repository.get_job(IMPLICIT_JOB)

    resolve_implicit_global_asset_job_def = get_implicit_global_asset_job_def

    def has_implicit_global_asset_job_def(self) -> bool:
        """Whether there is anything for a job of all assets to do."""
        return self._repository.has_implicit_global_asset_job_def()

    def resolve_schedule_def(self, name: str) -> ScheduleDefinition:
        """The schedule of this name.

        Raises:
            InvariantViolationError: when there is none.
        """
        return self._repository.get_schedule_def(name)

    get_schedule_def = resolve_schedule_def

    def resolve_sensor_def(self, name: str) -> SensorDefinition:
        """The sensor of this name.

        Raises:
            InvariantViolationError: when there is none.
        """
        return self._repository.get_sensor_def(name)

    get_sensor_def = resolve_sensor_def

    # ---- values ---------------------------------------------------------------------------------

    def load_asset_value(self, asset_key: CoercibleToAssetKey, **options: Any) -> Any:
        """What an asset's last materialization stored.

        Args:
            asset_key: the asset.
            options: ``python_type`` it should have, ``instance``, ``partition_key``, ``metadata``.
        """
        return self._repository.load_asset_value(asset_key, **options)

    def get_asset_value_loader(self, instance: Any = None) -> Any:
        """A context manager that loads several values and keeps resources open meanwhile.

        Args:
            instance: whose storage; None for the default one.
        """
        return self._repository.get_asset_value_loader(instance)


def _refuse_bound_twice(assets: Iterable[AssetsDefinition], resources: Mapping[str, Any]) -> None:
    for one in assets:
        for key, resource in one.resource_defs.items():
            if resources.get(key, resource) is not resource:
                raise InvalidInvocationError(
                    f"{one!r} has a resource of its own under {key!r}, and the definitions bind another one"
                    " to that key. Give one of them another key, or leave it out."
                )


def _all(name: str, def_sets: Iterable[Definitions]) -> list[Any]:
    return list({id(one): one for defs in def_sets for one in getattr(defs, name)}.values())


def _agreed(what: str, mappings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            if key in found and found[key] is not value and found[key] != value:
                raise InvariantViolationError(
                    f"Definitions to be merged have different things under the {what} key {key!r}."
                    " Rename one of them, or give both the same."
                )
            found[key] = value
    return found
