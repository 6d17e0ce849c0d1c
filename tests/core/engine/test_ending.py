"""What a step answers becomes stored outputs and events; nothing is published before its checks passed."""

from __future__ import annotations

import pytest

from penstock import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetOut,
    AssetSpec,
    DataVersion,
    DataVersionsByPartition,
    DynamicOut,
    DynamicOutput,
    IOManager,
    MaterializeResult,
    ObserveResult,
    Out,
    Output,
    RetryPolicy,
    asset,
    asset_check,
    job,
    materialize,
    multi_asset,
    observable_source_asset,
    op,
)
from penstock.define.asset_job import build_asset_job
from penstock.errors import CheckFailedError, InvalidSubsetError
from penstock.events import values as v

BLOCKING = AssetCheckSpec("positive", asset="orders", blocking=True)


class Shelf(IOManager):
    """Remembers what was stored, in order."""

    def __init__(self):
        self.stored = {}

    def handle_output(self, context, obj):
        self.stored[context.get_identifier()[-1]] = obj
        context.add_output_metadata({"place": "shelf"})

    def load_input(self, context):
        return self.stored[context.get_identifier()[-1]]


def made(*assets, **options):
    """The result of making assets, and the values that reached the I/O manager."""
    shelf = Shelf()
    result = materialize(list(assets), resources={"io_manager": shelf}, raise_on_error=False, **options)
    return result, shelf.stored


def kinds(result, step):
    return [
        type(event).__name__
        for event in result.happened
        if isinstance(event, v.StepHappened) and event.step == step
    ]


def error_of(result):
    return next(event.error for event in result.happened if isinstance(event, v.StepFailed))


# ---- blocking checks inside the step ---------------------------------------------------------------


@pytest.mark.parametrize("says_check_first", [True, False])
@pytest.mark.parametrize("passed", [True, False])
def test_an_output_is_published_only_when_its_blocking_checks_passed(passed, says_check_first):
    @asset(check_specs=[BLOCKING])
    def orders():
        said = [AssetCheckResult(passed=passed), Output(1)]
        yield from said if says_check_first else reversed(said)

    @asset
    def report(orders):
        return orders

    result, stored = made(orders, report)
    assert result.success == passed
    assert stored == ({"orders": 1, "report": 1} if passed else {})
    assert bool(result.get_asset_materialization_events()) == passed


def test_a_blocked_output_leaves_its_evaluation_and_the_failure():
    @asset(check_specs=[BLOCKING])
    def orders():
        return MaterializeResult(value=1, check_results=[AssetCheckResult(passed=False)])

    result, _ = made(orders)
    assert kinds(result, "orders") == ["StepStarted", "CheckEvaluated", "StepFailed"]
    assert error_of(result).cls_name == "CheckFailedError"
    assert "orders:positive" in error_of(result).message


def test_a_warning_blocks_nothing():
    @asset(check_specs=[BLOCKING])
    def orders():
        warning = AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN)
        return MaterializeResult(value=1, check_results=[warning])

    result, stored = made(orders)
    assert (result.success, stored) == (True, {"orders": 1})


def test_a_check_that_does_not_block_lets_the_output_pass():
    @asset(check_specs=[AssetCheckSpec("positive", asset="orders")])
    def orders():
        return MaterializeResult(value=1, check_results=[AssetCheckResult(passed=False)])

    result, stored = made(orders)
    assert (result.success, stored) == (True, {"orders": 1})


def test_an_output_whose_blocking_check_was_forgotten_is_not_published():
    @asset(check_specs=[BLOCKING])
    def orders():
        return 1

    result, stored = made(orders)
    assert (result.success, stored) == (False, {})
    assert "without a result for its check orders:positive" in error_of(result).message


