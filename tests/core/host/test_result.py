"""The result of a run answers by node, by asset and by event."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    DynamicOut,
    DynamicOutput,
    Out,
    Output,
    asset,
    graph,
    job,
    materialize,
    op,
)
from penstock.errors import InvariantViolationError, StepOutputNotFoundError
from penstock.events.view import EventType


@op
def one():
    return 1


@op
def inc(x):
    return x + 1


@op(out=DynamicOut())
def pieces():
    yield DynamicOutput(1, "a")
    yield DynamicOutput(2, "b")


@op(out=Out(is_required=False))
def rare():
    yield from ()


@op
def broken(x):
    raise ValueError("no")


@graph
def twice(x):
    return inc(inc(x))


@job
def everything():
    twice(one())
    pieces().map(inc.alias("inc_all"))
    inc.alias("skipped")(rare())
    inc.alias("untouched")(broken(one.alias("other")()))


@pytest.fixture(scope="module")
def result():
    return everything.execute_in_process(raise_on_error=False)


@pytest.mark.parametrize(
    ("node", "value"),
    [("one", 1), ("twice.inc", 2), ("twice", 3), ("inc_all", {"a": 2, "b": 3}), ("pieces", {"a": 1, "b": 2})],
)
def test_a_value_is_found_by_its_node(result, node, value):
    assert result.output_for_node(node) == value


def test_an_unknown_node_is_named_with_what_is_near(result):
    with pytest.raises(InvariantViolationError, match=r"no node 'onne'.*Did you mean 'one'"):
        result.output_for_node("onne")


def test_an_unknown_output_is_named(result):
    with pytest.raises(InvariantViolationError, match="no output 'x'"):
        result.output_for_node("one", "x")


@pytest.mark.parametrize("node", ["broken", "untouched", "skipped", "rare"])
def test_a_value_that_was_not_made_is_not_found(result, node):
    with pytest.raises(StepOutputNotFoundError, match="did not produce"):
        result.output_for_node(node)


def test_each_node_tells_how_it_ended(result):
    assert result.is_node_success("twice")
    assert result.is_node_failed("broken")
    assert result.is_node_skipped("skipped")
    assert result.is_node_untouched("untouched")
    assert not result.is_node_untouched("one")


def test_events_are_found_by_node_and_type(result):
    assert {event.step_key for event in result.events_for_node("inc_all")} == {"inc_all[a]", "inc_all[b]"}
    assert len(result.events_of_type(EventType.STEP_FAILURE)) == 1
    assert result.get_failed_step_keys() == {"broken"}
    assert [event.step_key for event in result.get_step_skipped_events()] == ["skipped"]


def test_the_end_of_the_run_is_an_event(result):
    assert result.get_run_failure_event().event_type is EventType.RUN_FAILURE
    with pytest.raises(InvariantViolationError, match="ended as FAILURE"):
        result.get_run_success_event()


def test_what_failed_is_told(result):
    assert result.failure_data_for_node("broken").error.message == "no"
    assert result.failure_data_for_node("one") is None


def test_assets_are_found_by_key():
    @asset(key_prefix="deep")
    def made():
        return Output(3, metadata={"rows": 1})

    found = materialize([made])
    assert found.asset_value(AssetKey(["deep", "made"])) == found.asset_value("deep/made") == 3
    (fact,) = found.asset_materializations_for_node("deep__made")
    assert fact.metadata["rows"].value == 1
    with pytest.raises(InvariantViolationError, match=r"did not make asset 'deep/mad'.*Did you mean"):
        found.asset_value("deep/mad")


def test_a_graph_gives_its_outputs():
    found = twice.execute_in_process(input_values={"x": 1})
    assert found.output_value() == 3
    with pytest.raises(InvariantViolationError, match="no output 'other'"):
        found.output_value("other")


def test_a_result_may_be_used_as_a_context():
    with everything.execute_in_process(raise_on_error=False) as found:
        assert not found.success
