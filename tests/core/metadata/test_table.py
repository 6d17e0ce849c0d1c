"""Tables as metadata."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey
from penstock.metadata import (
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableConstraints,
    TableRecord,
    TableSchema,
)


def test_a_record_is_written_as_a_dict_or_as_arguments():
    assert TableRecord({"a": 1}) == TableRecord(a=1)
    assert TableRecord(data={"a": 1}).data == {"a": 1}
    assert TableRecord(data=1).data == {"data": 1}


def test_a_record_names_the_column_of_what_it_cannot_hold():
    with pytest.raises(InvalidMetadataError, match="column 'a' has a list"):
        TableRecord({"a": [1]})


def test_defaults_of_a_column():
    column = TableColumn("a")
    assert column.type == "string"
    assert column.constraints == TableColumnConstraints(nullable=True, unique=False, other=None)
    assert column.constraints.other == ()
    assert column.tags == {}


def test_schemas_made_in_two_ways_are_equal():
    made = TableSchema.from_name_type_dict({"a": "int", "b": "string"})
    assert made == TableSchema(columns=[TableColumn("a", "int"), TableColumn("b", type="string")])
    assert hash(made) == hash(TableSchema.from_name_type_dict({"a": "int", "b": "string"}))


def test_a_schema_takes_only_columns():
    with pytest.raises(InvalidMetadataError, match="from_name_type_dict"):
        TableSchema(columns=["a"])


def test_constraints_of_tables_and_columns_differ_in_equality():
    plain = TableColumn("a")
    assert plain != TableColumn("a", constraints=TableColumnConstraints(unique=True))
    assert TableSchema([plain]) != TableSchema([plain], TableConstraints(other=["a > 0"]))


def test_a_lineage_takes_keys_in_any_spelling():
    lineage = TableColumnLineage({"x": [TableColumnDep("a", "y"), TableColumnDep(["b", "c"], "z")]})
    assert [dep.asset_key for dep in lineage.deps_by_column["x"]] == [AssetKey("a"), AssetKey(["b", "c"])]
    assert hash(lineage) == hash(TableColumnLineage(lineage.deps_by_column))
