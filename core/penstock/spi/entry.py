"""What a plugin registers: light values that name their target as a string.

Owns: one frozen ``…Entry`` per kind of plugin. A target ``"package.module:attribute"`` is
imported when its name is first used, so listing plugins imports nothing heavy.
This module may be imported by plugin manifests and imports nothing but attrs.
"""

from __future__ import annotations

from penstock.values import frozen

VERSION = "1.0"
"""Version of everything in ``penstock.spi``; a plugin states ``penstock_spi = "1.0"``."""


@frozen(kw_only=True)
class Entry:
    """Something with a name that is imported on first use."""

    name: str
    target: str
    summary: str = ""
    config: str | None = None


@frozen(kw_only=True)
class ExecutorEntry(Entry):
    """An executor: ``target`` is a callable ``(config) -> Executor``."""


@frozen(kw_only=True)
class IOManagerEntry(Entry):
    """An I/O manager class or definition."""

    speaks: str = "object"
    streams: bool = False
    partitions: bool = True


@frozen(kw_only=True)
class ResourceEntry(Entry):
    """A resource class or definition."""


@frozen(kw_only=True)
class TypeHandlerEntry(Entry):
    """A table type: ``name`` is the type's ``"module.qualname"``, target a ``TypeHandler``."""


@frozen(kw_only=True)
class CommandEntry(Entry):
    """A CLI command: target is a click command; ``summary`` is its help line."""


@frozen(kw_only=True)
class ObserverEntry(Entry):
    """An in-process listener: target is a class whose ``on_<event kind>`` methods are called."""


@frozen(kw_only=True)
class AssetLoaderEntry(Entry):
    """Makes assets of a file or folder; target is ``(path, **options) -> sequence of assets``."""
