"""A base for I/O managers of one's own that keep each value under one path.

Owns: ``UPathIOManager``: paths, partitions and atomic replacement, so that a subclass only writes
one value to a path and reads one back. Paths are ``pathlib`` paths, or ``UPath`` of the package
universal-pathlib for URLs.
Lazy: ``upath`` is imported when a base path is a URL.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from penstock.define.io_manager import IOManager
from penstock.errors import PluginError
from penstock.metadata import MetadataValue
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files import messages
from penstock_files.addressing import by_partition, fetch_each, origin_of, partitions_of
from penstock_files.layout import encode_segment
from penstock_files.messages import Context
from penstock_files.temporary import sweep


class UPathIOManager(IOManager):
    """Keeps each output under one path; subclasses say how a value is written and read.

    On a local disk a value is written beside its place and then put there at once, so readers see
    the old one or the new one. An asset ``a/b`` lies at ``<base>/a/b<extension>``, a partition at
    ``<base>/a/b/<partition><extension>``, an op's output at ``<base>/<run>/<step>/<output><extension>``.

    Args:
        base_path: a path, or a URL when universal-pathlib is installed; the current folder by default.
    """

    extension: ClassVar[str | None] = None
    """What file names end with, dot included (``".csv"``)."""

    atomic: ClassVar[bool] = True
    """Whether ``dump_to_path`` is given a path beside the final one; False for formats with state."""

    def __init__(self, base_path: Any = None) -> None:
        self._base_path = _as_path("." if base_path is None else base_path)
        self._swept: set[Path] = set()

    def dump_to_path(self, context: OutputContext, obj: Any, path: Any) -> None:
        """Write one value, as a file or a folder, at a path whose parent exists."""
        raise NotImplementedError(f"{type(self).__qualname__} must define dump_to_path(context, obj, path)")

    def load_from_path(self, context: InputContext, path: Any) -> Any:
        """Read one value back."""
        raise NotImplementedError(f"{type(self).__qualname__} must define load_from_path(context, path)")

    def get_metadata(self, context: OutputContext, obj: Any) -> Mapping[str, Any]:
        """More to record about a stored value than its path."""
        return {}

    def get_asset_relative_path(self, context: Context) -> Any:
        """Where an asset lies below the base path, without partition and extension."""
        return Path(*map(self._segment, context.asset_key.parts))

    def get_op_output_relative_path(self, context: Context) -> Any:
        """Where an op's output lies below the base path, without extension."""
        return Path(*map(self._segment, context.get_identifier()))

    def get_path_for_partition(self, context: Context, path: Any, partition: str) -> Any:
        """Where a partition lies, without extension.

        Args:
            context: of the output or input.
            path: where the asset lies.
            partition: its key.
        """
        return path / self._segment(partition)

    def make_directory(self, path: Any) -> None:
        """Make a folder and those above it."""
        path.mkdir(parents=True, exist_ok=True)

    def path_exists(self, path: Any) -> bool:
        """Whether something is stored at a path."""
        return path.exists()

    def has_output(self, context: OutputContext) -> bool:
        """Whether everything that an output covers is stored."""
        keys = partitions_of(context)
        return all(self.path_exists(self._path(context, key)) for key in (keys or (None,)))

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store an output; one of several partitions is a dict by partition key."""
        partitions = partitions_of(context)
        if partitions is None or len(partitions) == 1:
            path = self._path(context, partitions[0] if partitions else None)
            self._dump(context, obj, path)
            context.add_output_metadata(
                {"path": MetadataValue.path(str(path)), **self.get_metadata(context, obj)}
            )
            return
        values = by_partition(context, partitions, obj)
        for key in partitions:
            self._dump(context, values[key], self._path(context, key))
        folder = self._path(context, partitions[0]).parent
        context.add_output_metadata(
            {"path": MetadataValue.path(str(folder)), **self.get_metadata(context, obj)}
        )

    def load_input(self, context: InputContext) -> Any:
        """Load an input: the value, or a dict by partition key for several partitions."""
        return fetch_each(
            context,
            load=lambda partition, _wanted: self._load(context, partition),
            exists=lambda partition: self.path_exists(self._path(context, partition)),
        )

    def _load(self, context: InputContext, partition: str | None) -> Any:
        path = self._path(context, partition)
        try:
            return self.load_from_path(context, path)
        except FileNotFoundError as error:
            if self.path_exists(path):
                raise
            raise FileNotFoundError(messages.missing(context, str(path), partition)) from error

    def _path(self, context: Context, partition: str | None) -> Any:
        relative = self.get_asset_relative_path if context.has_asset_key else self.get_op_output_relative_path
        path = self._base_path / relative(context)
        if partition is not None:
            path = self.get_path_for_partition(context, path, partition)
        # not with_suffix: it would cut "0.94-to-0.95" at its last dot
        return path.with_name(f"{path.name}{self.extension}") if self.extension else path

    def _segment(self, part: str) -> str:
        segment = encode_segment(part)
        if self.extension and segment.endswith(self.extension):
            return f"{segment[: -len(self.extension)]}%2E{self.extension[1:]}"
        return segment

    def _dump(self, context: OutputContext, obj: Any, path: Any) -> None:
        self.make_directory(path.parent)
        if not self.atomic or not isinstance(path, Path):
            self.dump_to_path(context, obj, path)
            return
        self._sweep_once(path.parent)
        beside = path.parent / origin_of(context).temporary_name()
        beside.mkdir()
        try:
            self.dump_to_path(context, obj, beside / path.name)
            _replace(beside / path.name, path, beside / "old")
        finally:
            with suppress(OSError):
                shutil.rmtree(beside)

    def _sweep_once(self, folder: Path) -> None:
        if folder not in self._swept:
            self._swept.add(folder)
            sweep(str(folder), now=time.time())


def _replace(source: Path, target: Path, aside: Path) -> None:
    """Put a file or folder in the place of another; a folder that has content is first put aside."""
    if not source.exists():
        return  # the subclass stores elsewhere
    if source.is_dir() and target.exists():
        target.replace(aside)
    os.replace(source, target)


def _as_path(base: Any) -> Any:
    if not isinstance(base, str):
        return base
    if "://" not in base:
        return Path(base).expanduser()
    try:
        return import_module("upath").UPath(base)
    except ImportError as error:
        raise PluginError(
            f"The base path {base!r} is a URL, which needs the package universal-pathlib."
            " Install it with pip install universal-pathlib, or use FilesystemIOManager, which needs"
            " only fsspec."
        ) from error
