"""Slots of one run: who asks, when again, and what is said of it."""

from __future__ import annotations

import pytest

from penstock.engine.slots import FIRST_LOOK, LONGEST_LOOK, Slots, is_slot, parked_for, reason_of
from penstock.spi.pools import Slot, SlotAnswer


def slot(run="other", step="a", others=0):
    return Slot(pool="db", run_id=run, step=step, owner="", since=1.0, others=others)


class Desk:
    """Grants as it was told, and remembers what it was asked."""

    def __init__(self, *granted):
        self.granted, self.asked, self.given = list(granted), [], []

    def ask(self, pool, step, attempt, priority):
        self.asked.append((pool, step, attempt) if not priority else (pool, step, attempt, priority))
        holders = () if self.granted[0] else (slot(),)
        return SlotAnswer(granted=self.granted.pop(0), limit=1, taken=len(holders), holders=holders)

    def give_back(self, step):
        self.given.append(step)


def at(moment):
    return lambda: moment


def test_without_a_desk_everything_is_granted():
    slots = Slots()
    assert slots.is_idle
    assert slots.ask("db", "a", 1, at(1.0)).granted
    slots.give_back("a")
    assert slots.next_look(1.0) is None


def test_while_one_step_waits_for_a_pool_the_others_do_not_ask():
    slots = Slots(Desk(False, True))
    assert slots.waits_for("db") is None
    slots.ask("db", "a", 1, at(1.0))
    reason = slots.waits_for("db")
    assert is_slot(reason)
    assert is_slot(parked_for("db"))
    assert not is_slot("tag db")
    assert slots.waits_for("api") is None
    assert not slots.unlock(reason, 1.0)
    assert not slots.unlock(parked_for("db"), 1.0)
    assert slots.next_look(1.0) == 1.0 + FIRST_LOOK
    assert slots.unlock(parked_for("db"), 1.0 + FIRST_LOOK)
    assert slots.waits_for("db") is None
    assert slots.unlock(reason, 1.0)


def test_a_more_urgent_step_asks_although_another_waits():
    desk = Desk(False, False, True, True)
    slots = Slots(desk)
    slots.ask("db", "a", 1, at(1.0))
    assert slots.waits_for("db", -1) == slots.waits_for("db", 0)
    assert slots.waits_for("db", 2) is None
    slots.ask("db", "b", 1, at(1.0), 2)
    assert slots.waits_for("db", 2) is not None
    assert slots.waits_for("db", 3) is None
    assert desk.asked == [("db", "a", 1), ("db", "b", 1, 2)]


def test_looks_grow_rarer_until_a_slot_is_granted():
    slots, now, pauses = Slots(Desk(*[False] * 15, True, False)), 1.0, []
    for _ in range(15):
        slots.ask("db", "a", 1, at(now))
        look = slots.next_look(now)
        pauses.append(look - now)
        now = look
        slots.unlock(parked_for("db"), now)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_LOOK)
    assert slots.ask("db", "a", 1, at(now)).granted
    assert slots.next_look(now) is None
    slots.ask("db", "b", 1, at(now))
    assert slots.next_look(now) == pytest.approx(now + FIRST_LOOK)


def test_the_end_of_an_own_step_is_no_reason_to_wait():
    slots, now = Slots(Desk(*[False] * 10)), 1.0
    for _ in range(9):
        slots.ask("db", "a", 1, at(now))
        now = slots.next_look(now)
        slots.unlock(parked_for("db"), now)
    slots.ask("db", "a", 1, at(now))
    assert not slots.unlock(parked_for("db"), now)
    slots.wake("db")
    slots.wake("api")
    assert slots.next_look(now) < now
    assert slots.unlock(parked_for("db"), now)
    assert slots.next_look(now) is None


def test_a_refusal_that_took_long_is_not_asked_again_at_once():
    slots = Slots(Desk(False))
    slots.ask("db", "a", 1, at(9.0))
    assert not slots.unlock(parked_for("db"), 1.0)


def test_a_clock_that_is_set_back_delays_nobody_for_long():
    slots = Slots(Desk(False))
    slots.ask("db", "a", 1, at(10_000.0))
    assert slots.next_look(1.0) == 1.0 + LONGEST_LOOK


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SlotAnswer(granted=False, limit=0), "the pool is closed, its limit is 0."),
        (
            SlotAnswer(granted=False, limit=2, taken=2, holders=(slot(), slot("me", "b"))),
            "2 of 2 taken by run other (a), this run (b).",
        ),
        (
            SlotAnswer(granted=False, limit=9, taken=5, holders=[slot(others=4)], ahead=[slot("x")]),
            "5 of 9 taken by run other (a and 4 more); run x (a) asked before.",
        ),
        (
            SlotAnswer(granted=False, limit=5, taken=5, holders=[slot(run) for run in "pqrst"]),
            "5 of 5 taken by run p (a), run q (a), run r (a) and 2 more.",
        ),
        (SlotAnswer(granted=False, limit=1, ahead=[slot("x")]), "0 of 1 taken; run x (a) asked before."),
    ],
)
def test_a_reason_names_who_is_in_the_way(answer, said):
    assert reason_of(answer, "me") == said


def test_the_log_hears_of_the_first_step_at_once_and_of_others_that_wait_long():
    slots, now = Slots(Desk(*[False] * 40)), 1.0
    answer = slots.ask("db", "a", 1, at(now))
    assert slots.sentence(answer, "me", "db", "a").startswith("a waits for a slot of pool db: 1 of 1")
    assert slots.sentence(answer, "me", "db", "a") is None
    said = [slots.sentence(slots.ask("db", "b", 1, at(now)), "me", "db", "b") for _ in range(30)]
    assert said[0] is None
    assert len([one for one in said if one is not None]) == 1


def test_the_log_hears_nothing_of_a_run_that_waits_for_itself():
    slots = Slots(Desk(False))
    slots.ask("db", "a", 1, at(1.0))
    own = SlotAnswer(granted=False, limit=1, taken=1, holders=(slot("me"),))
    assert slots.sentence(own, "me", "db", "a") is None
