"""What is particular to one kind of event, in the shapes that people already read.

Owns: the small values behind ``Event.event_specific_data`` and how each is made from a stored value.
Pure; the stored values of ``values.py`` stay the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.events import values as v
from penstock.metadata import IntMetadataValue, PathMetadataValue, TextMetadataValue
from penstock.values import frozen


@frozen
class StepOutputHandle:
    """An output of a step; ``mapping_key`` tells the outputs of a dynamic one apart."""

    step_key: str
    output_name: str = "result"
    mapping_key: str | None = None


@frozen(kw_only=True)
class StepOutputData:
    """An output was given by user code."""

    step_output_handle: StepOutputHandle
    type_check_data: v.TypeChecked | None = None
    metadata: v.Metadata

    @property
    def output_name(self) -> str:
        """The name of the output."""
        return self.step_output_handle.output_name

    @property
    def mapping_key(self) -> str | None:
        """The key of a dynamic output, else None."""
        return self.step_output_handle.mapping_key


@frozen(kw_only=True)
class StepInputData:
    """An input was checked against its type."""

    input_name: str
    type_check_data: v.TypeChecked


@frozen(kw_only=True)
class StepFailureData:
    """Why a step failed, and what the user said by raising ``Failure``."""

    error: v.ErrorInfo
    user_failure_data: v.UserFailure | None = None
    error_source: v.Blame = v.Blame.USER

    @property
    def error_display_string(self) -> str:
        """The error as text for people."""
        return self.error.to_string()


@frozen(kw_only=True)
class StepRetryData:
    """Why another attempt follows, and after how many seconds."""

    error: v.ErrorInfo
    seconds_to_wait: float = 0.0

    @property
    def error_display_string(self) -> str:
        """The error as text for people."""
        return self.error.to_string()


@frozen
class StepSuccessData:
    """How long the attempt took, in milliseconds."""

    duration_ms: float


@frozen
class StepSkippedData:
    """Why the step did not run."""

    reason: str


@frozen(kw_only=True)
class StepMaterializationData:
    """An asset was made."""

    materialization: v.AssetMaterialization
    asset_lineage: Sequence[Any] = ()


@frozen
class AssetObservationData:
    """An asset was observed."""

    asset_observation: v.AssetObservation


@frozen(kw_only=True)
class HandledOutputData:
    """An output was stored; ``receipt`` says where, how large, with which checksum."""

    output_name: str
    manager_key: str
    mapping_key: str | None = None
    receipt: v.Receipt

    @property
    def metadata(self) -> v.Metadata:
        """What the I/O manager told about the stored value."""
        told, facts = self.receipt, dict(self.receipt.metadata)
        if told.uri is not None:
            facts["path"] = PathMetadataValue(told.uri)
        if told.bytes is not None:
            facts["bytes"] = IntMetadataValue(told.bytes)
        if told.checksum is not None:
            facts["checksum"] = TextMetadataValue(told.checksum)
        return facts


@frozen(kw_only=True)
class LoadedInputData:
    """An input was loaded."""

    input_name: str
    manager_key: str
    upstream_output_name: str | None = None
    upstream_step_key: str | None = None
    metadata: v.Metadata


@frozen(kw_only=True)
class RunFailureData:
    """Why a run failed."""

    error: v.ErrorInfo | None = None
    failure_reason: str | None = None
    failed_steps: tuple[str, ...] = ()


@frozen
class RunCanceledData:
    """Why a run stopped."""

    reason: str
    error: v.ErrorInfo | None = None


@frozen(kw_only=True)
class EngineEventData:
    """Something about the machinery."""

    metadata: v.Metadata
    error: v.ErrorInfo | None = None


@frozen
class HookErroredData:
    """A hook raised."""

    error: v.ErrorInfo


@frozen
class StepExpectationResultData:
    """A step said whether data is as it expected."""

    expectation_result: v.ExpectationResult


@frozen(kw_only=True)
class LogsCapturedData:
    """Where the log of these steps lies."""

    file_key: str
    step_keys: tuple[str, ...]


def details_of(event: v.Happened) -> Any:
    """What is particular to an event, None when its kind says all."""
    make = _MAKERS.get(type(event))
    return None if make is None else make(event)


_PASSED = v.TypeChecked()


def _output(event: v.OutputProduced) -> StepOutputData:
    handle = StepOutputHandle(event.step, event.output_name, event.mapping_key)
    return StepOutputData(
        step_output_handle=handle, type_check_data=event.type_check or _PASSED, metadata=event.metadata
    )


def _handled(event: v.OutputStored) -> HandledOutputData:
    return HandledOutputData(
        output_name=event.output_name,
        manager_key=event.manager_key,
        mapping_key=event.mapping_key,
        receipt=event.receipt,
    )


def _loaded(event: v.InputLoaded) -> LoadedInputData:
    return LoadedInputData(
        input_name=event.input_name,
        manager_key=event.manager_key,
        upstream_output_name=event.upstream_output,
        upstream_step_key=event.upstream_step,
        metadata=event.metadata,
    )


def _failed(event: v.StepFailed) -> StepFailureData:
    return StepFailureData(error=event.error, user_failure_data=event.failure, error_source=event.blame)


def _run_failed(event: v.RunFailed) -> RunFailureData:
    return RunFailureData(error=event.error, failure_reason=event.reason, failed_steps=event.failed_steps)


_MAKERS: Mapping[type[v.Happened], Callable[[Any], Any]] = {
    v.RunFailed: _run_failed,
    v.RunCanceled: lambda e: RunCanceledData(e.reason),
    v.RunCanceling: lambda e: RunCanceledData(e.reason),
    v.ResourceFailed: lambda e: EngineEventData(error=e.error, metadata={}),
    v.EngineNoted: lambda e: EngineEventData(error=e.error, metadata={}),
    v.InputLoaded: _loaded,
    v.InputChecked: lambda e: StepInputData(input_name=e.input_name, type_check_data=e.type_check),
    v.OutputProduced: _output,
    v.OutputStored: _handled,
    v.AssetMaterialized: lambda e: StepMaterializationData(materialization=e.materialization),
    v.AssetObserved: lambda e: AssetObservationData(e.observation),
    v.CheckEvaluated: lambda e: e.evaluation,
    v.StepSucceeded: lambda e: StepSuccessData(e.seconds * 1000),
    v.StepFailed: _failed,
    v.StepRetryScheduled: lambda e: StepRetryData(error=e.error, seconds_to_wait=e.wait),
    v.StepSkipped: lambda e: StepSkippedData(e.reason),
    v.HookErrored: lambda e: HookErroredData(e.error),
    v.ExpectationTold: lambda e: StepExpectationResultData(e.expectation),
    v.LogsCaptured: lambda e: LogsCapturedData(file_key=e.file, step_keys=(e.step,) if e.step else ()),
}
