"""Launching: a run is carried out here, from its first event to its last.

Owns: the wiring of one run (store, executor, resources, journal, capture, log) and how it ends when one of
them fails. What can be refused before that is ``prepare``'s matter; what listeners hear, ``recording``'s.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from penstock.define.job import JobDefinition
from penstock.define.op import InputDefinition
from penstock.engine.context import HAND_IN_USE, StepInHand
from penstock.engine.drive import INTERRUPTED, Drive
from penstock.engine.failures import describe_error, said_by, user_error
from penstock.engine.io import Ref, hands_straight_on, load
from penstock.engine.journal import Journal
from penstock.engine.limits import Limits
from penstock.engine.record import Printed
from penstock.engine.resources import Surroundings, in_order_of_needs, opened
from penstock.engine.state import Phase, RunState, Unit
from penstock.engine.wants import EXECUTOR_TAG
from penstock.errors import (
    InvalidConfigError,
    InvariantViolationError,
    ResourceFunctionError,
    StoreError,
    TransitionRejected,
    UserError,
)
from penstock.events.runs import Run
from penstock.events.values import (
    EngineNoted,
    Happened,
    ResourceFailed,
    RunCanceled,
    RunCanceling,
    RunFailed,
    RunQueued,
    RunStarting,
)
from penstock.host.capture import Capture
from penstock.host.defaults import AskedFolder
from penstock.host.deferred import deferred
from penstock.host.executors import Choice, choose, is_here, limits_of, open_executor, works_here
from penstock.host.extensions import Observer, add_table_types, observers
from penstock.host.instance import Instance
from penstock.host.ownership import owner_tag
from penstock.host.pool_desk import slots_of
from penstock.host.prepare import Launch, Prepared, prepare
from penstock.host.recording import KEPT, Recording
from penstock.host.relay import Relay
from penstock.host.result import ExecutionResult
from penstock.host.run_log import run_log
from penstock.host.shipping import Cargo, Shipment
from penstock.host.warm import WarmExecutors
from penstock.keys import AssetKey
from penstock.spi.executor import Executor
from penstock.tables import registrations

if TYPE_CHECKING:
    from penstock.host import versions_read as versions
else:
    versions = deferred("penstock.host.versions_read")

__all__ = ["Launch", "launch"]


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


class _Launched:
    """One run from its first event to its last."""

    def __init__(self, prepared: Prepared, given: Launch, instance: Instance) -> None:
        self.job, self.program = prepared.job, prepared.program
        self.prepared, self.order = prepared, prepared.resource_order
        self.given, self.instance = given, instance
        run = self.program.run
        if instance.is_durable:
            run = self.program.run = evolve(run, tags={**run.tags, **owner_tag()})
        self.choice = choose(self.program, given.executor, runs_here=given.runs_here)
        self.works_here = True
        self.relay = Relay(instance.logs) if instance.is_durable else None
        self.record = Recording(
            instance.store,
            run,
            self._observers(),
            self.program.tools.now,
            kept=KEPT if instance.is_durable else None,
        )
        past = given.past
        self.state = RunState(self.program.plan, None if past is None else frozenset(past.step_keys))
        if past is not None:
            self.state.apply_all(past.events)
        self.exception: BaseException | None = None
        self.values: dict[Unit, dict[str, Any]] = {}
        self.notes: list[str] = []
        self.capture: Capture | None = None
        self.limits = Limits()

    def _observers(self) -> list[Observer]:
        if not self.instance.is_durable:
            return list(self.given.observers)
        add_table_types(self.instance.settings)
        return [self._relay, *self.given.observers, *observers(self.instance.settings)]

    def _relay(self, run: Run, events: Sequence[Happened]) -> None:
        """Show what steps printed elsewhere; in this process it is on the screen already."""
        if self.relay is not None and not self.works_here:
            self.relay(run, events)

    # ---- the whole ----------------------------------------------------------------------------

    def carry_out(self) -> ExecutionResult:
        with contextlib.ExitStack() as stack:
            executor = self._begin(stack)
            self._tell_executor()
            try:
                self._create()
            except KeyboardInterrupt as error:
                with contextlib.suppress(TransitionRejected):  # it may have come before the run was stored
                    self._end_early(error)
            else:
                self._run_with_resources(executor, stack)
                if self.given.keeps_values and not self.program.keeps_values and not self.instance.is_durable:
                    self._load_stored()
        result = self._result()
        if self.exception is not None and self.given.raise_on_error:
            raise self.exception
        return result

    def _begin(self, stack: contextlib.ExitStack) -> Executor:
        """The executor, ready to work; nothing of the run is recorded when it cannot.

        Raises:
            UserError: when it cannot, and somebody asked for this one or configured it.
        """
        try:
            return self._opened(stack)
        except UserError as error:
            if not self.choice.is_fallback or isinstance(error, InvalidConfigError):
                raise
            self.notes.append(f"The steps run in the process of the run, one after the other: {error}")
            self.choice = Choice(own=None, others=self.choice.others)
            return self._opened(stack)

    def _tell_executor(self) -> None:
        """Say in a tag what carries out the run, so that a retry uses the same."""
        own = self.choice.own
        if own is not None and not is_here(own) and self.instance.is_durable:
            run, name = self.program.run, own.target or own.name
            self.record.run = self.program.run = evolve(run, tags={**run.tags, EXECUTOR_TAG: name})

    def _opened(self, stack: contextlib.ExitStack) -> Executor:
        settings = self.instance.settings
        with contextlib.ExitStack() as attempt:
            shipment = self._shipment()
            attempt.callback(shipment.close)
            warm = self.given.warm or WarmExecutors(most=0)
            attempt.push(warm.take_back)
            executor = open_executor(self.choice, self.program, settings, warm)
            self.limits = limits_of(self.choice, self.program, settings)
            self.works_here = works_here(executor)
            # elsewhere values stay where the steps were
            self.program.keeps_values = self.given.keeps_values and executor.features.in_process
            executor.begin(shipment)
            stack.push(attempt.pop_all())
        return executor

    def _shipment(self) -> Shipment:
        instance, program = self.instance, self.program
        cargo = Cargo(
            job=self.job,
            plan=program.plan,
            run=program.run,
            raw_config=self.prepared.raw_config,
            resource_order=self.order,
            input_values=program.input_values,
            origin=program.origin,
            stores_op_outputs=program.stores_op_outputs,
            settings=instance.settings if instance.is_durable else None,
            storage=AskedFolder(instance.storage_directory),
            logs=instance.logs_directory() if instance.is_durable else None,
            table_types=registrations(),
        )
        return Shipment(program, cargo)

    def _create(self) -> None:
        now = self.program.tools.now()
        first: list[Happened] = [RunQueued(at=now), RunStarting(at=now)]
        first.extend(EngineNoted(at=now, message=note) for note in self.notes)
        self.record.create(first)

    def _prepare_log(self, stack: contextlib.ExitStack) -> None:
        """Open the log; on an instance that lasts, what steps print and log goes to files."""
        sinks = ()
        if self.instance.is_durable:
            capture = self.capture = stack.enter_context(
                Capture(self.instance.logs_directory(), self.program.run.run_id)
            )
            self.program.tools = evolve(self.program.tools, capture=capture.step, captured=capture.left_by)
            sinks = (capture.log_line,)
        self.program.log = run_log(self.job, self.program, sinks)

    def _run_with_resources(self, executor: Executor, stack: contextlib.ExitStack) -> None:
        program = self.program
        try:
            self._prepare_log(stack)
            if not self.works_here:
                self._drive(executor)
                return
            around = Surroundings(
                run=program.run,
                instance=self.instance,
                log=program.log.for_step(""),
                on_failure=self._resource_failed,
            )
            with opened(self.job.resource_defs, self.order, program.resource_configs, around) as resources:
                program.use(resources)
                self._drive(executor)
        except KeyboardInterrupt as error:
            if self.record.has_ended:
                raise
            self._end_early(error)
        except ResourceFunctionError as error:
            self._end_early(error)
        except Exception as error:
            # the engine or the store failed: nothing more is known than that the run cannot go on
            if not self.record.has_ended:
                self._end_early(error)
            raise

    def _drive(self, executor: Executor) -> None:
        program, store = self.program, self.instance.store
        slots = slots_of(program, store)
        program.versions.update(self._known_versions())
        if program.plan.reads:
            program.versions_read = versions.versions_read(program, store)
        if self.instance.is_durable:
            self.record.managers = program.resources.values()
        threaded = self.instance.is_durable or self.record.has_listeners
        is_inner = HAND_IN_USE.get() is not None  # a run within a step, whose timeout may strike anywhere
        journal = Journal(self.record.append, threaded=threaded, lends=not is_inner)
        drive = Drive(
            program=program,
            state=self.state,
            executor=executor,
            journal=journal,
            limits=self.limits,
            slots=slots,
            on_text=self._keep_text,
        )
        try:
            with self.instance.written_by(journal.flush):
                drive.begin()
                drive.run()
        finally:
            try:
                journal.close()
            finally:
                if not (slots.is_idle or self.record.has_ended):  # its end could not be stored
                    with contextlib.suppress(StoreError):
                        store.pools.give_back(program.run.run_id)
        for unit, names in drive.kept.items():
            self.values[unit] = {name: executor.fetch(drive.tickets[unit], name) for name in names}
        if drive.failure is not None:
            unit, self.exception = drive.failure
            with contextlib.suppress(Exception):  # frozen exceptions take no notes
                self.exception.add_note(f"in step {self.state.key(unit)!r} of run {program.run.run_id}")
        if drive.cancel_reason is not None:
            self.exception = KeyboardInterrupt(drive.cancel_reason)

    def _keep_text(self, printed: Printed) -> None:
        """Keep what a step printed where this disk is out of reach."""
        if self.capture is not None:
            self.capture.keep(printed.step, printed.stream, printed.text)

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
        found = self.instance.store.assets(outside) if outside else ()
        return {one.asset_key: one.data_version for one in found if one.data_version is not None}

    # ---- failures -----------------------------------------------------------------------------

    def _resource_failed(self, key: str, error: BaseException, phase: str) -> None:
        now = self.program.tools.now()
        self.record.append([ResourceFailed(at=now, resource=key, error=describe_error(error), phase=phase)])

    def _end_early(self, error: BaseException) -> None:
        """The run ends without its drive: a resource failed, somebody interrupted, or worse."""
        now = self.program.tools.now()
        self.exception = error if isinstance(error, ResourceFunctionError) else user_error(error)
        events: tuple[Happened, ...]
        if isinstance(error, KeyboardInterrupt):
            events = (RunCanceling(at=now, reason=INTERRUPTED), RunCanceled(at=now, reason=INTERRUPTED))
        else:
            is_resource = isinstance(error, ResourceFunctionError)
            reason = "resource_failure" if is_resource else "engine_failure"
            info = describe_error(error)
            events = (RunFailed(at=now, reason=reason, message=said_by(error), error=info),)
        self.state.apply_all(events)
        self.record.append(events)

    # ---- the result ---------------------------------------------------------------------------

    def _result(self) -> ExecutionResult:
        return ExecutionResult(
            run=evolve(self.program.run, status=self.state.status),
            job_def=self.job,
            state=self.state,
            happened=self.record.all_events,
            values=self.values,
            has_values=self.program.keeps_values or not self.given.keeps_values,
            load=self._load,
        )

    def _load_stored(self) -> None:
        """Take every value in, as long as there is an instance whose steps stored it."""
        for unit, made in self.state.produced.items():
            if self.state.phase[unit] is not Phase.SUCCEEDED:
                continue
            for output, keys in made.items():
                for name in [output] if keys is None else [f"{output}[{key}]" for key in keys]:
                    with contextlib.suppress(Exception):  # whoever asks for this one is told why
                        self.values.setdefault(unit, {})[name] = self._load(unit, name)

    def _load(self, unit: Unit, name: str) -> Any:
        """A value that was not kept, from where it was stored."""
        program = self.program
        step = program.plan.steps[unit[0]]
        output, _, key = name.partition("[")
        bound = program.bound(step)
        stored = bound.outputs[output]
        if hands_straight_on(program, stored):
            raise InvariantViolationError(
                f"Output {output!r} of step {step.key!r} was handed straight on to its readers and was not"
                " kept. Bind an I/O manager to store it."
            )
        hand = StepInHand(program=program, step=step, bound=bound, mapping_key=unit[1])
        wanted = InputDefinition(name=output, type=bound.op.outs[output].type)
        ref = Ref(
            step=step.id, key=step.key, output=output, unit=unit[1], mapping_key=key.rstrip("]") or None
        )
        defs = self.job.resource_defs
        needed = in_order_of_needs(defs, [stored.manager_key], "The result of a run")
        around = Surroundings(run=program.run, instance=self.instance)
        with opened(defs, needed, program.resource_configs, around) as resources:
            program.use(resources)
            return load(hand, wanted, ref)[0]
