"""Limits: which steps count in which counter, and what a config may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.limits import Limits, TagLimit, tag_limits
from penstock.errors import InvalidConfigError


def test_without_limits_nothing_is_counted():
    limits = Limits()
    assert limits.is_idle
    assert limits.counters({"db": "x"}, "pool") == ()
    assert limits.full(()) is None


def test_a_limit_without_value_counts_every_value_together():
    one = TagLimit(key="db", limit=1)
    assert one.counter({"db": "a"}) == one.counter({"db": "b"}) == "tag db"
    assert one.counter({"other": "a"}) is None


def test_a_limit_of_a_value_counts_that_value_alone():
    one = TagLimit(key="db", limit=1, value="a")
    assert one.counter({"db": "a"}) == "tag db=a"
    assert one.counter({"db": "b"}) is None


def test_a_limit_per_value_counts_each_value_apart():
    one = TagLimit(key="db", limit=1, per_value=True)
    assert one.counter({"db": "a"}) == "tag db=a"
    assert one.counter({"db": "b"}) == "tag db=b"


def test_a_pool_that_the_settings_do_not_name_has_no_limit():
    limits = Limits(pools={"known": 1})
    assert limits.counters({}, "known") == ("pool known",)
    assert limits.counters({}, "unknown") == ()


def test_a_step_may_count_in_several_counters_and_the_first_full_one_is_named():
    limits = Limits([TagLimit(key="db", limit=1), TagLimit(key="cpu", limit=2)], {"p": 5})
    counters = limits.counters({"db": "x", "cpu": "y"}, "p")
    assert counters == ("pool p", "tag db", "tag cpu")
    limits.take(counters)
    assert limits.full(counters) == "tag db"
    limits.give(counters)
    assert limits.full(counters) is None


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 5))
def test_a_counter_that_is_asked_first_never_exceeds_its_limit(wishes, limit):
    limits, running = Limits([TagLimit(key="db", limit=limit)]), 0
    counters = limits.counters({"db": "x"}, None)
    for begins in wishes:
        if begins and limits.full(counters) is None:
            limits.take(counters)
            running += 1
        elif not begins and running:
            limits.give(counters)
            running -= 1
        assert 0 <= running <= limit
        assert limits.has_room("tag db") == (running < limit)


def test_config_is_read_in_its_three_forms():
    given = [
        {"key": "db", "limit": 3},
        {"key": "db", "value": 1, "limit": 2},
        {"key": "db", "value": {"applyLimitPerUniqueValue": True}, "limit": 1},
    ]
    assert tag_limits(given) == (
        TagLimit(key="db", limit=3),
        TagLimit(key="db", limit=2, value="1"),
        TagLimit(key="db", limit=1, per_value=True),
    )
    assert tag_limits(None) == ()


def test_everything_that_is_wrong_is_named_at_once():
    given = ["db", {"limit": 1}, {"key": "db", "limit": 0}, {"key": "db", "limit": True}]
    with pytest.raises(InvalidConfigError) as caught:
        tag_limits(given)
    said = str(caught.value)
    assert all(f"[{place}]" in said for place in range(4))
    assert "wanted the name of a tag as key" in said
