"""The I/O manager that users bind: any value as a file.

Owns: ``FilesystemIOManager`` and ``custom_path_fs_io_manager``: their config, and nothing of how it
is done. The work is ``storage``'s and ``custom_path``'s.
"""

from __future__ import annotations

from typing import Any, ClassVar

from penstock.define.io_manager import ConfigurableIOManager, io_manager
from penstock.errors import InvalidConfigError
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files.custom_path import CustomPathIOManager
from penstock_files.folder import Folder
from penstock_files.places import open_folder
from penstock_files.storage import fetch, store


class FilesystemIOManager(ConfigurableIOManager):
    """Stores every value as a file below one folder, in the format that gives exactly it back.

    Tables become Parquet, JSON values JSON, bytes and text stay as they are, the rest is pickled. A
    crash at any moment leaves the old value or the new one. An output of several partitions is a dict
    by partition key. See ``docs/how-to/files.md`` for the layout.

    Args:
        base_dir: a local path, or a URL that ``pyarrow.fs`` or fsspec knows; by default the storage
            folder of the instance.
        durability: what holds when the power goes: ``"batched"`` (on disk when ``flush`` returns),
            ``"immediate"`` (on disk when it has been stored) or ``"process"`` (whenever).
    """

    passes_through: ClassVar[bool] = True

    base_dir: str | None = None
    durability: str = "batched"

    def setup_for_execution(self, context: Any) -> None:
        """Open the folder."""
        self._keep(self._open(context))

    def teardown_after_execution(self, context: Any) -> None:
        """Leave everything on disk."""
        self.flush()

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store an output; what was there stays readable when that fails."""
        store(self._opened(), context, obj)

    def load_input(self, context: InputContext) -> Any:
        """Load an input as the type that its consumer declares."""
        return fetch(self._opened(), context)

    def flush(self) -> None:
        """Return when everything stored so far is as durable as was asked for.

        The engine calls it before it records steps as done, once for many of them.
        """
        self._opened().flush()

    def _opened(self) -> Folder:
        folder: Folder | None = self.__dict__.get("_folder")
        if folder is None:
            folder = self._keep(self._open(None))
        return folder

    def _keep(self, folder: Folder) -> Folder:
        object.__setattr__(self, "_folder", folder)  # private state, which type checkers take for a field
        return folder

    def _open(self, context: Any) -> Folder:
        if self.base_dir is not None:
            return open_folder(self.base_dir, self.durability)
        instance = getattr(context, "instance", None)
        if instance is None:
            raise InvalidConfigError(
                "FilesystemIOManager has no base_dir, and no instance whose storage folder it could use."
                ' Write FilesystemIOManager(base_dir="data").'
            )
        return open_folder(instance.storage_directory(), self.durability)


@io_manager(config_schema={"base_dir": str})
def custom_path_fs_io_manager(init_context: Any) -> CustomPathIOManager:
    """Pickles each output below ``base_dir`` where its metadata ``path`` says."""
    return CustomPathIOManager(init_context.resource_config["base_dir"])
