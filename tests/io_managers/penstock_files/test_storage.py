"""Outputs are stored and inputs loaded as the contexts of their steps say."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from penstock.errors import HandleOutputError, LoadInputError, UnstorableValueError
from penstock.spi.io_contexts import InputContext, OutputContext, build_input_context, build_output_context
from penstock_files.checksum import verify
from penstock_files.local import LocalFolder
from penstock_files.storage import fetch, store


class Declared:
    """A type as contexts hold it."""

    def __init__(self, typing_type: Any) -> None:
        self.typing_type = typing_type


@pytest.fixture
def folder(tmp_path) -> LocalFolder:
    return LocalFolder(str(tmp_path))


def output(key: Any = "up", *partitions: str, **others: Any) -> OutputContext:
    return build_output_context(
        asset_key=key, asset_partition_keys=partitions, run_id="run", step_key="up", **others
    )


def loading(key: Any = "up", *partitions: str, wanted: Any = Any, **others: Any) -> InputContext:
    return build_input_context(
        asset_key=key, asset_partition_keys=partitions, type=Declared(wanted), **others
    )


def files(folder: LocalFolder) -> list[str]:
    root = Path(folder.root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_asset_is_stored_under_its_key(folder):
    store(folder, output(["pre", "up"]), {"rows": [1]})
    assert files(folder) == ["pre/up.json"]
    assert fetch(folder, loading(["pre", "up"])) == {"rows": [1]}


def test_an_output_of_an_op_is_stored_under_run_and_step(folder):
    plain = build_output_context(name="result", run_id="run", step_key="work[a]")
    mapped = build_output_context(name="result", run_id="run", step_key="gen", mapping_key="a")
    store(folder, plain, 1)
    store(folder, mapped, 2)
    assert files(folder) == ["run/gen.result[a].json", "run/work[a].result.json"]
    assert fetch(folder, build_input_context(upstream_output=plain)) == 1
    assert fetch(folder, build_input_context(upstream_output=mapped)) == 2


def test_the_receipt_of_a_small_value_is_small(folder):
    context = output()
    store(folder, context, {"rows": [1]})
    receipt = {key: entry.value for key, entry in context.added_metadata.items()}
    assert set(receipt) == {"path", "bytes", "checksum"}
    assert receipt["bytes"] == 13
    assert verify(receipt["path"], receipt["checksum"])


@pytest.mark.parametrize(
    "table", [pa.table({"n": [1, 2]}), pd.DataFrame({"n": [1, 2]}), pl.DataFrame({"n": [1, 2]})]
)
def test_the_receipt_of_a_table_tells_rows_and_columns(folder, table):
    context = output()
    store(folder, context, table)
    receipt = {key: entry.value for key, entry in context.added_metadata.items()}
    assert receipt["penstock/row_count"] == 2
    assert [(c.name, c.type) for c in receipt["penstock/column_schema"].columns] == [("n", "int64")]
    assert receipt["format"] == "parquet"
    assert verify(receipt["path"], receipt["checksum"])


@pytest.mark.parametrize("wanted", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.Table])
def test_a_table_is_loaded_as_its_consumer_declares(folder, wanted):
    store(folder, output(), pd.DataFrame({"n": [1]}))
    assert isinstance(fetch(folder, loading(wanted=wanted)), wanted)


def test_one_partition_is_the_bare_value(folder):
    store(folder, output("up", "a"), "from a")
    store(folder, output("up", "b/c"), "from b/c")
    assert files(folder) == ["up/a.part.txt", "up/b%2Fc.part.txt"]
    assert fetch(folder, loading("up", "b/c")) == "from b/c"


def test_several_partitions_are_a_dict(folder):
    context = output("up", "a", "b")
    store(folder, context, {"a": 1, "b": 2})
    assert files(folder) == ["up/a.part.json", "up/b.part.json"]
    assert fetch(folder, loading("up", "a", "b")) == {"a": 1, "b": 2}
    assert fetch(folder, loading("up", "b")) == 2
    receipt = {key: entry.value for key, entry in context.added_metadata.items()}
    assert receipt == {"path": f"{folder.root}/up", "bytes": 2, "partitions": 2}


def test_several_partitions_of_tables_count_their_rows(folder):
    context = output("up", "a", "b")
    store(folder, context, {"a": pd.DataFrame({"n": [1]}), "b": pd.DataFrame({"n": [1, 2]})})
    assert context.added_metadata["penstock/row_count"].value == 3
    loaded = fetch(folder, loading("up", "a", "b", wanted=dict[str, pl.DataFrame]))
    assert {key: frame.height for key, frame in loaded.items()} == {"a": 1, "b": 2}
    assert isinstance(loaded["a"], pl.DataFrame)


@pytest.mark.parametrize("value", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "B": 2}, [1, 2], None])
def test_a_value_that_is_not_by_partition_is_refused(folder, value):
    with pytest.raises(HandleOutputError, match="partition"):
        store(folder, output("up", "a", "b"), value)
    assert files(folder) == []


def test_several_partitions_need_a_dict_annotation(folder):
    store(folder, output("up", "a", "b"), {"a": 1, "b": 2})
    with pytest.raises(LoadInputError, match=r"dict\[str, DataFrame\]"):
        fetch(folder, loading("up", "a", "b", wanted=pd.DataFrame))


def test_no_partition_is_none(folder):
    context = loading("up", partitions_def=object())
    context.run_partition_keys = ("2024-01-01",)
    assert fetch(folder, context) is None


def test_a_missing_value_says_what_to_do(folder):
    with pytest.raises(FileNotFoundError, match=r"Asset 'pre/up': nothing is stored at .*pre/up\.\*.*run it"):
        fetch(folder, loading(["pre", "up"]))
    with pytest.raises(FileNotFoundError, match=r"Partition 'b' .*allow_missing_partitions"):
        fetch(folder, loading("up", "b"))
    op = build_output_context(name="result", run_id="run", step_key="work")
    with pytest.raises(FileNotFoundError, match="Output 'result' of step 'work'"):
        fetch(folder, build_input_context(upstream_output=op))


@pytest.mark.parametrize("setting", [True, type("Entry", (), {"value": True})()])
def test_missing_partitions_may_be_left_out(folder, setting):
    store(folder, output("up", "a"), 1)
    settings = {"allow_missing_partitions": setting}
    assert fetch(folder, loading("up", "a", "b", definition_metadata=settings)) == {"a": 1}
    assert fetch(folder, loading("up", "b", definition_metadata=settings)) is None


def test_a_value_that_cannot_be_stored_says_which_and_leaves_the_old_one(folder):
    store(folder, output(["pre", "up"]), {"old": 1})
    with pytest.raises(UnstorableValueError) as caught:
        store(folder, output(["pre", "up"]), threading.Lock())
    message = str(caught.value)
    assert "Asset 'pre/up'" in message
    assert "_thread.lock" in message
    assert "io_manager_key" in message
    assert isinstance(caught.value.__cause__, TypeError)
    assert files(folder) == ["pre/up.json"]
    assert fetch(folder, loading(["pre", "up"])) == {"old": 1}


def test_a_place_that_takes_nothing_is_named(tmp_path):
    (tmp_path / "base").write_text("a file where a folder is wanted")
    with pytest.raises(HandleOutputError, match=r"cannot write .*base/up.*choose another base_dir"):
        store(LocalFolder(str(tmp_path / "base")), output(), 1)


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file may grow beyond 4096 bytes: writing fails half-way, as on a full disk.

    Python would write byte code that is cut off as well, and read it ever after.
    """
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, list(range(10_000)), (b"x" * 10_000,), pa.table({"n": list(range(10_000))})],
    ids=type,
)
@pytest.mark.usefixtures("small_files")
def test_a_write_that_fails_half_way_leaves_the_old_value_and_no_rest(folder, value):
    store(folder, output(), {"old": 1})
    with pytest.raises(
        HandleOutputError, match=r"cannot write .*up\.json.*What was stored before is untouched"
    ):
        store(folder, output(), value)
    assert files(folder) == ["up.json"]
    assert fetch(folder, loading()) == {"old": 1}


@pytest.mark.parametrize(
    ("value", "damage"),
    [((1, 2), b"\x80\x05garbage"), ({"a": 1}, b'{"a": '), (pa.table({"n": [1]}), b"PAR1...PAR1")],
)
def test_damage_is_reported_with_what_to_do(folder, value, damage):
    context = output()
    store(folder, context, value)
    Path(context.added_metadata["path"].value).write_bytes(damage)
    with pytest.raises(LoadInputError, match=r"Asset 'up'.*cannot be read.*run what produces it again"):
        fetch(folder, loading())


@pytest.mark.parametrize("part", ["..", "a/b", "nul\0", "x" * 300, ".", ""])
def test_no_key_leaves_the_folder(tmp_path, part):
    folder = LocalFolder(str(tmp_path / "base"))
    store(folder, output([part, part]), 5)
    assert fetch(folder, loading([part, part])) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
    assert len(files(folder)) == 1
