"""What is left of definitions when some fail, and what is told of it."""

from __future__ import annotations

import sys
import textwrap

import pytest

from penstock.host.inspection import inspect_code
from penstock.host.user_code import CodeSource


@pytest.fixture
def inspect(tmp_path, monkeypatch):
    """Inspects one file."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def inspect_text(text, attribute=None):
        file = tmp_path / "code_under_test.py"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return inspect_code(CodeSource(file=file, attribute=attribute, folder=tmp_path))

    yield inspect_text
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def lines(inspected):
    return [int(fault.where.rpartition(":")[2] or 0) for fault in inspected.faults]


def test_sound_code_is_imported_once_and_comes_with_its_definitions(inspect):
    found = inspect("from penstock import asset\nruns = []\nruns.append(1)\n@asset\ndef a(): ...\n")
    assert found.faults == ()
    assert found.code.module.runs == [1]


def test_a_definitions_that_fails_leaves_the_loose_ones_to_be_looked_at(inspect):
    found = inspect(
        """\
        from penstock import Definitions, asset

        @asset
        def a(): ...

        @asset(key="a")
        def b(): ...

        @asset(required_resource_keys={"db"})
        def c(x): ...

        defs = Definitions(assets="a", resources={"db": 1})
        """
    )
    assert lines(found) == [6, 12]


def test_a_name_that_fails_and_is_named_falls_back_too(inspect):
    text = "from penstock import Definitions, asset\n@asset\ndef a(): ...\nmine = Definitions(5)\n"
    assert lines(inspect(text, attribute="mine")) == [4]


def test_a_list_that_holds_what_failed_is_looked_at_without_it(inspect):
    found = inspect(
        """\
        from penstock import Definitions, asset

        @asset(owners=["x"])
        def a(): ...

        everything = [a]

        @asset
        def b(nothing, a): ...

        everything.append(b)
        defs = Definitions(assets=[everything, b])
        """
    )
    assert lines(found) == [3, 8]


def test_an_error_in_a_factory_is_told_once_a_call(inspect):
    found = inspect(
        """\
        from penstock import asset

        def make(n):
            @asset(name=f"a{n}", owners=[f"{n}"])
            def made(): ...
            return made

        assets = [make(n) for n in range(3)]
        """
    )
    assert lines(found) == [4, 4, 4]


def test_code_that_holds_nothing_is_told_as_ever(inspect):
    (fault,) = inspect("x = 1\n").faults
    assert "holds no definitions" in fault.message


def test_a_missing_file_is_told_as_ever(tmp_path):
    (fault,) = inspect_code(CodeSource(file=tmp_path / "none.py", folder=tmp_path)).faults
    assert "There is no file" in fault.message
