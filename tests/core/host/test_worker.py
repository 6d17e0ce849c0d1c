"""A worker's side of a run: resources when they are needed, the instance when it is asked for, text home."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import worker_assets as w
from courier import Courier

from penstock import Definitions, Instance, define_asset_job, execute_job, materialize
from penstock.errors import ResourceFunctionError
from penstock.events import values as v
from penstock.spi.executor import Place
from penstock.store.logs import LogFolder, Stream

FIRST = {"first": w.first, "second": w.second, "unused": w.unused}


@pytest.fixture
def durable(tmp_path):
    with Instance.local_temp(str(tmp_path / "home")) as made:
        yield made


@pytest.fixture
def marks(tmp_path, monkeypatch):
    path = tmp_path / "marks"
    path.touch()
    monkeypatch.setenv(w.MARKS, str(path))
    return lambda: path.read_text().splitlines()


def failure_of(result, name):
    (found,) = (one for one in result.happened if isinstance(one, v.StepFailed) and one.step == name)
    return found


def text(instance, result, step, stream):
    return LogFolder(instance.logs_directory()).read(result.run_id, step, stream).text


def test_resources_are_opened_once_when_needed_and_closed_in_reverse(durable, marks):
    result = materialize(
        [w.a, w.b, w.other], selection=["a", "b"], instance=durable, resources=FIRST, executor=Courier()
    )
    assert result.output_for_node("b") == 5
    assert marks() == ["first up", "second up", "second down", "first down"]


def test_a_resource_that_fails_fails_the_steps_that_need_it_and_is_named(durable, marks):
    given = {"broken": w.broken, **FIRST}
    result = materialize(
        [w.needs_broken, w.a], instance=durable, resources=given, executor=Courier(), raise_on_error=False
    )
    failed = failure_of(result, "needs_broken")
    assert "Resource 'broken' could not be set up: ValueError: no database" in failed.error.message
    assert failed.blame is v.Blame.RESOURCE
    (told,) = (one for one in result.happened if isinstance(one, v.ResourceFailed))
    assert (told.resource, told.phase, told.error.message) == ("broken", "setup", "no database")
    assert "needs_broken ran" not in marks()
    assert result.output_for_node("a") == 2


def test_what_the_resource_raised_is_raised_as_in_one_process(durable, marks):
    for executor in (None, Courier()):
        with pytest.raises(ResourceFunctionError, match="no database") as caught:
            materialize([w.needs_broken], instance=durable, resources={"broken": w.broken}, executor=executor)
        assert isinstance(caught.value.__cause__, ValueError)


def test_a_resource_that_does_not_end_well_is_told_in_the_log_of_the_run(durable, marks):
    given = {"stubborn": w.stubborn}
    result = materialize([w.needs_stubborn], instance=durable, resources=given, executor=Courier())
    assert result.success
    said = text(durable, result, "run", Stream.LOG)
    assert "Resource 'stubborn' could not be torn down: ValueError: will not end" in said


def test_config_of_nested_resources_is_bound_in_the_worker(durable, marks, monkeypatch):
    class Elsewhere(Courier):
        def begin(self, shared):
            monkeypatch.setenv(w.MARKS, "of the worker")
            super().begin(shared)

    result = materialize([w.nested], instance=durable, resources={"outer": w.OUTER}, executor=Elsewhere())
    assert result.output_for_node("nested") == "of the worker"


def test_hooks_see_values_and_their_resources(durable, marks):
    job = Definitions(
        assets=[w.a],
        resources=FIRST,
        jobs=[define_asset_job("j", ["a"], hooks={w.hooked}, executor_def=Courier())],
    ).resolve_job_def("j")
    assert execute_job(job, durable).success
    assert "hook of a: 1 [2]" in marks()


def test_the_instance_of_a_lasting_run_is_at_hand(durable, marks):
    given = {"outer": w.OUTER}
    result = materialize([w.nested, w.looks], instance=durable, resources=given, executor=Courier())
    assert result.output_for_node("looks") is True


def test_one_in_memory_is_missed_with_advice(marks):
    given = {"outer": w.OUTER}
    result = materialize([w.nested, w.looks], resources=given, executor=Courier(), raise_on_error=False)
    message = failure_of(result, "looks").error.message
    assert "context.instance.get_latest_materialization_event" in message
    assert "Instance.local_temp" in message


def test_values_of_an_ephemeral_run_are_at_hand_afterwards(marks):
    result = materialize([w.a, w.b], resources=FIRST, executor=Courier())
    assert (result.output_for_node("a"), result.output_for_node("b")) == (2, 5)


@pytest.mark.parametrize("shares_disk", [True, False])
def test_text_reaches_the_logs_also_from_another_disk(durable, shares_disk):
    far = Courier(place=Place(shares_disk=shares_disk))
    result = materialize([w.prints], instance=durable, executor=far)
    assert text(durable, result, "prints", Stream.OUT) == "printed\n"
    assert "INFO     logged" in text(durable, result, "prints", Stream.LOG)
    captured = [one for one in result.happened if isinstance(one, v.LogsCaptured)]
    assert len(captured) == 1
    assert captured[0].step == "prints"


def test_opening_a_resource_does_not_count_as_the_time_of_the_step(durable, marks):
    result = materialize([w.hurried], instance=durable, resources={"slow": w.slow}, executor=Courier())
    assert result.output_for_node("hurried") - w.OPENED[-1] >= w.LIMIT - 0.01


def test_a_worker_knows_the_partitions_of_the_run_and_of_what_it_reads(durable):
    def ends(first):
        start, end = "penstock/asset_partition_range_start", "penstock/asset_partition_range_end"
        return {start: first, end: "2024-01-04"}

    materialize([w.day], instance=durable, tags=ends("2024-01-01"), executor=Courier())
    result = materialize([w.day, w.day_before], instance=durable, tags=ends("2024-01-03"), executor=Courier())
    keys = ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert result.output_for_node("day_before") == dict.fromkeys(keys[1:], (keys, keys, 2, 5))


def test_a_worker_need_not_ask_which_dynamic_partitions_there_are(durable):
    durable.add_dynamic_partitions("files", ["b", "a"])
    for key in "ab":
        materialize([w.listed], instance=durable, partition_key=key)
    result = materialize(
        [w.listed, w.all_listed], selection=["all_listed"], instance=durable, executor=Courier()
    )
    assert result.output_for_node("all_listed") == {"a": "file", "b": "file"}
