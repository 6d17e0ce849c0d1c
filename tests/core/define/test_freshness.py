"""How old an asset may become, as users write it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from penstock import (
    AssetOut,
    AssetSpec,
    Definitions,
    FreshnessPolicy,
    InvalidDefinitionError,
    apply_freshness_policy,
    asset,
    graph_asset,
    map_asset_specs,
    multi_asset,
    observable_source_asset,
    op,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAILY = FreshnessPolicy.time_window(fail_window=DAY, warn_window=HOUR)
AT_TEN = FreshnessPolicy.cron(deadline_cron="0 10 * * *", lower_bound_delta=HOUR)


def test_a_time_window_has_what_was_given():
    assert (DAILY.fail_window, DAILY.warn_window) == (DAY, HOUR)


def test_a_cron_policy_speaks_of_utc_unless_told():
    assert (AT_TEN.deadline_cron, AT_TEN.lower_bound_delta, AT_TEN.timezone) == ("0 10 * * *", HOUR, "UTC")


def test_policies_of_the_same_words_are_equal():
    again = FreshnessPolicy.time_window(DAY, HOUR)
    assert again == DAILY
    assert hash(again) == hash(DAILY)
    assert FreshnessPolicy.cron("0 10 * * *", HOUR) == AT_TEN


def test_policies_of_other_words_differ():
    assert FreshnessPolicy.time_window(DAY) != DAILY
    assert FreshnessPolicy.cron("0 10 * * *", HOUR, "Europe/Berlin") != AT_TEN
    assert DAILY != AT_TEN


def test_both_kinds_are_freshness_policies():
    assert isinstance(DAILY, FreshnessPolicy)
    assert isinstance(AT_TEN, FreshnessPolicy)


def test_a_minute_is_enough():
    minute = timedelta(minutes=1)
    assert FreshnessPolicy.time_window(minute).fail_window == minute
    assert FreshnessPolicy.cron("* * * * *", minute).lower_bound_delta == minute


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ((timedelta(seconds=59),), "fail_window is a minute or more"),
        ((-DAY,), "fail_window is a minute or more"),
        ((DAY, timedelta(seconds=1)), "warn_window is a minute or more"),
        ((DAY, DAY), "shorter than fail_window"),
        ((HOUR, DAY), "shorter than fail_window"),
        ((5,), "a length of time"),
        ((None,), "a length of time"),
        ((DAY, 5), "a length of time"),
    ],
)
def test_windows_that_do_not_fit_are_refused(windows, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        FreshnessPolicy.time_window(*windows)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("0 10 * *", HOUR), "no cron schedule"),
        (("0 10 30 2 *", HOUR), "no cron schedule"),
        ((5, HOUR), "deadline_cron wants a text"),
        (("0 10 * * *", HOUR, "Europe/Berln"), "Europe/Berlin"),
        (("0 10 * * *", HOUR, None), "timezone wants a text"),
        (("0 10 * * *", timedelta(seconds=59)), "a minute or more"),
        (("0 10 * * *", timedelta(hours=25)), "between two deadlines"),
        (("0 10 * * 1-5", timedelta(hours=36)), "between two deadlines"),
        (("0 10 * * *", None), "a length of time"),
    ],
)
def test_deadlines_that_do_not_fit_are_refused(options, said):
    with pytest.raises(InvalidDefinitionError, match=said):
        FreshnessPolicy.cron(*options)


def test_an_update_may_count_for_the_whole_time_between_two_deadlines():
    assert FreshnessPolicy.cron("0 10 * * *", DAY).lower_bound_delta == DAY


@pytest.mark.parametrize(
    "make", [lambda: AssetSpec("a", freshness_policy=5), lambda: asset(freshness_policy="x")(len)]
)
def test_what_is_no_policy_is_refused_with_the_name_of_the_asset(make):
    with pytest.raises(InvalidDefinitionError, match=r"freshness_policy of asset '(a|len)'"):
        make()


def test_an_out_refuses_what_is_no_policy():
    with pytest.raises(InvalidDefinitionError, match="freshness_policy of an AssetOut"):
        AssetOut(freshness_policy=5)


def test_each_way_to_make_an_asset_keeps_its_policy():
    @asset(freshness_policy=DAILY)
    def one(): ...

    @multi_asset(outs={"a": AssetOut(freshness_policy=DAILY), "b": AssetOut()})
    def outs(): ...

    @multi_asset(specs=[AssetSpec("c", freshness_policy=DAILY)])
    def specs(): ...

    @op
    def made(): ...

    @graph_asset(freshness_policy=DAILY)
    def of_graph():
        return made()

    @observable_source_asset(freshness_policy=DAILY)
    def seen(): ...

    found = {
        spec.key.to_user_string(): spec.freshness_policy
        for made in (one, outs, specs, of_graph, seen)
        for spec in made.specs
    }
    assert found == {"one": DAILY, "a": DAILY, "b": None, "c": DAILY, "of_graph": DAILY, "seen": DAILY}


def test_other_changes_leave_the_policy():
    spec = AssetSpec("a", freshness_policy=DAILY)
    assert spec.replace_attributes(group_name="g").freshness_policy == DAILY
    assert spec.merge_attributes(tags={"a": "b"}).freshness_policy == DAILY
    assert AssetOut.from_spec(spec).freshness_policy == DAILY


def test_a_policy_is_replaced_and_taken_away():
    spec = AssetSpec("a", freshness_policy=DAILY)
    assert spec.replace_attributes(freshness_policy=AT_TEN).freshness_policy == AT_TEN
    assert spec.replace_attributes(freshness_policy=None).freshness_policy is None


def test_applying_a_policy_overwrites_unless_told_not_to():
    spec = AssetSpec("a", freshness_policy=DAILY)
    assert apply_freshness_policy(spec, AT_TEN).freshness_policy == AT_TEN
    assert apply_freshness_policy(spec, AT_TEN, overwrite_existing=False).freshness_policy == DAILY
    assert apply_freshness_policy(AssetSpec("b"), AT_TEN, overwrite_existing=False).freshness_policy == AT_TEN


def test_a_policy_is_applied_to_whole_projects():
    @asset
    def one(): ...

    (mapped,) = map_asset_specs(lambda spec: apply_freshness_policy(spec, DAILY), [one])
    assert mapped.get_asset_spec().freshness_policy == DAILY
    defs = Definitions(assets=[one, AssetSpec("two")])
    mapped = defs.map_asset_specs(func=lambda spec: apply_freshness_policy(spec, DAILY))
    graph = mapped.resolve_asset_graph()
    assert {graph.spec(key).freshness_policy for key in graph.by_key} == {DAILY}


def test_applying_a_policy_to_a_definition_tells_what_to_do():
    @asset
    def one(): ...

    with pytest.raises(InvalidDefinitionError, match="map_asset_specs"):
        apply_freshness_policy(one, DAILY)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (DAILY, "at most 1 d old, warned of from 1 h on"),
        (FreshnessPolicy.time_window(timedelta(hours=36, seconds=61)), "at most 1 d 12 h 1 min 1 s old"),
        (AT_TEN, "updated for each '0 10 * * *' (UTC), from 1 h before on"),
    ],
)
def test_a_policy_reads_as_words(policy, said):
    assert str(policy) == said
