"""``@repository``: a project made of a function that returns its definitions.

Owns: reading what that function returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast, overload

from penstock.define.faults import refuse_faults
from penstock.define.names import checked_name
from penstock.define.repository import RepositoryDefinition, sort_out
from penstock.define.targets import brought_assets


@overload
def repository(definitions_fn: Callable[[], Any], /) -> RepositoryDefinition: ...


@overload
def repository(
    *,
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    default_executor_def: Any = None,
    default_logger_defs: Mapping[str, Any] | None = None,
) -> Callable[[Callable[[], Any]], RepositoryDefinition]: ...


def repository(
    definitions_fn: Callable[[], Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    default_executor_def: Any = None,
    default_logger_defs: Mapping[str, Any] | None = None,
) -> Any:
    """Make a project of a function that returns its definitions.

    Args:
        definitions_fn: returns a list of assets, jobs, schedules and sensors, or a dict with lists or
            dicts of them under ``assets``, ``jobs``, ``schedules`` and ``sensors``.
        name: of the project, by default that of the function.
        description, metadata: for people.
        default_executor_def: of jobs that have none.
        default_logger_defs: by key.

    Raises:
        InvalidDefinitionError: when the function returns something else, or a key or name stands twice.
    """

    def decorate(fn: Callable[[], Any]) -> RepositoryDefinition:
        found = sort_out(_listed(fn()))
        automations = [*found["schedules"], *found["sensors"]]
        made = RepositoryDefinition(
            name=checked_name(name or fn.__name__, "repository"),
            description=description or fn.__doc__,
            metadata=metadata or {},
            executor=default_executor_def,
            loggers=default_logger_defs or {},
            assets=[*found["assets"], *brought_assets(found["assets"], automations)],
            jobs=found["jobs"],
            schedules=found["schedules"],
            sensors=found["sensors"],
        )
        refuse_faults(made)
        return made

    return decorate if definitions_fn is None else decorate(definitions_fn)


def _listed(given: Any) -> Iterable[Any]:
    if not isinstance(given, Mapping):
        return cast("Iterable[Any]", given)
    found: list[Any] = []
    for section in cast("Mapping[str, Any]", given).values():
        entries = cast("Mapping[str, Any]", section).values() if isinstance(section, Mapping) else section
        # A dict of jobs may hold functions that make them, so that only those asked for are made.
        found.extend(one() if callable(one) and not hasattr(one, "name") else one for one in entries)
    return found
