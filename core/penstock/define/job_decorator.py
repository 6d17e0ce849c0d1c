"""``@job``, and jobs made of graphs.

Owns: what is checked and brought into normal form when a job is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, overload

from penstock.config import ConfigMapping, Field, Permissive, as_run_config_dict
from penstock.define.graph import GraphDefinition
from penstock.define.graph_decorator import compose_graph
from penstock.define.job import JobDefinition
from penstock.define.names import as_tags, checked_name, name_of
from penstock.define.pending import checked_hooks
from penstock.define.retry import RetryPolicy
from penstock.define.spec_rules import check_owners
from penstock.define.wiring_checks import refuse_clashing_names, refuse_unfilled_inputs
from penstock.errors import InvalidDefinitionError, suggest


@overload
def job(compose_fn: Callable[..., Any], /) -> JobDefinition: ...
@overload
def job(
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, Any] | None = None,
    config: Any = None,
    tags: Mapping[str, Any] | None = None,
    run_tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, Any] | None = None,
    executor_def: Any = None,
    hooks: Iterable[Any] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: Any = None,
    input_values: Mapping[str, Any] | None = None,
    owners: Sequence[str] | None = None,
    timeout: float | None = None,
) -> Callable[[Callable[..., Any]], JobDefinition]: ...
def job(
    compose_fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, Any] | None = None,
    config: Any = None,
    tags: Mapping[str, Any] | None = None,
    run_tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, Any] | None = None,
    executor_def: Any = None,
    hooks: Iterable[Any] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: Any = None,
    input_values: Mapping[str, Any] | None = None,
    owners: Sequence[str] | None = None,
    timeout: float | None = None,
) -> Any:
    """Make a job of a function whose body calls ops and graphs.

    Args:
        compose_fn: the function, when used without parentheses.
        name: of the job, by default that of the function.
        description: for people, by default the function's docstring.
        resource_defs: resources by key.
        config: default run config, a ``RunConfig``, a ``ConfigMapping``, or a partitioned config.
        tags: of the job and, unless ``run_tags`` is given, of its runs.
        run_tags: of its runs, instead of ``tags``.
        metadata: facts for people.
        logger_defs: loggers by key.
        executor_def: how its steps are carried out.
        hooks: run after every step.
        op_retry_policy: of ops that have none of their own.
        partitions_def: the partitions a run may be for.
        input_values: values of the parameters of the function.
        owners: people or teams.
        timeout: seconds after which each step is stopped, unless it has its own limit.

    Raises:
        InvalidDefinitionError: when something in the body cannot be wired, or an input cannot be filled.
    """

    def decorate(fn: Callable[..., Any]) -> JobDefinition:
        own_name = checked_name(name or name_of(fn), "job")
        graph = compose_graph(fn, own_name, f"@job {own_name!r}", description=description)
        return job_of_graph(
            graph,
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            run_tags=run_tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hooks=hooks,
            op_retry_policy=op_retry_policy,
            partitions_def=partitions_def,
            input_values=input_values,
            owners=owners,
            timeout=timeout,
        )

    return decorate if compose_fn is None else decorate(compose_fn)


class JobOptions(TypedDict, total=False):
    """What is said of a job beside its graph; as of ``@job``."""

    name: str | None
    description: str | None
    resource_defs: Mapping[str, Any] | None
    config: Any
    tags: Mapping[str, Any] | None
    run_tags: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    logger_defs: Mapping[str, Any] | None
    executor_def: Any
    hooks: Iterable[Any] | None
    op_retry_policy: RetryPolicy | None
    partitions_def: Any
    input_values: Mapping[str, Any] | None
    owners: Sequence[str] | None
    timeout: float | None


def job_of_graph(graph: GraphDefinition, **options: Unpack[JobOptions]) -> JobDefinition:
    """Make a job of a graph.

    Args:
        graph: the graph.
        options: as of ``@job``; the name is by default that of the graph.

    Raises:
        InvalidDefinitionError: when an input cannot be filled, two ops share a name, or an input value
            belongs to no input.
    """
    own_name = checked_name(options.get("name") or graph.name, "job")
    title = f"Job {own_name!r}"
    refuse_clashing_names((graph,))
    refuse_unfilled_inputs(graph, title)
    config, run_tags = options.get("config"), options.get("run_tags")
    return JobDefinition(
        name=own_name,
        graph=graph,
        description=options.get("description") or graph.description,
        resource_defs=dict(options.get("resource_defs") or {}),
        config=_as_job_config(config, graph),
        tags={**graph.tags, **as_tags(options.get("tags"), own_name)},
        run_tags=None if run_tags is None else as_tags(run_tags, own_name),
        metadata=options.get("metadata") or {},
        loggers=options.get("logger_defs") or {},
        executor_def=options.get("executor_def"),
        hooks=graph.hooks | checked_hooks(options.get("hooks"), own_name),
        op_retry_policy=options.get("op_retry_policy"),
        partitions_def=_partitions(config, options.get("partitions_def"), title),
        input_values=checked_values(options.get("input_values"), graph, title),
        owners=check_owners(options.get("owners") or (), f"job {own_name!r}"),
        timeout=options.get("timeout"),
    )


def checked_values(values: Mapping[str, Any] | None, graph: GraphDefinition, title: str) -> Mapping[str, Any]:
    """Values for inputs of a job's graph.

    Raises:
        InvalidDefinitionError: when one is for an input that there is not.
    """
    for name in values or ():
        if name not in graph.ins:
            raise InvalidDefinitionError(
                f"{title} is given a value for the input {name!r}, but its graph has no such input; it"
                f" has {', '.join(map(repr, graph.ins)) or 'none'}.{suggest(name, graph.ins)}"
            )
    return values or {}


def _as_job_config(config: Any, graph: GraphDefinition) -> Any:
    """Run config as a dict; mappings and partitioned configs stay what they are."""
    if config is None and graph.config_mapping is not None:
        return _outermost(graph.config_mapping)
    if config is None or isinstance(config, ConfigMapping) or hasattr(config, "partitions_def"):
        return config
    return as_run_config_dict(config)


def _outermost(mapping: ConfigMapping) -> ConfigMapping:
    """The mapping of a whole run whose outermost graph has config of its own, under ``ops.config``."""

    def whole(given: Mapping[str, Any]) -> dict[str, Any]:
        entries: Mapping[str, Any] = given.get("ops") or {}
        made = as_run_config_dict(mapping.config_fn(entries.get("config")))
        return {**given, "ops": made.get("ops") or made}

    schema = Permissive({"ops": Field({"config": mapping.field})})
    return ConfigMapping(whole, schema, mapping.receive_processed_config_values)


def _partitions(config: Any, partitions_def: Any, title: str) -> Any:
    of_config = getattr(config, "partitions_def", None)
    if of_config is not None and partitions_def is not None and of_config != partitions_def:
        raise InvalidDefinitionError(
            f"{title} has two partitions definitions: its own and that of its partitioned config. Keep one."
        )
    return partitions_def if of_config is None else of_config
