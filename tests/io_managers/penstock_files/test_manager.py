"""The manager that users bind stores below its folder."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.define.io_manager import IOManager
from penstock.errors import InvalidConfigError
from penstock.spi.io_contexts import build_input_context, build_output_context
from penstock_files.local import DURABILITIES
from penstock_files.manager import FilesystemIOManager, custom_path_fs_io_manager


def instance(folder: Path) -> Any:
    return SimpleNamespace(instance=SimpleNamespace(storage_directory=lambda: str(folder)))


@pytest.mark.parametrize("durability", DURABILITIES)
def test_a_value_comes_back_from_another_manager(tmp_path, durability):
    context = build_output_context(asset_key="up")
    manager = FilesystemIOManager(base_dir=str(tmp_path), durability=durability)
    manager.handle_output(context, {"rows": [1, 2, 3]})
    manager.flush()
    other = FilesystemIOManager(base_dir=str(tmp_path))
    assert other.load_input(build_input_context(upstream_output=context)) == {"rows": [1, 2, 3]}
    assert any(path.is_file() for path in tmp_path.rglob("up*"))


def test_it_is_an_io_manager_whose_values_pass_through(tmp_path):
    manager = FilesystemIOManager(base_dir=str(tmp_path))
    assert isinstance(manager, IOManager)
    assert manager.passes_through
    assert set(manager.model_dump()) == {"base_dir", "durability"}


def test_without_a_base_dir_the_storage_folder_of_the_instance_is_used(tmp_path):
    with FilesystemIOManager().yield_for_execution(instance(tmp_path)) as manager:
        manager.handle_output(build_output_context(asset_key="up"), 1)
    assert (tmp_path / "up.json").read_text() == "1"


@pytest.mark.parametrize("base_dir", ["folder", "memory://folder"])
def test_a_manager_in_use_can_be_sent_to_another_process(tmp_path, monkeypatch, base_dir):
    monkeypatch.chdir(tmp_path)
    context = build_output_context(asset_key="up")
    manager = FilesystemIOManager(base_dir=base_dir)
    manager.handle_output(context, 1)
    sent = pickle.loads(pickle.dumps(manager))
    assert sent.load_input(build_input_context(upstream_output=context)) == 1


def test_without_base_dir_and_instance_it_says_what_to_write():
    with pytest.raises(InvalidConfigError, match="base_dir="):
        FilesystemIOManager().handle_output(build_output_context(asset_key="up"), 1)


def test_faulty_config_is_refused(tmp_path):
    with pytest.raises(InvalidConfigError, match="base_dri"):
        FilesystemIOManager(base_dri=str(tmp_path))
    manager = FilesystemIOManager(base_dir=str(tmp_path), durability="always")
    with pytest.raises(InvalidConfigError, match="durability is one of"):
        manager.handle_output(build_output_context(asset_key="up"), 1)


def test_the_custom_path_manager_is_made_of_its_config(tmp_path):
    manager = custom_path_fs_io_manager(SimpleNamespace(resource_config={"base_dir": str(tmp_path)}))
    context = build_output_context(step_key="s", definition_metadata={"path": "x/y"})
    manager.handle_output(context, 5)
    assert (tmp_path / "x/y").is_file()
    assert isinstance(manager, IOManager)
