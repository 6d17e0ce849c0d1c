"""What the tasks of a run share, and what cannot leave the process."""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import travelling
from courier import Courier

from penstock import (
    Definitions,
    EnvVar,
    InMemoryIOManager,
    Instance,
    ResourceDefinition,
    UnmetExecutorRequirementsError,
    asset,
    materialize,
    mem_io_manager,
    op,
)
from penstock.define.executor import as_executor
from penstock.host.launch import Launch, _Launched
from penstock.host.prepare import prepare


@pytest.fixture
def ship(instance):
    """The shipment of a job."""

    def make(definition, **given):
        launch = Launch(**given)
        return _Launched(prepare(definition, launch, instance), launch, instance)._shipment()

    return make


def job_of(*assets, **resources):

    return Definitions(assets=assets, resources=resources).resolve_implicit_global_asset_job_def()


def test_its_key_is_the_run_and_its_modules_are_those_of_the_functions(ship):
    shipment = ship(job_of(travelling.made), run_id="11111111-2222-4333-8444-555555555555")
    assert shipment.key == "11111111-2222-4333-8444-555555555555"
    assert shipment.modules == ("travelling",)


def test_its_runner_is_one_and_the_same(ship):
    shipment = ship(job_of(travelling.made))
    assert shipment.runner() is shipment.runner()
    shipment.close()


def test_what_arrives_knows_the_plan_and_binds_config_there(ship):
    cargo = pickle.loads(ship(job_of(travelling.made)).blob())
    assert [step.key for step in cargo.plan.steps] == ["made"]
    assert cargo.settings is None
    assert cargo.logs is None


def test_secrets_of_the_environment_stay_at_home(ship, monkeypatch):
    monkeypatch.setenv("PENSTOCK_TEST_SECRET", "hidden words")

    @asset(required_resource_keys={"db"})
    def needs(): ...

    db = ResourceDefinition(resource_fn=lambda _: 1, config_schema={"password": str})
    config = {"resources": {"db": {"config": {"password": EnvVar("PENSTOCK_TEST_SECRET")}}}}
    blob = ship(job_of(needs, db=db), run_config=config).blob()
    assert b"hidden words" not in blob
    assert b"PENSTOCK_TEST_SECRET" in blob


@pytest.mark.parametrize("manager", [InMemoryIOManager(), mem_io_manager], ids=["value", "definition"])
def test_values_in_the_memory_of_one_process_are_refused(manager, tmp_path):
    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(UnmetExecutorRequirementsError, match=r"'io_manager'.*memory of one process"):
            materialize(
                [travelling.made], instance=instance, resources={"io_manager": manager}, executor=Courier()
            )
        assert instance.get_runs() == []


def test_what_cannot_travel_is_named_and_nothing_is_recorded(tmp_path):
    lock = threading.Lock()

    @op
    def locks():
        with lock:
            return 1

    @asset(required_resource_keys={"db"})
    def needs(): ...

    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(UnmetExecutorRequirementsError, match=r"resource 'db' \(TypeError"):
            materialize([needs], instance=instance, resources={"db": lock}, executor=Courier())
        assert instance.get_runs() == []


def test_executors_of_single_assets_do_not_travel(tmp_path):
    class Unpicklable(Courier):
        def __reduce__(self):
            raise TypeError("an executor was pickled")

    @asset(executor=Unpicklable())
    def one():
        return 1

    with Instance.local_temp(str(tmp_path)) as instance:
        made = materialize([one], instance=instance, executor=as_executor(Unpicklable()))
        assert made.output_for_node("one") == 1
