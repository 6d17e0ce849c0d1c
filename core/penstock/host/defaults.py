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


class _Fixed:
    """Says the same folder everywhere: what is left of the question in another process."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self) -> str:
        return self._folder


class AskedFolder:
    """Asks for the folder when it is needed here, and before it travels."""

    def __init__(self, folder: Callable[[], str]) -> None:
        self._folder = folder

    def __call__(self) -> str:
        """The folder."""
        return self._folder()

    def __reduce__(self) -> tuple[type[_Fixed], tuple[str]]:
        return _Fixed, (self._folder(),)


def default_io_manager(folder: Callable[[], str]) -> ResourceDefinition:
    """The I/O manager that stores in a folder, opened when a run first needs it.

    Args:
        folder: says where; asked when the manager is opened.
    """
    asked = AskedFolder(folder)

    def make(_context: Any) -> Any:
        module, _, attribute = FILES_MANAGER.partition(":")
        return getattr(import_module(module), attribute)(base_dir=asked())

    return ResourceDefinition(resource_fn=make)
