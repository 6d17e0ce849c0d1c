"""One sentence for people about each event.

Owns: the wording. Pure; nobody may parse these sentences, the values beneath hold the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.errors import job_title
from penstock.events import values as v


def sentence(event: v.Happened, job_name: str | None = None) -> str:
    """What happened, as one line.

    Args:
        event: the stored value.
        job_name: the job of its run, where it is known.
    """
    make = _SENTENCES.get(type(event))
    if make is not None:
        return make(event)
    told = _RUN_SENTENCES.get(type(event))
    subject = f"run of {job_title(job_name).removeprefix('job ')}" if job_name else "run"
    return told(event, subject) if told is not None else type(event).__name__


def duration(seconds: float) -> str:
    """A length of time for people: ``"850 µs"``, ``"12 ms"``, ``"3.4 s"``, ``"2 min 5 s"``."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _error(error: v.ErrorInfo) -> str:
    first = error.message.strip().splitlines()[0] if error.message.strip() else ""
    return f"{error.cls_name}: {first}" if first else error.cls_name


def _with_reason(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else f"{text}."


def _run_failed(event: v.RunFailed, run: str) -> str:
    if event.message:
        return f"The {run} failed: {event.message}"
    steps = ", ".join(event.failed_steps)
    if event.error is not None:
        return f"The {run} failed: {_error(event.error)}"
    return f"The {run} failed. Failed steps: {steps}." if steps else f"The {run} failed."


def _output(event: v.OutputProduced) -> str:
    name = f"{event.output_name}[{event.mapping_key}]" if event.mapping_key else event.output_name
    checked = event.type_check
    if checked is None or checked.success:
        return f"Step {event.step!r} gave output {name!r}."
    return _with_reason(
        f"Output {name!r} of step {event.step!r} is not of its type", checked.description or ""
    )


def _stored(event: v.OutputStored) -> str:
    where = f" at {event.receipt.uri}" if event.receipt.uri else ""
    return f"Stored output {event.output_name!r} with {event.manager_key!r}{where}."


def _loaded(event: v.InputLoaded) -> str:
    origin = ""
    if event.upstream_step is not None:
        origin = f", output {event.upstream_output!r} of step {event.upstream_step!r}"
    elif event.asset_key is not None:
        origin = f", asset {event.asset_key.to_user_string()}"
    return f"Loaded input {event.input_name!r} with {event.manager_key!r}{origin}."


def _input_checked(event: v.InputChecked) -> str:
    verdict = "is of its type" if event.type_check.success else "is not of its type"
    return _with_reason(f"Input {event.input_name!r} {verdict}", event.type_check.description or "")


def _materialized(event: v.AssetMaterialized) -> str:
    made = event.materialization
    part = f", partition {made.partition!r}" if made.partition else ""
    return f"Materialized asset {made.label}{part}."


def _observed(event: v.AssetObserved) -> str:
    seen = event.observation
    part = f", partition {seen.partition!r}" if seen.partition else ""
    return f"Observed asset {seen.label}{part}."


def _checked(event: v.CheckEvaluated) -> str:
    found = event.evaluation
    verdict = "passed" if found.passed else f"did not pass ({found.severity.value})"
    return _with_reason(
        f"Check {found.check_name!r} on {found.asset_key.to_user_string()} {verdict}", found.description or ""
    )


def _expected(event: v.ExpectationTold) -> str:
    told = event.expectation
    what = f"Expectation {told.label!r}" if told.label else "An expectation"
    verdict = "was met" if told.success else "was not met"
    return _with_reason(f"{what} of step {event.step!r} {verdict}", told.description or "")


def _failed(event: v.StepFailed) -> str:
    said = event.failure.description if event.failure and event.failure.description else _error(event.error)
    return f"Step {event.step!r} failed: {said}"


def _retry(event: v.StepRetryScheduled) -> str:
    return (
        f"Attempt {event.attempt} of step {event.step!r} failed, trying again in {duration(event.wait)}: "
        f"{_error(event.error)}"
    )


_RUN_SENTENCES: Mapping[type[v.Happened], Callable[[Any, str], str]] = {
    v.RunQueued: lambda _e, run: f"Queued the {run}.",
    v.RunStarting: lambda _e, run: f"Starting the {run}.",
    v.RunStarted: lambda _e, run: f"Started the {run}.",
    v.RunSucceeded: lambda _e, run: f"The {run} succeeded.",
    v.RunFailed: _run_failed,
    v.RunCanceling: lambda e, run: _with_reason(f"The {run} was asked to stop", e.reason),
    v.RunCanceled: lambda e, run: _with_reason(f"The {run} was canceled", e.reason),
}

_SENTENCES: Mapping[type[v.Happened], Callable[[Any], str]] = {
    v.ResourceFailed: lambda e: f"Resource {e.resource!r} failed in its {e.phase}: {_error(e.error)}",
    v.EngineNoted: lambda e: e.message,
    v.StepStarted: lambda e: f"Started step {e.step!r}.",
    v.StepRestarted: lambda e: f"Started attempt {e.attempt} of step {e.step!r}.",
    v.InputLoaded: _loaded,
    v.InputChecked: _input_checked,
    v.OutputProduced: _output,
    v.OutputStored: _stored,
    v.AssetMaterialized: _materialized,
    v.AssetObserved: _observed,
    v.CheckEvaluated: _checked,
    v.StepSucceeded: lambda e: f"Step {e.step!r} succeeded in {duration(e.seconds)}.",
    v.StepFailed: _failed,
    v.StepRetryScheduled: _retry,
    v.StepSkipped: lambda e: _with_reason(f"Skipped step {e.step!r}", e.reason),
    v.StepInterrupted: lambda e: f"Step {e.step!r} was interrupted.",
    v.HookCompleted: lambda e: f"Hook {e.hook!r} ran after step {e.step!r}.",
    v.HookSkipped: lambda e: f"Hook {e.hook!r} had nothing to do after step {e.step!r}.",
    v.HookErrored: lambda e: f"Hook {e.hook!r} failed after step {e.step!r}: {_error(e.error)}",
    v.LogsCaptured: lambda e: f"The log of step {e.step!r} is at {e.file}.",
    v.ExpectationTold: _expected,
}
