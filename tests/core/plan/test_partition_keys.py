"""What keys alone tell: the one, the range, the window."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock import (
    DailyPartitionsDefinition,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
)
from penstock.errors import InvariantViolationError
from penstock.plan.partition_keys import key_range, only_partition, time_window

DAYS = DailyPartitionsDefinition("2024-01-01")
ZONES = StaticPartitionsDefinition(["n", "s"])


def test_the_only_key_is_that_of_one():
    assert only_partition(["a"], "x") == "a"


@pytest.mark.parametrize("keys", [[], ["a", "b"]])
def test_none_or_several_have_no_only_key(keys):
    with pytest.raises(InvariantViolationError, match="One partition key was asked for"):
        only_partition(keys, "x")


def test_a_range_goes_from_the_first_to_the_last():
    found = key_range(["a", "b", "c"], "x")
    assert (found.start, found.end) == ("a", "c")


def test_nothing_has_no_range():
    with pytest.raises(InvariantViolationError, match="the run has no partition"):
        key_range([], "the run")


def test_a_window_goes_from_the_start_of_the_first_to_the_end_of_the_last():
    found = time_window(DAYS, ["2024-01-02", "2024-01-03"], "x")
    assert found == (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC))


def test_the_window_of_several_dimensions_is_that_of_time():
    grid = MultiPartitionsDefinition({"zone": ZONES, "day": DAYS})
    found = time_window(grid, [MultiPartitionKey({"zone": "n", "day": "2024-01-02"})], "x")
    assert found == (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize("definition", [None, ZONES, MultiPartitionsDefinition({"zone": ZONES})])
def test_what_is_no_time_has_no_window(definition):
    with pytest.raises(InvariantViolationError, match="window of time was asked for"):
        time_window(definition, ["n"], "x")
