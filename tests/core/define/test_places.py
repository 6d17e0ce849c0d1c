"""Places: a function is found again below the definition that took its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "host"))

import travelling

from penstock import op
from penstock.define.places import function_at, place_of
from penstock.errors import InvalidDefinitionError


def test_a_decorated_function_has_a_place():
    function = travelling.worked.fn
    assert place_of(function) == ("travelling", "worked")
    assert function_at("travelling", "worked") is function


@pytest.mark.parametrize("name", ["made", "worked", "held"])
def test_whatever_the_decorator_made_of_it(name):
    found = function_at("travelling", name)
    assert (found.__module__, found.__qualname__) == ("travelling", name)


def test_one_inside_a_class_has_a_place_too():
    assert function_at("travelling", "Outer.nested").__qualname__ == "Outer.nested"


def test_a_function_that_keeps_its_name_needs_no_place():
    assert place_of(travelling.plain) is None


def test_a_local_function_has_no_place():
    @op
    def local(): ...

    assert place_of(local.fn) is None


def test_one_whose_name_stands_for_another_has_no_place(monkeypatch):
    monkeypatch.setattr(travelling, "worked", travelling.made)
    found = travelling.in_graph
    assert found is not None
    function = next(iter(found.node.nodes.values())).definition.fn
    assert place_of(function) is None


def test_other_code_in_the_other_process_is_named(monkeypatch):
    monkeypatch.setattr(travelling, "worked", 3)
    with pytest.raises(InvalidDefinitionError, match=r"'worked' of module 'travelling', found 3.*same code"):
        function_at("travelling", "worked")
