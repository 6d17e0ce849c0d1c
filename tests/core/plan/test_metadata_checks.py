"""Whether what was recorded with materializations is as it should be."""

from __future__ import annotations

import pytest

from penstock.define.metadata_checks import Bounds
from penstock.events.values import as_metadata
from penstock.metadata import TableColumn, TableSchema
from penstock.plan.metadata_checks import SCHEMA_KEY, judge_bounds, judge_schemas


def facts(*columns):
    return as_metadata({SCHEMA_KEY: TableSchema([TableColumn(*one) for one in columns])})


X, Y = ("x", "int"), ("y", "string")


@pytest.mark.parametrize("latest", [[], [{}]])
def test_with_nothing_to_compare_the_columns_pass(latest):
    assert judge_schemas(latest)[0]


@pytest.mark.parametrize(
    ("latest", "said"), [([{}, facts(X)], "latest materialization"), ([facts(X), {}], "before the latest")]
)
def test_a_materialization_without_columns_does_not_pass(latest, said):
    passed, words = judge_schemas(latest)
    assert not passed
    assert said in words


@pytest.mark.parametrize("newer", [(X, Y), (Y, X), (("x", "int", "described"), Y)])
def test_order_and_descriptions_of_columns_do_not_matter(newer):
    assert judge_schemas([facts(*newer), facts(X, Y)])[0]


def test_every_change_of_columns_is_told():
    passed, words = judge_schemas([facts(("x", "float"), ("z", "int")), facts(X, Y)])
    assert not passed
    assert words == "The columns have changed. Added: z. Removed: y. Of another type: x (int is now float)."


@pytest.mark.parametrize(
    ("bounds", "value", "expected"),
    [
        ({"min_value": 1}, 1, True),
        ({"min_value": 1}, 0.99, False),
        ({"min_value": 1, "exclusive_min": True}, 1, False),
        ({"max_value": 5}, 5, True),
        ({"max_value": 5}, 6, False),
        ({"max_value": 5, "exclusive_max": True}, 5, False),
        ({"min_value": 1, "max_value": 5}, 3, True),
        ({"min_value": 1, "max_value": 5}, float("nan"), False),
        ({"min_value": 1}, "x", False),
        ({"min_value": 1}, None, False),
    ],
)
def test_a_number_is_to_be_within_its_bounds(bounds, value, expected):
    passed, words = judge_bounds(Bounds(metadata_key="n", **bounds), as_metadata({"n": value}))
    assert passed is expected
    assert "'n' is " in words


def test_a_number_that_is_missing_does_not_pass():
    bounds = Bounds(metadata_key="n", min_value=1)
    assert judge_bounds(bounds, None) == (False, "It was never made.")
    assert judge_bounds(bounds, {}) == (False, "The latest materialization has no 'n'.")


def test_bounds_read_as_words():
    both = Bounds(metadata_key="n", min_value=1, max_value=5, exclusive_max=True)
    assert str(both) == "at least 1 and less than 5"
    assert str(Bounds(metadata_key="n", min_value=1, exclusive_min=True)) == "more than 1"
    assert str(Bounds(metadata_key="n", max_value=5)) == "at most 5"
