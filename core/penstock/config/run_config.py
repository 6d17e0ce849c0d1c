"""Run config: what a run is configured with, from objects to one plain dict.

Owns ``RunConfig`` and the coercion of everything that users pass as ``run_config``. Knows the
sections but not which ops or resources exist: ``plan`` binds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from attrs import field

from penstock.config.annotations import is_config_class
from penstock.config.plain import config_dict, plain
from penstock.errors import InvalidConfigError
from penstock.values import frozen


def _as_section(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return dict(given or {})


@frozen  # in the order of the public signature
class RunConfig:
    """The config of one run, with config objects where code has them.

    Args:
        ops: node names to config objects, ``{"config": …}``, or ``{"ops": {…}}`` for graphs;
            assets stand under the names of their ops.
        resources: resource keys to config objects or ``{"config": …}``.
        loggers: logger names to ``{"config": …}``.
        execution: ``{"config": …}`` for the executor, or its config object.
    """

    ops: Mapping[str, Any] = field(default=None, converter=_as_section)
    resources: Mapping[str, Any] = field(default=None, converter=_as_section)
    loggers: Mapping[str, Any] = field(default=None, converter=_as_section)
    execution: Any = None

    def to_config_dict(self) -> dict[str, Any]:
        """The same as a plain dict; environment variables stay ``{"env": NAME}``."""
        return {
            "ops": _written_nodes(self.ops),
            "resources": _written_nodes(self.resources),
            "loggers": _written_nodes(self.loggers),
            "execution": _written_node(self.execution or {}),
        }


CoercibleToRunConfig = RunConfig | Mapping[str, Any]


def as_run_config_dict(run_config: CoercibleToRunConfig | None) -> dict[str, Any]:
    """A run config as a plain dict.

    Args:
        run_config: a ``RunConfig``, a dict that may hold config objects, or None.

    Raises:
        InvalidConfigError: when it is neither.
    """
    if run_config is None:
        return {}
    if isinstance(run_config, RunConfig):
        return run_config.to_config_dict()
    if is_config_class(type(run_config)):
        return config_dict(run_config)
    if not isinstance(cast("Any", run_config), Mapping):
        raise InvalidConfigError(
            f"A run config is a RunConfig or a dict, found {run_config!r}"
            f" ({type(run_config).__name__}). Write {{'ops': {{…}}}} or RunConfig(ops=…)."
        )
    return {key: _SECTIONS.get(key, plain)(value) for key, value in run_config.items()}


def _written_nodes(nodes: Any) -> Any:
    """The entries of a section; what is no dict at all is left for the schema to refuse."""
    if not isinstance(nodes, Mapping):
        return plain(nodes)
    entries = cast("Mapping[str, Any]", nodes)
    return {name: _written_node(entry) for name, entry in entries.items()}


def _written_node(entry: Any) -> Any:
    """One node: a config object stands for ``{"config": …}``, a graph has nodes of its own."""
    if isinstance(entry, Mapping):
        parts = cast("Mapping[str, Any]", entry)
        return {key: _written_nodes(part) if key == "ops" else plain(part) for key, part in parts.items()}
    return {"config": config_dict(entry)} if is_config_class(type(entry)) else plain(entry)


_SECTIONS: Mapping[str, Callable[[Any], Any]] = {
    "ops": _written_nodes,
    "resources": _written_nodes,
    "loggers": _written_nodes,
    "execution": _written_node,
}
