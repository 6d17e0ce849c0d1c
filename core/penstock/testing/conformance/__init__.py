"""The conformance kit: what a plugin must do, as tests that its author inherits.

One module or package a kind of plugin, named as the kind. Subclass its class, say how a fresh subject is
made, and every promise of the contract is tested. Must not import a plugin. ``ExecutorKit`` is imported
when it is first asked for (lazy): workers import from this package, and need no pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.spi.executor import ExecutorFeatures
    from penstock.testing.conformance.executor.kit import ExecutorKit

__all__ = ["ExecutorFeatures", "ExecutorKit"]
_HOMES = {
    "ExecutorFeatures": "penstock.spi.executor",
    "ExecutorKit": "penstock.testing.conformance.executor.kit",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
