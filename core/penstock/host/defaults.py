"""Defaults: what a run uses where nobody said anything.

Owns: the I/O manager of runs that bind none (files in the instance's storage folder). Lazy: the files
plugin is named by a string and imported when a step first stores something.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from penstock.define.resource import ResourceDefinition

FILES_MANAGER = "penstock_files.manager:FilesystemIOManager"


def default_io_manager(folder: Callable[[], str]) -> ResourceDefinition:
    """The I/O manager that stores in a folder, opened when a run first needs it.

    Args:
        folder: says where; asked when the manager is opened.
    """

    def make(_context: Any) -> Any:
        module, _, attribute = FILES_MANAGER.partition(":")
        return getattr(import_module(module), attribute)(base_dir=folder())

    return ResourceDefinition(resource_fn=make)
