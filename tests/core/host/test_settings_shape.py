from __future__ import annotations

from pathlib import Path

import pytest

from penstock.host.settings_shape import KEYS, Layer, from_environment, read_layer

HERE = Path("/project")


def read(**values):
    return read_layer(
        Layer(origin="/project/pyproject.toml", path="tool.penstock", values=values, folder=HERE), KEYS
    )


def value(name, written):
    found, faults = read(**{name: written})
    assert not faults
    return found[name].value


def test_every_setting_says_what_it_means():
    for key in KEYS.values():
        assert key.meaning.endswith(".")
        assert key.wants


def test_relative_paths_are_taken_from_the_folder_of_the_file():
    assert value("home", "state") == Path("/project/state")
    assert value("file", "/abs/defs.py") == Path("/abs/defs.py")
    assert value("log_dir", Path("logs")) == Path("/project/logs")


def test_a_tilde_is_the_home_of_the_user(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert value("home", "~/.penstock") == Path("/home/me/.penstock")


def test_a_storage_folder_may_be_a_url():
    assert value("storage_dir", "s3://bucket/x") == "s3://bucket/x"
    assert value("storage_dir", "data") == "/project/data"


@pytest.mark.parametrize(
    ("written", "names"), [("none", ()), ("a, b", ("a", "b")), (["a"], ("a",)), ([], ())]
)
def test_plugins_are_names_or_none(written, names):
    assert value("plugins", written) == names


@pytest.mark.parametrize(("written", "flag"), [("1", True), ("off", False), (True, True), (False, False)])
def test_flags_are_written_in_several_ways(written, flag):
    found, faults = read(allow_network_fs=written)
    assert not faults
    assert found["allow_network_fs"].value is flag


def test_tables_of_a_file_hold_settings_with_dots():
    found, faults = read(retention={"runs_days": 7, "runs_keep": 100})
    assert not faults
    assert {name: f.value for name, f in found.items()} == {
        "retention.runs_days": 7.0, "retention.runs_keep": 100,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("home", 3), ("home", " "), ("module", ["a"]), ("plugins", [1]), ("plugins", 5), ("executor", ""),
        ("allow_network_fs", "perhaps"), ("retention", 3),
        ("retention", {"runs_days": 0}), ("retention", {"runs_days": "nan"}),
        ("retention", {"runs_keep": 1.5}),
        ("retention", {"runs_keep": True}), ("retention", {"logs_days": "soon"}),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_a_fault_with_its_place(name, written):
    found, (fault,) = read(**{name: written})
    assert not found
    assert fault.startswith(f"/project/pyproject.toml: tool.penstock.{name}")


def test_a_fault_tells_what_was_wanted_and_found():
    _, (fault,) = read(retention={"runs_days": -1})
    expected = "tool.penstock.retention.runs_days: wanted a number of days above 0, found -1."
    assert fault == f"/project/pyproject.toml: {expected}"


def test_an_unknown_setting_is_named_with_its_nearest():
    _, faults = read(modul="x", retention={"run_days": 3})
    assert "tool.penstock.modul: there is no such setting. Did you mean 'module'?" in faults[0]
    assert "'retention.runs_days'" in faults[1]


def test_the_environment_has_settings_by_their_variables():
    environ = {
        "PENSTOCK_HOME": "/h",
        "PENSTOCK_RETENTION_RUNS_KEEP": "9",
        "PENSTOCK_RUN_ID": "x",
        "PATH": "y",
    }
    layer = from_environment(environ, KEYS, HERE)
    assert layer.values == {"home": "/h", "retention.runs_keep": "9"}
    found, faults = read_layer(layer, KEYS)
    assert not faults
    assert found["retention.runs_keep"].value == 9


def test_an_empty_variable_is_not_given():
    assert from_environment({"PENSTOCK_HOME": ""}, KEYS, HERE).values == {}
