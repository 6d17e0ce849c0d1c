"""A folder on a local disk.

Owns: publishing under a final name at once, and finding the one current file of a stem. A process
may be killed at any instant: ``os.replace`` shows readers the old file or the new one.

When a value changes its format, the new file stands beside the old one for a moment. The newest
counts, and the new file is given a later time than the old one whatever the clock says, so readers
are never in doubt; then the old one is removed, if it is still the file that was seen before.

Against power cuts (``durability``): ``"immediate"`` has file and folder on disk before ``publish``
returns, ``"batched"`` when ``flush`` returns (many files then share the disk's barriers),
``"process"`` leaves the time to the operating system.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from threading import Lock
from typing import Any

from penstock_files.folder import Published
from penstock_files.formats import Encoded, decode
from penstock_files.layout import EXTENSIONS
from penstock_files.listing import Listing, stamp_of
from penstock_files.publish import sync_files, sync_folder, write_new
from penstock_files.temporary import Origin, sweep_names

DURABILITIES = ("immediate", "batched", "process")

_MOST_PENDING = 1024
_TRIES = 3
# Steps by which a new file is made younger than an old one, until the file system tells them apart.
_LATER_NS = (1_000, 1_000_000, 1_000_000_000, 2_000_000_000)


class LocalFolder:
    """Values as files below one folder, which is made when the first one comes.

    Args:
        root: path of the folder, absolute.
        durability: one of ``DURABILITIES``.
    """

    def __init__(self, root: str, durability: str = "batched") -> None:
        self.root = root
        self.durability = durability
        self._pending: dict[str, None] = {}
        self._made: dict[str, None] = {}
        self._listings: dict[str, Listing] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        # what waits for the disk stays with the process that wrote it
        return (LocalFolder, (self.root, self.durability))

    def publish(self, stem: str, encoded: Encoded, origin: Origin) -> Published:
        """Replace the value of a stem; see ``Folder``."""
        target = self.locate(stem)
        path = target + encoded.extension
        folder, _, name = target.rpartition("/")  # Path costs more than all the rest here
        temporary = f"{folder}/{origin.temporary_name()}"
        listing = self._listings.get(folder) or self._list(folder)
        others = _others(target, encoded.extension, listing)
        sync = self.durability == "immediate" or bool(others)
        try:
            written = write_new(temporary, encoded, sync=sync)
        except FileNotFoundError:  # somebody removed the folder
            listing = self._list(folder)
            written = write_new(temporary, encoded, sync=sync)
        listing.expect(name + encoded.extension)
        self._put(temporary, path, others)
        self._settle(path, folder, others)
        listing.accept()
        return Published(path=path, size=written.size, checksum=written.checksum)

    def load(self, stem: str, wanted: Any) -> Any:
        """The value of a stem; see ``Folder``."""
        for _ in range(_TRIES):  # a format may change between finding the file and opening it
            extension = _newest(f"{self.root}/{stem}")
            if extension is None:
                continue
            with suppress(FileNotFoundError):
                return decode(extension, f"{self.root}/{stem}{extension}", wanted)
        raise FileNotFoundError(self.describe(stem))

    def exists(self, stem: str) -> bool:
        """Whether there is a value."""
        return any(_newest(f"{self.root}/{stem}") is not None for _ in range(_TRIES))

    def describe(self, stem: str) -> str:
        """The path with whatever extension it has or may have."""
        target = f"{self.root}/{stem}"
        return target + (_newest(target) or ".*")

    def locate(self, stem: str) -> str:
        """The path without an extension."""
        return f"{self.root}/{stem}"

    def flush(self) -> None:
        """Wait until everything published is on disk, unless that was not asked for."""
        with self._lock:
            files, self._pending = self._pending, {}
            made, self._made = self._made, {}
        if not files and not made:
            return
        sync_files(files)
        folders = {os.path.dirname(path): None for path in files}
        parents = {os.path.dirname(folder): None for folder in made}
        for folder in folders | parents:
            sync_folder(folder)

    def _put(self, temporary: str, path: str, others: dict[str, os.stat_result]) -> None:
        try:
            if others:
                _make_younger(temporary, max(seen.st_mtime_ns for seen in others.values()))
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def _settle(self, path: str, folder: str, others: dict[str, os.stat_result]) -> None:
        if self.durability == "batched":
            with self._lock:
                self._pending[path] = None
            if len(self._pending) >= _MOST_PENDING:
                self.flush()
        elif self.durability == "immediate":
            sync_folder(folder)
            self.flush()
        if others:
            sync_folder(folder)  # the new name before the old one goes
            _remove_seen(others)

    def _list(self, folder: str) -> Listing:
        """Look into a folder, which is made when it is not there, and clear it of what is left."""
        stamp = stamp_of(folder)
        if stamp is None:
            self._make(folder)
            stamp = stamp_of(folder)
        names = os.listdir(folder)
        sweep_names(folder, names, now=time.time())
        found = self._listings[folder] = Listing(folder, names, stamp)
        return found

    def _make(self, folder: str) -> None:
        missing = folder
        while missing and not os.path.isdir(missing):
            if self.durability != "process":
                with self._lock:
                    self._made[missing] = None
            missing = os.path.dirname(missing)
        above = self._listings.get(missing)
        is_current = above is not None and above.is_current()
        os.makedirs(folder, exist_ok=True)
        if above is not None and is_current:
            above.accept()


def _others(target: str, extension: str, listing: Listing) -> dict[str, os.stat_result]:
    """Files of the same stem in other formats, as they are now."""
    found: dict[str, os.stat_result] = {}
    if not listing.may_have_others(target.rpartition("/")[2], extension):
        return found
    for other in EXTENSIONS:
        if other != extension and os.path.exists(target + other):
            with suppress(FileNotFoundError):
                found[target + other] = os.stat(target + other)
    return found


def _newest(target: str) -> str | None:
    """The extension of the current file of a stem."""
    found = [extension for extension in EXTENSIONS if os.path.exists(target + extension)]
    if len(found) < 2:
        return found[0] if found else None
    times: dict[str, int] = {}
    for extension in found:
        with suppress(FileNotFoundError):
            times[extension] = os.stat(target + extension).st_mtime_ns
    return max(times, key=lambda extension: times[extension], default=None)


def _make_younger(path: str, than: int) -> None:
    for later in _LATER_NS:
        if os.stat(path).st_mtime_ns > than:
            return
        os.utime(path, ns=(than + later, than + later))


def _remove_seen(others: dict[str, os.stat_result]) -> None:
    # What another writer has put there meanwhile is newer than what was seen, and stays.
    for path, seen in others.items():
        with suppress(OSError):
            now = os.stat(path)
            if (now.st_ino, now.st_mtime_ns) == (seen.st_ino, seen.st_mtime_ns):
                os.unlink(path)
