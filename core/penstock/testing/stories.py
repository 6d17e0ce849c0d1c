"""Runs that never happened: their events, for tests of whatever reads a store.

Owns: ``run_story`` (the events of a small run) and ``tell`` (putting them into a store). Pure but
for the store that it is given; times are what the caller says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.events import values as v
from penstock.events.runs import Run, RunStatus
from penstock.keys import AssetKey
from penstock.spi.store import Store

DEFAULT_ERROR = v.ErrorInfo(cls_name="ValueError", message="told to fail")


def run_story(
    steps: Sequence[str] = ("work",),
    *,
    at: float = 1_000.0,
    failing: Sequence[str] = (),
    facts: Mapping[str, Sequence[Any]] | None = None,
    end: RunStatus | None = None,
) -> list[v.Happened]:
    """The events of a run whose steps ran one after another, a second apart.

    Args:
        steps: their keys.
        at: when it was queued, in seconds since 1970.
        failing: the steps that fail.
        facts: what each step said about assets: materializations, observations, check evaluations.
        end: how it ends; None for what the steps imply, ``STARTED`` for not at all.
    """
    said = facts or {}
    events: list[v.Happened] = [v.RunQueued(at=at), v.RunStarting(at=at + 1), v.RunStarted(at=at + 2)]
    for place, step in enumerate(steps):
        events += step_story(step, at=at + 3 + place, fails=step in failing, facts=said.get(step, ()))
    done = at + 3 + len(steps)
    status = end or (RunStatus.FAILURE if failing else RunStatus.SUCCESS)
    return [*events, *_ending(status, done, tuple(failing))]


def step_story(
    step: str, *, at: float = 1_000.0, fails: bool = False, facts: Sequence[Any] = ()
) -> list[v.Happened]:
    """The events of one step that took half a second.

    Args:
        step: its key.
        at: when it started, in seconds since 1970.
        fails: whether it fails.
        facts: what it said about assets.
    """
    begun = v.StepStarted(at=at, step=step)
    if fails:
        return [begun, v.StepFailed(at=at + 0.5, step=step, error=DEFAULT_ERROR)]
    told = [fact_event(fact, step=step, at=at + 0.25) for fact in facts]
    given = v.OutputProduced(at=at + 0.2, step=step, type_check=v.TypeChecked())
    return [begun, given, *told, v.StepSucceeded(at=at + 0.5, step=step, seconds=0.5)]


def fact_event(fact: Any, *, step: str = "", at: float = 1_000.0) -> v.Happened:
    """The event that tells a fact about an asset.

    Args:
        fact: a materialization, observation or check evaluation.
        step: the step that told it; empty for outside any run.
        at: when, in seconds since 1970.
    """
    if isinstance(fact, v.AssetMaterialization):
        return v.AssetMaterialized(at=at, step=step, materialization=fact)
    if isinstance(fact, v.AssetObservation):
        return v.AssetObserved(at=at, step=step, observation=fact)
    return v.CheckEvaluated(at=at, step=step, evaluation=fact)


def tell(
    store: Store,
    run_id: str,
    events: Sequence[v.Happened] | None = None,
    *,
    job_name: str = "job",
    **about: Any,
) -> Run:
    """Put a run with its events into a store.

    Args:
        store: where.
        run_id: the id of the run.
        events: its events, None for those of ``run_story()``.
        job_name: its job.
        about: further fields of ``Run``; an asset selection may be given as strings.
    """
    selection = about.pop("asset_selection", None)
    if selection is not None:
        about["asset_selection"] = frozenset(AssetKey(key) for key in selection)
    run = Run(run_id=run_id, job_name=job_name, **about)
    store.create_run(run, run_story() if events is None else events)
    return run


def _ending(status: RunStatus, at: float, failing: tuple[str, ...]) -> list[v.Happened]:
    endings: dict[RunStatus, list[v.Happened]] = {
        RunStatus.SUCCESS: [v.RunSucceeded(at=at)],
        RunStatus.FAILURE: [v.RunFailed(at=at, failed_steps=failing)],
        RunStatus.CANCELING: [v.RunCanceling(at=at, reason="by hand")],
        RunStatus.CANCELED: [v.RunCanceling(at=at, reason="by hand"), v.RunCanceled(at=at, reason="by hand")],
    }
    return endings.get(status, [])
