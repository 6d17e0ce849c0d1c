# ruff: noqa: D102 - the names of tests are sentences
"""Promises about the values that an executor keeps, drops, or cannot carry.

Owns: ``fetch``, ``release``, values that are gone, values that cannot travel. Must not know any executor.
"""

from __future__ import annotations

import gc
import weakref

from penstock.spi.executor import Lost, Ticket
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, has, hold, peace


class KeepPromises:
    """Values stay until they are released, then they are gone."""

    @needs("in_process", "hands_off")
    def test_a_released_value_is_freed(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand_thing, hands=("thing",))
        stage.outcome(maker)
        stage.outcome(stage.submit(tasks.take_identities, upstream={"x": (maker, "thing")}))
        watched = weakref.ref(stage.executor.fetch(maker, "thing"))
        stage.executor.release(maker, ["thing"])
        stage.ends.clear()
        gc.collect()
        hold(watched() is None, "release() drops a value; somebody in the executor still holds it")

    @needs("hands_off")
    def test_a_released_value_is_gone_and_the_others_stay(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"a": 1, "b": 2}, hands=("a", "b"))
        other = stage.submit(tasks.hand, {"a": 3}, hands=("a",))
        stage.outcome(maker)
        stage.outcome(other)
        for _ in range(2):
            with peace("release() of what is released already is ignored"):
                stage.executor.release(maker, ["a"])
            hold(not has(stage, maker, "a"), "fetch() of a released value raises KeyError")
            hold(
                stage.value(maker, "b") == 2,
                "release() drops what it names; another value of the task is gone",
            )
            hold(
                stage.value(other, "a") == 3, "release() drops values of its ticket; that of another is gone"
            )

    @needs("hands_off")
    def test_releasing_what_is_not_there_is_ignored(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"a": 1}, hands=("a",))
        stage.outcome(maker)
        with peace("release() of what is not there is ignored"):
            stage.executor.release(maker, ["never", "result[x]"])
            stage.executor.release(maker, [])
            stage.executor.release(Ticket("nobody"), ["a"])
        hold(stage.value(maker, "a") == 1, "release() of unknown values leaves the known ones")

    def test_fetching_what_was_never_there_raises_key_error(self, stage: Stage) -> None:
        ticket = stage.submit(tasks.answer, 1)
        stage.outcome(ticket)
        hold(not has(stage, ticket, "result"), "fetch() of a value that was never made raises KeyError")
        hold(not has(stage, Ticket("nobody"), "result"), "fetch() for an unknown ticket raises KeyError")

    @needs("hands_off", "out_of_process")
    def test_a_value_that_is_gone_is_a_loss_that_names_it(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"a": 1, "b": 2}, hands=("a", "b"))
        stage.outcome(maker)
        stage.executor.release(maker, ["a"])
        lost = stage.lost(stage.submit(tasks.take, upstream={"x": (maker, "a"), "y": (maker, "b")}))
        hold(lost.cause == "input", f"a task whose input is gone is lost for its input, found {lost.cause!r}")
        hold(
            tuple(lost.missing) == ("x",), f"missing names what is gone by its name in upstream, found {lost}"
        )

    @needs("hands_off", "out_of_process")
    def test_a_value_that_cannot_be_pickled_is_a_clear_loss(self, stage: Stage) -> None:
        for make in (tasks.hand_lock, tasks.hand_refusing):
            lost = stage.lost(stage.submit(make, hands=("fine", "stuck")))
            hold(
                "stuck" in lost.reason,
                f"the loss names the value that cannot travel; it says {lost.reason!r}",
            )
            hold(lost.started, "the task had begun when its value could not travel: started is True")
        hold(
            stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after an unpicklable value"
        )

    @needs("hands_off", "out_of_process")
    def test_a_value_that_cannot_be_unpickled_ends_only_its_consumer(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand_trap, hands=("trap",))
        if not isinstance(stage.end(maker), Lost):
            end = stage.end(stage.submit(tasks.take, upstream={"x": (maker, "trap")}))
            text = end.reason if isinstance(end, Lost) else str(end.record)
            hold(
                "not to be unpickled" in text, f"the end of the consumer says what was raised, found {text!r}"
            )
        hold(stage.answer(stage.submit(tasks.answer, 1)) == 1, "an executor goes on after a poisoned value")
