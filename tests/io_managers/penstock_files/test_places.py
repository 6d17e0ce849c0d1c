"""A base folder is a path or a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import InvalidConfigError
from penstock_files.local import LocalFolder
from penstock_files.places import open_folder
from penstock_files.remote import RemoteFolder


def test_a_path_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    expected = {"data": tmp_path / "data", "~/data": tmp_path / "me" / "data", str(tmp_path): tmp_path}
    for written, root in expected.items():
        folder = open_folder(written)
        assert isinstance(folder, LocalFolder)
        assert folder.root == str(root)
    assert open_folder(Path("data")) is open_folder("data")


def test_a_file_url_is_a_path(tmp_path):
    folder = open_folder(f"file://{tmp_path}/with%20space")
    assert isinstance(folder, LocalFolder)
    assert folder.root == f"{tmp_path}/with space"


def test_another_url_is_a_remote_folder():
    assert isinstance(open_folder("memory://bucket/x"), RemoteFolder)


def test_an_unknown_durability_is_refused_with_a_suggestion(tmp_path):
    with pytest.raises(InvalidConfigError, match="Did you mean 'batched'"):
        open_folder(tmp_path, "batch")
