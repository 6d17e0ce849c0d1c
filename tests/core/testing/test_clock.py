from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.testing.clock import SettableClock


def test_a_clock_stands_still_until_it_is_moved():
    clock = SettableClock(100)
    assert clock() == clock.now() == 100
    clock.advance(2.5)
    clock.advance(timedelta(minutes=1))
    assert clock() == 162.5


def test_a_clock_can_be_set_also_backwards():
    clock = SettableClock()
    clock.set(datetime(2023, 5, 1, tzinfo=UTC))
    assert clock.datetime() == datetime(2023, 5, 1, tzinfo=UTC)
    clock.set(7)
    assert clock() == 7


def test_sleeping_passes_time_at_once():
    clock = SettableClock(0)
    clock.sleep(30)
    assert (clock(), clock.slept) == (30, [30])


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        SettableClock(datetime(2023, 5, 1))  # noqa: DTZ001
