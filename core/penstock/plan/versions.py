"""Data versions: what an asset was made from, as a short hash.

Equal code version and equal inputs give an equal data version; without a code version every run
counts as new data. The same idea as the original's provenance tags; the hash is our own. What was read of
a partitioned asset is one version too: that of the partition of the same key, a hash of those of others,
or, where they are many, the place in the log up to which they were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from penstock.define.versions import DataProvenance, DataVersion
from penstock.events.values import (
    CODE_VERSION_TAG,
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_PREFIX,
    AssetMaterialization,
)
from penstock.keys import AssetKey

_DIGEST_BYTES = 10
_UP_TO = "up to event "

MANY = 100
"""From more upstream partitions than so many, the place in the log stands for their versions."""


def version_tags(
    run_id: str,
    code_version: str | None,
    inputs: Mapping[AssetKey, str],
    given: str | None = None,
) -> dict[str, str]:
    """Tags of a materialization that say what it was made from.

    Args:
        run_id: stands in for a code version that is not known.
        code_version: of the asset, or None.
        inputs: data version of each upstream asset that has one.
        given: the data version that user code gave, which wins.
    """
    tags = {DATA_VERSION_TAG: given or data_version(code_version or run_id, inputs)}
    if code_version is not None:
        tags[CODE_VERSION_TAG] = code_version
    for key, version in inputs.items():
        tags[INPUT_DATA_VERSION_PREFIX + key.to_user_string()] = version
    return tags


def data_version(code: str, inputs: Mapping[AssetKey, str]) -> str:
    """A hash of the code and the versions of what it read: 20 hexadecimal digits."""
    digest = blake2b(code.encode(), digest_size=_DIGEST_BYTES)
    for key in sorted(inputs):
        digest.update(f"\0{key.to_user_string()}\0{inputs[key]}".encode())
    return digest.hexdigest()


def provenance_of(made: AssetMaterialization, run_id: str) -> DataProvenance | None:
    """What a materialization says it was made from; None when it says nothing of its version.

    Args:
        made: the fact.
        run_id: of the run that made it, which stands in for a code version that is not known.
    """
    version = made.tags.get(DATA_VERSION_TAG)
    if version is None:
        return None
    code = made.tags.get(CODE_VERSION_TAG, run_id)
    inputs = {
        AssetKey.from_user_string(tag.removeprefix(INPUT_DATA_VERSION_PREFIX)): value
        for tag, value in made.tags.items()
        if tag.startswith(INPUT_DATA_VERSION_PREFIX)
    }
    versions = {key: DataVersion(one) for key, one in inputs.items()}
    return DataProvenance(code, versions, is_user_provided=version != data_version(code, inputs))


def combined(versions: Mapping[str, str | None]) -> str | None:
    """One version for some upstream partitions: a hash of their keys and versions; None when none has one.

    Args:
        versions: partition key → data version, None for one that has none.
    """
    known = [(key, version) for key, version in versions.items() if version is not None]
    if not known:
        return None
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for key, version in sorted(known):
        digest.update(f"{key}\0{version}\0".encode())
    return digest.hexdigest()


def with_later(known: Mapping[AssetKey, str], later: Mapping[AssetKey, str]) -> dict[AssetKey, str]:
    """Versions with those that were made meanwhile; what stands for many partitions stays."""
    new = {key: one for key, one in later.items() if event_in(known.get(key, "")) is None}
    return {**known, **new}


def up_to(event_id: int) -> str:
    """What stands for the versions of many partitions: everything that the log held up to an event."""
    return f"{_UP_TO}{event_id}"


def event_in(version: str) -> int | None:
    """The storage id in a version that stands for many; None for any other version."""
    number = version.removeprefix(_UP_TO)
    return int(number) if number != version and number.isdigit() else None
