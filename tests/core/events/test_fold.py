"""A run is the sum of its events, in whatever pieces they are summed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import TransitionRejected
from penstock.events import values as v
from penstock.events.fold import (
    STATUS_AFTER,
    RunSummary,
    StepStatus,
    apply,
    check_run,
    fold,
    move,
    status_of,
)
from penstock.events.runs import LEGAL_TRANSITIONS, TERMINAL, Run, RunRecord, RunStatus
from penstock.keys import AssetKey

ERROR = v.ErrorInfo(cls_name="ValueError", message="no")
STARTS = [v.RunStarting(at=1.0), v.RunStarted(at=2.0)]


def step_log(step, outcome, attempts):
    """The events of one step: attempts that fail, and how the last one ends."""
    log = []
    for attempt in range(1, attempts + 1):
        begun = v.StepStarted if attempt == 1 else v.StepRestarted
        log.append(begun(at=0.0, step=step, attempt=attempt))
        if attempt < attempts:
            log.append(v.StepRetryScheduled(at=0.0, step=step, error=ERROR, attempt=attempt))
    made = v.AssetMaterialization(step)
    ends = {
        "success": [
            v.AssetMaterialized(at=0.0, step=step, materialization=made),
            v.StepSucceeded(at=0.0, step=step, seconds=0.5, attempt=attempts),
        ],
        "failure": [v.StepFailed(at=0.0, step=step, error=ERROR, attempt=attempts)],
        "interrupted": [v.StepInterrupted(at=0.0, step=step, attempt=attempts)],
        "crash": [],
    }
    return [v.StepSkipped(at=0.0, step=step, reason="r")] if outcome == "skipped" else log + ends[outcome]


STATUS_OF_OUTCOME = {
    "success": StepStatus.SUCCESS, "failure": StepStatus.FAILURE, "skipped": StepStatus.SKIPPED,
    "interrupted": StepStatus.INTERRUPTED, "crash": StepStatus.RUNNING,
}  # fmt: skip
plans = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.sampled_from(sorted(STATUS_OF_OUTCOME)), st.integers(1, 3)),
    min_size=1,
)


@st.composite
def interleavings(draw):
    """Any legal order of the events of several steps, and what the steps were to do."""
    plan = draw(plans)
    waiting = {step: step_log(step, *told) for step, told in plan.items()}
    log = list(STARTS)
    while waiting:
        step = draw(st.sampled_from(sorted(waiting)))
        log.append(waiting[step].pop(0))
        if not waiting[step]:
            del waiting[step]
    return plan, log


@given(interleavings())
def test_any_interleaving_ends_in_the_same_state(told):
    plan, log = told
    summary = fold(log)
    assert summary.last_seq == len(log)
    assert {key: step.status for key, step in summary.steps.items()} == {
        step: STATUS_OF_OUTCOME[outcome] for step, (outcome, _) in plan.items()
    }
    for step, (outcome, attempts) in plan.items():
        assert summary.steps[step].attempts == (0 if outcome == "skipped" else attempts)
    made = {AssetKey(step) for step, (outcome, _) in plan.items() if outcome == "success"}
    assert summary.materialized_keys == made


@given(interleavings(), st.data())
def test_folding_in_pieces_is_folding_the_whole(told, data):
    _, log = told
    cut = data.draw(st.integers(0, len(log)))
    whole = fold(log)
    assert fold(log[cut:], fold(log[:cut])) == whole
    summary = RunSummary()
    for event in log:
        summary = apply(summary, event)
    assert summary == whole


@given(interleavings(), st.data())
def test_a_crash_and_a_resume_lose_nothing(told, data):
    plan, log = told
    cut = data.draw(st.integers(len(STARTS), len(log)))
    crashed = fold(log[:cut])
    again = [step for step in plan if step not in crashed.succeeded_steps]
    resumed = [
        event
        for step in again
        for event in (
            v.StepRestarted(at=0.0, step=step, attempt=9),
            v.AssetMaterialized(at=0.0, step=step, materialization=v.AssetMaterialization(step)),
            v.StepSucceeded(at=0.0, step=step, seconds=0.5, attempt=9),
        )
    ]
    summary = fold([*resumed, v.RunSucceeded(at=9.0)], crashed)
    assert set(summary.succeeded_steps) == set(plan)
    assert summary.status is RunStatus.SUCCESS
    assert summary.unfinished_steps == ()


def test_folding_does_not_change_what_it_begins_with():
    before = fold(STARTS)
    fold([v.StepStarted(at=1.0, step="a")], before)
    assert before.steps == {}


def test_the_times_of_a_run_and_of_its_steps():
    summary = fold([
        v.RunQueued(at=1.0), v.RunStarting(at=2.0), v.RunStarted(at=3.0),
        v.StepStarted(at=4.0, step="a"), v.StepRetryScheduled(at=5.0, step="a", error=ERROR),
        v.StepRestarted(at=6.0, step="a", attempt=2),
        v.StepSucceeded(at=7.0, step="a", seconds=0.5, attempt=2), v.RunSucceeded(at=8.0),
    ])  # fmt: skip
    assert (summary.create_time, summary.start_time, summary.end_time) == (1.0, 3.0, 8.0)
    step = summary.steps["a"]
    assert (step.start_time, step.end_time, step.seconds, step.attempts) == (4.0, 7.0, 0.5, 2)
    assert step.error == ERROR


def test_a_step_that_failed_before_it_could_begin_has_no_attempts():
    events = [*STARTS, v.StepFailed(at=4.0, step="a", error=ERROR, attempt=0), v.RunFailed(at=5.0)]
    step = fold(events).steps["a"]
    assert (step.status, step.attempts, step.start_time, step.end_time) == (StepStatus.FAILURE, 0, None, 4.0)
    assert check_run(record(RunStatus.FAILURE, len(events)), events) == []


def test_why_a_run_failed():
    failed = v.StepFailed(at=1.0, step="a", error=ERROR, blame=v.Blame.IO)
    summary = fold([*STARTS, failed, v.RunFailed(at=2.0, message="told", error=ERROR)])
    assert summary.failed_steps == ("a",)
    assert summary.steps["a"].blame is v.Blame.IO
    assert (summary.error, summary.message) == (ERROR, "told")


# ---- the state machine ---------------------------------------------------------------------------

movers = st.sampled_from([cls(at=1.0) for cls in STATUS_AFTER])


@given(st.lists(movers, max_size=8))
def test_a_move_is_made_or_refused_as_the_table_says(events):
    status = None
    for event in events:
        after = STATUS_AFTER[type(event)]
        allowed = (
            {RunStatus.QUEUED, RunStatus.STARTING, RunStatus.STARTED}
            if status is None
            else LEGAL_TRANSITIONS[status]
        )
        if after not in allowed:
            with pytest.raises(TransitionRejected, match=f"told to go to {after.value}"):
                move(status, [event], "r")
            return
        status = move(status, [event], "r")
        assert status is after
    assert status_of(events) is status


@pytest.mark.parametrize("status", sorted(TERMINAL, key=lambda status: status.value))
def test_a_finished_run_never_moves(status):
    for cls in STATUS_AFTER:
        with pytest.raises(TransitionRejected, match="it is over"):
            move(status, [cls(at=1.0)], "r")


# ---- the check -----------------------------------------------------------------------------------


def record(status, last_seq):
    run = Run(run_id="r", job_name="j", status=status)
    return RunRecord(storage_id=1, run=run, create_time=1.0, update_time=1.0, last_seq=last_seq)


def test_a_sound_run_has_no_faults():
    events = [*STARTS, v.StepStarted(at=1.0, step="a"), v.RunSucceeded(at=2.0)]
    assert check_run(record(RunStatus.SUCCESS, 4), events, [1, 2, 3, 4]) == []


@pytest.mark.parametrize(
    ("status", "last_seq", "events", "seqs", "said"),
    [
        (RunStatus.SUCCESS, 2, STARTS, [1, 2], "stored as SUCCESS, its events say STARTED"),
        (RunStatus.STARTED, 3, STARTS, [1, 2], "counts 3 events, the log has 2"),
        (RunStatus.STARTED, 2, STARTS, [1, 3], "are not 1 to 2"),
        (RunStatus.STARTED, 3, [*STARTS, v.RunStarted(at=1.0)], [1, 2, 3], "told to go to STARTED"),
        (
            RunStatus.STARTED, 4, [*STARTS, *[v.StepStarted(at=1.0, step="a")] * 2], [1, 2, 3, 4],
            "Attempt 1 of step 'a' began 2 times",
        ),
    ],
)  # fmt: skip
def test_each_violation_is_told(status, last_seq, events, seqs, said):
    (fault,) = check_run(record(status, last_seq), events, seqs)
    assert said in fault
