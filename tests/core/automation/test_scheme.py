"""Which assets one run makes together, and in which waves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penstock import AssetDep, AssetSpec, BackfillPolicy, StaticPartitionsDefinition, job, multi_asset, op
from penstock.automation.scheme import scheme_of_job
from penstock.errors import InvalidInvocationError

sys.path.insert(0, str(Path(__file__).parent))
from graphs import DAYS, WEEKS, YESTERDAY, made, scheme, units, year


def test_the_same_partitions_are_made_together_and_others_in_later_waves():
    found = units(scheme(*year()))
    assert [wave for wave, _ in found] == [0, 1, 1, 1, 2]
    assert [names for _, names in found if len(names) > 1] == [{"raw", "clean"}]
    assert found[-1] == (2, {"report"})


def test_a_policy_of_its_own_makes_a_run_of_its_own():
    single = BackfillPolicy.single_run()
    found = scheme(made("a", DAYS, policy=single), made("b", DAYS, ["a"], single), made("c", DAYS, ["b"]))
    assert units(found) == [(0, {"a", "b"}), (1, {"c"})]
    assert [unit.per_run for unit in found.units] == [None, 1]


def test_what_reads_the_day_before_of_another_waits_for_it():
    found = scheme(made("a", DAYS), made("b", DAYS, [AssetDep("a", partition_mapping=YESTERDAY)]))
    assert units(found) == [(0, {"a"}), (1, {"b"})]


def test_assets_around_another_kind_of_partitions_are_not_made_together():
    found = scheme(made("a", DAYS), made("w", WEEKS, ["a"]), made("b", DAYS, ["a", "w"]))
    assert units(found) == [(0, {"a"}), (1, {"w"}), (2, {"b"})]


def test_assets_without_partitions_are_made_together():
    assert units(scheme(made("a"), made("b", deps=["a"]))) == [(0, {"a", "b"})]


def test_what_reads_itself_is_alone_and_in_order():
    (first, second) = scheme(
        made("a", DAYS), made("b", DAYS, ["a", AssetDep("b", partition_mapping=YESTERDAY)])
    ).units
    assert (first.in_order, second.in_order) == (False, True)


def test_a_function_that_cannot_be_split_makes_all_its_assets_in_one_run():
    above = made("above", DAYS)

    @multi_asset(
        specs=[AssetSpec("x", deps=["above"]), AssetSpec("y", deps=[AssetDep("w")])], partitions_def=DAYS
    )
    def both(): ...

    found = scheme(above, made("w", WEEKS, ["above"]), both)
    assert units(found) == [(0, {"above"}), (1, {"w"}), (2, {"x", "y"})]


def test_a_function_that_cannot_be_split_with_two_kinds_of_partitions_is_refused():
    letters = StaticPartitionsDefinition(["a"])

    @multi_asset(specs=[AssetSpec("x", partitions_def=DAYS), AssetSpec("y", partitions_def=DAYS)])
    def both(): ...

    def parted(spec):
        return spec.replace_attributes(partitions_def=letters) if spec.key.path[-1] == "y" else spec

    both = both.map_asset_specs(parted)
    with pytest.raises(InvalidInvocationError, match="made by one function"):
        scheme(both)


def test_a_chain_of_thousands_is_one_unit():
    chain = [made("a0", DAYS), *(made(f"a{n}", DAYS, [f"a{n - 1}"]) for n in range(1, 3000))]
    (unit,) = scheme(*chain).units
    assert len(unit.places) == 3000


def test_a_job_is_one_part_that_takes_one_partition_a_run():
    @op
    def nothing(): ...

    @job(partitions_def=DAYS)
    def nightly():
        nothing()

    found = scheme_of_job(nightly)
    assert [(part.name, part.per_run) for part in found.parts] == [("nightly", 1)]


def test_a_job_without_partitions_is_refused():
    @op
    def nothing(): ...

    @job
    def nightly():
        nothing()

    with pytest.raises(InvalidInvocationError, match="has no partitions"):
        scheme_of_job(nightly)
