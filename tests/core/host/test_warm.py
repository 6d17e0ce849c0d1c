"""Executors that outlive a run: who gets one again, and that all of them end."""

from __future__ import annotations

import pytest

from penstock import (
    Instance,
)
from penstock.host.warm import Kind, WarmExecutors
from penstock.spi.executor import ExecutorFeatures


class Resting:
    """Notes what it is told."""

    def __init__(self, rests=True, fault=None):
        self.features = ExecutorFeatures(rests=rests)
        self.told = []
        self.fault = fault

    def rest(self):
        self.told.append("rest")
        if self.fault is not None:
            raise self.fault

    def close(self):
        self.told.append("close")


@pytest.fixture
def kind(tmp_path):
    with Instance.local_temp(tmp_path) as instance:
        settings = instance.settings

    def make(name="one", **config):
        return Kind(name=name, config=config, settings=settings)

    return make


def run(warm, *wanted, error=None):
    """A run that takes executors of some kinds, made where there is none."""
    taken = [warm.take(kind, make) for kind, make in wanted]
    warm.take_back(None if error is None else type(error), error, None)
    return taken


def test_the_same_kind_gets_the_same_again(kind):
    with WarmExecutors() as warm:
        assert run(warm, (kind(n=1), Resting)) == run(warm, (kind(n=1), Resting))


def test_another_config_gets_another(kind):
    with WarmExecutors() as warm:
        (first,), (second,) = run(warm, (kind(n=1), Resting)), run(warm, (kind(n=2), Resting))
        assert first is not second
        assert run(warm, (kind(n=1), Resting)) == [first]


def test_a_run_that_takes_two_of_a_kind_gets_two(kind):
    with WarmExecutors() as warm:
        first, second = run(warm, (kind(), Resting), (kind(), Resting))
        assert first is not second


def test_one_that_cannot_rest_ends_with_its_run(kind):
    warm = WarmExecutors()
    (found,) = run(warm, (kind(), lambda: Resting(rests=False)))
    assert found.told == ["close"]


def test_one_of_no_kind_ends_with_its_run():
    (found,) = run(WarmExecutors(), (None, Resting))
    assert found.told == ["close"]


def test_a_run_that_was_torn_takes_its_executors_with_it(kind):
    (found,) = run(WarmExecutors(), (kind(), Resting), error=KeyboardInterrupt())
    assert found.told == ["close"]


def test_one_that_fails_to_rest_is_not_given_again_and_the_others_end(kind):
    warm = WarmExecutors()
    fault = OSError("no")
    one, two = Resting(), Resting(fault=fault)
    with pytest.raises(OSError, match="no"):
        run(warm, (kind("one"), lambda: one), (kind("two"), lambda: two))
    assert one.told == ["rest"]
    assert run(warm, (kind("two"), Resting)) != [two]


def test_the_eldest_ends_where_too_many_rest(kind):
    warm = WarmExecutors(most=2)
    found = [run(warm, (kind(n=n), Resting))[0] for n in range(3)]
    assert [one.told for one in found] == [["rest", "close"], ["rest"], ["rest"]]


def test_none_is_kept_where_none_may_rest(kind):
    (found,) = run(WarmExecutors(most=0), (kind(), Resting))
    assert found.told == ["close"]


def test_closing_ends_those_that_rest_once(kind):
    warm = WarmExecutors()
    (found,) = run(warm, (kind(), Resting))
    warm.close()
    warm.close()
    assert found.told == ["rest", "close"]
