"""Results of sensors: what may stand in them."""

from __future__ import annotations

import pytest

from penstock import (
    AssetMaterialization,
    DynamicPartitionsDefinition,
    InvariantViolationError,
    RunRequest,
    SensorResult,
    SkipReason,
)

FILES = DynamicPartitionsDefinition(name="files")


def test_an_empty_result_has_nothing():
    result = SensorResult()
    assert (result.run_requests, result.skip_reason, result.cursor) == ([], None, None)
    assert (result.dynamic_partitions_requests, result.asset_events) == ([], [])


def test_a_reason_may_be_text():
    assert SensorResult(skip_reason="later") == SensorResult(skip_reason=SkipReason("later"))


def test_everything_is_kept_in_order():
    requests, added = [RunRequest("a"), RunRequest("b")], FILES.build_add_request(["k"])
    result = SensorResult(
        requests, cursor="c", dynamic_partitions_requests=[added], asset_events=[AssetMaterialization("m")]
    )
    assert (result.run_requests, result.cursor) == (requests, "c")
    assert (result.dynamic_partitions_requests, len(result.asset_events)) == ([added], 1)


def test_runs_and_a_reason_for_none_exclude_each_other():
    with pytest.raises(InvariantViolationError, match=r"run_requests \(1\) and a skip_reason \('why'\)"):
        SensorResult([RunRequest()], "why")
    assert SensorResult([], "why").skip_reason == SkipReason("why")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"run_requests": RunRequest()}, "run_requests=…. wants a list"),
        ({"run_requests": ["a"]}, "wants RunRequests, found 'a'"),
        ({"skip_reason": 3}, "wants a text or a SkipReason, found 3"),
        ({"cursor": 3}, "a text, found 3"),
        ({"dynamic_partitions_requests": ["a"]}, "build_add_request"),
        ({"asset_events": ["a"]}, "AssetObservation or AssetCheckEvaluation, found 'a'"),
    ],
)
def test_what_is_of_another_kind_is_refused(given, said):
    with pytest.raises(InvariantViolationError, match=said):
        SensorResult(**given)
