"""What lies in a folder, known without asking the disk for each name.

Owns: ``Listing``, the names of one folder as this process read them once and has added to since. It is
true as long as nobody else changes the folder, which the folder's own time shows; from then on it
knows nothing, and the disk is asked. A change within the same tick of the file system's clock as one of
ours can stay unseen: then an old file may be left beside a new one, of which the newest counts.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from penstock_files.layout import EXTENSIONS

MOST_NAMES = 100_000
"""Names that are kept in mind for one folder."""

_Stamp = tuple[int, int]


class Listing:
    """The names in one folder.

    Args:
        folder: its path.
        names: what is in it.
        stamp: what ``stamp_of`` said before the names were read.
    """

    def __init__(self, folder: str, names: Collection[str], stamp: _Stamp | None) -> None:
        self._folder = folder
        self._names = set(names) if len(names) <= MOST_NAMES else None
        self._stamp = stamp

    def may_have_others(self, name: str, extension: str) -> bool:
        """Whether there may be files of this name with another extension of ours.

        Args:
            name: without extension.
            extension: the one that is not asked about.
        """
        names = self._names
        if names is None or not self.is_current():
            self._names = None
            return True
        return any(other != extension and name + other in names for other in EXTENSIONS)

    def is_current(self) -> bool:
        """Whether nobody else changed the folder."""
        return self._names is not None and stamp_of(self._folder) == self._stamp

    def expect(self, name: str) -> None:
        """Know of a file that is put there next; one that is not there in the end does no harm."""
        if self._names is not None:
            self._names.add(name)

    def accept(self) -> None:
        """Take the folder as it is now for our own doing."""
        if self._names is not None:
            self._stamp = stamp_of(self._folder)


def stamp_of(folder: str) -> _Stamp | None:
    """What changes when a name is added to a folder or removed; None when it is gone."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
