"""Launching: a job and what was given for one run become a run that is carried out here.

Owns: the wiring of one run (plan, config, resources, store, executor, log, observers) and the order in
which it is set up: everything that can be refused is refused before the run is stored.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from penstock.config import as_run_config_dict
from penstock.define.job import JobDefinition
from penstock.define.logger import InitLoggerContext, colored_console_logger
from penstock.define.op import InputDefinition
from penstock.define.resource import as_resource_definitions
from penstock.engine.context import StepInHand
from penstock.engine.drive import INTERRUPTED, Drive
from penstock.engine.failures import describe_error
from penstock.engine.inline import InlineExecutor
from penstock.engine.io import Ref, load
from penstock.engine.journal import Journal
from penstock.engine.logs import RunLog
from penstock.engine.program import Program, Tools
from penstock.engine.resources import Surroundings, in_order_of_needs, needed_keys, opened
from penstock.engine.state import RunState, Unit
from penstock.errors import ResourceFunctionError, job_title
from penstock.events.runs import TERMINAL, Run
from penstock.events.values import (
    EngineNoted,
    Happened,
    ResourceFailed,
    RunCanceled,
    RunCanceling,
    RunFailed,
    RunQueued,
    RunStarting,
    RunSucceeded,
)
from penstock.host.capture import Capture
from penstock.host.defaults import default_io_manager
from penstock.host.extensions import Observer, add_table_types, executor_named, observers
from penstock.host.instance import Instance
from penstock.host.ownership import owner_tag
from penstock.host.result import ExecutionResult
from penstock.host.settings import environment
from penstock.keys import AssetKey
from penstock.plan.expand import Given, build_plan
from penstock.plan.op_selection import select_ops
from penstock.plan.run_config import (
    BoundRunConfig,
    bind_run_config,
    effective_config,
    input_names,
    retries_enabled,
)
from penstock.spi.executor import Executor
from penstock.tables import convert, settle

PARTITION_TAG = "penstock/partition"
_IN_PROCESS, _EITHER = "in_process", "multi_or_in_process"
_ENDINGS = (RunSucceeded, RunFailed, RunCanceled)
_SYNC_EVERY = 1.0
"""Seconds between two moments at which stored values are made to survive a power cut."""
_HERE = frozenset({_IN_PROCESS, "multiprocess", _EITHER})
_SERIAL = "this version carries out its steps one after the other, in the process of the run."
_TOOLS = Tools()


@frozen(kw_only=True)
class Past:
    """What a re-execution takes over from earlier runs.

    Args:
        parent_run_id, root_run_id: lineage.
        step_keys: units to run again.
        events: events of the units that are not run again, in order.
        origin: step key → run that made its outputs.
    """

    parent_run_id: str
    root_run_id: str
    step_keys: tuple[str, ...]
    events: tuple[Happened, ...] = ()
    origin: Mapping[str, str] = field(factory=dict[str, str])


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
    stores_op_outputs: bool = True
    keeps_values: bool = True
    past: Past | None = None
    tools: Tools = _TOOLS
    observers: tuple[Observer, ...] = ()
    code_location: str | None = None


def launch(job: JobDefinition, given: Launch, instance: Instance) -> ExecutionResult:
    """Run a job in this process, to its end.

    Args:
        job: what to run.
        given: for this run.
        instance: where it is recorded.

    Returns:
        The result; a keyboard interrupt ends the run as canceled and is raised again when
        ``given.raise_on_error``.

    Raises:
        UserError: when the job, config or selection is refused; nothing is recorded then.
        Exception: what the first failed step raised, when ``given.raise_on_error``.
    """
    prepared = prepare(job, given, instance)
    return _Launched(prepared, given, instance).carry_out()


@frozen(kw_only=True, eq=False)
class Prepared:
    """A run that was found to be possible: nothing about it has been stored yet."""

    job: JobDefinition
    program: Program
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
    raw = effective_config(job, own, env)
    values = {**job.input_values, **given.input_values}
    keys = () if given.partition_key is None else (given.partition_key,)
    plan = build_plan(
        job,
        Given(config_inputs=input_names(raw), input_values=frozenset(values), partition_keys=keys),
    )
    check_partition(job, given.partition_key)
    program = Program(
        run=_run_of(job, given, own),
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
    program = evolve(
        program,
        config=config,
        resource_configs=config.resources,
        retries_enabled=retries_enabled(config.execution),
    )
    return Prepared(job=job, program=program, resource_order=tuple(order))


def complete(job: JobDefinition, given: Launch, instance: Instance) -> JobDefinition:
    """The job with this run's resources, the default I/O manager, and cut to the selected ops."""
    bound = {**job.resource_defs, **given.resources}
    defs = as_resource_definitions(bound)
    if "io_manager" not in defs:
        defs["io_manager"] = default_io_manager(instance.storage_directory)
    graph = job.graph
    if given.op_selection is not None:
        graph = select_ops(graph, given.op_selection, job.name)
    return evolve(job, resource_defs=defs, graph=graph)


