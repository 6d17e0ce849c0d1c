"""Outputs go where their definitions say."""

from __future__ import annotations

import pickle
import threading

import pytest

from penstock.errors import HandleOutputError, InvalidDefinitionError
from penstock.spi.io_contexts import OutputContext, build_input_context, build_output_context
from penstock_files.custom_path import CustomPathIOManager


def output(**metadata: object) -> OutputContext:
    return build_output_context(name="result", run_id="run", step_key="work", definition_metadata=metadata)


def test_a_value_is_pickled_at_its_path(tmp_path):
    manager = CustomPathIOManager(str(tmp_path))
    context = output(path="daily/sample.json")
    manager.handle_output(context, {"a": 1})
    assert pickle.loads((tmp_path / "daily/sample.json").read_bytes()) == {"a": 1}
    assert manager.load_input(build_input_context(upstream_output=context)) == {"a": 1}
    assert context.added_metadata["path"].value == str(tmp_path / "daily/sample.json")


def test_an_output_without_a_path_is_refused(tmp_path):
    with pytest.raises(InvalidDefinitionError, match=r"step 'work'.*metadata=\{'path'"):
        CustomPathIOManager(str(tmp_path)).handle_output(output(), 1)


def test_what_is_missing_or_cannot_be_stored_is_named(tmp_path):
    manager = CustomPathIOManager(str(tmp_path))
    context = output(path="x")
    with pytest.raises(FileNotFoundError, match="nothing is stored at"):
        manager.load_input(build_input_context(upstream_output=context))
    with pytest.raises(HandleOutputError, match=r"_thread\.lock"):
        manager.handle_output(context, threading.Lock())
    (tmp_path / "x").mkdir()
    with pytest.raises(HandleOutputError, match="cannot write"):
        manager.handle_output(context, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
