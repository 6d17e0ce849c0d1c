# ruff: noqa: D102 - the names of tests are sentences
"""Promises about many tasks: how many at once, and a long row of them.

Owns: ``max_concurrent``, lanes, and what stays bounded. Must not know any executor.
"""

from __future__ import annotations

import gc
import weakref
from collections import deque
from typing import Any

from penstock.spi.executor import Lane, Ticket, Wants
from penstock.testing.conformance.executor import remains, tasks
from penstock.testing.conformance.executor.marks import most_at_once
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold, until_marked

BLOCK = 4 << 20
BLOCKS = 12


class CrowdPromises:
    """Many tasks at once and one after the other."""

    @needs("max_concurrent")
    def test_never_more_than_max_concurrent_run_at_once(self, stage: Stage) -> None:
        limit = stage.features.max_concurrent or 1
        for ticket in [stage.submit(tasks.answer, number) for number in range(6 * limit)]:
            stage.answer(ticket)
        _see_limit(stage, limit)

    @needs("max_concurrent", places=1)
    def test_waiting_tasks_keep_to_max_concurrent(self, stage: Stage) -> None:
        limit, gate = stage.features.max_concurrent or 1, stage.gate("a")
        tickets = [stage.submit(tasks.wait, gate) for _ in range(limit + 3)]
        stage.pump(
            lambda: len(stage.marks("waiting")) >= stage.terms.places, "as many as promised are running"
        )
        for _ in range(10):
            stage.collect(0.02)
        _see_limit(stage, limit)
        stage.open(gate)
        for ticket in tickets:
            stage.answer(ticket)
        _see_limit(stage, limit)

    @needs(places=2)
    def test_as_many_run_at_once_as_there_are_places(self, stage: Stage) -> None:
        places = stage.terms.places
        tickets = [stage.submit(tasks.meet, str(stage.folder / "here"), places) for _ in range(places)]
        answers = [stage.answer(ticket) for ticket in tickets]
        hold(all(answers), f"{places} tasks run at once; only {answers.count(True)} met")

    @needs(places=1)
    def test_a_place_that_is_owned_has_one_task_in_the_main_thread(self, stage: Stage) -> None:
        for ticket in [stage.submit(tasks.whereabouts) for _ in range(3 * stage.terms.places)]:
            found = stage.answer(ticket)
            hold(
                not found["owns_process"] or found["main"],
                "owns_process means that a task runs in the main thread; it ran in another",
            )
        for pid in {mark.pid for mark in stage.marks("made") if mark.more == "owns_process=True"}:
            most = most_at_once([mark for mark in stage.marks() if mark.pid == pid])
            hold(most <= 1, f"owns_process means one task at a time; {most} ran at once")

    @needs(places=2)
    def test_tasks_that_share_a_lane_run_at_once(self, stage: Stage) -> None:
        shared: tuple[Lane, ...] = ("thread", "async")
        for lane in shared:
            if lane not in stage.features.lanes:
                continue
            wants, place = Wants(lane=lane), str(stage.folder / lane)
            pair = [stage.submit(tasks.meet, place, 2, wants=wants) for _ in range(2)]
            hold(all(list(map(stage.answer, pair))), f"tasks of lane {lane} run beside each other")

    @needs("out_of_process", places=1)
    def test_lanes_of_waiting_tasks_take_no_place_of_others(self, stage: Stage) -> None:
        gate = stage.gate("a")
        blockers = [stage.submit(tasks.wait, gate) for _ in range(stage.terms.places)]
        until_marked(stage, "waiting", *blockers)
        shared: tuple[Lane, ...] = ("thread", "async")
        for lane in shared:
            if lane in stage.features.lanes:
                beside = stage.submit(tasks.answer, 1, wants=Wants(lane=lane))
                hold(stage.answer(beside) == 1, f"a task of lane {lane} needs no free place of lane process")
        stage.open(gate)
        for blocker in blockers:
            hold(stage.answer(blocker), "the gate opened in time")

    @needs("hands_off")
    def test_a_long_row_of_tasks_keeps_only_what_is_not_released(self, stage: Stage) -> None:
        window = stage.features.at_hand or 64
        kept: deque[Ticket] = deque()
        for number in range(stage.terms.many):
            kept.append(_next(stage, number, kept))
            if len(kept) > window:
                _settle(stage, kept.popleft())
        while kept:
            _settle(stage, kept.popleft())
        hold(len(stage.ends) == stage.terms.many, f"{stage.terms.many} tasks end {len(stage.ends)} times")

    @needs("hands_off", "in_process")
    def test_released_values_do_not_pile_up_in_memory(self, stage: Stage) -> None:
        watched: list[weakref.ref[Any]] = []
        for _ in range(50):
            maker = stage.submit(tasks.hand_thing, hands=("thing",))
            stage.outcome(maker)
            watched.append(weakref.ref(stage.executor.fetch(maker, "thing")))
            stage.executor.release(maker, ["thing"])
        stage.ends.clear()
        gc.collect()
        alive = sum(one() is not None for one in watched)
        hold(alive <= 1, f"released values are dropped; {alive} of 50 are still held")

    @needs("hands_off", "out_of_process")
    def test_released_values_do_not_pile_up_on_disk(self, stage: Stage) -> None:
        stage.answer(stage.submit(tasks.answer))
        for _ in range(BLOCKS):
            maker = stage.submit(tasks.hand_block, stage.token, BLOCK, hands=("block",))
            stage.outcome(maker)
            stage.outcome(stage.submit(tasks.take_block, stage.token, upstream={"block": (maker, "block")}))
            stage.executor.release(maker, ["block"])
        left = remains.size_of(remains.files(stage.before, stage.token))
        most = BLOCKS // 2 * BLOCK
        hold(left < most, f"released values are dropped; {left} bytes of {BLOCKS * BLOCK} are left in files")


def _next(stage: Stage, number: int, kept: deque[Ticket]) -> Ticket:
    """A task that hands a number on; every tenth takes one from before."""
    if number % 10 == 9 and kept:
        stage.outcome(kept[0])
        taker = stage.submit(tasks.pass_on, upstream={"v": (kept[0], "v")}, hands=("v",))
        stage.outcome(taker)
        return taker
    return stage.submit(tasks.hand, {"v": number}, hands=("v",))


def _settle(stage: Stage, ticket: Ticket) -> None:
    stage.outcome(ticket)
    stage.executor.release(ticket, ["v"])


def _see_limit(stage: Stage, limit: int) -> None:
    most = most_at_once(stage.marks())
    hold(most <= limit, f"at most max_concurrent={limit} tasks run at once; {most} did")