def check_partition(job: JobDefinition, key: str | None) -> None:
    """Refuse a partition key that the job's partitions do not have.

    Raises:
        UnknownPartitionError: naming the key.
    """
    definition = job.partitions_def
    if key is None or definition is None:
        return
    definition.validate_partition_key(key)


def _run_of(job: JobDefinition, given: Launch, own: Mapping[str, Any] | None) -> Run:
    base = job.tags if job.run_tags is None else job.run_tags
    tags = {str(k): str(v) for k, v in {**base, **given.tags}.items()}
    if given.partition_key is not None:
        tags[PARTITION_TAG] = given.partition_key
    past = given.past
    return Run(
        run_id=given.run_id or str(uuid.uuid4()),
        job_name=job.name,
        run_config=own or {},
        tags=tags,
        parent_run_id=past.parent_run_id if past is not None else None,
        root_run_id=past.root_run_id if past is not None else None,
        asset_selection=job.assets.selected if job.assets is not None else None,
        asset_check_selection=job.assets.checks if job.assets is not None else None,
        op_selection=given.op_selection,
        step_keys_to_execute=past.step_keys if past is not None else None,
        code_location=given.code_location,
    )


class _Launched:
    """One run from its first event to its last."""

    def __init__(self, prepared: Prepared, given: Launch, instance: Instance) -> None:
        self.job, self.program = prepared.job, prepared.program
        self.order = prepared.resource_order
        self.given, self.instance, self.store = given, instance, instance.store
        self.events: list[Happened] = []
        self.seq = 0
        self.next_sync = self.program.tools.now() + _SYNC_EVERY
        self.observers: list[Observer] = list(given.observers)
        if instance.is_durable:
            add_table_types(instance.settings)
            self.observers.extend(observers(instance.settings))
        only = frozenset(given.past.step_keys) if given.past is not None else None
        self.state = RunState(self.program.plan, only)
        if given.past is not None:
            self.state.apply_all(given.past.events)
        self.exception: BaseException | None = None
        self.values: dict[Unit, dict[str, Any]] = {}

    # ---- the whole ----------------------------------------------------------------------------

    def carry_out(self) -> ExecutionResult:
        with contextlib.closing(self._executor()) as executor:
            return self._carry_out(executor)

    def _carry_out(self, executor: Executor) -> ExecutionResult:
        self._create()
        capture = (
            Capture(self.instance.logs_directory(), self.program.run.run_id)
            if self.instance.is_durable
            else None
        )
        with contextlib.ExitStack() as stack:
            if capture is not None:
                stack.enter_context(capture)
                self.program.tools = evolve(self.program.tools, capture=capture.step)
            self._prepare_log(capture)
            self._run_with_resources(executor)
        result = self._result()
        if self.exception is not None and self.given.raise_on_error:
            raise self.exception
        return result

    def _create(self) -> None:
        now = self.program.tools.now()
        first: list[Happened] = [RunQueued(at=now), RunStarting(at=now)]
        name = self._executor_name()
        if name != _IN_PROCESS and name in _HERE:
            first.append(EngineNoted(at=now, message=f"Executor {name!r}: {_SERIAL}"))
        run = self.program.run
        if self.instance.is_durable:
            run = evolve(run, tags={**run.tags, **owner_tag()})
            self.program.run = run
        self.seq = self.store.create_run(run, first)
        self._told(first)

    def _prepare_log(self, capture: Capture | None) -> None:
        run = self.program.run
        sinks = () if capture is None else (capture.log_line,)
        self.program.log = RunLog(
            run_id=run.run_id, job_name=run.job_name, sinks=sinks, loggers=self._loggers()
        )

    def _loggers(self) -> list[logging.Logger]:
        """The loggers that the run config asks for."""
        known = {"console": colored_console_logger, **self.job.loggers}
        return [
            known[name].make(
                InitLoggerContext(
                    logger_config=config,
                    logger_def=known[name],
                    job_def=self.job,
                    run_id=self.program.run.run_id,
                )
            )
            for name, config in self.program.config.loggers.items()
        ]

    def _run_with_resources(self, executor: Executor) -> None:
        program = self.program
        try:
            with opened(
                self.job.resource_defs,
                self.order,
                program.resource_configs,
                Surroundings(
                    run=program.run,
                    instance=self.instance,
                    log=program.log.for_step(""),
                    on_failure=self._resource_failed,
                ),
            ) as resources:
                program.resources = resources
                self._drive(executor)
        except KeyboardInterrupt as error:
            if self._has_ended():
                raise
            self._end_before_steps(error)
        except ResourceFunctionError as error:
            self._end_before_steps(error)
        except Exception as error:
            # the engine or the store failed: nothing more is known than that the run cannot go on
            if not self._has_ended():
                self._end_before_steps(error)
            raise

    def _drive(self, executor: Executor) -> None:
        program = self.program
        program.versions.update(self._known_versions())
        threaded = self.instance.is_durable or bool(self.observers)
        journal = Journal(self._append, threaded=threaded)
        drive = Drive(program=program, state=self.state, executor=executor, journal=journal)
        try:
            with self.instance.written_by(journal.flush):
                drive.begin()
                drive.run()
        finally:
            journal.close()
        if isinstance(executor, InlineExecutor):
            for unit, names in drive.kept.items():
                self.values[unit] = {name: executor.value(drive.tickets[unit], name) for name in names}
        if drive.failure is not None:
            unit, self.exception = drive.failure
            self.exception.add_note(f"in step {self.state.key(unit)!r} of run {program.run.run_id}")
        if drive.cancel_reason is not None:
            self.exception = KeyboardInterrupt(drive.cancel_reason)

    def _executor(self) -> Executor:
        """The executor that the job names; the process pool's names mean this process for now."""
        name = self._executor_name()
        if name in _HERE:
            return InlineExecutor()
        return executor_named(name, self.program.config.execution, self.instance.settings)

    def _executor_name(self) -> str:
        definition = self.job.executor_def
        if definition is None or self.given.runs_here:
            return _IN_PROCESS
        name = str(getattr(definition, "target", None) or getattr(definition, "name", definition))
        if name == _EITHER and "multiprocess" not in self.program.config.execution:
            return _IN_PROCESS
        return name

    def _known_versions(self) -> dict[AssetKey, str]:
        """Data versions of assets that this run reads and does not make."""
        layer = self.job.assets
        if layer is None:
            return {}
        wanted: dict[AssetKey, None] = {}
        for node in layer.by_node.values():
            for spec in node.specs_by_key.values():
                wanted.update((dep.asset_key, None) for dep in spec.deps)
        outside = [key for key in wanted if key not in layer.selected]
        if not outside:
            return {}
        found = self.instance.store.assets(outside)
        return {one.asset_key: one.data_version for one in found if one.data_version is not None}

    # ---- events -------------------------------------------------------------------------------

    def _append(self, events: Sequence[Happened]) -> None:
        now = self.program.tools.now()
        if now >= self.next_sync or isinstance(events[-1], _ENDINGS):
            self._make_stored_values_durable()
            self.next_sync = now + _SYNC_EVERY
        self.seq = self.store.append(self.program.run.run_id, self.seq, events)
        self._told(events)

    def _make_stored_values_durable(self) -> None:
        """Values reach the disk with the end of the run, and now and then before.

        A killed process loses nothing without this. It is for power cuts, and so is not paid for
        by each step: events of steps are no more durable than that either (see the store).
        """
        if not self.instance.is_durable:
            return
        for manager in self.program.resources.values():
            flush = getattr(manager, "flush", None)
            if getattr(manager, "passes_through", False) and flush is not None:
                flush()

    def _told(self, events: Sequence[Happened]) -> None:
        self.events.extend(events)
        for observer in list(self.observers):
            try:
                observer(self.program.run, events)
            except Exception as error:  # noqa: BLE001  # a listener must not change a run
                self.observers.remove(observer)
                self._note_disabled(observer, error)

    def _note_disabled(self, observer: Observer, error: Exception) -> None:
        name = getattr(observer, "__qualname__", type(observer).__qualname__)
        note = EngineNoted(
            at=self.program.tools.now(),
            message=f"Observer {name} raised and hears no more of this run.",
            error=describe_error(error),
        )
        self.seq = self.store.append(self.program.run.run_id, self.seq, [note])
        self.events.append(note)

    def _has_ended(self) -> bool:
        return self.state.status in TERMINAL

    def _resource_failed(self, key: str, error: BaseException, phase: str) -> None:
        now = self.program.tools.now()
        self._append([ResourceFailed(at=now, resource=key, error=describe_error(error), phase=phase)])

    def _end_before_steps(self, error: BaseException) -> None:
        """The run ends without its drive: a resource failed, or somebody interrupted."""
        now = self.program.tools.now()
        self.exception = getattr(error, "user_exception", None) or error
        events: tuple[Happened, ...]
        if isinstance(error, KeyboardInterrupt):
            reason = INTERRUPTED
            events = (RunCanceling(at=now, reason=reason), RunCanceled(at=now, reason=reason))
        else:
            is_resource = isinstance(error, ResourceFunctionError)
            reason = "resource_failure" if is_resource else "engine_failure"
            info = describe_error(error)
            events = (RunFailed(at=now, reason=reason, message=str(error), error=info),)
        self.state.apply_all(events)
        self._append(events)

    # ---- the result ---------------------------------------------------------------------------

    def _result(self) -> ExecutionResult:
        return ExecutionResult(
            run=evolve(self.program.run, status=self.state.status),
            job_def=self.job,
            state=self.state,
            happened=tuple(self.events),
            values=self.values,
            load=self._load,
        )

    def _load(self, unit: Unit, name: str) -> Any:
        """A value that was not kept, from where it was stored."""
        program = self.program
        step = program.plan.steps[unit[0]]
        output, _, key = name.partition("[")
        bound = program.bound(step)
        hand = StepInHand(program=program, step=step, bound=bound, mapping_key=unit[1])
        wanted = InputDefinition(name=output, type=bound.op.outs[output].type)
        ref = Ref(
            step=step.id, key=step.key, output=output, unit=unit[1], mapping_key=key.rstrip("]") or None
        )
        around = Surroundings(run=program.run, instance=self.instance)
        with opened(self.job.resource_defs, self.order, program.resource_configs, around) as resources:
            program.resources = resources
            return load(hand, wanted, ref)[0]
