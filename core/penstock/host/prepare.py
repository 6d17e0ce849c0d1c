"""Preparing: a job and what was given for one run become a program that can be carried out.

Owns: ``Launch``, ``Past`` and ``Prepared``, and everything that can be refused before a run is stored:
plan, config, resources, partitions. Opens and stores nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field

from penstock.config import as_run_config_dict
from penstock.define.executor import as_executor
from penstock.define.job import JobDefinition
from penstock.define.job_decorator import checked_values
from penstock.define.resource import as_resource_definitions
from penstock.engine.program import Program, Tools
from penstock.engine.resources import in_order_of_needs, needed_keys
from penstock.errors import job_title
from penstock.events.runs import PARTITION_TAG, Run
from penstock.events.values import Happened
from penstock.host.coverage import Coverage, coverage_of, coverage_tags
from penstock.host.defaults import default_io_manager
from penstock.host.extensions import Observer
from penstock.host.instance import Instance
from penstock.host.settings import environment
from penstock.host.warm import WarmExecutors
from penstock.plan.expand import Given, build_plan
from penstock.plan.op_selection import select_ops
from penstock.plan.run_config import (
    BoundRunConfig,
    bind_run_config,
    effective_config,
    input_names,
    is_partitioned_config,
    retries_enabled,
)
from penstock.tables import convert, settle
from penstock.values import frozen

_TOOLS = Tools()


@frozen(kw_only=True)
class Past:
    """What a re-execution takes over from earlier runs.

    Args:
        parent_run_id, root_run_id: lineage.
        step_keys: units to run again.
        events: events of the units that are not run again, in order.
        origin: step key → run that made its outputs.
        partition_tags: the tags that say which partitions the parent covered.
    """

    parent_run_id: str
    root_run_id: str
    step_keys: tuple[str, ...]
    events: tuple[Happened, ...] = ()
    origin: Mapping[str, str] = field(factory=dict[str, str])
    partition_tags: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class Launch:
    """What is given for one run, besides its job.

    Args:
        run_config: a dict, a ``RunConfig`` or None for the job's own.
        stores_op_outputs: False hands op outputs of the default I/O manager straight on.
        keeps_values: True keeps every value for the result.
        tools: clock, chance and pauses.
        observers: called with the run and each batch of events after it was stored.
        raise_on_error: whether the first step's exception is raised at the end.
        runs_here: True leaves the job's executor aside.
        executor: carries out the steps where the job does not say; None for this process.
        warm: lends executors to this run and to others after it; None for some of its own.
    """

    run_config: Any = None
    tags: Mapping[str, str] = field(factory=dict[str, str])
    run_id: str | None = None
    partition_key: str | None = None
    op_selection: tuple[str, ...] | None = None
    input_values: Mapping[str, Any] = field(factory=dict[str, Any])
    resources: Mapping[str, Any] = field(factory=dict[str, Any])
    raise_on_error: bool = True
    runs_here: bool = False
    executor: str | None = None
    stores_op_outputs: bool = True
    keeps_values: bool = True
    past: Past | None = None
    tools: Tools = _TOOLS
    observers: tuple[Observer, ...] = ()
    code_location: str | None = None
    warm: WarmExecutors | None = None


@frozen(kw_only=True, eq=False)
class Prepared:
    """A run that was found to be possible: nothing about it has been stored yet."""

    job: JobDefinition
    program: Program
    raw_config: Mapping[str, Any]
    resource_order: tuple[str, ...]


def prepare(job: JobDefinition, given: Launch, instance: Instance) -> Prepared:
    """Check and bind everything about a run before it exists.

    Raises:
        UserError: with what is wrong.
    """
    binds_manager = "io_manager" in {**job.resource_defs, **given.resources}
    job = complete(job, given, instance)
    env = environment()
    own = None if given.run_config is None else as_run_config_dict(given.run_config)
    tags = _tags_of(job, given)
    coverage = coverage_of(job, given.partition_key, tags, instance)
    raw = effective_config(job, own, env, coverage.keys)
    values = {
        **job.input_values,
        **checked_values(given.input_values, job.graph, job_title(job.name, begins=True)),
    }
    plan = build_plan(
        job,
        Given(
            config_inputs=input_names(raw),
            input_values=frozenset(values),
            partition_keys=coverage.keys,
            reads=coverage.reads,
        ),
    )
    program = Program(
        run=_run_of(job, given, _own_config(job, own, raw, coverage), tags, coverage),
        job=job,
        plan=plan,
        config=BoundRunConfig(),
        tools=evolve(given.tools, convert=convert, settle=settle),
        input_values=values,
        origin=given.past.origin if given.past is not None else {},
        stores_op_outputs=given.stores_op_outputs or binds_manager,
        keeps_values=given.keeps_values,
        instance=instance,
    )
    order = in_order_of_needs(job.resource_defs, needed_keys(program), job_title(job.name, begins=True))
    config = bind_run_config(job, raw, env=env, resource_keys=order)
    program.configure(config, retries_enabled=retries_enabled(config.execution))
    return Prepared(job=job, program=program, raw_config=raw, resource_order=tuple(order))


def complete(job: JobDefinition, given: Launch, instance: Instance) -> JobDefinition:
    """The job with this run's resources, the default I/O manager, and cut to the selected ops."""
    bound = {**job.resource_defs, **given.resources}
    defs = as_resource_definitions(bound)
    if "io_manager" not in defs:
        defs["io_manager"] = default_io_manager(instance.storage_directory)
    graph = job.graph
    if given.op_selection is not None:
        graph = select_ops(graph, given.op_selection, job.name)
    return evolve(job, resource_defs=defs, graph=graph, executor_def=as_executor(job.own_executor))


def _tags_of(job: JobDefinition, given: Launch) -> dict[str, str]:
    """The tags of the run, as far as they do not follow from its partition."""
    base = job.tags if job.run_tags is None else job.run_tags
    tags = {str(k): str(v) for k, v in {**base, **given.tags}.items()}
    if given.partition_key is not None:
        tags[PARTITION_TAG] = str(given.partition_key)
    elif given.past is not None and not coverage_tags(tags):
        tags |= given.past.partition_tags
    return tags


def _own_config(
    job: JobDefinition, own: Mapping[str, Any] | None, raw: Mapping[str, Any], coverage: Coverage
) -> Mapping[str, Any] | None:
    """The config that the run records as given: also what its partition stands for."""
    return raw if own is None and coverage.keys and is_partitioned_config(job.config) else own


def _run_of(
    job: JobDefinition,
    given: Launch,
    own: Mapping[str, Any] | None,
    tags: Mapping[str, str],
    coverage: Coverage,
) -> Run:
    past = given.past
    return Run(
        run_id=given.run_id or str(uuid.uuid4()),
        job_name=job.name,
        run_config=own or {},
        tags={**coverage.tags, **tags},
        parent_run_id=past.parent_run_id if past is not None else None,
        root_run_id=past.root_run_id if past is not None else None,
        asset_selection=job.assets.selected if job.assets is not None else None,
        asset_check_selection=job.assets.checks if job.assets is not None else None,
        op_selection=given.op_selection,
        step_keys_to_execute=past.step_keys if past is not None else None,
        code_location=given.code_location,
        places=coverage.places,
    )
