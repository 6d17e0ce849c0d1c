"""I/O managers of one's own get paths, partitions and atomic replacement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import HandleOutputError, PluginError
from penstock.spi.io_contexts import InputContext, OutputContext, build_input_context, build_output_context
from penstock_files.paths import UPathIOManager


class JsonFiles(UPathIOManager):
    extension = ".json"

    def dump_to_path(self, context: OutputContext, obj: Any, path: Path) -> None:
        path.write_text(json.dumps(obj))

    def load_from_path(self, context: InputContext, path: Path) -> Any:
        return json.loads(path.read_text())

    def get_metadata(self, context: OutputContext, obj: Any) -> dict[str, Any]:
        return {"length": len(obj)}


class Folders(UPathIOManager):
    """Stores a dict as a folder with one file an entry."""

    def dump_to_path(self, context: OutputContext, obj: Any, path: Path) -> None:
        path.mkdir()
        for name, text in obj.items():
            (path / name).write_text(text)

    def load_from_path(self, context: InputContext, path: Path) -> Any:
        return {file.name: file.read_text() for file in sorted(path.iterdir())}


def output(key: Any = "up", *partitions: str) -> OutputContext:
    return build_output_context(asset_key=key, asset_partition_keys=partitions, run_id="run", step_key="up")


def loading(key: Any = "up", *partitions: str, **others: Any) -> InputContext:
    return build_input_context(asset_key=key, asset_partition_keys=partitions, **others)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_value_lies_under_its_key_with_the_extension(tmp_path):
    manager = JsonFiles(tmp_path)
    context = output(["pre", "0.94-to-0.95"])
    assert not manager.has_output(context)
    manager.handle_output(context, [1, 2])
    assert files(tmp_path) == ["pre/0.94-to-0.95.json"]
    assert manager.load_input(loading(["pre", "0.94-to-0.95"])) == [1, 2]
    assert manager.has_output(context)
    assert context.added_metadata["length"].value == 2
    assert context.added_metadata["path"].value == str(tmp_path / "pre/0.94-to-0.95.json")


def test_an_output_of_an_op_lies_under_run_and_step(tmp_path):
    manager = JsonFiles(str(tmp_path))
    context = build_output_context(name="result", run_id="run", step_key="work[a]")
    manager.handle_output(context, [1])
    assert files(tmp_path) == ["run/work[a]/result.json"]
    assert manager.load_input(build_input_context(upstream_output=context)) == [1]


def test_partitions_are_loaded_one_or_many(tmp_path):
    manager = JsonFiles(tmp_path)
    manager.handle_output(output("up", "a", "b"), {"a": [1], "b": [2]})
    manager.handle_output(output("up", "c"), [3])
    assert files(tmp_path) == ["up/a.json", "up/b.json", "up/c.json"]
    assert manager.load_input(loading("up", "c")) == [3]
    assert manager.load_input(loading("up", "a", "c")) == {"a": [1], "c": [3]}
    with pytest.raises(HandleOutputError, match="dict"):
        manager.handle_output(output("up", "a", "b"), [1])


def test_missing_partitions_are_an_error_unless_allowed(tmp_path):
    manager = JsonFiles(tmp_path)
    manager.handle_output(output("up", "a"), [1])
    with pytest.raises(FileNotFoundError, match="Partition 'z'"):
        manager.load_input(loading("up", "a", "z"))
    allowed = {"allow_missing_partitions": True}
    assert manager.load_input(loading("up", "a", "z", definition_metadata=allowed)) == {"a": [1]}


def test_a_dump_that_fails_leaves_the_old_value_and_no_rest(tmp_path):
    class Failing(JsonFiles):
        def dump_to_path(self, context: OutputContext, obj: Any, path: Path) -> None:
            path.write_text("half")
            raise ValueError("no more")

    JsonFiles(tmp_path).handle_output(output(), [1])
    with pytest.raises(ValueError, match="no more"):
        Failing(tmp_path).handle_output(output(), [2])
    assert JsonFiles(tmp_path).load_input(loading()) == [1]
    assert files(tmp_path) == ["up.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["up.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    manager = Folders(tmp_path)
    manager.handle_output(output(), {"a": "1", "b": "2"})
    manager.handle_output(output(), {"c": "3"})
    assert manager.load_input(loading()) == {"c": "3"}
    assert files(tmp_path) == ["up/c"]


def test_a_subclass_may_write_in_place(tmp_path):
    class Appending(JsonFiles):
        atomic = False

        def dump_to_path(self, context: OutputContext, obj: Any, path: Path) -> None:
            old = json.loads(path.read_text()) if path.exists() else []
            path.write_text(json.dumps(old + obj))

    manager = Appending(tmp_path)
    manager.handle_output(output(), [1])
    manager.handle_output(output(), [2])
    assert manager.load_input(loading()) == [1, 2]


def test_no_key_leaves_the_base_path(tmp_path):
    manager = JsonFiles(tmp_path / "base")
    for part in ("..", "/etc/passwd", "nul\0", "x" * 300, "a.json"):
        manager.handle_output(output([part, part], part), [part])
        assert manager.load_input(loading([part, part], part)) == [part]
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_the_scheme_of_partition_paths_can_be_changed(tmp_path):
    class Hive(JsonFiles):
        def get_path_for_partition(self, context: Any, path: Path, partition: str) -> Path:
            return path / f"date={partition}" / "data"

    Hive(tmp_path).handle_output(output("up", "2024-01-01"), [1])
    assert files(tmp_path) == ["up/date=2024-01-01/data.json"]


def test_a_folder_that_a_killed_process_left_is_swept(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    left = tmp_path / f".tmp-run-step-1-{child.pid}-0123abcd"
    left.mkdir()
    (left / "half").write_text("half")
    os.utime(left, (1, 1))
    JsonFiles(tmp_path).handle_output(output(), [1])
    assert [path.name for path in tmp_path.iterdir()] == ["up.json"]


def test_a_url_needs_universal_pathlib():
    with pytest.raises(PluginError, match="universal-pathlib"):
        JsonFiles("memory://base")


def test_a_subclass_that_writes_nothing_is_told_what_to_define(tmp_path):
    with pytest.raises(NotImplementedError, match="dump_to_path"):
        UPathIOManager(tmp_path).handle_output(output(), 1)
    with pytest.raises(NotImplementedError, match="load_from_path"):
        UPathIOManager(tmp_path).load_input(loading())
