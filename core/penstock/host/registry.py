"""The registry of this process: what is built in and what is installed, as the settings choose.

Owns: the wiring of ``plugins.registry`` to the core's manifest and to ``PENSTOCK_TRACE_PLUGINS``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from penstock.plugins.registry import Registry

BUILTIN_PLUGINS: Mapping[str, str] = {"core": "penstock.host.builtin"}
"""Manifests that belong to the core, by the name that ``penstock plugins`` shows."""


def open_registry(selection: str | Sequence[str] | None, environ: Mapping[str, str]) -> Registry:
    """A registry; nothing is looked for before somebody asks.

    Args:
        selection: the setting ``plugins``: None for all, names, or ``"none"``.
        environ: the environment; ``PENSTOCK_TRACE_PLUGINS=1`` shows every registration and hook call
            on standard error.
    """
    traced = environ.get("PENSTOCK_TRACE_PLUGINS", "") not in {"", "0"}
    trace = _write if traced else None
    return Registry(builtins=BUILTIN_PLUGINS, selection=selection, trace=trace)


def _write(line: str) -> None:
    sys.stderr.write(line)
