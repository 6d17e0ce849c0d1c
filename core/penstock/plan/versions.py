"""Data versions: what an asset was made from, as a short hash.

Equal code version and equal inputs give an equal data version; without a code version every run
counts as new data. The same idea as the original's provenance tags; the hash is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from penstock.events.values import CODE_VERSION_TAG, DATA_VERSION_TAG, INPUT_DATA_VERSION_PREFIX
from penstock.keys import AssetKey

_DIGEST_BYTES = 10


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
