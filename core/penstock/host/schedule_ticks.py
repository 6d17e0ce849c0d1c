"""Evaluating schedules: from a context to the runs that a tick asks for.

Owns: ``evaluate_schedule`` and ``call_schedule``, which definitions reach through their port. Must not know
when ticks are: the context says it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from penstock.automation.ticks import insist_on_run_keys, read_answer, resolve_requests
from penstock.config import RunConfig
from penstock.define.run_requests import RunRequest, SkipReason
from penstock.define.schedule import DecoratedFunction, ScheduleDefinition, ScheduleExecutionData
from penstock.define.schedule_context import ScheduleEvaluationContext, build_schedule_context
from penstock.errors import Error, InvalidInvocationError, ScheduleExecutionError
from penstock.host.ticks import call_with, evaluate, surroundings, tick
from penstock.partitions.view import View, partition_loading_context
from penstock.partitions.zones import zone_named

if TYPE_CHECKING:
    from collections.abc import Generator

SCHEDULE_NAME_TAG = "penstock/schedule_name"
"""The tag of a run that names the schedule which asked for it."""


def evaluate_schedule(made: ScheduleDefinition, context: Any) -> ScheduleExecutionData:
    """What a tick of a schedule asks for.

    Args:
        made: the schedule.
        context: says when the tick is.

    Raises:
        ScheduleExecutionError: when a function of the schedule raised.
        InvariantViolationError: when the function gave something that asks for no run, or mixed.
        InvalidInvocationError: when the context is none of a schedule.
    """
    told, who = _told(made, context), f"Schedule {made.name!r}"
    view = View(told.given_time, told.ground.given_instance)
    with tick(told.ground, who, made.required_resource_keys), partition_loading_context(*_seen(view)):
        requests, message = read_answer(_answer(made, told), who)
        insist_on_run_keys(requests, who)
        around = surroundings(made, told.ground, view, {SCHEDULE_NAME_TAG: made.name})
        return ScheduleExecutionData(run_requests=resolve_requests(requests, around), skip_message=message)


def _seen(view: View) -> tuple[Any, Any]:
    return view.effective_dt, view.dynamic_partitions_store


def _told(made: ScheduleDefinition, context: Any) -> ScheduleEvaluationContext:
    if not isinstance(context, ScheduleEvaluationContext):
        raise InvalidInvocationError(
            f"Schedule {made.name!r} is evaluated with a ScheduleEvaluationContext, found {context!r:.200}."
            " Make one with build_schedule_context(…)."
        )
    return context.in_zone(zone_named(made.execution_timezone or "UTC"))


def _answer(made: ScheduleDefinition, context: ScheduleEvaluationContext) -> Any:
    given: Any = made.execution_fn
    decorated = given if isinstance(given, DecoratedFunction) else None
    should_execute = made.should_execute if decorated is None else decorated.should_execute
    if should_execute is not None:
        with _blaming(made, "should_execute"):
            goes = evaluate(should_execute, context)
        if not goes:
            return SkipReason(f"should_execute of the schedule {made.name!r} said no.")
    if given is None:
        return _plain_request(made, context)
    fn: Any = given if decorated is None else decorated.fn
    with _blaming(made, "its function"):
        answer = evaluate(fn, context)
    if not isinstance(answer, Mapping | RunConfig):
        return answer
    return RunRequest(
        run_config=copy.deepcopy(cast("Any", answer)),
        tags=_tags(made, None if decorated is None else decorated.tags_fn, context),
    )


def _plain_request(made: ScheduleDefinition, context: ScheduleEvaluationContext) -> RunRequest:
    """The request of a schedule without a function of its own."""
    config = made.run_config
    if made.run_config_fn is not None:
        with _blaming(made, "run_config_fn"):
            config = evaluate(made.run_config_fn, context)
    return RunRequest(run_config=copy.deepcopy(config), tags=_tags(made, made.tags_fn, context))


def _tags(
    made: ScheduleDefinition, tags_fn: Callable[..., Any] | None, context: ScheduleEvaluationContext
) -> Mapping[str, Any]:
    if tags_fn is None:
        return made.tags
    with _blaming(made, "tags_fn"):
        return evaluate(tags_fn, context)


@contextmanager
def _blaming(made: ScheduleDefinition, what: str) -> Generator[None]:
    """Say which function of a schedule raised; errors of ours say it themselves."""
    try:
        yield
    except Error:
        raise
    except Exception as error:
        raise ScheduleExecutionError(
            f"Schedule {made.name!r}: {what} raised {type(error).__name__}: {error}", error
        ) from error


def call_schedule(
    made: ScheduleDefinition, fn: Callable[..., Any], context: Any, resources: Mapping[str, Any]
) -> Any:
    """Call the function of a schedule, as a test does.

    Args:
        made: the schedule.
        fn: its function.
        context: None for an empty one.
        resources: besides those of the context.
    """
    told = _told(made, build_schedule_context() if context is None else context)
    if resources:
        told = told.with_resources(resources)
    told.ground.want(f"Schedule {made.name!r}", made.required_resource_keys)
    return call_with(fn, told)
