"""Ready-made I/O manager definitions that users bind by name.

Owns: ``mem_io_manager`` and ``fs_io_manager``. Lazy: the files plugin is imported when a run opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from penstock.config import Field
from penstock.define.io_manager import IOManagerDefinition
from penstock.engine.memory import InMemoryIOManager
from penstock.host.defaults import FILES_MANAGER


def _memory(_context: Any) -> InMemoryIOManager:
    return InMemoryIOManager()


_memory.in_memory_only = True  # type: ignore[attr-defined]  # a run whose steps share no memory refuses it


def _files(context: Any) -> Any:
    module, _, attribute = FILES_MANAGER.partition(":")
    config: Mapping[str, str] = context.resource_config or {}
    folder = config.get("base_dir") or context.instance.storage_directory()
    return getattr(import_module(module), attribute)(base_dir=folder)


mem_io_manager = IOManagerDefinition(resource_fn=_memory)
"""Keeps values in memory for one run."""

fs_io_manager = IOManagerDefinition(
    resource_fn=_files, config_schema={"base_dir": Field(str, is_required=False)}
)
"""Stores values as files in ``base_dir``, by default the instance's storage folder."""
