"""The book of flights and batches under way."""

from __future__ import annotations

import pytest
from test_flights import batch_of

from penstock_ray.flights import Arrival
from penstock_ray.traffic import Traffic


@pytest.fixture
def traffic():
    return Traffic()


def end(traffic, *keys):
    for key in keys:
        traffic.end(Arrival(flight=traffic.flights[key]))


def test_a_batch_counts_for_its_kind_until_its_last_flight_is_over(traffic):
    traffic.add(batch_of("a", "b"))
    end(traffic, "a")
    assert (list(traffic.flights), len(traffic.batches), traffic.under_way["usual"]) == (["b"], 1, 1)
    end(traffic, "b")
    assert (traffic.flights, traffic.batches, traffic.under_way["usual"]) == ({}, {}, 0)


def test_what_has_ended_is_taken_once(traffic):
    traffic.add(batch_of("a", "b"))
    end(traffic, "b", "a")
    assert traffic.has_news
    assert [one.flight.key for one in traffic.take_ended()] == ["b", "a"]
    assert (traffic.has_news, traffic.take_ended()) == (False, [])


def test_flights_that_tell_nothing_are_counted_while_they_are_under_way(traffic):
    batch = batch_of("a", "b")
    batch.open["a"].way = "none"
    traffic.add(batch)
    assert traffic.unwatched == 1
    end(traffic, "b", "a")
    assert traffic.unwatched == 0


def test_a_batch_is_suspected_until_it_has_landed_or_is_over(traffic):
    batch, other = batch_of("a", "b"), batch_of("c")
    for one in (batch, other):
        traffic.add(one)
        traffic.suspect(next(iter(one.open.values())))
    end(traffic, "c")
    assert list(traffic.suspects) == [batch]
    traffic.trust(batch)
    batch.has_landed = True
    traffic.suspect(batch.open["a"])
    assert not traffic.suspects
