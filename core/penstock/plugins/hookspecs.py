"""Every hook that a plugin can answer, grouped by subject.

Owns: names, signatures and promises. All hooks are collected: every plugin's answer counts, none
replaces another's. They are called in the process that needs the answer, in the thread that asks
first, once per plugin and process, and only when something of their kind is wanted. A hook that
raises, or answers with something else than entries, is recorded as a problem of its plugin; the
others go on. Read next: ``manager`` (who calls), ``penstock.spi.entry`` (what is answered).
"""

from __future__ import annotations

from collections.abc import Iterable

from pluggy import HookspecMarker

from penstock.spi.entry import (
    AssetLoaderEntry,
    CommandEntry,
    ExecutorEntry,
    IOManagerEntry,
    ObserverEntry,
    ResourceEntry,
    TypeHandlerEntry,
)

hookspec = HookspecMarker("penstock")


class RunningSpecs:
    """How steps are carried out and who listens."""

    @hookspec
    def penstock_executors(self) -> Iterable[ExecutorEntry]:
        """Executors, by the name that a job or the settings give.

        Called: once per process that launches a run, when a name is not built in or all are listed.
        Failure: the plugin's executors do not exist; fatal only for a run that names one of them.
        """
        raise NotImplementedError

    @hookspec
    def penstock_observers(self) -> Iterable[ObserverEntry]:
        """Listeners that hear the events of every run in this process, after they are stored.

        Called: once per process that launches runs, before its first run.
        Failure: the plugin does not listen; no run is touched.
        """
        raise NotImplementedError


class StoringSpecs:
    """How values are stored and travel."""

    @hookspec
    def penstock_io_managers(self) -> Iterable[IOManagerEntry]:
        """I/O managers, by the name that the settings give.

        Called: once per process that opens resources, when a name is not built in or all are listed.
        Failure: the plugin's managers do not exist; fatal only for settings that name one of them.
        """
        raise NotImplementedError

    @hookspec
    def penstock_type_handlers(self) -> Iterable[TypeHandlerEntry]:
        """Table types, each under the ``"module.qualname"`` of its type.

        Called: once per process that carries out steps, before its first step.
        Failure: values of these types are stored as any other object.
        """
        raise NotImplementedError


class DefiningSpecs:
    """What definitions may name or be made of."""

    @hookspec
    def penstock_resources(self) -> Iterable[ResourceEntry]:
        """Resources, by the name that the settings give.

        Called: once per process, when a name is looked up or all are listed.
        Failure: the plugin's resources do not exist; fatal only for settings that name one of them.
        """
        raise NotImplementedError

    @hookspec
    def penstock_asset_loaders(self) -> Iterable[AssetLoaderEntry]:
        """Makers of assets from a file or folder, such as a dbt project.

        Called: once per process that loads user code which names one.
        Failure: the plugin's loaders do not exist; loading code that names one fails.
        """
        raise NotImplementedError


class CommandSpecs:
    """What the command line offers."""

    @hookspec
    def penstock_commands(self) -> Iterable[CommandEntry]:
        """Commands of ``penstock``; ``--help`` shows name and summary and imports no target.

        Called: once per command line, when its command is not built in or all are listed.
        Failure: the plugin's commands do not exist; the others work.
        """
        raise NotImplementedError


SPECS: tuple[type, ...] = (RunningSpecs, StoringSpecs, DefiningSpecs, CommandSpecs)
"""Every group, in the order of the reference page."""
