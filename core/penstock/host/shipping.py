"""Shipping: the program of a run on its way to other processes.

Owns: ``Shipment``, which is what the tasks of a run share (``spi.executor.Shared``), and ``Cargo``, what a
worker needs to have the same program: definitions, plan, raw config. Config is bound where it is used,
so secrets of the environment never travel. How a worker lives is ``worker``'s matter.
Lazy: pickling is imported when a run leaves this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.engine.program import Program
from penstock.engine.runner import ProgramRunner
from penstock.errors import UnmetExecutorRequirementsError
from penstock.events.runs import Run
from penstock.host.settings import Settings
from penstock.plan.model import Plan
from penstock.spi.executor import Place, Runner, Wants
from penstock.values import frozen

_LOOK_BACK = 50
"""How many kinds of wants are compared: they hold mappings, so they have no hash, and few are different."""


@frozen(kw_only=True, eq=False)
class Cargo:
    """What a worker needs besides its tasks; calling it in the worker gives the runner.

    Args:
        raw_config: the effective run config as plain data.
        resource_order: the resources that the plan needs, requirements first.
        settings: of the instance, None when it lives in the driver's memory alone.
        storage: says the folder of stored values; what it says travels.
        logs: the folder of logs, None when nothing is kept.
        table_types: the handlers of plugins by the types they carry.
    """

    job: JobDefinition
    plan: Plan
    run: Run
    raw_config: Mapping[str, Any]
    resource_order: tuple[str, ...]
    input_values: Mapping[str, Any]
    origin: Mapping[str, str]
    stores_op_outputs: bool
    settings: Settings | None
    storage: Callable[[], str]
    logs: str | None
    table_types: Mapping[str, Any]

    def __call__(self, place: Place) -> Runner:
        """The runner, in the process that this cargo has come to."""
        return import_module("penstock.host.worker").open_cargo(self, place)


class Shipment:
    """What the tasks of a run share.

    Args:
        program: of the run, in this process.
        cargo: the same for others.
    """

    def __init__(self, program: Program, cargo: Cargo) -> None:
        self._program = program
        self._cargo = cargo
        self._runner: ProgramRunner | None = None

    @property
    def key(self) -> str:
        """The run, which is carried out once."""
        return self._program.run.run_id

    @property
    def modules(self) -> Sequence[str]:
        """The modules of the functions that run; those that nobody else can import travel by value."""
        pickling = import_module("penstock.host.pickling")
        return tuple(sorted(name for name in self._homes() if pickling.is_importable(name)))

    @property
    def wants(self) -> Sequence[tuple[str, Wants]]:
        """What the steps ask for, each kind once, with the key of the first that does."""
        found: list[tuple[str, Wants]] = []
        for step in self._program.plan.steps:
            wants = self._program.bound(step).wants
            if all(wants != known for _, known in found[-_LOOK_BACK:]):
                found.append((step.key, wants))
        return found

    def runner(self) -> Runner:
        """The runner over the program of this process."""
        if self._runner is None:
            self._runner = ProgramRunner(self._program)
        return self._runner

    def close(self) -> None:
        """End what the runner of this process has beside its steps; idempotent."""
        if self._runner is not None:
            self._runner.close()

    def blob(self) -> bytes:
        """The pickled cargo.

        Raises:
            UnmetExecutorRequirementsError: naming what cannot be pickled, or what would be lost elsewhere.
        """
        _refuse_memory(self._cargo)
        pickling = import_module("penstock.host.pickling")
        try:
            return pickling.dumps(self._cargo, self._homes())
        except Exception as error:
            raise pickling.refuse(self._cargo.job.name, self._parts(), error) from error

    def _homes(self) -> frozenset[str]:
        """Where the functions that run were defined."""
        names = {place.op.fn.__module__ for place in self._program.places.values()}
        return frozenset(name for name in names if name != "__main__")

    def _parts(self) -> dict[str, Any]:
        """What travels, by names that people know."""
        job, cargo = self._cargo.job, self._cargo
        found: dict[str, Any] = {
            f"the function of {op.name!r} ({op.shape.where})": op.fn
            for op in (place.op for place in self._program.places.values())
            if isinstance(op, OpDefinition)
        }
        found |= {f"resource {key!r}": job.resource_defs[key] for key in cargo.resource_order}
        found |= {f"input {name!r}": value for name, value in cargo.input_values.items()}
        found |= {f"hook {hook.name!r}": hook for hook in job.hooks}
        for assets in () if job.assets is None else job.assets.by_node.values():
            found[f"the partitions of {assets.name!r}"] = assets.partitions_def
            for key, mapping in assets.partition_mappings.items():
                found[f"the partition mapping of {assets.name!r} for {key.to_user_string()!r}"] = mapping
        return found


def _refuse_memory(cargo: Cargo) -> None:
    """Values that stay in a process are no use to the others."""
    defs = cargo.job.resource_defs
    found = [key for key in cargo.resource_order if _stays_in_memory(defs[key])]
    if found:
        raise UnmetExecutorRequirementsError(
            f"The I/O manager {found[0]!r} of job {cargo.job.name!r} keeps values in the memory of one"
            " process, and the steps of this run would not share it. Bind one that stores values, or run the"
            " job with executor='in_process'."
        )


def _stays_in_memory(definition: Any) -> bool:
    return getattr(getattr(definition, "resource_fn", None), "in_memory_only", False) is True
