"""An I/O manager that pickles each output under the path that its definition names.

Owns: ``CustomPathIOManager``, for jobs that say where each value goes
(``Out(metadata={"path": "daily/sample"})``). Published at once like everything here.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from penstock.define.io_manager import IOManager
from penstock.errors import HandleOutputError, InvalidDefinitionError, UnstorableValueError
from penstock.metadata import MetadataValue
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files import messages
from penstock_files.addressing import origin_of
from penstock_files.formats import decode, pickled
from penstock_files.publish import write_new


class CustomPathIOManager(IOManager):
    """Pickles every output at ``<base_dir>/<metadata "path" of the output>``.

    Args:
        base_dir: the folder below which the paths lie.
    """

    passes_through = True

    def __init__(self, base_dir: str) -> None:
        self.base_dir = os.path.abspath(os.path.expanduser(base_dir))

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store an output at its path.

        Raises:
            HandleOutputError: when the value cannot be stored; what was there stays readable.
        """
        path = self._path(context)
        folder = os.path.dirname(path)
        temporary = f"{folder}/{origin_of(context).temporary_name()}"
        try:
            os.makedirs(folder, exist_ok=True)
            written = write_new(temporary, pickled(obj), sync=True)
            _put(temporary, path)
        except OSError as error:
            raise HandleOutputError(messages.unwritable(context, path, error)) from error
        except Exception as error:
            raise UnstorableValueError(messages.unstorable(context, path, obj, error)) from error
        context.add_output_metadata({"path": MetadataValue.path(path), "bytes": written.size})

    def load_input(self, context: InputContext) -> Any:
        """Load what the upstream output stored.

        Raises:
            FileNotFoundError: when nothing is stored there.
        """
        path = self._path(context.upstream_output or context)
        try:
            return decode(".pickle", path, getattr(context.type, "typing_type", None))
        except FileNotFoundError as error:
            raise FileNotFoundError(messages.missing(context, path, None)) from error

    def _path(self, context: OutputContext | InputContext) -> str:
        entry = context.definition_metadata.get("path")
        path = getattr(entry, "value", entry)
        if not isinstance(path, str) or not path:
            raise InvalidDefinitionError(
                f"{messages.subject(context)}: custom_path_fs_io_manager stores each output where its"
                f" metadata 'path' says, found {entry!r}. Write Out(metadata={{'path': 'folder/name'}})."
            )
        return os.path.join(self.base_dir, path)


def _put(temporary: str, path: str) -> None:
    try:
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
