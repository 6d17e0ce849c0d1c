"""What a sensor function may give, and what a tick of a sensor comes to.

Owns: ``SensorResult`` (several answers in one), ``RunReaction`` (a run status sensor has seen a run) and
``SensorExecutionData`` (the outcome of a tick). Must not know how a tick is carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from attrs import field

from penstock.define.run_requests import RunRequest, SkipReason
from penstock.define.sensor_context import as_cursor
from penstock.errors import InvariantViolationError
from penstock.events.runs import Run, RunStatus
from penstock.events.values import (
    AssetCheckEvaluation,
    AssetMaterialization,
    AssetObservation,
    ErrorInfo,
)
from penstock.partitions.dynamic import AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest
from penstock.values import frozen

AssetEvent = AssetMaterialization | AssetObservation | AssetCheckEvaluation
_LISTED: Any = list  # tests of users compare what a tick comes to with lists
DynamicPartitionsRequest = AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest


def _only(given: Any, argument: Any, kinds: Any, wanted: str) -> list[Any]:
    """The entries of a list that may be left out.

    Raises:
        InvariantViolationError: when it is no list, or one is of another kind.
    """
    if given is None:
        return []
    name = f"SensorResult({argument}=…)"
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvariantViolationError(f"{name} wants a list, found {given!r:.200} ({type(given).__name__}).")
    entries = cast("Sequence[Any]", given)
    for one in entries:
        if not isinstance(one, kinds):
            raise InvariantViolationError(
                f"{name} wants {wanted}, found {one!r:.200} ({type(one).__name__}) in the list."
            )
    return list(entries)


def _requests(given: Any) -> list[RunRequest]:
    return _only(given, "run_requests", RunRequest, "RunRequests")


def _dynamic(given: Any) -> list[DynamicPartitionsRequest]:
    wanted = "what build_add_request and build_delete_request make"
    return _only(given, "dynamic_partitions_requests", DynamicPartitionsRequest, wanted)


def _events(given: Any) -> list[AssetEvent]:
    wanted = "AssetMaterialization, AssetObservation or AssetCheckEvaluation"
    return _only(given, "asset_events", AssetEvent, wanted)


def _reason(given: Any) -> SkipReason | None:
    if given is None or isinstance(given, SkipReason):
        return given
    if isinstance(given, str):
        return SkipReason(given)
    raise InvariantViolationError(
        f"SensorResult(skip_reason=…) wants a text or a SkipReason, found {given!r:.200}"
        f" ({type(given).__name__})."
    )


@frozen
class SensorResult:
    """Everything that one evaluation of a sensor comes to.

    Args:
        run_requests: runs to start.
        skip_reason: why nothing runs, a text or a ``SkipReason``.
        cursor: where the next evaluation begins; None leaves it where it was.
        dynamic_partitions_requests: keys to add and to take away, before the runs are started.
        asset_events: facts about assets to record outside of any run.
        automation_condition_evaluations: what conditions came to, for sensors that evaluate them.

    Raises:
        InvariantViolationError: when there are requests and a reason for none, or one is of another kind.
    """

    run_requests: Sequence[RunRequest] = field(default=None, converter=_requests)
    skip_reason: SkipReason | None = field(default=None, converter=_reason)
    cursor: str | None = field(default=None, converter=as_cursor)
    dynamic_partitions_requests: Sequence[DynamicPartitionsRequest] = field(default=None, converter=_dynamic)
    asset_events: Sequence[AssetEvent] = field(default=None, converter=_events)
    automation_condition_evaluations: Sequence[Any] = field(default=(), converter=_LISTED, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.skip_reason is not None and self.run_requests:
            raise InvariantViolationError(
                f"A SensorResult has run_requests ({len(self.run_requests)}) and a skip_reason"
                f" ({self.skip_reason.skip_message!r}). Give one of them."
            )


@frozen(kw_only=True)
class RunReaction:
    """A run status sensor has seen a run.

    Args:
        run: the run.
        run_status: the status to which it reacted.
        error: what the sensor's function raised; the run itself has nothing to do with it.
    """

    run: Run | None = None
    run_status: RunStatus | None = None
    error: ErrorInfo | None = None


@frozen(kw_only=True)
class SensorExecutionData:
    """What a tick of a sensor comes to.

    Args:
        run_requests: runs to start, with the tags and config of their partitions.
        skip_message: why there are none; None when there are, or when no reason was given.
        cursor: where the next evaluation begins.
        run_reactions: runs that a run status sensor has seen.
        dynamic_partitions_requests: keys to add and to take away first.
        asset_events: facts about assets to record outside of any run.
        automation_condition_evaluations: what conditions came to.
    """

    run_requests: Sequence[RunRequest] = field(default=(), converter=_LISTED)
    skip_message: str | None = None
    cursor: str | None = None
    run_reactions: Sequence[RunReaction] = field(default=(), converter=_LISTED)
    dynamic_partitions_requests: Sequence[DynamicPartitionsRequest] = field(default=(), converter=_LISTED)
    asset_events: Sequence[AssetEvent] = field(default=(), converter=_LISTED)
    automation_condition_evaluations: Sequence[Any] = field(default=(), converter=_LISTED)


def refuse_own_cursor(answer: Any, subject: str) -> None:
    """Refuse a cursor in the answer of a sensor that moves its cursor by itself.

    Args:
        answer: what its function gave.
        subject: ``"Sensor 'files'"``, for messages.

    Raises:
        InvariantViolationError: when a ``SensorResult`` in it has one.
    """
    for one in cast("list[Any]", answer) if isinstance(answer, list) else (answer,):
        if isinstance(one, SensorResult) and one.cursor:
            raise InvariantViolationError(
                f"{subject} gave SensorResult(cursor={one.cursor!r}), but its cursor is moved for it."
                " Leave the cursor out."
            )
