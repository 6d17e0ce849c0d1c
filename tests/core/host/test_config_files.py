"""Run config from YAML."""

from __future__ import annotations

import pytest

import penstock
from penstock.errors import InvalidConfigError, SettingsError


def test_files_are_merged_entry_by_entry(tmp_path):
    (tmp_path / "a.yaml").write_text("ops:\n  load:\n    config: {n: 1, m: 2}\n")
    (tmp_path / "b.yaml").write_text("ops:\n  load:\n    config: {n: 3}\nresources: {}\n")
    merged = penstock.config_from_files([str(tmp_path / "*.yaml")])
    assert merged == {"ops": {"load": {"config": {"n": 3, "m": 2}}}, "resources": {}}


def test_a_path_that_fits_no_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\*\.yaml"):
        penstock.config_from_files([str(tmp_path / "none*.yaml")])


def test_a_broken_text_is_named_with_its_line():
    with pytest.raises(InvalidConfigError, match=r"(?s)text 2.*line 1"):
        penstock.config_from_yaml_strings(["a: 1", "b: ["])


def test_a_text_that_is_no_mapping_is_refused():
    with pytest.raises(InvalidConfigError, match="found list"):
        penstock.config_from_yaml_strings(["- a"])


def test_empty_texts_say_nothing():
    assert penstock.config_from_yaml_strings(["", "a: 1"]) == {"a": 1}
