"""Values on their way from one worker to another.

Owns: packing what a task hands on, all or nothing, and finding it again. What the driver keeps of a value
and its reader is sent is the shelf's ``Parcel``: small values lie inside, large ones in shared memory.
Lazy: packing is imported when the first value comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from penstock_local.shelf import Parcel, Shelf


class NotHandedOnError(Exception):
    """A value cannot be packed; says which and why."""


class Stock:
    """The values of one run as a process sees them.

    Args:
        directory: of the shelf; made by the driver, removed by it.
        overflow: where values go for which there is no room in it. A worker is told, for finding out where
            temporary files go leaves one behind when it is killed meanwhile.
    """

    def __init__(self, directory: str, overflow: str | None = None) -> None:
        self.shelf = Shelf(directory, overflow)

    def put_all(self, key: str, values: Mapping[str, Any]) -> dict[str, Parcel]:
        """Pack the values of a task; all or none.

        Args:
            key: of the task.
            values: by name.

        Raises:
            NotHandedOnError: naming the value that cannot be packed.
        """
        made: dict[str, Parcel] = {}
        try:
            for name, value in values.items():
                made[name] = self._put(key, name, value)
        except BaseException:
            self.drop_all(made.values())
            raise
        return made

    def get(self, parcel: Parcel) -> Any:
        """The value as it was packed.

        Raises:
            OSError: when it is gone.
        """
        return self.shelf.get(parcel)

    def drop_all(self, parcels: Iterable[Parcel]) -> None:
        """Forget values."""
        for parcel in parcels:
            self.shelf.drop(parcel)

    def drop_unfinished(self, pid: int) -> None:
        """Remove what a process that is gone had begun to write."""
        for folder in (self.shelf.directory, self.shelf.overflow):
            for path in _unfinished(folder, pid):
                path.unlink(missing_ok=True)

    def _put(self, key: str, name: str, value: Any) -> Parcel:
        from penstock.tables.travel import pack  # noqa: PLC0415 - lazy: only values that travel need it

        try:
            return self.shelf.put(f"{key} {name}", pack(value))
        except Exception as error:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise NotHandedOnError(
                f"the value {name!r} ({kind}) cannot be handed on: {type(error).__name__}: {error}"
            ) from error


def _unfinished(folder: Path, pid: int) -> list[Path]:
    return list(folder.glob(f".{pid}-*")) if folder.is_dir() else []
