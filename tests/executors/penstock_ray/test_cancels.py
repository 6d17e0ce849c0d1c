"""Asking Ray to stop tasks, at any moment."""

from __future__ import annotations

import random
import threading

import pytest
from doubles import FOREVER, PATIENCE, collect_all, collect_some, ends, task

from penstock.spi.executor import Lost, Outcome, Progress
from penstock_ray.cancels import Cancels

ROUNDS = 30
AT_ONCE = 4
ALONE = {"penstock/alone": "yes"}


def test_ray_is_asked_in_its_own_thread_and_in_order(cluster, monkeypatch):
    made = Cancels()
    made.settle(PATIENCE)  # what tests before this one have asked
    asked = []
    monkeypatch.setattr("ray.cancel", lambda handle, **_: asked.append((handle, threading.get_ident())))
    for number in range(3):
        made.cancel(number, force=False)
    made.settle(PATIENCE)
    assert [handle for handle, _ in asked] == [0, 1, 2]
    threads = {thread for _, thread in asked}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_ray_that_was_left_is_asked_nothing(cluster, monkeypatch):
    made = Cancels()
    made.settle(PATIENCE)
    asked = []
    monkeypatch.setattr("ray.cancel", lambda handle, **_: asked.append(handle))
    with monkeypatch.context() as left:
        left.setattr("ray.is_initialized", lambda: False)
        made.cancel(1, force=True)
        made.settle(PATIENCE)
    made.settle(PATIENCE)
    assert asked == []


@pytest.mark.parametrize("seed", [1, 2])
def test_tasks_are_called_off_at_any_moment_and_no_attempt_is_unknown(executor, tmp_path, seed):
    chance = random.Random(seed)
    for place in range(ROUNDS):
        files = {f"a{place}-{number}#1": tmp_path / f"{place}-{number}" for number in range(AT_ONCE)}
        tickets = [executor.submit(task(k, "append", str(f), tags=ALONE), {}) for k, f in files.items()]
        found = {}
        for _ in range(chance.randrange(4)):
            found |= ends(executor.collect(chance.uniform(0.0, 0.003)))
        for ticket in tickets:
            executor.cancel(ticket, FOREVER)
        found |= ends(collect_all(executor, AT_ONCE - len(found)))
        for key, end in found.items():
            runs = len(files[key].read_text().splitlines()) if files[key].exists() else 0
            assert runs == 1 if isinstance(end, Outcome) else runs <= end.started, end


@pytest.fixture
def busy(executor, tmp_path):
    """An executor whose places are taken until the test is over."""
    gate = tmp_path / "gate"
    tickets = [executor.submit(task(f"busy{n}#1", "begin_and_wait", str(gate)), {}) for n in range(2)]
    begun = set()
    while len(begun) < 2:
        begun |= {one.ticket for one in collect_some(executor) if isinstance(one, Progress)}
    yield executor
    gate.touch()
    assert {type(one) for one in ends(collect_all(executor, len(tickets))).values()} == {Outcome}


def test_a_task_for_which_there_is_no_place_ends_at_once(busy):
    ticket = busy.submit(task("a#1", "echo"), {})
    assert busy.collect(0.0) == []
    busy.cancel(ticket, FOREVER)
    (end,) = collect_all(busy, 1)
    assert isinstance(end, Lost)
    assert (end.cause, end.started) == ("canceled", False)


def test_tasks_that_travel_together_end_at_once_when_there_is_no_place_for_them(busy):
    for kind in busy._backlog._kinds.values():
        kind.pace.seconds = 0.0
    tickets = [busy.submit(task(f"a{number}#1", "echo"), {}) for number in range(20)]
    busy._launch()
    assert not busy._backlog
    for ticket in tickets:
        busy.cancel(ticket, FOREVER)
    found = ends(collect_all(busy, 20))
    assert {(one.cause, one.started) for one in found.values()} == {("canceled", False)}
