"""The marker with which a plugin says: this function answers a hook.

Owns: ``hookimpl``. May be imported by plugin manifests; imports nothing but pluggy.
The hooks themselves are in ``penstock.plugins.hookspecs``, and on ``docs/reference/hooks.md``.
"""

from __future__ import annotations

from pluggy import HookimplMarker

hookimpl = HookimplMarker("penstock")
"""Decorates the functions of a plugin's manifest: ``@hookimpl def penstock_executors(): ...``."""
