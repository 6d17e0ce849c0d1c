"""Executing: the public ways to run something in this process.

Owns: ``materialize``, ``materialize_to_memory``, ``execute_job`` and what stands behind
``execute_in_process``; each turns its arguments into a ``Launch``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.config import as_run_config_dict
from penstock.define.asset_graph import AssetGraph
from penstock.define.asset_job import build_asset_job
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.reconstructable import job_of
from penstock.engine.memory import InMemoryIOManager
from penstock.host.asking import facts_for, settled
from penstock.host.extensions import Observer
from penstock.host.instance import Instance
from penstock.host.launch import Launch, launch
from penstock.host.reexecution import ReexecutionOptions, past_of
from penstock.host.result import ExecutionResult
from penstock.host.settings import environment
from penstock.plan.asset_subset import subset_asset_job
from penstock.plan.flatten import Scope, walk
from penstock.plan.run_config import bind_run_config, effective_config

ASSET_JOB_NAME = "__ASSET_JOB"


def _launch(job: JobDefinition, given: Launch, instance: Instance | None) -> ExecutionResult:
    """Run a job on an instance, or on one that is forgotten afterwards.

    Where the steps kept their values in other processes, the result loads them when it is asked, so what is
    to be forgotten lives as long as the result.
    """
    if instance is not None:
        return launch(job, given, instance)
    made = Instance.ephemeral()
    keeps = False
    try:
        result = launch(job, given, made)
        keeps = not result.has_values
        return result
    finally:
        if not keeps:
            made.close()


def materialize(
    assets: Sequence[Any],
    run_config: Any = None,
    instance: Instance | None = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,  # the public signature
    tags: Mapping[str, str] | None = None,
    selection: Any = None,
    executor: Any = None,
    observers: Sequence[Observer] = (),
    run_id: str | None = None,
) -> ExecutionResult:
    """Make assets here and now.

    Args:
        assets: definitions, source assets, specs and checks.
        run_config: a dict or ``RunConfig``.
        instance: where the run is recorded; None for one that is forgotten afterwards.
        resources: key → resource, for assets that require them.
        partition_key: of the partition to make.
        raise_on_error: whether the first failing step's exception is raised at the end.
        tags: of the run.
        selection: which of the assets to make: anything that ``AssetSelection`` understands.
        executor: where steps run; None for this process.
        observers: called with the run and each batch of stored events.
        run_id: a UUID; None for a new one.

    Returns:
        What came of it; values that stayed in other processes are loaded when they are asked for.

    Raises:
        UserError: when something about the request is wrong; nothing is recorded then.
    """
    chosen = settled(selection, assets, instance)
    job = build_asset_job(
        ASSET_JOB_NAME, assets, selection=chosen, resources=resources or {}, executor_def=executor
    )
    given = Launch(
        run_config=run_config,
        tags=tags or {},
        partition_key=partition_key,
        raise_on_error=raise_on_error,
        observers=tuple(observers),
        run_id=run_id,
        stores_op_outputs=False,
    )
    return _launch(job, given, instance)


def materialize_to_memory(
    assets: Sequence[Any],
    run_config: Any = None,
    instance: Instance | None = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,  # the public signature
    tags: Mapping[str, str] | None = None,
    selection: Any = None,
) -> ExecutionResult:
    """Make assets without storing any value: every I/O manager is the one that keeps values in memory.

    Args: as of ``materialize``.
    """
    memory = InMemoryIOManager()
    bound = {**dict.fromkeys(sorted(_manager_keys(assets)), memory), **(resources or {})}
    chosen = settled(selection, assets, instance)
    job = build_asset_job(ASSET_JOB_NAME, assets, selection=chosen, resources=bound)
    given = Launch(
        run_config=run_config,
        tags=tags or {},
        partition_key=partition_key,
        raise_on_error=raise_on_error,
        stores_op_outputs=False,
    )
    return _launch(job, given, instance)


def _manager_keys(assets: Sequence[Any]) -> set[str]:
    """The resource keys of every I/O manager that these assets name."""
    found = {"io_manager"}
    for one in AssetGraph.from_assets(assets).definitions:
        if isinstance(one.node, OpDefinition):
            found.update(out.io_manager_key for out in one.node.outs.values())
        elif one.node is not None:
            places = walk(Scope(one.node))
            found.update(out.io_manager_key for place in places for out in place.op.outs.values())
    return found


def execute_job_in_process(
    job: JobDefinition,
    *,
    run_config: Any = None,
    instance: Instance | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    op_selection: Sequence[str] | None = None,
    asset_selection: Any = None,
    run_id: str | None = None,
    input_values: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    resources: Mapping[str, Any] | None = None,
    observers: Sequence[Observer] = (),
) -> ExecutionResult:
    """What stands behind ``JobDefinition.execute_in_process``.

    Args: as of that method.
    """
    if asset_selection is not None:
        job = subset_asset_job(job, asset_selection, facts_for(asset_selection, instance))
    given = Launch(
        run_config=run_config,
        tags=tags or {},
        run_id=run_id,
        partition_key=partition_key,
        op_selection=None if op_selection is None else tuple(op_selection),
        input_values=input_values or {},
        resources=resources or {},
        raise_on_error=raise_on_error,
        runs_here=True,
        stores_op_outputs=False,
        observers=tuple(observers),
    )
    return _launch(job, given, instance)


def execute_graph_in_process(graph: GraphDefinition, **arguments: Any) -> ExecutionResult:
    """What stands behind ``GraphDefinition.execute_in_process``: the graph as a job of its own name."""
    resources = arguments.pop("resources", None)
    job = graph.to_job(resource_defs=resources)
    return execute_job_in_process(job, **arguments)


def execute_job(
    job: Any,
    instance: Instance,
    run_config: Any = None,
    tags: Mapping[str, str] | None = None,
    raise_on_error: bool = False,  # the public signature
    op_selection: Sequence[str] | None = None,
    reexecution_options: ReexecutionOptions | None = None,
    asset_selection: Any = None,
    *,
    run_id: str | None = None,
    partition_key: str | None = None,
    observers: Sequence[Observer] = (),
    code_location: str | None = None,
    default_executor: str | None = None,
) -> ExecutionResult:
    """Run a job with its own executor and record it; every output is stored by its I/O manager.

    Args:
        job: a job, or what ``reconstructable`` made.
        instance: where the run is recorded.
        run_config, tags, op_selection, asset_selection: of the run.
        raise_on_error: whether the first failing step's exception is raised at the end.
        reexecution_options: which run is repeated, and which of its steps.
        run_id, partition_key, observers, code_location: of the run.
        default_executor: carries out the steps when the job names none; None for this process.

    Raises:
        UserError: when something about the request is wrong; nothing is recorded then.
    """
    definition = job_of(job)
    if asset_selection is not None:
        definition = subset_asset_job(definition, asset_selection, facts_for(asset_selection, instance))
    past = None if reexecution_options is None else past_of(reexecution_options, definition, instance)
    given = Launch(
        run_config=run_config,
        tags=tags or {},
        run_id=run_id,
        partition_key=partition_key,
        op_selection=None if op_selection is None else tuple(op_selection),
        raise_on_error=raise_on_error,
        stores_op_outputs=True,
        keeps_values=False,
        past=past,
        observers=tuple(observers),
        code_location=code_location,
        executor=default_executor,
    )
    return launch(definition, given, instance)


def validate_run_config(job: JobDefinition, run_config: Any = None) -> dict[str, Any]:
    """Check a run config without running anything.

    Args:
        job: whose config it is.
        run_config: a dict, a ``RunConfig``, or None for the job's own.

    Returns:
        The config with defaults filled in, as nested dicts by section.

    Raises:
        InvalidConfigError: with every fault.
    """
    env = environment()
    own = None if run_config is None else as_run_config_dict(run_config)
    bound = bind_run_config(job, effective_config(job, own, env), env=env)
    ops: dict[str, Any] = {}
    for key, value in bound.ops.items():
        here = ops
        *graphs, name = key.split(".")
        for graph in graphs:
            here = here.setdefault(graph, {}).setdefault("ops", {})
        here.setdefault(name, {})["config"] = value
    resources = {key: {"config": value} for key, value in bound.resources.items()}
    return {
        "ops": ops,
        "resources": resources,
        "execution": dict(bound.execution),
        "loggers": dict(bound.loggers),
    }
