"""Values on their way: all of a task's or none."""

from __future__ import annotations

import threading

import pytest

from penstock.tables.travel import unpack
from penstock_local.handing import NotHandedOnError, Stock


@pytest.fixture
def stock(tmp_path):
    return Stock(str(tmp_path / "shelf"))


def files(stock):
    return (
        sorted(path.name for path in stock.shelf.directory.iterdir())
        if stock.shelf.directory.exists()
        else []
    )


def test_values_are_found_again_by_another_process(stock):
    made = stock.put_all("a#1", {"small": 1, "large": b"x" * 1_000_000})
    other = Stock(str(stock.shelf.directory))
    assert {name: unpack(other.get(parcel)) for name, parcel in made.items()} == {
        "small": 1,
        "large": b"x" * 1_000_000,
    }


def test_equal_names_of_different_tasks_do_not_meet(stock):
    one = stock.put_all("a#1", {"result": b"1" * 1_000_000})
    stock.put_all("a#2", {"result": b"2" * 1_000_000})
    assert unpack(stock.get(one["result"])) == b"1" * 1_000_000


def test_a_value_that_cannot_be_packed_is_named_and_takes_the_others_with_it(stock):
    with pytest.raises(NotHandedOnError, match=r"the value 'lock' \(_thread.lock\) cannot be handed on"):
        stock.put_all("a#1", {"large": b"x" * 1_000_000, "lock": threading.Lock()})
    assert files(stock) == []


def test_dropped_values_are_gone(stock):
    made = stock.put_all("a#1", {"large": b"x" * 1_000_000})
    stock.drop_all(made.values())
    assert files(stock) == []
    with pytest.raises(OSError):
        stock.get(made["large"])


def test_what_a_dead_process_had_begun_to_write_is_removed(stock):
    made = stock.put_all("a#1", {"large": b"x" * 1_000_000})
    (stock.shelf.directory / ".123-0").touch()
    (stock.shelf.directory / ".1234-0").touch()
    stock.drop_unfinished(123)
    assert files(stock)[0] == ".1234-0"
    assert stock.get(made["large"])
