"""What sensor functions give is read: alone, in lists, and what cannot stand together."""

from __future__ import annotations

import pytest

from penstock import (
    AssetSelection,
    InvalidSubsetError,
    InvariantViolationError,
    RunRequest,
    SensorResult,
    SkipReason,
    asset,
    asset_check,
)
from penstock.automation.sensor_answers import of_all_assets, read_sensor_answer
from penstock.automation.ticks import NOTHING_ASKED
from penstock.define.asset_graph import AssetGraph
from penstock.define.sensor_result import RunReaction, SensorExecutionData
from penstock.keys import AssetCheckKey, AssetKey

WHO = "Sensor 'files'"
RUN, SKIP, REACTION = RunRequest("a"), SkipReason("why"), RunReaction()


@pytest.mark.parametrize("given", [None, [], [None], ()])
def test_nothing_is_a_skip(given):
    assert read_sensor_answer(given, WHO) == SensorExecutionData(skip_message=NOTHING_ASKED)


@pytest.mark.parametrize("given", [RUN, [RUN], (RUN,)])
def test_a_request_may_come_alone_or_in_a_list(given):
    answer = read_sensor_answer(given, WHO)
    assert (answer.run_requests, answer.skip_message) == ([RUN], None)


def test_a_reason_is_told():
    assert read_sensor_answer(SKIP, WHO).skip_message == read_sensor_answer([SKIP], WHO).skip_message == "why"
    assert read_sensor_answer(SkipReason(), WHO).skip_message is None


def test_a_result_is_taken_apart():
    answer = read_sensor_answer([SensorResult([RUN], cursor="c")], WHO)
    assert (answer.run_requests, answer.cursor, answer.skip_message) == ([RUN], "c", None)
    assert read_sensor_answer(SensorResult(skip_reason="w"), WHO).skip_message == "w"
    assert read_sensor_answer(SensorResult(cursor=""), WHO) == SensorExecutionData(skip_message=NOTHING_ASKED)


def test_reactions_are_no_skip():
    answer = read_sensor_answer([REACTION, REACTION], WHO)
    assert (len(answer.run_reactions), answer.skip_message) == (2, None)


def test_reactions_may_come_with_requests():
    answer = read_sensor_answer([REACTION, RUN], WHO)
    assert (answer.run_requests, len(answer.run_reactions)) == ([RUN], 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([RUN, SKIP], "SkipReason"),
        ([SKIP, SKIP], "SkipReason"),
        ([SensorResult(), RUN], "a SensorResult among 2 answers"),
        ([REACTION, SKIP], "among reactions"),
        ("text", r"gave 'text' \(str\)"),
        ({"ops": {}}, r"\(dict\)"),
        ([RUN, None], "NoneType"),
        ([[RUN]], r"\(list\)"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(InvariantViolationError, match=f"^{WHO}.*{said}"):
        read_sensor_answer(given, WHO)


# ---- sensors that choose among all assets ------------------------------------------------------------


@asset
def a(): ...


@asset
def b(): ...


@asset_check(asset=a)
def sound(): ...


GRAPH = AssetGraph.from_assets([a, b, sound])
A, B, CHECK = AssetKey("a"), AssetKey("b"), AssetCheckKey(AssetKey("a"), "sound")


def test_a_request_is_for_all_that_is_chosen():
    (request,) = of_all_assets([RUN], AssetSelection.assets(a), GRAPH, WHO)
    assert (request.job_name, list(request.asset_selection), list(request.asset_check_keys)) == (
        "__ASSET_JOB",
        [A],
        [CHECK],
    )


def test_a_request_may_choose_fewer():
    (request,) = of_all_assets([RunRequest(asset_selection=[B])], AssetSelection.all(), GRAPH, WHO)
    assert (list(request.asset_selection), list(request.asset_check_keys)) == ([B], [])


def test_a_request_may_choose_no_checks():
    (request,) = of_all_assets([RunRequest(asset_check_keys=[])], AssetSelection.all(), GRAPH, WHO)
    assert list(request.asset_check_keys) == []


def test_a_request_may_not_choose_others():
    with pytest.raises(InvalidSubsetError, match="asks for b, which its asset_selection does not choose"):
        of_all_assets([RunRequest(asset_selection=[A, B])], AssetSelection.assets(a), GRAPH, WHO)