def test_other_outputs_of_the_step_are_published():
    @multi_asset(
        outs={"orders": AssetOut(), "lines": AssetOut()},
        check_specs=[BLOCKING, AssetCheckSpec("whole", asset="lines", blocking=True)],
    )
    def both():
        yield MaterializeResult(asset_key="orders", value=1)
        yield MaterializeResult(asset_key="lines", value=2)
        yield AssetCheckResult(passed=False, asset_key="orders", check_name="positive")
        yield AssetCheckResult(passed=True, asset_key="lines", check_name="whole")

    result, stored = made(both)
    assert (result.success, stored) == (False, {"lines": 2})


def test_a_failed_check_can_be_retried():
    attempts = []

    @asset(check_specs=[BLOCKING], retry_policy=RetryPolicy(1))
    def orders():
        attempts.append(1)
        return MaterializeResult(value=1, check_results=[AssetCheckResult(passed=len(attempts) == 2)])

    result, stored = made(orders)
    assert (result.success, stored) == (True, {"orders": 1})


def test_the_caller_gets_the_error_of_a_blocking_check():
    @asset(check_specs=[BLOCKING])
    def orders():
        return MaterializeResult(value=1, check_results=[AssetCheckResult(passed=False)])

    with pytest.raises(CheckFailedError, match="orders:positive"):
        materialize([orders])


# ---- blocking checks of their own ------------------------------------------------------------------


def checked(*, blocking, passed, severity=AssetCheckSeverity.ERROR):
    @asset
    def orders():
        return 1

    @asset_check(asset=orders, blocking=blocking)
    def positive(orders):
        if passed is None:
            raise ValueError("broken")
        return AssetCheckResult(passed=passed, severity=severity)

    @asset
    def report(orders):
        return orders

    return made(orders, positive, report)


def test_a_blocking_check_stops_what_is_downstream():
    result, stored = checked(blocking=True, passed=False)
    assert (result.success, stored) == (False, {"orders": 1})
    assert result.is_node_untouched("report")


@pytest.mark.parametrize(
    ("blocking", "passed", "severity"),
    [
        (True, True, AssetCheckSeverity.ERROR),
        (True, False, AssetCheckSeverity.WARN),
        (False, False, AssetCheckSeverity.ERROR),
    ],
)
def test_every_other_check_lets_it_run(blocking, passed, severity):
    result, stored = checked(blocking=blocking, passed=passed, severity=severity)
    assert (result.success, stored) == (True, {"orders": 1, "report": 1})


def test_a_check_that_raises_fails_the_run_after_the_rest():
    result, stored = checked(blocking=False, passed=None)
    assert (result.success, stored) == (False, {"orders": 1, "report": 1})


# ---- outputs ---------------------------------------------------------------------------------------


def test_an_output_that_is_not_declared_is_refused():
    @op
    def wrong():
        yield Output(1, "other")

    result = alone(wrong)
    assert "gave an output named 'other'; it has result" in error_of(result).message


def alone(one):
    @job
    def made_of():
        one()

    return made_of.execute_in_process(raise_on_error=False)


def test_an_output_comes_once():
    @op
    def twice():
        yield Output(1)
        yield Output(2)

    assert "more than once" in error_of(alone(twice)).message


def test_a_mapping_key_comes_once():
    @op(out=DynamicOut())
    def twice():
        yield DynamicOutput(1, "a")
        yield DynamicOutput(2, "a")

    assert "'result' with mapping key 'a' more than once" in error_of(alone(twice)).message


def test_a_plain_output_is_not_dynamic():
    @op
    def wrong():
        yield DynamicOutput(1, "a")

    assert "wants Output, found DynamicOutput" in error_of(alone(wrong)).message


def test_a_missing_output_is_named():
    @op(out={"a": Out(), "b": Out()})
    def partly():
        yield Output(1, "a")

    assert "required output b" in error_of(alone(partly)).message


def test_an_optional_output_may_be_missing_and_its_readers_are_skipped():
    @op(out=Out(is_required=False))
    def rare():
        yield from ()

    @op
    def reader(x):
        return x

    @job
    def both():
        reader(rare())

    result = both.execute_in_process()
    assert result.is_node_skipped("reader")


def test_none_is_a_value():
    @asset
    def nothing():
        return None

    assert made(nothing)[1] == {"nothing": None}


