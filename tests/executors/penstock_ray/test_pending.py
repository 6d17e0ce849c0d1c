"""Who gets an order of a batch."""

from __future__ import annotations

import threading

from penstock_ray.pending import Pending


def test_orders_are_taken_in_turn_and_the_rest_comes_back():
    pending = Pending([("a", 1), ("b", 2), ("c", 3)])
    assert pending.take() == ("a", 1)
    assert pending.give_back() == ["b", "c"]
    assert pending.take() is None


def test_who_asks_again_hears_again_what_was_given_back():
    pending = Pending([("a",), ("b",)])
    assert pending.give_back() == pending.give_back() == ["a", "b"]


def test_each_order_is_taken_or_given_back_and_never_both():
    for _ in range(50):
        pending = Pending([(str(number),) for number in range(200)])
        taken, both = [], threading.Barrier(2)

        def take(pending=pending, taken=taken, both=both):
            both.wait()
            while (order := pending.take()) is not None:
                taken.append(order[0])

        thread = threading.Thread(target=take)
        thread.start()
        both.wait()
        back = pending.give_back()
        thread.join()
        assert sorted(taken + back, key=int) == [str(number) for number in range(200)]
