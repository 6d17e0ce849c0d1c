"""An instance that is at hand answers what a selection asks."""

from __future__ import annotations

import pytest

from penstock import Instance, asset, materialize
from penstock.define.asset_job import build_asset_job
from penstock.errors import InvalidSubsetError
from penstock.host.asking import facts_for


@asset
def raw():
    return 1


@asset
def clean(raw):
    return raw


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as made:
        yield made


def made(result):
    return [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]


def test_materialize_asks_its_instance(instance):
    assert made(materialize([raw, clean], instance=instance, selection="raw")) == ["raw"]
    assert made(materialize([raw, clean], instance=instance, selection="status:missing")) == ["clean"]


def test_a_job_cut_down_to_some_assets_asks_the_instance_of_the_run(instance):
    job = build_asset_job("both", [raw, clean])
    materialize([raw, clean], instance=instance, selection="raw")
    assert made(job.execute_in_process(instance=instance, asset_selection="status:missing")) == ["clean"]


def test_without_an_instance_it_says_to_give_one():
    with pytest.raises(InvalidSubsetError, match=r"materialize\(..., instance=...\)"):
        materialize([raw, clean], selection="status:missing")


def test_a_selection_that_asks_nothing_wants_no_facts(instance):
    assert facts_for("raw+ and not clean", instance) is None
