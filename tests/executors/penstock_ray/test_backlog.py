"""Which flights go next."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from penstock.spi.executor import Task, Ticket, Wants
from penstock_ray.backlog import Backlog
from penstock_ray.flights import Flight
from penstock_ray.options import Request

NONE: Counter = Counter()


def flight(key, kind=None):
    return Flight(task=Task(key=key, body=None), ticket=Ticket(key), inputs={}, request=Request(), kind=kind)


def backlog(*kinds, places=2):
    made = Backlog()
    for kind in kinds:
        made.know(kind, places)
        for _ in range(40):
            made.note(kind, 0.0)
    return made


def keys(flights):
    return [one.key for one in flights]


def test_what_goes_alone_goes_in_order():
    made = backlog()
    for key in "abc":
        assert made.add(flight(key))
    assert [keys(made.next(NONE)) for _ in range(4)] == [["a"], ["b"], ["c"], []]


def test_a_kind_of_which_nothing_is_known_goes_alone_at_once():
    made = Backlog()
    made.know("k", 2)
    assert made.add(flight("a", "k"))
    assert keys(made.next(Counter({"k": 99}))) == ["a"]


def test_short_ones_are_shared_among_free_places():
    made = backlog("k")
    for number in range(40):
        assert not made.add(flight(str(number), "k"))
    sent = Counter()
    sizes = []
    while found := made.next(sent):
        sizes.append(len(found))
        sent["k"] += 1
    assert sizes == [10, 10, 10, 10]


def test_what_waits_for_a_fuller_batch_holds_nobody_else_up():
    made = backlog("k")
    made.add(flight("short", "k"))
    made.add(flight("alone"))
    busy = Counter({"k": 4})
    assert keys(made.next(busy)) == ["alone"]
    assert made.next(busy) == []
    assert keys(made.next(NONE)) == ["short"]


@given(st.permutations(range(6)))
def test_what_was_sent_in_vain_waits_where_it_was(order):
    made = backlog("k")
    for number in range(24):
        made.add(flight(str(number), "k"))
    sent = made.next(NONE)
    for place in order:
        made.put_back(sent[place])
    assert keys(made.next(NONE)) == [str(number) for number in range(6)]


def test_a_flight_that_is_taken_out_never_goes():
    made = backlog("k")
    for key, kind in (("a", None), ("b", "k"), ("c", None)):
        made.add(flight(key, kind))
    assert made.remove("b").key == "b"
    assert made.remove("b") is None
    assert [keys(made.next(NONE)) for _ in range(3)] == [["a"], ["c"], []]


@given(st.lists(st.tuples(st.sampled_from([None, "k", "l"]), st.booleans())))
def test_each_flight_goes_once_in_the_order_of_its_kind(entries):
    made = backlog("k", "l")
    sent = {None: [], "k": [], "l": []}
    for number, (kind, is_sent) in enumerate(entries):
        made.add(flight(str(number), kind))
        for one in made.next(NONE) if is_sent else ():
            sent[one.kind].append(one.key)
    while found := made.next(NONE):
        for one in found:
            sent[one.kind].append(one.key)
    assert len(made) == 0
    for kind, found in sent.items():
        assert found == [str(number) for number, (one, _) in enumerate(entries) if one == kind]


def urgent(key, priority, kind=None):
    task = Task(key=key, body=None, wants=Wants(priority=priority))
    return Flight(task=task, ticket=Ticket(key), inputs={}, request=Request(), kind=kind)


def test_the_most_urgent_goes_first_of_all_kinds():
    made = Backlog()
    made.know("k", 9)
    for one in (flight("a"), urgent("b", 1, "k"), urgent("c", 2), urgent("d", -1, "k"), urgent("e", 1)):
        made.add(one)
    sent = []
    while found := made.next(NONE):
        sent += keys(found)
    assert sent == ["c", "b", "e", "a", "d"]


def test_what_is_put_back_waits_among_its_equals():
    made = Backlog()
    for one in (urgent("a", 1), urgent("b", 1), flight("c")):
        made.add(one)
    (first,) = made.next(NONE)
    made.add(urgent("d", 2))
    made.put_back(first)
    assert [keys(made.next(NONE)) for _ in range(4)] == [["d"], ["a"], ["b"], ["c"]]


def test_what_waits_is_shared_among_places_that_came_meanwhile():
    made = backlog("k")
    for number in range(60):
        made.add(flight(str(number), "k"))
    made.know("k", 3)
    sent, sizes = Counter(), []
    while found := made.next(sent):
        sizes.append(len(found))
        sent["k"] += 1
    assert sizes == [10] * 6


def test_fewer_places_get_no_more_than_they_keep_busy():
    made = backlog("k", places=3)
    made.add(flight("a", "k"))
    made.know("k", 1)
    assert made.next(Counter({"k": 4})) == []
    assert keys(made.next(Counter({"k": 1}))) == ["a"]
