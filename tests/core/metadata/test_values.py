"""Metadata values: constructors, payloads, equality."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import pytest

from penstock.errors import InvalidMetadataError
from penstock.keys import AssetKey
from penstock.metadata import (
    CodeReferencesMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    JobMetadataValue,
    JsonMetadataValue,
    LocalFileCodeReference,
    MarkdownMetadataValue,
    MetadataValue,
    NotebookMetadataValue,
    PathMetadataValue,
    PoolMetadataValue,
    PythonArtifactMetadataValue,
    RunMetadataValue,
    TableColumnDep,
    TableColumnLineage,
    TableMetadataValue,
    TableSchema,
    TextMetadataValue,
    UrlMetadataValue,
)


class Colour(str, Enum):  # noqa: UP042  # its str() is not its value: the subject
    RED = "red"


class Size(int, Enum):
    BIG = 5


EVERY_KIND = [
    MetadataValue.text("a"),
    MetadataValue.url("http://x"),
    MetadataValue.path("a/b"),
    MetadataValue.notebook("n.ipynb"),
    MetadataValue.json({"a": [1]}),
    MetadataValue.md("# a"),
    MetadataValue.python_artifact(AssetKey),
    MetadataValue.float(0.5),
    MetadataValue.int(5),
    MetadataValue.bool(True),
    MetadataValue.timestamp(5.0),
    MetadataValue.run("r1"),
    MetadataValue.job("j", "here", repository_name="r"),
    MetadataValue.asset(AssetKey("a")),
    MetadataValue.table([{"a": 1}]),
    MetadataValue.table_schema(TableSchema([])),
    MetadataValue.column_lineage(TableColumnLineage({})),
    MetadataValue.null(),
    MetadataValue.pool("p"),
    CodeReferencesMetadataValue([LocalFileCodeReference("a.py", 3)]),
]


@pytest.mark.parametrize("value", EVERY_KIND, ids=lambda value: value.kind)
def test_every_kind_is_a_metadata_value_that_can_be_copied_and_pickled(value):
    assert isinstance(value, MetadataValue)
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert type(twin) is type(value)


@pytest.mark.parametrize("value", EVERY_KIND, ids=lambda value: value.kind)
def test_every_kind_is_frozen(value):
    with pytest.raises(AttributeError):
        value.value = 3


@pytest.mark.parametrize(
    ("made", "attribute", "payload"),
    [
        (TextMetadataValue("a"), "text", "a"),
        (UrlMetadataValue(url="u"), "url", "u"),
        (PathMetadataValue(Path("a")), "path", "a"),
        (PathMetadataValue("a"), "fspath", "a"),
        (NotebookMetadataValue(Path("n")), "path", "n"),
        (JsonMetadataValue([1]), "data", [1]),
        (MarkdownMetadataValue("m"), "md_str", "m"),
        (MetadataValue.asset(AssetKey("a")), "asset_key", AssetKey("a")),
        (RunMetadataValue("r"), "run_id", "r"),
        (PoolMetadataValue("p"), "name", "p"),
    ],
)
def test_the_payload_has_a_name_of_its_own(made, attribute, payload):
    assert getattr(made, attribute) == payload
    assert made.value == payload


def test_kinds_with_several_parts_are_their_own_value():
    job = JobMetadataValue("j", "here")
    assert job.value is job
    assert (job.job_name, job.location_name, job.repository_name) == ("j", "here", None)
    artifact = MetadataValue.python_artifact(AssetKey)
    assert artifact == PythonArtifactMetadataValue("penstock.keys", "AssetKey")
    assert artifact.value is artifact


def test_values_of_different_kinds_are_unequal():
    assert MetadataValue.path("a") != MetadataValue.text("a")
    assert MetadataValue.notebook("a") != MetadataValue.path("a")
    assert MetadataValue.int(1) != MetadataValue.float(1.0)
    assert len({MetadataValue.text("a"), MetadataValue.md("a"), MetadataValue.text("a")}) == 2


def test_a_value_shows_how_it_was_made():
    assert repr(MetadataValue.text("a")) == "TextMetadataValue(text='a')"
    assert repr(MetadataValue.null()) == "NullMetadataValue()"


def test_not_a_number_equals_itself():
    assert FloatMetadataValue(math.nan) == FloatMetadataValue(math.nan)
    assert FloatMetadataValue(math.nan) != FloatMetadataValue(math.inf)


def test_enums_and_whole_floats_become_plain_numbers_and_texts():
    assert type(MetadataValue.text(Colour.RED).value) is str
    assert type(MetadataValue.int(Size.BIG).value) is int
    assert type(MetadataValue.float(3).value) is float


@pytest.mark.parametrize(
    "make",
    [
        lambda: MetadataValue.text(3),
        lambda: MetadataValue.url(3),
        lambda: MetadataValue.path(3),
        lambda: MetadataValue.json(3),
        lambda: MetadataValue.json("text"),
        lambda: MetadataValue.md(3),
        lambda: MetadataValue.python_artifact(3),
        lambda: MetadataValue.float("1"),
        lambda: MetadataValue.int(1.5),
        lambda: MetadataValue.bool(1),
        lambda: MetadataValue.timestamp("now"),
        lambda: MetadataValue.timestamp(True),
        lambda: MetadataValue.run(3),
        lambda: MetadataValue.asset("a"),
        lambda: MetadataValue.table([3]),
        lambda: MetadataValue.table_schema({"a": "int"}),
        lambda: MetadataValue.column_lineage({}),
        lambda: MetadataValue.pool(3),
        lambda: CodeReferencesMetadataValue(["a.py"]),
    ],
)
def test_a_constructor_refuses_what_is_not_of_its_kind(make):
    with pytest.raises(InvalidMetadataError, match="takes"):
        make()


def test_a_timestamp_is_made_of_a_datetime_with_a_zone():
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert MetadataValue.timestamp(moment).value == moment.timestamp()
    assert MetadataValue.timestamp(5).value == 5.0


def test_a_timestamp_without_a_zone_is_refused_with_what_to_write():
    with pytest.raises(InvalidMetadataError, match="replace"):
        MetadataValue.timestamp(datetime(2024, 5, 1))  # noqa: DTZ001  # the subject


def test_json_data_is_copied_into_canonical_form():
    data = {"a": (1, Colour.RED), 2: None, True: 1.5}
    made = MetadataValue.json(data)
    data["a"] = "changed"
    assert made.data == {"a": [1, "red"], "2": None, "true": 1.5}


def test_json_data_names_the_path_of_what_it_cannot_hold():
    with pytest.raises(InvalidMetadataError, match=r"\$\.a\[1\] is a object"):
        MetadataValue.json({"a": [1, object()]})
    with pytest.raises(InvalidMetadataError, match="string keys"):
        MetadataValue.json({(1, 2): 3})


def test_a_table_takes_its_schema_from_the_first_cells_that_are_not_none():
    table = MetadataValue.table([{"a": None, "b": True, "c": None}, {"a": 1, "b": False, "c": None}])
    assert {column.name: column.type for column in table.schema.columns} == {
        "a": "int",
        "b": "bool",
        "c": "string",
    }


def test_an_empty_table_needs_a_schema():
    with pytest.raises(InvalidMetadataError, match="needs a schema"):
        MetadataValue.table([])
    assert TableMetadataValue([], TableSchema([])).records == ()


def test_records_with_different_columns_are_refused():
    with pytest.raises(InvalidMetadataError, match="record 1 has"):
        MetadataValue.table([{"a": 1}, {"b": 1}])


def test_an_int_keeps_its_size():
    assert IntMetadataValue(2**80).value == 2**80


def test_lineage_is_an_attribute_of_its_value():
    lineage = TableColumnLineage({"a": [TableColumnDep(AssetKey("x"), "b")]})
    assert MetadataValue.column_lineage(lineage).column_lineage is lineage
