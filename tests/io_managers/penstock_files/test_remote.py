"""A folder on any other file system keeps the same promises."""

from __future__ import annotations

from typing import Any, BinaryIO

import fsspec
import pandas as pd
import polars as pl
import pytest
from pyarrow import fs

from penstock.errors import PluginError
from penstock_files.formats import Encoded, encode
from penstock_files.remote import RemoteFolder, open_remote
from penstock_files.temporary import Origin

ORIGIN = Origin(run_id="run", step_key="step", attempt=1)


class Objects(fsspec.get_filesystem_class("memory")):
    """Behaves as an object store: a key is there when its upload is complete."""

    protocol = ("s3",)
    store: dict[str, Any] = {}
    pseudo_dirs = [""]


@pytest.fixture(params=["memory", "objects", "local"])
def folder(request, tmp_path) -> RemoteFolder:
    if request.param == "local":
        return RemoteFolder(fs.LocalFileSystem(), str(tmp_path / "root"), f"file://{tmp_path}/root")
    if request.param == "objects":
        Objects.store.clear()
        return RemoteFolder(fs.PyFileSystem(fs.FSSpecHandler(Objects())), "/root", "s3://root")
    fsspec.filesystem("memory").store.clear()
    return open_remote("memory://root")


def names(folder: RemoteFolder) -> list[str]:
    infos = folder.filesystem.get_file_info(fs.FileSelector(folder.root, recursive=True))
    return sorted(info.base_name for info in infos if info.is_file)


@pytest.mark.parametrize("value", [{"a": 1}, "text", b"", (1, 2), None], ids=str)
def test_a_value_comes_back(folder, value):
    published = folder.publish("pre/orders", encode(value), ORIGIN)
    assert folder.load("pre/orders", None) == value
    assert published.path.startswith(f"{folder.url}/pre/orders.")
    assert folder.exists("pre/orders")
    assert len(names(folder)) == 1
    folder.flush()


def test_a_table_comes_back_as_the_consumer_asks(folder):
    folder.publish("t", encode(pd.DataFrame({"n": [1, 2]})), ORIGIN)
    assert folder.load("t", pl.DataFrame)["n"].to_list() == [1, 2]
    assert isinstance(folder.load("t", None), pd.DataFrame)


def test_a_new_format_replaces_the_old_one(folder):
    for value in ({"a": 1}, "text", pd.DataFrame({"n": [1]}), (1,), {"a": 2}):
        folder.publish("value", encode(value), ORIGIN)
        assert names(folder) == [f"value{encode(value).extension}"]
    assert folder.load("value", None) == {"a": 2}


def test_a_value_that_cannot_be_stored_touches_nothing(folder):
    folder.publish("value", encode({"old": 1}), ORIGIN)

    def half(sink: BinaryIO) -> None:
        sink.write(b"half")
        raise TypeError("not this one")

    with pytest.raises(TypeError, match="not this one"):
        folder.publish("value", Encoded(extension=".json", write=half), ORIGIN)
    assert folder.load("value", None) == {"old": 1}
    assert names(folder) == ["value.json"]


def test_a_missing_value_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"none\.\*"):
        folder.load("none", None)
    assert not folder.exists("none")


def test_a_scheme_that_nobody_knows_is_refused():
    with pytest.raises(PluginError, match="nosuch://bucket"):
        open_remote("nosuch://bucket/folder")
