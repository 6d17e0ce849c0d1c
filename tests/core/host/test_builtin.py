from __future__ import annotations

import pytest

from penstock.host import builtin
from penstock.host.registry import open_registry
from penstock.plugins.registry import KINDS
from penstock.tables import registry as tables

REGISTRY = open_registry("none", {})


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in KINDS for name in REGISTRY.names(kind)], ids=str
)
def test_what_is_built_in_can_be_imported(kind, name):
    assert REGISTRY.resolve(kind, name) is not None


def test_what_is_built_in_has_no_problem():
    assert REGISTRY.problems == ()


def test_table_types_are_those_that_tables_know_from_the_start():
    known = {name: target for name, target in tables._targets.items() if isinstance(target, str)}
    assert dict(builtin.TYPE_HANDLERS).items() <= known.items()


def test_tracing_writes_to_standard_error(capsys):
    open_registry("none", {"PENSTOCK_TRACE_PLUGINS": "1"}).names("command")
    assert "penstock_commands" in capsys.readouterr().err


def test_tracing_is_off_by_default(capsys):
    open_registry("none", {"PENSTOCK_TRACE_PLUGINS": "0"}).names("command")
    assert capsys.readouterr().err == ""
