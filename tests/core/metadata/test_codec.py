"""The written form of metadata values."""

from __future__ import annotations

import json
import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey
from penstock.metadata import (
    CodeReferencesMetadataValue,
    JobMetadataValue,
    LocalFileCodeReference,
    MetadataValue,
    PythonArtifactMetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableConstraints,
    TableMetadataValue,
    TableRecord,
    TableSchema,
    TextMetadataValue,
    UrlCodeReference,
    from_plain,
    metadata_from_plain,
    metadata_to_plain,
    to_plain,
)

text = st.text(st.characters(codec=None), max_size=8)
number = st.floats(allow_nan=False)
scalars = st.one_of(text, st.integers(), number, st.booleans(), st.none())
json_data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
keys = st.lists(text, min_size=1, max_size=3).map(AssetKey)
limits = st.builds(
    TableColumnConstraints, st.booleans(), st.booleans(), st.none() | st.lists(text, max_size=2)
)
columns = st.builds(
    TableColumn,
    text,
    st.just("string") | text,
    st.none() | text,
    st.none() | limits,
    st.none() | st.dictionaries(text, text, max_size=2),
)
schemas = st.builds(
    TableSchema,
    st.lists(columns, max_size=3),
    st.none() | st.lists(text, max_size=2).map(TableConstraints),
)
lineages = st.dictionaries(text, st.lists(st.builds(TableColumnDep, keys, text), max_size=2), max_size=2).map(
    TableColumnLineage
)
records = st.lists(text, max_size=3, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, scalars)).map(TableRecord), max_size=3)
)
tables = st.one_of(
    st.builds(TableMetadataValue, records, schemas),
    records.filter(bool).map(TableMetadataValue),
)
references = st.builds(
    LocalFileCodeReference, text, st.none() | st.integers(0), st.none() | text
) | st.builds(UrlCodeReference, text, st.none() | text)
values = st.one_of(
    text.map(MetadataValue.text),
    text.map(MetadataValue.url),
    text.map(MetadataValue.path),
    text.map(MetadataValue.notebook),
    text.map(MetadataValue.md),
    text.map(MetadataValue.run),
    text.map(MetadataValue.pool),
    st.integers().map(MetadataValue.int),
    st.floats().map(MetadataValue.float),
    st.booleans().map(MetadataValue.bool),
    number.map(MetadataValue.timestamp),
    st.just(MetadataValue.null()),
    (st.lists(json_data, max_size=3) | st.dictionaries(text, json_data, max_size=3)).map(MetadataValue.json),
    keys.map(MetadataValue.asset),
    st.builds(JobMetadataValue, text, st.none() | text, st.none() | text),
    st.builds(PythonArtifactMetadataValue, text, text),
    schemas.map(MetadataValue.table_schema),
    lineages.map(MetadataValue.column_lineage),
    tables,
    st.lists(references, max_size=2).map(CodeReferencesMetadataValue),
)


@given(values)
def test_a_value_comes_back_equal_and_of_its_kind_through_any_json_library(value):
    plain = to_plain(value)
    for carried in (orjson.loads(orjson.dumps(plain)), json.loads(json.dumps(plain))):
        found = from_plain(carried)
        assert found == value
        assert type(found) is type(value)
        assert type(found.value) is type(value.value)


@pytest.mark.parametrize("value", ["a", 1, 1.5, True, None])
def test_common_kinds_are_written_bare(value):
    made = from_plain(value)
    assert made.value is value or made.value == value
    assert to_plain(made) == value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (MetadataValue.url("u"), {"url": "u"}),
        (MetadataValue.json({"a": 1}), {"json": {"a": 1}}),
        (MetadataValue.asset(AssetKey("a")), {"asset": "a"}),
        (MetadataValue.asset(AssetKey(["a", "b"])), {"asset": ["a", "b"]}),
        (MetadataValue.job("j"), {"job": ["j"]}),
        (MetadataValue.table([{"a": 1}, {"a": 2}]), {"table": [[[["a", "int"]]], [[1], [2]]]}),
        (TextMetadataValue(None), {"text": None}),
    ],
)
def test_other_kinds_are_written_short(value, plain):
    assert to_plain(value) == plain
    assert from_plain(plain) == value


def test_not_a_number_survives_inside_json():
    found = from_plain(orjson.loads(orjson.dumps(to_plain(MetadataValue.json([math.nan, math.inf])))))
    assert math.isnan(found.value[0])
    assert found.value[1] == math.inf


def test_an_empty_constraint_list_differs_from_defaults_only_in_what_it_says():
    column = TableColumn("a", constraints=TableColumnConstraints(nullable=False))
    assert from_plain(to_plain(MetadataValue.table_schema(TableSchema([column])))).value.columns == (column,)


def test_whole_mappings_are_written_and_read():
    metadata = {"a": MetadataValue.int(1), "b": MetadataValue.md("x")}
    assert metadata_to_plain(metadata) == {"a": 1, "b": {"md": "x"}}
    assert metadata_from_plain(metadata_to_plain(metadata)) == metadata


def test_a_kind_of_a_newer_version_is_named():
    with pytest.raises(InvalidMetadataError, match=r"'hologram'.*upgrade"):
        from_plain({"hologram": 1})
