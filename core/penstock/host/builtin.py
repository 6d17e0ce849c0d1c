"""What is built in, as one table of strings, registered through the hooks that everybody uses.

Owns: the manifest of the core and where its parts are. Imports none of them.
A command's summary is its line in ``penstock --help``.
"""

from __future__ import annotations

from penstock.spi.entry import (
    VERSION,
    CommandEntry,
    ExecutorEntry,
    IOManagerEntry,
    TypeHandlerEntry,
)
from penstock.spi.hooks import hookimpl

penstock_spi = VERSION

EXECUTORS = (
    ("in_process", "penstock.engine.inline:InlineExecutor", "One step after the other, in this process."),
)

IO_MANAGERS = (("memory", "penstock.engine.memory:InMemoryIOManager", "Values stay in this process."),)

_ARROW, _FRAMES = "penstock.tables.arrow", "penstock.tables.frames"
TYPE_HANDLERS = (
    ("pyarrow.lib.Table", f"{_ARROW}:TABLE"),
    ("pyarrow.lib.RecordBatch", f"{_ARROW}:BATCH"),
    ("pyarrow.lib.RecordBatchReader", f"{_ARROW}:READER"),
    ("pandas.DataFrame", f"{_FRAMES}:PANDAS"),
    ("pandas.core.frame.DataFrame", f"{_FRAMES}:PANDAS"),
    ("polars.dataframe.frame.DataFrame", f"{_FRAMES}:POLARS"),
    ("polars.lazyframe.frame.LazyFrame", f"{_FRAMES}:POLARS_LAZY"),
)

COMMANDS = (
    ("materialize", "penstock.cli.materialize:command", "Make assets, and show what happens."),
    ("plan", "penstock.cli.plan:command", "Show what a run would do, and why."),
    ("check", "penstock.cli.check:command", "Find everything that is wrong with your definitions."),
    ("asset", "penstock.cli.asset:command", "List assets, or show one with its history."),
    ("partition", "penstock.cli.partition:command", "List partitions; add and delete dynamic ones."),
    ("job", "penstock.cli.job:command", "List jobs, or run one."),
    ("schedule", "penstock.cli.schedule:command", "List schedules, and see what ticks would ask for."),
    ("sensor", "penstock.cli.sensor:command", "List sensors, and see what a tick would come to."),
    ("run", "penstock.cli.run:command", "Look at runs: list, show, logs; retry or delete them."),
    ("backfill", "penstock.cli.backfill:command", "Make many partitions: launch, show, pause, resume."),
    ("pool", "penstock.cli.pool:command", "Limit how many steps run at once, over all runs."),
    ("instance", "penstock.cli.instance:command", "The database: info, migrate, retain."),
    ("plugins", "penstock.cli.plugins:command", "List plugins, and what is wrong with them."),
    ("new", "penstock.cli.new:command", "Begin a project that works at once."),
)


@hookimpl
def penstock_executors() -> list[ExecutorEntry]:
    """The reference executor."""
    return [ExecutorEntry(name=name, target=target, summary=text) for name, target, text in EXECUTORS]


@hookimpl
def penstock_io_managers() -> list[IOManagerEntry]:
    """The reference I/O manager."""
    return [IOManagerEntry(name=name, target=target, summary=text) for name, target, text in IO_MANAGERS]


@hookimpl
def penstock_type_handlers() -> list[TypeHandlerEntry]:
    """The table types that ``penstock.tables`` knows from the start."""
    return [TypeHandlerEntry(name=name, target=target) for name, target in TYPE_HANDLERS]


@hookimpl
def penstock_commands() -> list[CommandEntry]:
    """Every command of the core, in the order of ``penstock --help``."""
    return [CommandEntry(name=name, target=target, summary=text) for name, target, text in COMMANDS]
