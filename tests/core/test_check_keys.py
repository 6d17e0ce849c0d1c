"""Keys of checks are read as users write them."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey


def test_a_check_key_is_read_back():
    key = AssetCheckKey(AssetKey(["a", "b"]), "c")
    assert AssetCheckKey.from_user_string(key.to_user_string()) == key


def test_a_check_key_wants_a_colon():
    with pytest.raises(InvalidDefinitionError, match="without a colon"):
        AssetCheckKey.from_user_string("a/b")
