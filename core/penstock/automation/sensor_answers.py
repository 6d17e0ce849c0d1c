"""What a sensor function gave, read: requests, a reason, a result, or runs that were seen.

Owns: ``read_sensor_answer``, which checks what may stand together, and the requests of a
sensor that chooses among all assets. What a request takes from its partition is for ``ticks``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from attrs import evolve

from penstock.automation.ticks import NOTHING_ASKED, read_answer
from penstock.define.asset_graph import AssetGraph
from penstock.define.asset_job import IMPLICIT_JOB
from penstock.define.run_requests import RunRequest
from penstock.define.selection import AssetSelection
from penstock.define.sensor_result import (
    RunReaction,
    SensorExecutionData,
    SensorResult,
)
from penstock.errors import InvalidSubsetError, InvariantViolationError
from penstock.keys import AssetKey, user_strings


def read_sensor_answer(given: Any, who: str) -> SensorExecutionData:
    """What a sensor function gave.

    Args:
        given: a request, a list of requests, a reason, a result, reactions, or nothing.
        who: ``"Sensor 'files'"``, for messages.

    Returns:
        The same as data: requests as they were given, and the cursor that a result brings, None for none.

    Raises:
        InvariantViolationError: when it is something else, or things are mixed that cannot stand together.
    """
    entries = _entries(given)
    reactions = tuple(one for one in entries if isinstance(one, RunReaction))
    rest = [one for one in entries if not isinstance(one, RunReaction)]
    if reactions and not rest:
        return SensorExecutionData(run_reactions=reactions)
    results = [one for one in rest if isinstance(one, SensorResult)]
    if results and len(rest) > 1:
        raise InvariantViolationError(
            f"{who} gave a SensorResult among {len(rest)} answers. A SensorResult says everything:"
            " give it alone, with run_requests=."
        )
    if results:
        return evolve(_of_result(results[0]), run_reactions=reactions)
    requests, message = read_answer(rest, who)
    if reactions and not requests:
        raise InvariantViolationError(f"{who} gave a SkipReason among reactions to runs. Give one of them.")
    return SensorExecutionData(run_requests=requests, skip_message=message, run_reactions=reactions)


def _entries(given: Any) -> tuple[Any, ...]:
    return tuple(cast("Sequence[Any]", given)) if isinstance(given, list | tuple) else (given,)


def _of_result(result: SensorResult) -> SensorExecutionData:
    reason, requests = result.skip_reason, result.run_requests
    silent = None if requests else NOTHING_ASKED
    return SensorExecutionData(
        run_requests=requests,
        skip_message=silent if reason is None else reason.skip_message,
        cursor=result.cursor or None,
        dynamic_partitions_requests=result.dynamic_partitions_requests,
        asset_events=result.asset_events,
        automation_condition_evaluations=result.automation_condition_evaluations,
    )


def of_all_assets(
    requests: Iterable[RunRequest], selection: AssetSelection, graph: AssetGraph, who: str
) -> list[RunRequest]:
    """The requests of a sensor that chooses assets, as requests of the job of all assets.

    Args:
        requests: each may name some of the chosen assets and checks; otherwise it is for all of them.
        selection: what the sensor may choose from.
        graph: the assets of the project.
        who: ``"Sensor 'files'"``, for messages.

    Raises:
        InvalidSubsetError: when a request names an asset that was not chosen.
    """
    chosen = selection.resolve(graph)
    return [_of_assets(one, chosen, graph, who) for one in requests]


def _of_assets(
    request: RunRequest, chosen: frozenset[AssetKey] | set[AssetKey], graph: AssetGraph, who: str
) -> RunRequest:
    keys = sorted(chosen) if request.asset_selection is None else list(request.asset_selection)
    foreign = [key for key in keys if key not in chosen]
    if foreign:
        raise InvalidSubsetError(
            f"{who} asks for {', '.join(user_strings(foreign))}, which its asset_selection does not choose."
            f" It chooses {', '.join(user_strings(chosen)) or 'nothing'}."
        )
    checks = request.asset_check_keys
    if checks is None:
        checks = sorted(AssetSelection.assets(*keys).resolve_checks(graph)) if keys else []
    return evolve(request, job_name=IMPLICIT_JOB, asset_selection=keys, asset_check_keys=checks)
