"""Targets of schedules and sensors: which jobs their runs are of.

Owns: ``Target``, the reading of ``job=``, ``job_name=``, ``jobs=`` and ``target=``, and the job without a
name of its own that a target of assets becomes. Must not know what a schedule or sensor function returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from attrs import evolve

from penstock.define.asset_graph import flattened
from penstock.define.asset_job import UnresolvedAssetJobDefinition, define_asset_job
from penstock.define.assets import AssetsDefinition
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.selection import AssetSelection
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen

AnyJob = JobDefinition | UnresolvedAssetJobDefinition | GraphDefinition
ANONYMOUS_JOB_PREFIX = "__anonymous_asset_job_"
"""Begins the name of a job that was made of the assets which a schedule or sensor targets."""


@frozen(kw_only=True, eq=False)
class Target:
    """One job that a schedule or sensor may run.

    Args:
        job_name: of the job.
        job: the job itself; None when only its name was given.
        assets_defs: assets that it brings into a project.
    """

    job_name: str
    job: AnyJob | None = None
    assets_defs: tuple[AssetsDefinition, ...] = ()

    @property
    def has_job_def(self) -> bool:
        """Whether the job itself was given, and not its name alone."""
        return self.job is not None

    @property
    def is_anonymous(self) -> bool:
        """Whether its job was made of assets that were targeted directly."""
        return self.job_name.startswith(ANONYMOUS_JOB_PREFIX)


def read_targets(
    name: str,
    what: str,
    *,
    job: Any = None,
    job_name: str | None = None,
    jobs: Iterable[Any] | None = None,
    target: Any = None,
) -> tuple[Target, ...]:
    """The targets of a schedule or sensor, in any spelling.

    Args:
        name: of the schedule or sensor; a target of assets names its job after it.
        what: ``"schedule"`` or ``"sensor"``, for messages.
        job, job_name, jobs: the job, its name, or the jobs to choose from.
        target: a job, or assets: a definition, a key, a text, a selection, or a list of these.

    Raises:
        InvalidDefinitionError: when there is more than one of these, or one is something else.
    """
    listed = list(jobs or ())
    given = {"job": job, "job_name": job_name, "jobs": listed, "target": target}
    found = [key for key, value in given.items() if value is not None and value not in ("", [])]
    if len(found) > 1:
        said = " and ".join(f"{one}=" for one in found)
        raise InvalidDefinitionError(f"The {what} {name!r} has {said}. Give one of them.")
    if "target" in found:
        return (target_of(target, name, what),)
    if job_name:
        return (Target(job_name=job_name),)
    return tuple(_target_job(one, name, what) for one in ([job] if job is not None else listed))


def target_of(given: Any, name: str, what: str) -> Target:
    """What ``target=`` of a schedule or sensor means.

    Args:
        given: a job, or assets in any spelling.
        name: of the schedule or sensor.
        what: which of the two, for messages.

    Raises:
        InvalidDefinitionError: when it is neither, or assets are given and no name.
    """
    if isinstance(given, AnyJob):
        return Target(job_name=given.name, job=given)
    if not name:
        raise InvalidDefinitionError(f"A {what} with target= needs a name. Give it name=.")
    try:
        selection = AssetSelection.from_coercible(given)
    except (InvalidDefinitionError, TypeError) as error:
        raise InvalidDefinitionError(
            f"The {what} {name!r} has target={given!r:.200}. Wanted a job, or assets: a definition, a key,"
            f" a text, an AssetSelection, or a list of these. {error}"
        ) from error
    made = evolve(define_asset_job(f"{ANONYMOUS_JOB_PREFIX}{name}", selection), where=f"{what} {name!r}")
    return Target(job_name=made.name, job=made, assets_defs=_assets_in(given))


def _assets_in(given: Any) -> tuple[AssetsDefinition, ...]:
    entries = flattened(cast("Sequence[Any]", given) if isinstance(given, list | tuple | set) else [given])
    return tuple(one for one in entries if isinstance(one, AssetsDefinition))


def brought_assets(assets: Iterable[Any], definitions: Iterable[Any]) -> list[AssetsDefinition]:
    """Assets that schedules and sensors target and that a project does not list itself.

    Args:
        assets: those that it lists.
        definitions: its schedules and sensors.
    """
    brought = [made for one in definitions for target in one.targets for made in target.assets_defs]
    if not brought:
        return []
    known = [one for one in flattened(assets) if isinstance(one, AssetsDefinition)]
    seen, places = {id(one) for one in known}, {(one.where, *one.specs_by_key) for one in known if one.where}
    # What a project lists may be a copy of what was targeted, made by with_resources() and the like.
    return [one for one in brought if id(one) not in seen and (one.where, *one.specs_by_key) not in places]


def jobs_targeted(definitions: Iterable[Any]) -> list[AnyJob]:
    """The jobs that schedules and sensors bring into a project, in order.

    Args:
        definitions: schedules and sensors.
    """
    return [target.job for one in definitions for target in one.targets if target.job is not None]


def _target_job(given: Any, name: str, what: str) -> Target:
    if not isinstance(given, AnyJob):
        raise InvalidDefinitionError(
            f"The {what} {name!r} wants a job that @job, define_asset_job or @graph makes,"
            f" found {given!r:.200} ({type(given).__name__}). Assets go into target=."
        )
    return Target(job_name=given.name, job=given)


def as_text(given: str | None) -> str:
    """A name that may be left out."""
    return given or ""
