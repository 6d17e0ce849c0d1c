"""Carrying out one attempt of one step: the only function that holds a value.

Owns: the order in which a step happens (inputs, user code, checks, storing, events) and the record that
it leaves. Knows no executor and no store: it returns events, and values that may be handed on.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from penstock.define.retry import Failure
from penstock.engine.answers import answers
from penstock.engine.context import (
    HAND_IN_USE,
    AssetCheckExecutionContext,
    AssetExecutionContext,
    OpExecutionContext,
    StepInHand,
)
from penstock.engine.decide import retry_after
from penstock.engine.ending import Ending
from penstock.engine.failures import blame_of, describe_error, user_error, without_own_frames
from penstock.engine.hooks import run_hooks
from penstock.engine.inputs import Inputs
from penstock.engine.program import Program
from penstock.engine.record import StepRecord, Work
from penstock.engine.timeouts import limit
from penstock.errors import ResourceFunctionError
from penstock.events.values import (
    Happened,
    LogsCaptured,
    ResourceFailed,
    StepFailed,
    StepInterrupted,
    StepRestarted,
    StepRetryScheduled,
    StepStarted,
    StepSucceeded,
    UserFailure,
)

_CONTEXTS = {
    "op": OpExecutionContext,
    "materialize": AssetExecutionContext,
    "observe": AssetExecutionContext,
    "check": AssetCheckExecutionContext,
}


def start_event(program: Program, key: str, attempt: int) -> Happened:
    """The event with which an attempt begins."""
    now = program.tools.now()
    return StepStarted(at=now, step=key) if attempt == 1 else StepRestarted(at=now, step=key, attempt=attempt)


def run_step(
    program: Program,
    work: Work,
    handed: Mapping[str, Any],
    record: StepRecord | None = None,
    on_start: Callable[[], None] | None = None,
) -> tuple[StepRecord, dict[str, Any]]:
    """Carry out one attempt.

    Args:
        program: the run.
        work: the attempt.
        handed: values handed on by earlier tasks, by ``handed_name``.
        record: to be filled, for callers who look into it meanwhile.
        on_start: called when the start of the attempt is in the record.

    Returns:
        The record, and the values that later tasks may ask for by ``Ref.name``.
    """
    step = program.plan.steps[work.step]
    hand = StepInHand(
        program=program,
        step=step,
        bound=program.bound(step),
        mapping_key=work.mapping_key,
        attempt=work.attempt,
        versions=work.versions,
        hands=work.hands,
    )
    record = StepRecord() if record is None else record
    values: dict[str, Any] = {}
    pid = os.getpid()
    if work.announces:
        record.events.append(start_event(program, hand.key, work.attempt))
        if on_start is not None:
            on_start()
    with program.tools.capture(hand.key) as captured:
        try:
            _attempt(hand, work, handed, record, values)
        except KeyboardInterrupt as error:
            values.clear()
            record.exception = error
            record.events.append(StepInterrupted(at=program.tools.now(), step=hand.key, attempt=hand.attempt))
        except BaseException as error:  # user code may raise anything; it becomes an event
            values.clear()
            if os.getpid() != pid:
                raise _end_of_child(error) from error
            _fail(hand, error, record)
        if captured.file is not None:
            record.events.append(LogsCaptured(at=program.tools.now(), step=hand.key, file=captured.file))
    return record, values


def _end_of_child(error: BaseException) -> SystemExit:
    """A child that the step forked ends as it would without Penstock; the step is its parent's."""
    if isinstance(error, SystemExit):
        return SystemExit(error.code)
    traceback.print_exception(error)
    return SystemExit(1)


