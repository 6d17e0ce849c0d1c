"""Well-known metadata keys."""

from __future__ import annotations

import pytest
from attrs import frozen

from penstock.errors import InvalidMetadataError
from penstock.metadata import (
    CodeReferencesMetadataSet,
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    MetadataValue,
    NamespacedMetadataSet,
    TableMetadataSet,
    TableSchema,
    normalize_metadata,
    system_key,
)


def test_a_set_is_metadata_with_full_keys_without_what_is_none():
    schema = TableSchema([])
    assert {**TableMetadataSet(row_count=3, column_schema=schema)} == {
        "penstock/row_count": 3,
        "penstock/column_schema": schema,
    }


def test_a_set_is_read_back_from_metadata_with_others():
    stored = normalize_metadata({"mine": 1, **TableMetadataSet(row_count=3, table_name="t")})
    assert TableMetadataSet.extract(stored) == TableMetadataSet(row_count=3, table_name="t")


def test_a_value_of_the_wrong_type_is_refused_by_its_full_key():
    with pytest.raises(InvalidMetadataError, match="'penstock/row_count' is a int"):
        TableMetadataSet(row_count="a")
    with pytest.raises(InvalidMetadataError, match="'penstock/row_count' is a int"):
        TableMetadataSet.extract({"penstock/row_count": MetadataValue.bool(True)})


def test_code_references_are_a_set():
    value = CodeReferencesMetadataValue([LocalFileCodeReference("a.py")])
    metadata = {**CodeReferencesMetadataSet(code_references=value)}
    assert metadata == {system_key("code_references"): value}
    assert CodeReferencesMetadataSet.extract(metadata).code_references == value


def test_a_set_of_ones_own_has_its_own_prefix():
    @frozen(kw_only=True)
    class Mine(NamespacedMetadataSet):
        depth: int | None = None

        @classmethod
        def namespace(cls):
            return "mine"

    assert {**Mine(depth=3)} == {"mine/depth": 3}
    assert Mine.extract({"mine/depth": 4}) == Mine(depth=4)
