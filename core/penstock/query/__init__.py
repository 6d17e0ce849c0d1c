"""Reads: everything that the CLI, the UI and the public API show.

Owns: questions about runs, events and assets, and frozen answers with ``to_plain()`` for JSON.
Works over any ``Store``; must not know engine, host or how a store keeps things. Writes nothing.
"""

from __future__ import annotations
