from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.events.view import view
from penstock.keys import AssetCheckKey, AssetKey
from penstock.metadata import MetadataValue, TableColumn, TableSchema, normalize_metadata
from penstock.query.plain import as_plain


def test_keys_are_written_as_users_write_them():
    assert as_plain(AssetKey(["a", "b"])) == "a/b"
    assert as_plain(AssetCheckKey(AssetKey("a"), "c")) == "a:c"
    assert as_plain({AssetKey("a"): 1}) == {"a": 1}


def test_states_are_written_by_value_and_times_in_iso():
    assert as_plain(RunStatus.SUCCESS) == "SUCCESS"
    assert as_plain(datetime(2024, 1, 2, tzinfo=UTC)) == "2024-01-02T00:00:00+00:00"


def test_sets_come_out_sorted():
    assert as_plain(frozenset({AssetKey("b"), AssetKey("a")})) == ["a", "b"]


def test_frozen_values_become_dicts_of_their_fields():
    made = v.AssetMaterialization("a", metadata={"rows": 3}, partition="eu")
    assert as_plain(made) == {
        "asset_key": "a", "description": None, "metadata": {"rows": 3}, "partition": "eu", "tags": {},
    }  # fmt: skip


def test_an_event_tells_kind_place_sentence_and_fields():
    found = as_plain(view(v.StepSucceeded(at=2.0, step="s", seconds=1.0), "r", "j"))
    assert found == {
        "type": "STEP_SUCCESS", "at": 2.0, "run_id": "r", "job_name": "j", "step": "s",
        "message": "Step 's' succeeded in 1 s.", "data": {"seconds": 1.0, "attempt": 1},
    }  # fmt: skip


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def _nest(inner):
    return st.lists(inner) | st.dictionaries(st.text(), inner)


NESTED = st.recursive(SCALARS, _nest, max_leaves=20)


@given(NESTED)
def test_plain_data_stays_as_it_is(data):
    assert as_plain(data) == data


@given(st.dictionaries(st.text(min_size=1), NESTED, max_size=4))
def test_metadata_can_always_be_written_as_json(raw):
    json.dumps(as_plain(v.AssetMaterialization("a", metadata=normalize_metadata(raw))))


def test_facts_are_bare_where_json_has_a_word_for_them_and_say_their_kind_elsewhere():
    facts = {
        "rows": MetadataValue.int(3),
        "note": MetadataValue.text("x"),
        "odd": MetadataValue.float(math.nan),
    }
    assert as_plain(facts) == {"rows": 3, "note": "x", "odd": {"kind": "float", "value": "nan"}}
    assert as_plain(MetadataValue.path("a/b")) == {"kind": "path", "value": "a/b"}
    schema = as_plain(MetadataValue.table_schema(TableSchema(columns=[TableColumn("id", "int64")])))
    assert schema["kind"] == "schema"
    assert schema["value"]["columns"][0]["name"] == "id"
    assert as_plain(MetadataValue.job("nightly"))["value"]["job_name"] == "nightly"