def _attempt(
    hand: StepInHand, work: Work, handed: Mapping[str, Any], record: StepRecord, values: dict[str, Any]
) -> None:
    """Inputs, user code, outputs; then what is left to say of a success."""
    tools, bound = hand.program.tools, hand.bound
    began = tools.monotonic()
    for name in bound.resource_keys:
        hand.program.resources[name]  # a worker opens it now, whether it is used or not
    with limit(bound.timeout, hand.key):
        found = Inputs(hand=hand, sources=work.sources, handed=handed, events=record.events).arguments()
        args, kwargs = _call_of(hand, found)
        ending = Ending(hand, record, values)
        mark = HAND_IN_USE.set(hand)
        try:
            for item in answers(bound.op, args, kwargs):
                ending.take(item)
        finally:
            HAND_IN_USE.reset(mark)
        ending.close()
    record.events.append(
        StepSucceeded(at=tools.now(), step=hand.key, seconds=tools.monotonic() - began, attempt=hand.attempt)
    )
    record.is_success = True
    if bound.hooks:
        _call_hooks(hand, record, _given_to_hooks(hand, values))
        for name in values.keys() - {*record.handed, *record.kept}:
            del values[name]


def _given_to_hooks(hand: StepInHand, values: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that came, by name; those of a dynamic output as a dict by mapping key."""
    found: dict[str, Any] = {}
    for name, definition in hand.bound.op.outs.items():
        if definition.is_dynamic:
            own = f"{name}["
            by_key = {key[len(own) : -1]: value for key, value in values.items() if key.startswith(own)}
            found |= {name: by_key} if by_key else {}
        elif (name, None) in hand.given:
            found[name] = values.get(name)
    return found


def _call_of(hand: StepInHand, arguments: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of the user's function."""
    shape = hand.bound.op.shape
    kwargs = arguments
    if not shape.keywords and len(kwargs) > len(shape.inputs):
        kwargs = {name: value for name, value in kwargs.items() if name in shape.inputs}
    for name in shape.resources:
        kwargs[name] = hand.program.resources[name]
    if shape.config is not None:
        kwargs[shape.config] = hand.bound.config
    if shape.context is None:
        return (), kwargs
    return (_CONTEXTS[hand.step.kind](hand),), kwargs


def _fail(hand: StepInHand, error: BaseException, record: StepRecord) -> None:
    """Write down a failed attempt: as a retry when another follows, else for good."""
    program = hand.program
    shown = record.exception = without_own_frames(user_error(error))
    if isinstance(error, ResourceFunctionError):
        record.exception = error
    record.handed, record.kept = [], []
    retry = retry_after(
        shown,
        hand.attempt,
        hand.bound.retry_policy,
        chance=program.tools.chance(),
        enabled=program.retries_enabled,
    )
    if isinstance(error, ResourceFunctionError):
        shown = error  # says which resource
        _tell_of_resource(hand, error, record)
    now, info = program.tools.now(), describe_error(shown)
    if retry is not None:
        record.events.append(
            StepRetryScheduled(at=now, step=hand.key, error=info, wait=retry.wait, attempt=hand.attempt)
        )
        return
    said = None
    if isinstance(shown, Failure):
        said = UserFailure(description=shown.description, metadata=shown.metadata)
    blame = blame_of(error)
    record.events.append(
        StepFailed(at=now, step=hand.key, error=info, failure=said, blame=blame, attempt=hand.attempt)
    )
    if hand.bound.hooks:
        _call_hooks(hand, record, {}, shown)


def _tell_of_resource(hand: StepInHand, error: ResourceFunctionError, record: StepRecord) -> None:
    """A resource that was opened for this step failed: in a worker nobody else tells of it."""
    if error.resource is not None:
        info = describe_error(user_error(error))
        record.events.append(ResourceFailed(at=hand.program.tools.now(), resource=error.resource, error=info))


def _call_hooks(
    hand: StepInHand, record: StepRecord, outputs: Mapping[str, Any], error: BaseException | None = None
) -> None:
    """Hooks come after the end of the step: an interrupt in one ends the run, not the step."""
    try:
        record.events.extend(run_hooks(hand, outputs=outputs, error=error))
    except KeyboardInterrupt as interrupt:
        record.exception = interrupt
