"""What a backfill is to make, from what was asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penstock import PartitionMapping, StaticPartitionsDefinition
from penstock.automation.targets import Asked, targets
from penstock.define.specs import AssetDep
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, UnknownPartitionError

sys.path.insert(0, str(Path(__file__).parent))
from graphs import DAYS, VIEW, made, scheme, year


def asked_of(found, asked):
    wanted = targets(found, asked, VIEW)
    return {found.parts[place].name: list(subset) for place, subset in wanted.items()}


def test_a_range_is_mapped_down_to_what_reads_it():
    found = asked_of(scheme(*year()), Asked(first="2024-01-12", last="2024-01-15"))
    assert found["raw"] == found["batch"] == ["2024-01-12", "2024-01-13", "2024-01-14", "2024-01-15"]
    assert found["weekly"] == ["2024-01-07", "2024-01-14"]
    assert found["report"] == ["once"]


def test_an_end_of_a_range_may_be_left_out():
    found = asked_of(scheme(made("a", DAYS)), Asked(first="2024-02-10"))
    assert found["a"] == ["2024-02-10", "2024-02-11"]


def test_everything_is_everything_of_each():
    found = asked_of(scheme(*year()), Asked(everything=True))
    assert (len(found["raw"]), len(found["weekly"])) == (42, 5)


def test_keys_may_be_anywhere():
    found = asked_of(scheme(made("a", DAYS)), Asked(keys=("2024-02-10", "2024-01-03")))
    assert found["a"] == ["2024-01-03", "2024-02-10"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(keys=("2024-1-3",)), "2024-01-03"),
        (Asked(keys=("2025-01-03",)), "2025-01-03"),
        (Asked(first="2024-02-01", last="2024-01-01"), "2024-02-01"),
        (Asked(first="2023-02-01"), "2023-02-01"),
    ],
)
def test_partitions_that_cannot_be_are_named(asked, message):
    with pytest.raises(UnknownPartitionError, match=message):
        targets(scheme(made("a", DAYS)), asked, VIEW)


def test_partitions_must_be_asked_for():
    with pytest.raises(InvalidInvocationError, match="is partitioned"):
        targets(scheme(made("a", DAYS)), Asked(), VIEW)


def test_what_has_no_partitions_takes_none():
    with pytest.raises(InvalidInvocationError, match="has no partitions"):
        targets(scheme(made("a")), Asked(keys=("x",)), VIEW)


def test_of_two_definitions_none_is_chosen_at_random():
    found = scheme(made("a", DAYS), made("b", StaticPartitionsDefinition(["x"])))
    with pytest.raises(InvalidInvocationError, match="two definitions"):
        targets(found, Asked(keys=("x",)), VIEW)


class Raising(PartitionMapping):
    """Of somebody who erred."""

    def get_upstream_mapped_partitions_result_for_partitions(self, *args, **kwargs):
        raise ZeroDivisionError("never")


def test_a_mapping_that_raises_is_named():
    letters = StaticPartitionsDefinition(["x"])
    found = scheme(made("a", DAYS), made("b", letters, [AssetDep("a", partition_mapping=Raising())]))
    with pytest.raises(InvalidDefinitionError, match="Raising"):
        targets(found, Asked(first="2024-01-01"), VIEW)
