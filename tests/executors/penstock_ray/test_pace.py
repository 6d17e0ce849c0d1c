"""How many short tasks travel together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock_ray.pace import AT_ONCE, DEPTH, MOST, Pace, share

SECONDS = st.floats(0, 100)


def test_nothing_travels_together_before_anything_is_known():
    assert Pace().together == 1


def test_short_tasks_travel_together_after_a_few():
    pace = Pace()
    for _ in range(40):
        pace.note(0.0005)
    assert pace.together == int(AT_ONCE / pace.seconds) > 10


def test_no_batch_is_larger_than_the_largest():
    pace = Pace()
    for _ in range(100):
        pace.note(0.0)
    assert pace.together == MOST


@given(st.lists(SECONDS), SECONDS)
def test_a_slow_task_counts_at_once(earlier, seconds):
    pace = Pace()
    for one in [*earlier, seconds]:
        pace.note(one)
    assert pace.seconds >= seconds
    assert pace.together == 1 or pace.together * seconds <= AT_ONCE


@given(st.integers(2, MOST), st.integers(1, 5000), st.integers(0, 100), st.integers(1, 500))
def test_what_waits_is_shared_among_the_places_that_are_free(together, waiting, under_way, places):
    count = share(together, waiting, under_way, places)
    assert 0 <= count <= min(together, waiting)
    free = DEPTH * places - under_way
    assert (count == 0) == (free <= 0)
    assert count <= waiting / max(free, 1) + 1


@given(st.integers(0, 5000), st.integers(0, 100), st.integers(0, 500))
def test_what_goes_alone_never_waits_for_others(waiting, under_way, places):
    assert share(1, waiting, under_way, places) == 1
