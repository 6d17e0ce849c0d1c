"""Extensions: what installed plugins add to the runs of this process.

Owns: handing plugin observers, executors and table types to a launch. One registry per process and
selection; with nothing installed besides Penstock itself, no plugin machinery is imported at all.
Lazy on purpose: ``registry`` (and with it pluggy) is imported when there is an outsider to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from penstock.errors import PluginError
from penstock.events.kinds import TYPE_OF
from penstock.events.runs import Run
from penstock.events.values import Happened
from penstock.host.settings import Settings, environment
from penstock.plugins.discovery import distribution_of, installed
from penstock.spi.executor import Executor
from penstock.tables import register

if TYPE_CHECKING:
    from penstock.plugins.registry import Registry

Observer = Callable[[Run, Sequence[Happened]], None]
OWN_DISTRIBUTION = "penstock"
IN_PROCESS = "in_process"


class PluginObserver:
    """A plugin's listener, told of each event by the method ``on_<event type in lower case>``.

    A listener has any of those methods, for example ``on_asset_materialization(run, event)``, and
    may have ``on_events(run, events)`` for whole batches. Only methods that exist cost anything.

    Args:
        name: of the observer.
        listener: the plugin's object.
    """

    def __init__(self, name: str, listener: Any) -> None:
        self.__qualname__ = f"{name} ({type(listener).__module__})"
        self._batch: Callable[..., None] | None = getattr(listener, "on_events", None)
        self._methods: dict[type[Happened], Callable[..., None]] = {}
        for kind, event_type in TYPE_OF.items():
            method = getattr(listener, f"on_{event_type.name.lower()}", None)
            if method is not None:
                self._methods[kind] = method

    def __call__(self, run: Run, events: Sequence[Happened]) -> None:
        """Tell the listener of a batch."""
        if self._batch is not None:
            self._batch(run, events)
        for event in events:
            method = self._methods.get(type(event))
            if method is not None:
                method(run, event)


def observers(settings: Settings) -> tuple[Observer, ...]:
    """A fresh listener of each plugin observer, for one run.

    A plugin whose observer cannot be made does not listen; ``penstock plugins`` says why.
    """
    registry = _registry_if_any(settings.plugins)
    if registry is None:
        return ()
    made: list[Observer] = []
    for name, claim in registry.names("observer").items():
        try:
            made.append(PluginObserver(name, registry.load(claim)()))
        except Exception:  # noqa: BLE001, S112  # a listener must never stop a run
            continue
    return tuple(made)


def add_table_types(settings: Settings) -> None:
    """Make the table types of installed plugins known, once per process."""
    _add_table_types(settings.plugins)


def executor_named(name: str, config: Mapping[str, Any], settings: Settings) -> Executor:
    """The executor that a name stands for.

    Raises:
        UserError: when its config is wrong.
        PluginError: when nobody registered the name.
    """
    registry = _open_registry(_key(settings.plugins))
    return cast("Executor", registry.resolve("executor", name)(dict(config)))


def _registry_if_any(selection: Any) -> Registry | None:
    """The registry, when anything besides Penstock is installed and wanted.

    Raises:
        PluginError: when the settings name a plugin that is not installed or cannot be used.
    """
    if _is_none(selection) or not (selection or _has_outsiders()):
        return None
    registry = _open_registry(_key(selection))
    registry.insist_on_selection()
    return registry


def _is_none(selection: Any) -> bool:
    return selection in ("none", ("none",), ["none"])


@lru_cache(maxsize=1)
def _has_outsiders() -> bool:
    return any(distribution_of(point) != OWN_DISTRIBUTION for point in installed())


def _key(selection: Any) -> Any:
    return selection if selection is None or isinstance(selection, str) else tuple(selection)


@lru_cache(maxsize=8)
def _open_registry(selection: Any) -> Registry:
    opening = import_module("penstock.host.registry")
    return cast("Registry", opening.open_registry(selection, environment()))


@lru_cache(maxsize=8)
def _add_table_types_of(selection: Any) -> None:
    registry = _registry_if_any(selection)
    if registry is None:
        return
    for name, claim in registry.names("type_handler").items():
        register(name, claim.entry.target)


def _add_table_types(selection: Any) -> None:
    try:
        _add_table_types_of(_key(selection))
    except PluginError:
        return
