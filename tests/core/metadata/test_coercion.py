"""Plain values become metadata values."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetCheckKey, AssetKey
from penstock.metadata import MetadataValue, TableColumnLineage, TableSchema, normalize_metadata


class Colour(str, Enum):  # noqa: UP042  # its str() is not its value: the subject
    RED = "red"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("x", MetadataValue.text("x")),
        (Colour.RED, MetadataValue.text("red")),
        (1, MetadataValue.int(1)),
        (True, MetadataValue.bool(True)),
        (1.5, MetadataValue.float(1.5)),
        (math.nan, MetadataValue.float(math.nan)),
        (math.inf, MetadataValue.float(math.inf)),
        (None, MetadataValue.null()),
        ({"a": [1]}, MetadataValue.json({"a": [1]})),
        ({1: 2}, MetadataValue.json({"1": 2})),
        ([1, "b"], MetadataValue.json([1, "b"])),
        (Path("a/b"), MetadataValue.path("a/b")),
        (AssetKey("a"), MetadataValue.asset(AssetKey("a"))),
        (TableSchema([]), MetadataValue.table_schema(TableSchema([]))),
        (TableColumnLineage({}), MetadataValue.column_lineage(TableColumnLineage({}))),
        (np.int64(3), MetadataValue.int(3)),
        (np.float32(0.5), MetadataValue.float(0.5)),
        (np.float64(0.5), MetadataValue.float(0.5)),
        (np.bool_(True), MetadataValue.bool(True)),
        (np.str_("a"), MetadataValue.text("a")),
        ({"n": np.int64(3)}, MetadataValue.json({"n": 3})),
    ],
)
def test_a_plain_value_becomes_the_fitting_kind(raw, wanted):
    found = normalize_metadata({"k": raw})["k"]
    assert found == wanted
    assert type(found) is type(wanted)
    assert type(found.value) is type(wanted.value)


def test_metadata_values_are_kept():
    value = MetadataValue.md("x")
    assert normalize_metadata({"k": value})["k"] is value


def test_no_metadata_is_an_empty_dict():
    assert normalize_metadata(None) == {}
    assert normalize_metadata({}) == {}


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        (datetime(2024, 1, 1, tzinfo=UTC), r"MetadataValue\.timestamp"),
        (date(2024, 1, 1), r"str\(value\)"),
        (np.datetime64("2024-01-01"), r"str\(value\)"),
        (object(), r"str\(value\)"),
        (Decimal(1), r"str\(value\)"),
        (b"x", r"str\(value\)"),
        (np.zeros(2), r"str\(value\)"),
        (AssetCheckKey(AssetKey("a"), "x"), r"list\(value\)"),
        ((1, 2), r"list\(value\)"),
        ({1}, r"list\(value\)"),
        (len, "python_artifact"),
    ],
)
def test_other_objects_are_refused_with_their_key_and_what_to_write(raw, advice):
    with pytest.raises(InvalidMetadataError, match=f"'when'.*{advice}"):
        normalize_metadata({"when": raw})


def test_what_json_cannot_hold_is_refused_with_key_and_path():
    with pytest.raises(InvalidMetadataError, match=r"'when'.*\$\.a"):
        normalize_metadata({"when": {"a": object()}})


def test_invalid_metadata_can_be_allowed():
    found = normalize_metadata({"when": datetime(2024, 1, 1, tzinfo=UTC)}, allow_invalid=True)
    assert found["when"] == MetadataValue.text("[datetime] (unserializable)")


def test_keys_are_strings():
    with pytest.raises(InvalidMetadataError, match="strings as keys"):
        normalize_metadata({1: "a"})
