from __future__ import annotations

import pickle

import pytest

from penstock.define.output import DynamicOutput, Output
from penstock.define.versions import DataVersion
from penstock.errors import InvalidDefinitionError, InvariantViolationError


def test_an_output_is_called_result_unless_named():
    assert Output(1).output_name == "result"
    assert Output(1, "a").output_name == "a"
    assert Output(1).mapping_key is None


def test_metadata_becomes_metadata_values():
    assert Output(1, metadata={"rows": 3}).metadata["rows"].value == 3
    assert DynamicOutput(1, "a", metadata={"rows": 3}).metadata["rows"].value == 3
    assert Output(1, metadata={"rows": 3}).with_metadata({"n": 1}).metadata.keys() == {"n"}


def test_outputs_are_equal_when_all_they_say_is():
    assert Output([1], "a", metadata={"n": 1}) == Output([1], "a", metadata={"n": 1})
    assert Output(1) != Output(1, tags={"a": "b"})
    assert DynamicOutput(1, "a") != Output(1)


@pytest.mark.parametrize("key", ["", "a b", "a-b", "ä", 3])
def test_mapping_keys_become_part_of_names(key):
    with pytest.raises(InvalidDefinitionError, match="mapping key"):
        DynamicOutput(1, key)


def test_a_data_version_is_no_bare_text():
    assert Output(1, data_version=DataVersion("a")).data_version == DataVersion("a")
    with pytest.raises(InvariantViolationError, match=r"DataVersion\('a'\)"):
        Output(1, data_version="a")


def test_outputs_cross_processes():
    assert pickle.loads(pickle.dumps(Output(1, "a", metadata={"n": 1}))) == Output(1, "a", metadata={"n": 1})
    assert pickle.loads(pickle.dumps(DynamicOutput(1, "a"))) == DynamicOutput(1, "a")
