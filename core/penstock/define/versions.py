"""Versions of data: what tells two materializations of one asset apart.

Owns: ``DataVersion`` and ``DataProvenance``. Must not know how versions are computed or stored.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.errors import InvariantViolationError
from penstock.keys import AssetKey
from penstock.values import frozen


@frozen
class DataVersion:
    """A text that changes when the data changes.

    Args:
        value: any text, such as a hash or a date.
    """

    value: str

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.value, str):
            raise InvariantViolationError(f"DataVersion wants text, found {self.value!r}.")


@frozen(init=False)
class DataVersionsByPartition:
    """The data version of each partition that was observed.

    Args:
        data_versions_by_partition: partition key → data version, as ``DataVersion`` or text.
    """

    data_versions_by_partition: Mapping[str, DataVersion]

    def __init__(self, data_versions_by_partition: Mapping[str, DataVersion | str]) -> None:
        versions = {
            key: one if isinstance(one, DataVersion) else DataVersion(one)
            for key, one in data_versions_by_partition.items()
        }
        self.__attrs_init__(versions)  # type: ignore[attr-defined]  # made by attrs


@frozen
class DataProvenance:
    """What a materialization was made from.

    Args:
        code_version: version of the code that made it.
        input_data_versions: the data version of each asset that was read.
        is_user_provided: whether the user gave the data version.
    """

    code_version: str
    input_data_versions: Mapping[AssetKey, DataVersion]
    is_user_provided: bool = False


DEFAULT_DATA_VERSION = DataVersion("INITIAL")
NULL_DATA_VERSION = DataVersion("NULL")
UNKNOWN_DATA_VERSION = DataVersion("UNKNOWN")
