# ruff: noqa: D102 - the names of tests are sentences
"""Promises about what an executor says of itself, and how a run begins.

Owns: features, ``begin``, what it asks of ``Shared``, and its errors. Must not know any executor.
"""

from __future__ import annotations

from contextlib import suppress

from penstock.errors import UnmetExecutorRequirementsError, UserError
from penstock.spi.executor import Outcome, Task
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.double import StandIn, Work
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, peace

ABSENT = "penstock_module_that_nobody_has"


class BeginPromises:
    """Features, and the beginning of a run."""

    def test_the_features_are_as_declared_and_constant(self, stage: Stage) -> None:
        fresh = stage.made.features
        hold(fresh == stage.features, f"the features are {stage.features} by the tests, but {fresh}")
        hold(fresh.chains >= 1, f"chains is 1 for none, found {fresh.chains}")
        limit = fresh.max_concurrent
        hold(limit is None or limit >= 1, f"max_concurrent is 1 or more, or None; found {limit}")
        window = fresh.window
        hold(window is None or window >= 1, f"window is 1 or more, or None; found {window}")
        hold(fresh.lanes, "at least one lane is known")
        stage.answer(stage.submit(tasks.answer, 1))
        hold(stage.executor.features == fresh, "features are constant; they changed when the run began")
        stage.close()
        hold(stage.executor.features == fresh, "features are constant; they changed when the run ended")

    @needs("in_process")
    def test_tasks_in_this_process_use_its_runner(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer, 1))
        asked = stage.shared.asked
        hold(
            "blob" not in asked, "an executor that stays in the process pickles nothing; it asked for blob()"
        )
        hold("runner" in asked, "an executor that stays in the process uses shared.runner()")

    @needs("out_of_process")
    def test_other_processes_get_the_blob(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer, 1))
        asked = stage.shared.asked
        hold("blob" in asked, "an executor of other processes sends them shared.blob()")
        hold("runner" not in asked, "the driver's runner is for executors that stay in its process")

    @needs("out_of_process")
    def test_a_worker_makes_its_runner_once(self, stage: Stage) -> None:
        for number in range(3 * max(stage.terms.places, 1)):
            stage.answer(stage.submit(tasks.answer, number))
        makers = [mark.pid for mark in stage.marks("made")]
        doubles = sorted({pid for pid in makers if makers.count(pid) > 1})
        hold(not doubles, f"what tasks share is sent once to each worker; {doubles} made a runner again")

    @needs("out_of_process")
    def test_a_module_that_workers_lack_is_named_before_the_first_task(self, stage: Stage) -> None:
        error = _refusal(stage, StandIn(str(stage.folder), modules=(ABSENT,)))
        hold(
            isinstance(error, UserError),
            f"begin() raises UserError when workers lack a module, found {error!r}",
        )
        hold(
            ABSENT in str(error), f"the error of begin() names the module that workers lack; it says: {error}"
        )

    @needs("out_of_process")
    def test_what_cannot_travel_is_told_before_the_first_task(self, stage: Stage) -> None:
        error = _refusal(stage, StandIn(str(stage.folder), refusal="the lamp cannot travel"))
        hold(
            isinstance(error, UnmetExecutorRequirementsError) and "the lamp cannot travel" in str(error),
            f"begin() lets out what blob() raises, found {error!r}",
        )

    def test_two_executors_do_not_disturb_each_other(self, stage: Stage) -> None:
        first, key = stage.submit(tasks.answer, 1), "elsewhere#1"
        other = stage.fresh()
        try:
            other.begin(stage.shared)
            work = Work(key=key, function=tasks.answer, arguments=(2,))
            other.submit(Task(key=key, body=work), {})
            ends = [end for _ in range(100) for end in other.collect(0.1) if isinstance(end, Outcome)]
        finally:
            other.close()
        values = [end.record.value for end in ends]
        hold(values == [2], f"two executors in one run each bring their own outcomes; of 2 came {values}")
        hold(stage.answer(first) == 1, "closing one executor takes no outcome of another with it")
        hold(stage.answer(stage.submit(tasks.answer, 3)) == 3, "an executor goes on when another was closed")

    def test_closing_before_the_beginning_is_no_fault(self, stage: Stage) -> None:
        with peace("close() before begin() is no fault"):
            stage.made.close()
            stage.made.close()

    def test_a_run_without_tasks_has_nothing_to_tell(self, stage: Stage) -> None:
        hold(not stage.executor.collect(0), "no task is under way: collect(0) has nothing to tell")
        hold(not stage.executor.collect(None), "no task is under way: collect(None) returns at once")


def _refusal(stage: Stage, shared: StandIn) -> Exception | None:
    """What ``begin`` raises."""
    try:
        stage.made.begin(shared)
    except Exception as error:  # noqa: BLE001 - which one is the question
        return error
    finally:
        with suppress(UserError):
            stage.close()
    return None
