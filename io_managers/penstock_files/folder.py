"""What a place for files must be able to do, local or remote.

Owns: the ``Folder`` Protocol and its values. ``local`` and ``remote`` keep it.
"""

from __future__ import annotations

from typing import Any, Protocol

from attrs import frozen

from penstock_files.formats import Encoded
from penstock_files.temporary import Origin


@frozen(kw_only=True)
class Published:
    """A value that readers see from now on.

    Args:
        path: where, as a local path or URL.
        size: bytes.
        checksum: as ``checksum`` writes it.
    """

    path: str
    size: int
    checksum: str


class Folder(Protocol):
    """Stores values under stems (paths without extension); any thread may call.

    Per stem there is one value. A crash at any instant leaves the old one or the new one, also
    when they differ in format.
    """

    def publish(self, stem: str, encoded: Encoded, origin: Origin) -> Published:
        """Replace the value of a stem.

        Raises:
            OSError: when the place cannot take it; the old value is untouched.
            Exception: what the writer of the value raised; likewise.
        """
        ...

    def load(self, stem: str, wanted: Any) -> Any:
        """The value of a stem, a table as what ``wanted`` asks for.

        Raises:
            FileNotFoundError: when there is none.
        """
        ...

    def exists(self, stem: str) -> bool:
        """Whether there is a value."""
        ...

    def describe(self, stem: str) -> str:
        """Where the value lies or would lie, for messages."""
        ...

    def locate(self, stem: str) -> str:
        """The path or URL that a stem has, without an extension."""
        ...

    def flush(self) -> None:
        """Return when everything published is as durable as was asked for."""
        ...
