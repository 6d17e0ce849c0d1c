"""Homes, databases and plugins that cannot be used: one screen that says what to do, exit code 2."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

# ---- homes and databases -----------------------------------------------------------------------------------


def test_a_home_that_cannot_be_made_is_named(fine):
    inside = fine.write("file", "")
    fine.refused("materialize", "-f", "fine.py", env={"PENSTOCK_HOME": f"{inside}/home"},
            says=[f"{inside}/home", "Set PENSTOCK_HOME"])  # fmt: skip


def test_a_home_that_is_a_file_is_named(fine):
    inside = fine.write("file", "")
    fine.refused("materialize", "-f", "fine.py", env={"PENSTOCK_HOME": str(inside)},
            says=[str(inside), "Set PENSTOCK_HOME"])  # fmt: skip


def test_a_home_that_may_not_be_written_to_is_named(fine, tmp_path, bound_by_permissions):
    home = tmp_path / "locked"
    home.mkdir(mode=0o555)
    fine.refused("materialize", "-f", "fine.py", env={"PENSTOCK_HOME": str(home)},
            says=[str(home), "may not write there", "set PENSTOCK_HOME"], **bound_by_permissions)  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [("materialize", "-f", "fine.py"), ("run", "list"), ("instance", "info")]
)
def test_a_database_of_a_newer_schema_is_left_alone(fine, arguments):
    assert fine.call("run", "list").code == 0
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (fine.home / "penstock.db").read_bytes()
    fine.refused(*arguments, says=["penstock.db", "schema 99", "newer"])
    assert (fine.home / "penstock.db").read_bytes() == before


def test_a_database_of_an_older_schema_says_how_to_migrate(fine):
    assert fine.call("run", "list").code == 0
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("PRAGMA user_version = 0")
    fine.refused("materialize", "-f", "fine.py", says=["penstock.db", "penstock instance migrate"])


def test_a_database_with_garbage_at_its_beginning_is_named(fine):
    assert fine.call("run", "list").code == 0
    path = fine.home / "penstock.db"
    path.write_bytes(b"garbage garbage garbage" + path.read_bytes()[23:])
    fine.refused("materialize", "-f", "fine.py", says=[str(path), "PENSTOCK_HOME"])


@pytest.mark.parametrize("arguments", [("run", "list"), ("materialize", "-f", "fine.py"), ("asset", "list")])
def test_a_database_with_garbage_in_its_middle_is_named(fine, arguments):
    for _ in range(2):
        assert fine.call("materialize", "-f", "fine.py").code == 0
    path = fine.home / "penstock.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    ended = fine.call(*arguments)
    ended.tell(*arguments)
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    assert str(path) in ended.said
    assert "damaged" in ended.said
    assert len(ended.said.splitlines()) <= 24


def test_a_database_that_is_another_programs_is_left_alone(fine):
    fine.home.mkdir()
    with closing(sqlite3.connect(fine.home / "penstock.db")) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    fine.refused("materialize", "-f", "fine.py", says=["penstock.db", "not one of Penstock"])


# ---- plugins ---------------------------------------------------------------------------------------------


@pytest.fixture
def broken_plugin(fine):
    """Somebody's plugin, installed, that cannot be imported."""
    fine.write("site/broken_plugin.py", "raise RuntimeError('this plugin is for another planet')\n")
    fine.write("site/penstock_broken-1.0.dist-info/METADATA", """\
        Metadata-Version: 2.1
        Name: penstock-broken
        Version: 1.0
    """)  # fmt: skip
    fine.write(
        "site/penstock_broken-1.0.dist-info/entry_points.txt", "[penstock.plugins]\nbroken = broken_plugin\n"
    )
    return {"PYTHONPATH": str(fine.folder / "site")}


def test_a_plugin_that_cannot_be_imported_is_listed_with_its_reason(fine, broken_plugin):
    ended = fine.call("plugins", env=broken_plugin)
    ended.tell("plugins")
    assert ended.code == 0
    assert "penstock-broken" in ended.said
    assert "another planet" in ended.said
    assert "Traceback" not in ended.said


def test_a_plugin_that_cannot_be_imported_harms_nobody_who_does_not_name_it(fine, broken_plugin):
    ended = fine.call("materialize", "-f", "fine.py", env=broken_plugin)
    assert ended.code == 0, ended.said
    assert "planet" not in ended.said


def test_a_plugin_that_cannot_be_imported_is_fatal_when_it_is_named(fine, broken_plugin):
    fine.refused("materialize", "-f", "fine.py", env={**broken_plugin, "PENSTOCK_PLUGINS": "broken"},
            says=["broken", "another planet"])  # fmt: skip


def test_an_executor_that_only_a_broken_plugin_may_have_is_told_with_its_reason(fine, broken_plugin):
    fine.refused("materialize", "-f", "fine.py", "--executor", "broken", env=broken_plugin, says=["'broken'"])
