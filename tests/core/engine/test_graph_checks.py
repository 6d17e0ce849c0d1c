"""Checks that ops evaluate inside the graph that makes their asset."""

from __future__ import annotations

import pytest

from penstock import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetOut,
    InvalidDefinitionError,
    Out,
    Output,
    asset,
    graph,
    graph_asset,
    graph_multi_asset,
    materialize,
    op,
)
from penstock.errors import InvariantViolationError


@op
def number():
    return 1


@op
def is_one(value):
    return AssetCheckResult(passed=value == 1)


@op
def is_two(value):
    return AssetCheckResult(passed=value == 2)


def checked_by(verdict, **said):
    @graph_asset(check_specs=[AssetCheckSpec("right", asset="total", **said)])
    def total():
        value = number()
        return {"result": value, "total_right": verdict(value)}

    return total


@asset
def after(total):
    return total


def outcome(*assets):
    result = materialize(assets, raise_on_error=False)
    found = [(one.check_name, one.passed) for one in result.get_asset_check_evaluations()]
    made = sorted(one.asset_key.to_user_string() for one in result.get_asset_materialization_events())
    return result.success, found, made


def test_an_op_gives_the_verdict():
    assert outcome(checked_by(is_one), after) == (True, [("right", True)], ["after", "total"])


def test_a_check_that_does_not_block_stops_nothing():
    assert outcome(checked_by(is_two), after) == (True, [("right", False)], ["after", "total"])


def test_what_is_downstream_waits_for_a_blocking_check():
    assert outcome(checked_by(is_two, blocking=True), after) == (False, [("right", False)], ["total"])
    assert outcome(checked_by(is_one, blocking=True), after) == (True, [("right", True)], ["after", "total"])


def test_a_warning_never_blocks():
    @op
    def warn(value):
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN)

    assert outcome(checked_by(warn, blocking=True), after)[0]


def test_each_op_speaks_for_its_own_check():
    @graph_asset(check_specs=[AssetCheckSpec("one", asset="total"), AssetCheckSpec("two", asset="total")])
    def total():
        value = number()
        return {"result": value, "total_two": is_two(value), "total_one": is_one(value)}

    success, found, _ = outcome(total)
    assert (success, sorted(found)) == (True, [("one", True), ("two", False)])


def test_a_check_may_be_deep_inside():
    @graph
    def inner(value):
        return is_one(value)

    assert outcome(checked_by(inner)) == (True, [("right", True)], ["total"])


def test_one_op_may_make_the_asset_and_give_the_verdict():
    @op(out={"value": Out(), "verdict": Out()})
    def both():
        yield AssetCheckResult(passed=True)
        yield Output(1, "value")

    @graph_asset(check_specs=[AssetCheckSpec("right", asset="total", blocking=True)])
    def total():
        value, verdict = both()
        return {"result": value, "total_right": verdict}

    assert outcome(total, after) == (True, [("right", True)], ["after", "total"])


def test_a_graph_of_several_assets_has_checks_too():
    @graph_multi_asset(
        outs={"total": AssetOut(), "other": AssetOut()},
        check_specs=[AssetCheckSpec("right", asset="total", blocking=True)],
    )
    def both():
        value = number()
        return {"total": value, "other": number.alias("again")(), "total_right": is_two(value)}

    @asset
    def apart(other): ...

    assert outcome(both, after, apart) == (False, [("right", False)], ["apart", "other", "total"])


def test_an_op_that_gives_a_value_gives_no_verdict():
    @op
    def five(value):
        return 5

    with pytest.raises(InvariantViolationError, match=r"'total.five' gave 5 .int., not a verdict"):
        materialize([checked_by(five)])


def test_an_op_that_says_nothing_is_told():
    @op
    def silent(value):
        yield from ()

    with pytest.raises(InvariantViolationError, match="without a result for its check total:right"):
        materialize([checked_by(silent)])


def test_the_body_need_not_return_verdicts():
    @op
    def with_verdict():
        yield AssetCheckResult(passed=True)
        yield Output(1)

    @graph_asset(check_specs=[AssetCheckSpec("right", asset="total")])
    def total():
        return with_verdict()

    assert outcome(total) == (True, [("right", True)], ["total"])


def test_a_verdict_of_a_check_that_is_not_declared_is_refused():
    with pytest.raises(InvalidDefinitionError, match="'total_wrong' that is not declared"):

        @graph_asset(check_specs=[AssetCheckSpec("right", asset="total")])
        def total():
            value = number()
            return {"result": value, "total_wrong": is_one(value)}


def test_the_asset_itself_cannot_be_left_out():
    with pytest.raises(InvalidDefinitionError, match="'result'"):

        @graph_asset(check_specs=[AssetCheckSpec("right", asset="total")])
        def total():
            return {"total_right": is_one(number())}
