"""What may stand in which list of a project, and what is said of anything else.

Owns: the kinds of each argument of ``Definitions``. Looks at each entry by itself; what is wrong with a
project as a whole is ``faults``'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from penstock.define.asset_graph import flattened
from penstock.define.asset_job import UnresolvedAssetJobDefinition
from penstock.define.assets import AssetsDefinition
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.logger import LoggerDefinition
from penstock.define.op import OpDefinition
from penstock.define.schedule import ScheduleDefinition
from penstock.define.sensor import SensorDefinition
from penstock.define.specs import AssetSpec
from penstock.define.unresolved_schedule import UnresolvedPartitionedAssetScheduleDefinition
from penstock.errors import InvalidDefinitionError

_ASSETS = (AssetsDefinition, AssetSpec)
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "assets": (_ASSETS, "what @asset and its like make, an AssetSpec or a SourceAsset"),
    "asset_checks": (_ASSETS, "what @asset_check makes"),
    "jobs": (
        (JobDefinition, UnresolvedAssetJobDefinition, GraphDefinition),
        "what @job, define_asset_job or @graph makes",
    ),
    "schedules": (
        (ScheduleDefinition, UnresolvedPartitionedAssetScheduleDefinition),
        "what @schedule makes, or a ScheduleDefinition",
    ),
    "sensors": ((SensorDefinition,), "what @sensor makes, or a SensorDefinition"),
}
_HOMES: tuple[tuple[tuple[type, ...], str], ...] = (
    (_ASSETS, "It belongs into assets."),
    (_KINDS["jobs"][0], "It belongs into jobs."),
    (_KINDS["schedules"][0], "It belongs into schedules."),
    (_KINDS["sensors"][0], "It belongs into sensors."),
    ((OpDefinition,), "An op runs in a job: call it in a function with @job, or make an @asset of it."),
)
_MAPPINGS = ("resources", "loggers", "metadata")


def listed(given: Iterable[Any] | None, argument: Any) -> tuple[Any, ...]:
    """The entries of a list that a project was given.

    Args:
        given: the list.
        argument: has the ``name`` of the argument.

    Raises:
        InvalidDefinitionError: when it is no list.
    """
    if given is None:
        return ()
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise InvalidDefinitionError(
            f"Definitions({argument.name}=…) wants a list, found {_shown(given)}. Write [{given!r:.200}]."
        )
    return tuple(given)


def mapped(given: Mapping[str, Any] | None, argument: Any) -> Mapping[str, Any]:
    """A mapping that a project was given.

    Args:
        given: the mapping.
        argument: has the ``name`` of the argument.

    Raises:
        InvalidDefinitionError: when it is none.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidDefinitionError(
            f"Definitions({argument.name}=…) wants a dict by key, found {_shown(given)}. Write {{'key': …}}."
        )
    return dict(given)


def refuse_strangers(project: Any) -> None:
    """Refuse everything in a project that stands where it cannot.

    Args:
        project: has the attributes ``assets``, ``asset_checks``, ``jobs``, ``schedules``, ``sensors``,
            ``resources``, ``loggers`` and ``metadata``.

    Raises:
        InvalidDefinitionError: naming argument, place and what was found of each.
    """
    lists = {argument: getattr(project, argument) for argument in _KINDS}
    found = [said for argument, entries in lists.items() for _, said in strangers(argument, entries)]
    found += _keys(project)
    if found:
        raise InvalidDefinitionError("\n  ".join(["Definitions cannot be made of this:", *found]))


def strangers(argument: str, entries: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """The entries of a list that cannot stand in it, each with what is to be said of it.

    Args:
        argument: ``assets``, ``asset_checks``, ``jobs``, ``schedules`` or ``sensors``.
        entries: what was given there.
    """
    kinds, wanted = _KINDS[argument]
    for place, entry in enumerate(entries):
        for one in flattened([entry]) if kinds is _ASSETS else (entry,):
            if not isinstance(one, kinds):
                yield one, f"{argument}[{place}]: wanted {wanted}, found {_shown(one)}.{_hint(one)}"


def _keys(project: Any) -> Iterator[str]:
    for argument in _MAPPINGS:
        for key, value in cast("Mapping[Any, Any]", getattr(project, argument)).items():
            if not isinstance(key, str):
                yield f"{argument}: wanted text as keys, found {_shown(key)}. Write {str(key)!r:.200}."
            if argument == "loggers" and not isinstance(value, LoggerDefinition):
                yield f"loggers[{key!r}]: wanted what @logger makes, found {_shown(value)}."


def _hint(entry: Any) -> str:
    return next((f" {hint}" for kinds, hint in _HOMES if isinstance(entry, kinds)), "")


def _shown(entry: Any) -> str:
    return f"{entry!r:.200} ({type(entry).__name__})"
