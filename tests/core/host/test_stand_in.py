from __future__ import annotations

import pytest

from penstock.host.stand_in import StandIn, Touches


@pytest.fixture
def touches():
    return Touches()


@pytest.mark.parametrize(
    "use",
    [
        lambda one: one.name,
        lambda one: one(),
        lambda one: one[0],
        list,
        bool,
        lambda one: one | one,
        lambda one: 1 + one,
    ],
    ids=["attribute", "call", "entry", "list", "truth", "union", "sum"],
)
def test_every_use_is_refused_and_counted(touches, use):
    with pytest.raises((AttributeError, TypeError)):
        use(StandIn(touches))
    assert touches.count == 1


def test_it_has_no_attributes_for_who_asks(touches):
    assert getattr(StandIn(touches), "__penstock_resource__", None) is None


def test_looking_at_its_class_does_not_count(touches):
    assert not isinstance(StandIn(touches), list)
    assert touches.count == 0


def test_showing_it_works_and_counts(touches):
    assert repr(StandIn(touches)) == "<StandIn>"
    assert touches.count == 1