def test_an_asset_annotated_to_return_nothing_stores_nothing():
    @asset
    def nothing() -> None:
        pass

    result, stored = made(nothing)
    assert stored == {}
    assert [e.asset_key for e in result.get_asset_materialization_events()] == [AssetKey("nothing")]


def test_a_result_without_a_value_stores_nothing():
    @asset
    def nothing():
        return MaterializeResult(metadata={"rows": 0})

    result, stored = made(nothing)
    (event,) = result.get_asset_materialization_events()
    assert (stored, event.materialization.metadata["rows"].value) == ({}, 0)


# ---- metadata and versions -------------------------------------------------------------------------


def test_metadata_from_everywhere_meets_on_the_materialization():
    @asset
    def orders(context):
        context.add_output_metadata({"a": 1})
        context.add_asset_metadata({"b": 2})
        return Output(1, metadata={"c": 3})

    (event,) = made(orders)[0].get_asset_materialization_events()
    found = {name: value.value for name, value in event.materialization.metadata.items()}
    assert found == {"a": 1, "b": 2, "c": 3, "place": "shelf"}


def test_the_metadata_of_an_op_is_on_its_output():
    @op
    def one(context):
        context.add_output_metadata({"a": 1})
        return Output(1, metadata={"b": 2})

    (event,) = [e for e in alone(one).happened if isinstance(e, v.OutputProduced)]
    assert set(event.metadata) == {"a", "b"}


def version(result, key):
    facts = [e.materialization for e in result.get_asset_materialization_events()]
    return next(f.tags[v.DATA_VERSION_TAG] for f in facts if f.asset_key == AssetKey(key))


def test_a_data_version_follows_from_code_and_what_was_read():
    def chain(code):
        @asset(code_version=code)
        def raw():
            return 1

        @asset(code_version="1")
        def clean(raw):
            return raw

        return made(raw, clean)[0]

    one, same, other = chain("1"), chain("1"), chain("2")
    assert version(one, "clean") == version(same, "clean") != version(other, "clean")


def test_a_data_version_that_the_code_gives_counts():
    @asset
    def raw():
        return Output(1, data_version=DataVersion("mine"))

    assert version(made(raw)[0], "raw") == "mine"


# ---- several assets in one step --------------------------------------------------------------------


def test_selected_assets_of_a_subset_are_enough():
    @multi_asset(outs={name: AssetOut(is_required=False) for name in "abc"}, can_subset=True)
    def several(context):
        for key in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key, value=1)

    _, stored = made(several, selection=["a", "c"])
    assert set(stored) == {"a", "c"}


def test_a_step_that_cannot_be_taken_apart_refuses_a_part():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def several():
        yield MaterializeResult(asset_key="a")
        yield MaterializeResult(asset_key="b")

    with pytest.raises(InvalidSubsetError):
        build_asset_job("part", [several], ["a"])


def test_a_skippable_asset_may_be_left_out():
    @multi_asset(outs={"a": AssetOut(is_required=False), "b": AssetOut(is_required=False)})
    def several():
        yield Output(1, "b")

    @asset
    def after_a(a):
        return a

    @asset
    def after_b(b):
        return b

    result, stored = made(several, after_a, after_b)
    assert (result.success, set(stored)) == (True, {"b", "after_b"})
    assert result.is_node_skipped("after_a")


def test_a_spec_that_is_not_skippable_is_made_by_the_end_of_the_step():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def several():
        yield MaterializeResult(asset_key="a")

    keys = [e.asset_key for e in made(several)[0].get_asset_materialization_events()]
    assert keys == [AssetKey("a"), AssetKey("b")]


def test_internal_dependencies_are_what_a_data_version_follows():
    def both(code):
        @multi_asset(
            outs={
                "a": AssetOut(code_version=code),
                "b": AssetOut(code_version="1"),
            },
            internal_asset_deps={"a": set(), "b": {AssetKey("a")}},
        )
        def several():
            return 1, 2

        return several

    assert made(both("1"))[0].success


