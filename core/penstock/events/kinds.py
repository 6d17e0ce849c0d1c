"""The familiar names of what happens: ``EventType`` and which event class each name stands for.

Owns: the names, their groups (run, step, hook, failure) and the table between names and classes.
Pure: knows neither messages nor stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from penstock.events import values as v


class EventType(StrEnum):
    """What kind of thing happened, by the name people filter for."""

    RUN_ENQUEUED = "RUN_ENQUEUED"
    RUN_DEQUEUED = "RUN_DEQUEUED"
    RUN_STARTING = "RUN_STARTING"
    RUN_START = "RUN_START"
    RUN_SUCCESS = "RUN_SUCCESS"
    RUN_FAILURE = "RUN_FAILURE"
    RUN_CANCELING = "RUN_CANCELING"
    RUN_CANCELED = "RUN_CANCELED"

    STEP_START = "STEP_START"
    STEP_RESTARTED = "STEP_RESTARTED"
    STEP_INPUT = "STEP_INPUT"
    STEP_OUTPUT = "STEP_OUTPUT"
    STEP_SUCCESS = "STEP_SUCCESS"
    STEP_FAILURE = "STEP_FAILURE"
    STEP_UP_FOR_RETRY = "STEP_UP_FOR_RETRY"
    STEP_SKIPPED = "STEP_SKIPPED"
    STEP_INTERRUPTED = "STEP_INTERRUPTED"
    STEP_WORKER_STARTING = "STEP_WORKER_STARTING"
    STEP_WORKER_STARTED = "STEP_WORKER_STARTED"
    STEP_EXPECTATION_RESULT = "STEP_EXPECTATION_RESULT"

    LOADED_INPUT = "LOADED_INPUT"
    HANDLED_OUTPUT = "HANDLED_OUTPUT"
    ASSET_MATERIALIZATION = "ASSET_MATERIALIZATION"
    ASSET_MATERIALIZATION_PLANNED = "ASSET_MATERIALIZATION_PLANNED"
    ASSET_FAILED_TO_MATERIALIZE = "ASSET_FAILED_TO_MATERIALIZE"
    ASSET_OBSERVATION = "ASSET_OBSERVATION"
    ASSET_CHECK_EVALUATION = "ASSET_CHECK_EVALUATION"
    ASSET_CHECK_EVALUATION_PLANNED = "ASSET_CHECK_EVALUATION_PLANNED"

    RESOURCE_INIT_STARTED = "RESOURCE_INIT_STARTED"
    RESOURCE_INIT_SUCCESS = "RESOURCE_INIT_SUCCESS"
    RESOURCE_INIT_FAILURE = "RESOURCE_INIT_FAILURE"
    ENGINE_EVENT = "ENGINE_EVENT"
    HOOK_COMPLETED = "HOOK_COMPLETED"
    HOOK_ERRORED = "HOOK_ERRORED"
    HOOK_SKIPPED = "HOOK_SKIPPED"
    LOGS_CAPTURED = "LOGS_CAPTURED"


TYPE_OF: Mapping[type[v.Happened], EventType] = {
    v.RunQueued: EventType.RUN_ENQUEUED,
    v.RunStarting: EventType.RUN_STARTING,
    v.RunStarted: EventType.RUN_START,
    v.RunSucceeded: EventType.RUN_SUCCESS,
    v.RunFailed: EventType.RUN_FAILURE,
    v.RunCanceling: EventType.RUN_CANCELING,
    v.RunCanceled: EventType.RUN_CANCELED,
    v.ResourceFailed: EventType.RESOURCE_INIT_FAILURE,
    v.EngineNoted: EventType.ENGINE_EVENT,
    v.StepStarted: EventType.STEP_START,
    v.StepRestarted: EventType.STEP_RESTARTED,
    v.InputLoaded: EventType.LOADED_INPUT,
    v.InputChecked: EventType.STEP_INPUT,
    v.OutputProduced: EventType.STEP_OUTPUT,
    v.OutputStored: EventType.HANDLED_OUTPUT,
    v.AssetMaterialized: EventType.ASSET_MATERIALIZATION,
    v.AssetObserved: EventType.ASSET_OBSERVATION,
    v.CheckEvaluated: EventType.ASSET_CHECK_EVALUATION,
    v.StepSucceeded: EventType.STEP_SUCCESS,
    v.StepFailed: EventType.STEP_FAILURE,
    v.StepRetryScheduled: EventType.STEP_UP_FOR_RETRY,
    v.StepSkipped: EventType.STEP_SKIPPED,
    v.StepInterrupted: EventType.STEP_INTERRUPTED,
    v.HookCompleted: EventType.HOOK_COMPLETED,
    v.HookSkipped: EventType.HOOK_SKIPPED,
    v.HookErrored: EventType.HOOK_ERRORED,
    v.LogsCaptured: EventType.LOGS_CAPTURED,
    v.ExpectationTold: EventType.STEP_EXPECTATION_RESULT,
}
"""The name of each class of event; names without a class are never recorded."""

CLASS_OF: Mapping[EventType, type[v.Happened]] = {name: cls for cls, name in TYPE_OF.items()}

RUN_TYPES = frozenset(name for name in EventType if name.name.startswith("RUN_"))
HOOK_TYPES = frozenset({EventType.HOOK_COMPLETED, EventType.HOOK_ERRORED, EventType.HOOK_SKIPPED})
FAILURE_TYPES = frozenset({EventType.STEP_FAILURE, EventType.RUN_FAILURE, EventType.RUN_CANCELED})
STEP_TYPES = frozenset(
    TYPE_OF[cls]
    for cls in TYPE_OF
    if issubclass(cls, v.StepHappened) and TYPE_OF[cls] not in HOOK_TYPES | {EventType.LOGS_CAPTURED}
)


def classes_of(
    wanted: EventType | str | Iterable[EventType | str] | None,
) -> tuple[type[v.Happened], ...] | None:
    """The event classes behind one name or several.

    Args:
        wanted: a name, several, or None for everything.

    Returns:
        None for everything; an empty tuple when no recorded event has any of these names.

    Raises:
        ValueError: for a text that is no name of an event type.
    """
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    return tuple(CLASS_OF[name] for name in map(EventType, names) if name in CLASS_OF)
