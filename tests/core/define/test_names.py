from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.names import as_tags, checked_name, checked_slot
from penstock.errors import InvalidDefinitionError


@given(st.from_regex(r"[A-Za-z0-9_]+", fullmatch=True).map(lambda name: f"n{name}_"))
def test_letters_digits_and_underscores_make_a_name(name):
    assert checked_name(name, "op") == name


@given(
    st.text().filter(
        lambda text: not all(c.isascii() and (c.isalnum() or c == "_") for c in text) or not text
    )
)
def test_anything_else_makes_none(name):
    with pytest.raises(InvalidDefinitionError):
        checked_name(name, "op")


@pytest.mark.parametrize("name", ["class", "context", "input", "type", "lambda"])
def test_reserved_words_are_no_names_of_nodes(name):
    with pytest.raises(InvalidDefinitionError, match="reserved"):
        checked_name(name, "op")


def test_a_refused_name_comes_with_a_proposal():
    with pytest.raises(InvalidDefinitionError, match="Try 'not_a_name'"):
        checked_name("not-a-name", "op")


def test_inputs_may_be_called_type_but_not_class():
    assert checked_slot("type", "input", "f") == "type"
    with pytest.raises(InvalidDefinitionError, match="class"):
        checked_slot("class", "input", "f")


def test_tag_values_become_text():
    assert as_tags({"a": "x", "b": 4, "c": [1, {"d": None}]}, "f") == {
        "a": "x",
        "b": "4",
        "c": '[1, {"d": null}]',
    }


@pytest.mark.parametrize("tags", [{"a": object()}, {1: "a"}])
def test_tags_that_cannot_be_written_are_refused(tags):
    with pytest.raises(InvalidDefinitionError, match="'f'"):
        as_tags(tags, "f")
