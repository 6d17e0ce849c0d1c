from __future__ import annotations

import pytest

from penstock.define.graph_decorator import graph
from penstock.define.op import op
from penstock.define.wiring_checks import definitions_in, nodes_by_path, open_inputs, refuse_clashing_names
from penstock.errors import InvalidDefinitionError


@op
def one():
    return 1


@op
def join(a, b, c):
    return a, b, c


@graph
def inner(a, b):
    return join(a, b=[b])


@graph
def outer(b):
    inner(b=b)
    inner.alias("again")(a=one(), b=one())


def test_inputs_without_a_source_are_found_at_any_depth():
    assert [(".".join(found.path), found.input.name) for found in open_inputs(outer)] == [
        ("inner.join", "a"),
        ("inner.join", "c"),
        ("again.join", "c"),
    ]


def test_definitions_are_found_at_any_depth():
    assert [made.name for made in definitions_in(outer)] == ["inner", "join", "one", "one", "inner", "join"]
    assert [".".join(path) for path, _ in nodes_by_path(outer)] == [
        "inner", "inner.join", "one", "one_2", "again", "again.join",
    ]  # fmt: skip


def test_one_name_means_one_definition_over_several_graphs():
    @op(name="one")
    def other(): ...

    @graph
    def alone():
        other()

    refuse_clashing_names([outer, inner])
    with pytest.raises(InvalidDefinitionError, match="'one'"):
        refuse_clashing_names([outer, alone])
