"""A worker's side of a run: cargo becomes a program again, and its runner.

Owns: what differs from the driver's process: config is bound here, resources are opened when a step first
needs them and kept for the steps that follow, what steps print goes to files (or back to the driver
where the disk is another), and the instance is opened only if somebody asks for it. Builds no plugins.
Lazy: pickling is imported when a step has failed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from importlib import import_module
from typing import Any

from attrs import evolve

from penstock.engine.context import HAND_IN_USE
from penstock.engine.program import Captured, Program, Tools
from penstock.engine.record import Printed
from penstock.engine.resources import Surroundings, in_order_of_needs, opened
from penstock.engine.runner import ProgramRunner
from penstock.errors import InvariantViolationError, ResourceFunctionError
from penstock.events.values import StepRestarted, StepStarted
from penstock.host.capture import Capture
from penstock.host.descriptors import DescriptorCapture
from penstock.host.instance import Instance
from penstock.host.recording import SYNC_EVERY
from penstock.host.run_log import run_log
from penstock.host.settings import environment
from penstock.host.shipping import Cargo
from penstock.plan.run_config import bind_run_config, retries_enabled
from penstock.spi.executor import Place, Report, Runner, TaskResult
from penstock.spi.store import EventQuery
from penstock.tables import convert, register, settle

PATIENCE = 5.0
"""Seconds for which a look at the instance waits at most."""

LATEST = 1000
"""How many of the latest starts are looked through."""


def open_cargo(cargo: Cargo, place: Place) -> Runner:
    """The runner of a run in this process.

    Raises:
        InvalidConfigError: when the environment here lacks what the config names.
    """
    return WorkerRunner(cargo, place)


class WorkerRunner:
    """Carries tasks out in a worker; see ``spi.executor.Runner``.

    Args:
        cargo: of the run.
        place: where this is.
    """

    def __init__(self, cargo: Cargo, place: Place) -> None:
        for name, handler in cargo.table_types.items():
            register(name, handler)
        self._settles = place.settles
        self._flush_at = time.monotonic() + SYNC_EVERY
        self._stack = ExitStack()
        self._text = _Text(cargo, place)
        instance = LateInstance(cargo, self._text.reports)
        program = _program_of(cargo, instance, self._text.tools())
        program.log = run_log(cargo.job, program, self._text.sinks())
        self._resources = LateResources(cargo, program, self._stack, instance)
        program.use(self._resources)
        self._runner = ProgramRunner(program, is_away=True, dumps=_dumps_error)
        self._stack.callback(instance.close)
        self._stack.enter_context(self._text)
        self._stack.callback(self._runner.close)

    def run(self, body: Any, handed: Mapping[str, Any], report: Report | None) -> TaskResult:
        """Carry out a task.

        What it stored is on the disk before its outcome travels, unless the executor settles runs: then once
        a second, and at the close.
        """
        keys = self._runner.keys(body)
        if report is not None:
            self._text.reports.update(dict.fromkeys(keys, report))
        try:
            return self._runner.run(body, handed, report)
        finally:
            for key in keys:
                self._text.reports.pop(key, None)
            self._flush()

    def close(self) -> None:
        """Have values on the disk, close resources in reverse order, then everything else; idempotent."""
        with suppress(Exception):  # nobody is there to be told; the steps themselves ended well
            self._resources.flush()
        self._stack.close()

    def _flush(self) -> None:
        """Have values survive a power cut: with each task, or now and then where the end is settled."""
        now = time.monotonic()
        if not self._settles or now >= self._flush_at:
            self._resources.flush()
            self._flush_at = now + SYNC_EVERY


def _dumps_error(error: BaseException) -> bytes:
    return import_module("penstock.host.pickling").dumps_error(error)


def _program_of(cargo: Cargo, instance: Any, tools: Tools) -> Program:
    config = bind_run_config(
        cargo.job, cargo.raw_config, env=environment(), resource_keys=cargo.resource_order
    )
    program = Program(
        run=cargo.run,
        job=cargo.job,
        plan=cargo.plan,
        config=config,
        tools=tools,
        input_values=cargo.input_values,
        origin=cargo.origin,
        stores_op_outputs=cargo.stores_op_outputs,
        instance=instance,
    )
    program.configure(config, retries_enabled=retries_enabled(config.execution))
    return program


class LateResources(Mapping[str, Any]):
    """The resources of a run, each opened when it is first asked for, with what it requires.

    Args:
        cargo, program: of the run.
        stack: closes them.
        instance: shown to them.
    """

    def __init__(self, cargo: Cargo, program: Program, stack: ExitStack, instance: Any) -> None:
        self._cargo = cargo
        self._program = program
        self._stack = stack
        self._instance = instance
        self._found: dict[str, Any] = {}
        self._turn = threading.RLock()

    def __getitem__(self, key: str) -> Any:
        with self._turn:
            if key not in self._found:
                self._open(key)
            return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cargo.resource_order)

    def __len__(self) -> int:
        return len(self._cargo.resource_order)

    def flush(self) -> None:
        """Have what managers stored survive a power cut."""
        for manager in tuple(self._found.values()):
            flush = getattr(manager, "flush", None)
            if getattr(manager, "passes_through", False) and flush is not None:
                flush()

    def _open(self, key: str) -> None:
        if key not in self._cargo.resource_order:
            raise KeyError(key)
        defs, program = self._cargo.job.resource_defs, self._program
        needed = in_order_of_needs(defs, [key], f"Step of job {self._cargo.job.name!r}")
        log = program.log.for_step("")
        failed: list[str] = []

        def note(which: str, error: BaseException, phase: str) -> None:
            failed.append(which)
            if phase == "teardown":  # the run may be over: its log is all that is left
                log.error("Resource %r could not be torn down: %s: %s", which, type(error).__name__, error)

        around = Surroundings(run=program.run, instance=self._instance, log=log, on_failure=note)
        fresh = [one for one in needed if one not in self._found]
        try:
            self._found |= self._stack.enter_context(
                opened(defs, fresh, program.resource_configs, around, self._found)
            )
        except ResourceFunctionError as error:
            error.resource = failed[0] if failed else key
            raise


class LateInstance:
    """The instance of the run, opened when user code asks for it.

    A step that looks at it sees what steps before it left: the driver stores events a moment after it heard
    them, and in order, so the look waits until the start of the step itself is stored.

    Args:
        cargo: says where it is.
        told: the units whose start the driver hears of while they run.
    """

    def __init__(self, cargo: Cargo, told: Container[str] = ()) -> None:
        self._cargo = cargo
        self._told = told
        self._awaited: tuple[str, int] | None = None
        self._opened: Instance | None = None
        self._turn = threading.Lock()

    def storage_directory(self) -> str:
        """Path or URL where the default I/O manager stores."""
        return self._cargo.storage()

    def close(self) -> None:
        """Close it, if it was opened."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        instance = self._at_hand(name)
        hand = HAND_IN_USE.get()
        if hand is not None and hand.key in self._told and self._awaited != (hand.key, hand.attempt):
            self._await(instance, hand.key, hand.attempt)
            self._awaited = (hand.key, hand.attempt)
        return getattr(instance, name)

    def _await(self, instance: Instance, key: str, attempt: int) -> None:
        """Return when the start of an attempt is stored, or when that takes too long to be worth it."""
        wanted = EventQuery(
            run_id=self._cargo.run.run_id,
            kinds=(StepStarted, StepRestarted),
            ascending=False,
            limit=LATEST,
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            starts: Any = [stored.event for stored in instance.store.read(wanted)]
            if any((one.step, one.attempt) == (key, attempt) for one in starts):
                return
            time.sleep(0.005)

    def _at_hand(self, name: str) -> Instance:
        with self._turn:
            if self._opened is not None:
                return self._opened
            if self._cargo.settings is None:
                raise InvariantViolationError(
                    f"context.instance.{name} was asked for in a worker, but the instance of this run lives"
                    " in the memory of the process that launched it. Use Instance.local_temp(folder) or"
                    " Instance.get(), or executor='in_process'."
                )
            self._opened = Instance.open(self._cargo.settings)
            return self._opened


class _Text:
    """Where the text of steps goes from here."""

    def __init__(self, cargo: Cargo, place: Place) -> None:
        self._place = place
        self._run_id = cargo.run.run_id
        self._logs = cargo.logs if place.shares_disk else None
        self._is_told = cargo.logs is not None and not place.shares_disk
        self._capture: Capture | DescriptorCapture | None = None
        self.reports: dict[str, Report | None] = {}
        if self._logs is not None and place.owns_process:
            self._capture = DescriptorCapture(self._logs, self._run_id)
        elif self._logs is not None:
            self._capture = Capture(self._logs, self._run_id, echoes=False)
        elif self._is_told:
            self._capture = Capture("", self._run_id, on_text=self._tell, echoes=False)

    def __enter__(self) -> None:
        if self._capture is not None:
            self._capture.__enter__()

    def __exit__(self, *exc: object) -> None:
        if self._capture is not None:
            self._capture.__exit__(None, None, None)

    def tools(self) -> Tools:
        """The means of the engine in this process."""
        made = Tools(convert=convert, settle=settle)
        return made if self._capture is None else evolve(made, capture=self._step)

    def sinks(self) -> tuple[Any, ...]:
        """Where lines of ``context.log`` go."""
        return () if self._capture is None else (self._capture.log_line,)

    def _step(self, key: str) -> AbstractContextManager[Captured]:
        if self._capture is None:
            raise InvariantViolationError("There is no capture in this worker.")
        return self._capture.step(key)

    def _tell(self, key: str, stream: str, text: str) -> None:
        report = self.reports.get(key) or next(iter(self.reports.values()), None)  # of the run as a whole
        if report is not None:
            report(Printed(step=key, stream=stream, text=text))
