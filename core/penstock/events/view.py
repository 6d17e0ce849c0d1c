"""The public face of an event: ``Event``, one thin read-only view over a stored value.

Owns: the accessors and predicates that people know. The values in ``values.py`` are the truth; a
view is made when somebody asks, holds no state of its own and is never stored. Lazy: ``details`` is
imported when somebody asks for the particulars of an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from penstock.errors import InvariantViolationError
from penstock.events import values as v
from penstock.events.kinds import FAILURE_TYPES, HOOK_TYPES, RUN_TYPES, STEP_TYPES, TYPE_OF, EventType
from penstock.events.sentences import sentence
from penstock.keys import AssetKey
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.events import details as d


@frozen
class NodeHandle:
    """Where a node stands in its job: its name inside the graph above it."""

    name: str
    parent: NodeHandle | None = None

    @classmethod
    def of(cls, path: Sequence[str]) -> NodeHandle:
        """The handle of a node, from the names of its path, outermost first."""
        *above, name = path
        return cls(name, cls.of(above) if above else None)

    @property
    def path(self) -> list[str]:
        """The names from the outermost graph to the node."""
        return [*(self.parent.path if self.parent else ()), self.name]

    def to_string(self) -> str:
        """The names joined by dots."""
        return ".".join(self.path)

    def __str__(self) -> str:
        return self.to_string()


@frozen
class Event:
    """One thing that happened in a run.

    Args:
        value: the stored value.
        run_id: its run; empty for what was reported from outside any run.
        job_name: the job of that run, where it is known.
    """

    value: v.Happened
    run_id: str = ""
    job_name: str | None = None

    @property
    def event_type(self) -> EventType:
        """What kind of thing happened."""
        return TYPE_OF[type(self.value)]

    @property
    def event_type_value(self) -> str:
        """The name of the kind."""
        return self.event_type.value

    @property
    def timestamp(self) -> float:
        """When, in seconds since 1970."""
        return self.value.at

    @property
    def step_key(self) -> str | None:
        """The step, with its mapping key; None for events of the run as a whole."""
        return getattr(self.value, "step", None) or None

    @property
    def node_handle(self) -> NodeHandle | None:
        """The place of the step's node in the job."""
        if self.step_key is None:
            return None
        return NodeHandle.of(self.step_key.partition("[")[0].split("."))

    @property
    def node_name(self) -> str | None:
        """The name of the step's node inside its graph."""
        handle = self.node_handle
        return None if handle is None else handle.name

    @property
    def message(self) -> str:
        """What happened, in one sentence for people."""
        return sentence(self.value, self.job_name)

    @property
    def error(self) -> v.ErrorInfo | None:
        """The error that this event tells of."""
        return getattr(self.value, "error", None)

    @property
    def event_specific_data(self) -> Any:
        """What is particular to this kind of event."""
        return _details_of(self.value)

    # ---- what kind of event ----------------------------------------------------------------------

    @property
    def is_run_event(self) -> bool:
        """Whether the run as a whole moved."""
        return self.event_type in RUN_TYPES

    @property
    def is_job_event(self) -> bool:
        """Another name of ``is_run_event``."""
        return self.is_run_event

    @property
    def is_step_event(self) -> bool:
        """Whether it belongs to a step."""
        return self.event_type in STEP_TYPES

    @property
    def is_hook_event(self) -> bool:
        """Whether it tells of a hook."""
        return self.event_type in HOOK_TYPES

    @property
    def is_engine_event(self) -> bool:
        """Whether it tells of the machinery."""
        return self.event_type is EventType.ENGINE_EVENT

    @property
    def is_failure(self) -> bool:
        """Whether a step or the run failed or was canceled."""
        return self.event_type in FAILURE_TYPES

    @property
    def is_run_success(self) -> bool:
        """Whether the run succeeded."""
        return self.event_type is EventType.RUN_SUCCESS

    @property
    def is_job_success(self) -> bool:
        """Another name of ``is_run_success``."""
        return self.is_run_success

    @property
    def is_run_failure(self) -> bool:
        """Whether the run failed."""
        return self.event_type is EventType.RUN_FAILURE

    @property
    def is_job_failure(self) -> bool:
        """Another name of ``is_run_failure``."""
        return self.is_run_failure

    @property
    def is_step_start(self) -> bool:
        """Whether the first attempt of a step began."""
        return self.event_type is EventType.STEP_START

    @property
    def is_step_success(self) -> bool:
        """Whether a step succeeded."""
        return self.event_type is EventType.STEP_SUCCESS

    @property
    def is_step_failure(self) -> bool:
        """Whether the last attempt of a step failed."""
        return self.event_type is EventType.STEP_FAILURE

    @property
    def is_step_skipped(self) -> bool:
        """Whether a step did not run."""
        return self.event_type is EventType.STEP_SKIPPED

    @property
    def is_step_up_for_retry(self) -> bool:
        """Whether an attempt failed and another follows."""
        return self.event_type is EventType.STEP_UP_FOR_RETRY

    @property
    def is_step_restarted(self) -> bool:
        """Whether a further attempt began."""
        return self.event_type is EventType.STEP_RESTARTED

    @property
    def is_step_interrupted(self) -> bool:
        """Whether a step was stopped because its run is being canceled."""
        return self.event_type is EventType.STEP_INTERRUPTED

    @property
    def is_successful_output(self) -> bool:
        """Whether user code gave an output."""
        return self.event_type is EventType.STEP_OUTPUT

    @property
    def is_handled_output(self) -> bool:
        """Whether an output was stored."""
        return self.event_type is EventType.HANDLED_OUTPUT

    @property
    def is_loaded_input(self) -> bool:
        """Whether an input was loaded."""
        return self.event_type is EventType.LOADED_INPUT

    @property
    def is_step_materialization(self) -> bool:
        """Whether an asset was made."""
        return self.event_type is EventType.ASSET_MATERIALIZATION

    @property
    def is_asset_materialization(self) -> bool:
        """Another name of ``is_step_materialization``."""
        return self.is_step_materialization

    @property
    def is_asset_observation(self) -> bool:
        """Whether an asset was observed."""
        return self.event_type is EventType.ASSET_OBSERVATION

    @property
    def is_asset_check_evaluation(self) -> bool:
        """Whether a check was evaluated."""
        return self.event_type is EventType.ASSET_CHECK_EVALUATION

    @property
    def is_resource_init_failure(self) -> bool:
        """Whether a resource could not be set up or torn down."""
        return self.event_type is EventType.RESOURCE_INIT_FAILURE

    # ---- facts about assets ----------------------------------------------------------------------

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset that the event is about."""
        fact = self._fact
        return getattr(self.value, "asset_key", None) if fact is None else fact.asset_key

    @property
    def partition(self) -> str | None:
        """The partition of the asset, None for an unpartitioned one."""
        fact = self._fact
        return None if fact is None else fact.partition

    @property
    def materialization(self) -> v.AssetMaterialization:
        """The materialization.

        Raises:
            InvariantViolationError: for an event of another kind.
        """
        return cast("v.AssetMaterialized", self._of(v.AssetMaterialized)).materialization

    @property
    def asset_materialization(self) -> v.AssetMaterialization | None:
        """The materialization, None for other events."""
        return self.value.materialization if isinstance(self.value, v.AssetMaterialized) else None

    @property
    def asset_observation(self) -> v.AssetObservation | None:
        """The observation, None for other events."""
        return self.value.observation if isinstance(self.value, v.AssetObserved) else None

    @property
    def asset_check_evaluation(self) -> v.AssetCheckEvaluation | None:
        """The evaluation of a check, None for other events."""
        return self.value.evaluation if isinstance(self.value, v.CheckEvaluated) else None

    # ---- particulars by kind; each raises InvariantViolationError for an event of another kind -----

    @property
    def step_materialization_data(self) -> d.StepMaterializationData:
        """The materialization in its wrapping."""
        return self._data_of(v.AssetMaterialized)

    @property
    def asset_observation_data(self) -> d.AssetObservationData:
        """The observation in its wrapping."""
        return self._data_of(v.AssetObserved)

    @property
    def asset_check_evaluation_data(self) -> v.AssetCheckEvaluation:
        """The evaluation."""
        return self._data_of(v.CheckEvaluated)

    @property
    def step_output_data(self) -> d.StepOutputData:
        """The output, its type check and metadata."""
        return self._data_of(v.OutputProduced)

    @property
    def step_input_data(self) -> d.StepInputData:
        """The input and its type check."""
        return self._data_of(v.InputChecked)

    @property
    def step_success_data(self) -> d.StepSuccessData:
        """How long it took."""
        return self._data_of(v.StepSucceeded)

    @property
    def step_failure_data(self) -> d.StepFailureData:
        """The error, and what the user said about it."""
        return self._data_of(v.StepFailed)

    @property
    def step_retry_data(self) -> d.StepRetryData:
        """The error, and how long is waited."""
        return self._data_of(v.StepRetryScheduled)

    @property
    def run_failure_data(self) -> d.RunFailureData:
        """The error and reason."""
        return self._data_of(v.RunFailed)

    @property
    def job_failure_data(self) -> d.RunFailureData:
        """Another name of ``run_failure_data``."""
        return self.run_failure_data

    @property
    def job_canceled_data(self) -> d.RunCanceledData:
        """Why it stopped."""
        return self._data_of(v.RunCanceled)

    @property
    def engine_event_data(self) -> d.EngineEventData:
        """What the machinery had to say."""
        return self._data_of(v.EngineNoted, v.ResourceFailed)

    @property
    def hook_errored_data(self) -> d.HookErroredData:
        """The error of the hook."""
        return self._data_of(v.HookErrored)

    @property
    def logs_captured_data(self) -> d.LogsCapturedData:
        """Where the log lies."""
        return self._data_of(v.LogsCaptured)

    def __str__(self) -> str:
        return f"{self.event_type_value}: {self.message}"

    @property
    def _fact(self) -> v.AssetMaterialization | v.AssetObservation | v.AssetCheckEvaluation | None:
        return fact_of(self.value)

    def _of(self, *classes: type[v.Happened]) -> v.Happened:
        if type(self.value) not in classes:
            wanted = " or ".join(TYPE_OF[cls].value for cls in classes)
            raise InvariantViolationError(
                f"Only an event of type {wanted} has this, found {self.event_type_value}. "
                "Ask event_type first."
            )
        return self.value

    def _data_of(self, *classes: type[v.Happened]) -> Any:
        return _details_of(self._of(*classes))


def _details_of(event: v.Happened) -> Any:
    from penstock.events.details import details_of  # noqa: PLC0415  # lazy, as the docstring says

    return details_of(event)


def fact_of(
    event: v.Happened,
) -> v.AssetMaterialization | v.AssetObservation | v.AssetCheckEvaluation | None:
    """What an event says about an asset, None when it says nothing."""
    if isinstance(event, v.AssetMaterialized):
        return event.materialization
    if isinstance(event, v.AssetObserved):
        return event.observation
    return event.evaluation if isinstance(event, v.CheckEvaluated) else None


def view(event: v.Happened, run_id: str = "", job_name: str | None = None) -> Event:
    """The public face of a stored value.

    Args:
        event: the stored value.
        run_id: its run.
        job_name: the job of that run, where it is known.
    """
    return Event(event, run_id, job_name)
