"""A folder on any file system that pyarrow or fsspec speaks: object stores, memory, servers.

Owns: publishing there. An object store shows a key only when its upload is complete, so the final
key is written at once; other file systems get a temporary file and a move. A value is written
completely on this machine first, so one that cannot be stored touches nothing there.

When a value changes its format the old object is removed after the new one is there; a crash
between leaves both, the newest of which counts, and where a store keeps no times either.
Lazy: pyarrow and fsspec are imported when the first such folder is opened.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from penstock.errors import PluginError
from penstock_files.checksum import HashingSink, Written
from penstock_files.folder import Published
from penstock_files.formats import Encoded, decode
from penstock_files.layout import EXTENSIONS
from penstock_files.temporary import Origin

_OBJECT_STORES = frozenset({"s3", "s3a", "gcs", "gs", "abfs", "abfss", "az", "adl", "oci", "oss", "r2", "hf"})
_IN_MEMORY = 64 << 20
_CHUNK = 8 << 20


class RemoteFolder:
    """Values as files below one folder of a file system.

    Args:
        filesystem: a ``pyarrow.fs.FileSystem``.
        root: the path of the folder as that file system writes paths.
        url: the same as a URL without a slash at its end, for receipts and messages.
    """

    def __init__(self, filesystem: Any, root: str, url: str) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")
        self.url = url.rstrip("/")
        self._puts_whole_objects = not _OBJECT_STORES.isdisjoint(_names_of(filesystem))

    def publish(self, stem: str, encoded: Encoded, origin: Origin) -> Published:
        """Replace the value of a stem; see ``Folder``."""
        with SpooledTemporaryFile(_IN_MEMORY) as spool:
            sink = HashingSink(cast("BinaryIO", spool))
            encoded.write_to(cast("BinaryIO", sink))
            written = sink.written()
            spool.seek(0)
            self._upload(cast("BinaryIO", spool), f"{self.root}/{stem}{encoded.extension}", origin)
        self._remove_others(stem, encoded.extension)
        return self._published(stem + encoded.extension, written)

    def load(self, stem: str, wanted: Any) -> Any:
        """The value of a stem; see ``Folder``."""
        extension = self._newest(stem)
        if extension is None:
            raise FileNotFoundError(self.describe(stem))
        with self.filesystem.open_input_file(f"{self.root}/{stem}{extension}") as file:
            return decode(extension, file if extension == ".parquet" else BytesIO(file.read()), wanted)

    def exists(self, stem: str) -> bool:
        """Whether there is a value."""
        return self._newest(stem) is not None

    def describe(self, stem: str) -> str:
        """The URL with whatever extension it has or may have."""
        return f"{self.url}/{stem}{self._newest(stem) or '.*'}"

    def locate(self, stem: str) -> str:
        """The URL without an extension."""
        return f"{self.url}/{stem}"

    def flush(self) -> None:
        """Nothing: what such a file system has accepted, it answers for."""

    def _upload(self, spool: BinaryIO, path: str, origin: Origin) -> None:
        if self._puts_whole_objects:
            self._copy(spool, path)
            return
        folder = path.rpartition("/")[0]
        temporary = f"{folder}/{origin.temporary_name()}"
        if folder:
            self.filesystem.create_dir(folder, recursive=True)
        try:
            self._copy(spool, temporary)
            self.filesystem.move(temporary, path)
        except BaseException:
            with suppress(OSError):
                self.filesystem.delete_file(temporary)
            raise

    def _copy(self, spool: BinaryIO, path: str) -> None:
        with self.filesystem.open_output_stream(path) as file:
            while block := spool.read(_CHUNK):
                file.write(block)

    def _found(self, stem: str) -> dict[str, int]:
        """Extensions under which a stem stands, with their times in nanoseconds."""
        infos = self.filesystem.get_file_info([f"{self.root}/{stem}{extension}" for extension in EXTENSIONS])
        pairs = zip(EXTENSIONS, infos, strict=True)
        return {extension: info.mtime_ns or 0 for extension, info in pairs if info.is_file}

    def _newest(self, stem: str) -> str | None:
        found = self._found(stem)
        return max(found, key=lambda extension: found[extension], default=None)

    def _remove_others(self, stem: str, extension: str) -> None:
        for other in self._found(stem):
            if other != extension:
                self.filesystem.delete_file(f"{self.root}/{stem}{other}")

    def _published(self, name: str, written: Written) -> Published:
        return Published(path=f"{self.url}/{name}", size=written.size, checksum=written.checksum)


def open_remote(url: str) -> RemoteFolder:
    """The folder that a URL names, through pyarrow, or through fsspec where pyarrow does not know it.

    Raises:
        PluginError: when neither knows the scheme.
    """
    fs: Any = import_module("pyarrow.fs")
    arrow: Any = import_module("pyarrow")
    try:
        filesystem, root = fs.FileSystem.from_uri(url)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        filesystem, root = _through_fsspec(url, fs, error)
    return RemoteFolder(filesystem, root, url)


def _through_fsspec(url: str, fs: Any, error: Exception) -> tuple[Any, str]:
    try:
        spec, root = import_module("fsspec.core").url_to_fs(url)
    except ImportError as missing:
        raise PluginError(
            f"The folder {url!r} needs fsspec and the driver of its scheme: {missing}."
            ' Install them, for example with pip install "penstock[files]".'
        ) from missing
    except ValueError as unknown:
        raise PluginError(
            f"Nobody knows the file system of {url!r}. pyarrow says: {error}; fsspec says: {unknown}."
            " Write a local path, or a URL such as s3://bucket/folder or memory://folder."
        ) from unknown
    return fs.PyFileSystem(fs.FSSpecHandler(spec)), root


def _names_of(filesystem: Any) -> set[str]:
    """What a file system calls itself; fsspec's stand behind pyarrow's handler."""
    spec = getattr(getattr(filesystem, "handler", None), "fs", None)
    protocol: str | tuple[str, ...] = getattr(spec, "protocol", ())
    names = {protocol} if isinstance(protocol, str) else set(protocol)
    return names | {str(filesystem.type_name)}