def test_a_result_for_no_particular_asset_is_refused_where_there_are_several():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def several():
        yield MaterializeResult()

    assert "no asset_key; it makes a, b" in error_of(made(several)[0]).message


def test_a_result_for_a_strange_asset_is_refused():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def several():
        yield MaterializeResult(asset_key="c")

    assert "asset_key 'c'; it makes a, b" in error_of(made(several)[0]).message


def test_an_unnamed_check_result_is_refused_where_there_are_several():
    @asset(check_specs=[AssetCheckSpec("one", asset="orders"), AssetCheckSpec("two", asset="orders")])
    def orders():
        yield Output(1)
        yield AssetCheckResult(passed=True)

    assert "fits 2 of its declared checks" in error_of(made(orders)[0]).message


def test_checks_of_one_name_on_several_assets_are_told_apart():
    @multi_asset(
        specs=[AssetSpec("a"), AssetSpec("b")],
        check_specs=[AssetCheckSpec("fresh", asset="a"), AssetCheckSpec("fresh", asset="b")],
    )
    def several():
        yield MaterializeResult(asset_key="a", check_results=[AssetCheckResult(passed=True)])
        yield MaterializeResult(asset_key="b", check_results=[AssetCheckResult(passed=False)])

    found = made(several)[0].get_asset_check_evaluations()
    assert [(one.asset_key.to_user_string(), one.passed) for one in found] == [("a", True), ("b", False)]


def test_a_skippable_spec_may_be_left_out():
    @multi_asset(specs=[AssetSpec("a", skippable=True), AssetSpec("b", skippable=True)])
    def several():
        yield MaterializeResult(asset_key="b")

    keys = [e.asset_key for e in made(several)[0].get_asset_materialization_events()]
    assert keys == [AssetKey("b")]


# ---- observations and loose events -----------------------------------------------------------------


def test_events_that_are_logged_are_recorded_in_order():
    @op
    def talks(context):
        context.log_event(AssetMaterialization("made"))
        context.log_event(AssetObservation("seen"))
        return 1

    names = kinds(alone(talks), "talks")
    assert names.index("AssetMaterialized") < names.index("AssetObserved") < names.index("StepSucceeded")


def test_what_is_logged_before_an_answer_is_recorded_before_it():
    @op
    def talks(context):
        context.log_event(AssetMaterialization("first"))
        yield AssetMaterialization("second")
        context.log_event(AssetMaterialization("third"))
        yield Output(1)

    made = alone(talks).get_asset_materialization_events()
    assert [one.asset_key.to_user_string() for one in made] == ["first", "second", "third"]


def test_something_else_cannot_be_logged():
    @op
    def talks(context):
        context.log_event("hello")

    assert "logged a str" in error_of(alone(talks)).message


def observed(source):
    job = build_asset_job("look", [source], [source.key])
    return job.execute_in_process(raise_on_error=False)


def test_an_observation_tells_a_data_version():
    @observable_source_asset
    def source():
        return DataVersion("7")

    (event,) = observed(source).get_asset_observation_events()
    assert event.asset_observation_data.asset_observation.data_version == "7"


def test_an_observation_may_tell_a_version_of_each_partition():
    @observable_source_asset
    def source():
        return DataVersionsByPartition({"a": "1", "b": "2"})

    facts = [e.observation for e in observed(source).happened if isinstance(e, v.AssetObserved)]
    assert {fact.partition: fact.data_version for fact in facts} == {"a": "1", "b": "2"}


def test_an_observation_may_come_with_metadata():
    @observable_source_asset
    def source():
        return ObserveResult(metadata={"rows": 3}, data_version=DataVersion("1"))

    (fact,) = [e.observation for e in observed(source).happened if isinstance(e, v.AssetObserved)]
    assert (fact.metadata["rows"].value, fact.data_version) == (3, "1")


def test_an_observation_of_something_else_is_refused():
    @observable_source_asset
    def source():
        return 7

    assert "gave a int" in error_of(observed(source)).message
