from __future__ import annotations

import pytest

from penstock import AssetKey, Definitions, Instance, asset, job, materialize, op
from penstock.host.preview import preview, recent_seconds
from penstock.plan.expand import Given


@asset
def orders():
    return 1


@asset
def revenue(orders):
    return orders


DEFS = Definitions(assets=[orders, revenue])


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def planned(instance, job_def=None):
    chosen = job_def or DEFS.get_implicit_global_asset_job_def()
    return preview(chosen, DEFS.resolve_asset_graph(), instance, Given())


def test_steps_come_in_an_order_in_which_they_can_be_done(instance):
    first, second = planned(instance)
    assert (first.step, first.makes, first.after) == ("orders", (AssetKey("orders"),), ())
    assert (second.step, second.after) == ("revenue", ("orders",))


def test_what_was_made_is_not_missing_any_more(instance):
    materialize([orders], instance=instance)
    assert [step.reason for step in planned(instance)] == ["selected", "missing"]


def test_a_time_is_the_median_of_earlier_runs(instance):
    for _ in range(3):
        materialize([orders], instance=instance)
    assert set(recent_seconds(instance.store)) == {"orders"}
    assert [step.seconds is None for step in planned(instance)] == [False, True]


def test_ops_are_selected(instance):
    @op
    def greet(): ...

    @job
    def greeting():
        greet()

    (step,) = planned(instance, greeting)
    assert (step.step, step.reason, step.makes) == ("greet", "selected", ())
