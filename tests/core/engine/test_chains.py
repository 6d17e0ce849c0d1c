"""Chains: which steps travel together, and what becomes of them when something goes wrong on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import courier
from chain_jobs import (
    ONCE_MORE,
    RAN,
    failing,
    last,
    line,
    named,
    pooled,
    reader,
    shaky,
    skipping,
    source,
    timed,
)
from courier import Courier
from far_jobs import KEPT, Shelf, plain

from penstock import Instance, job, materialize
from penstock.define.executor import as_executor
from penstock.events import values as v
from penstock.host.launch import Launch, launch


@pytest.fixture
def carry_out():
    """Runs a job by a courier that takes chains; gives the result and what was submitted."""

    def run(definition, longest=8, **options):
        RAN.clear()
        KEPT.clear()
        far = Courier(chains=longest, **options)
        definition = attrs.evolve(definition, executor_def=as_executor(far))
        stores = "io_manager" in definition.resource_defs
        with Instance.ephemeral() as instance:
            given = Launch(raise_on_error=False, keeps_values=False, stores_op_outputs=stores)
            return launch(definition, given, instance), far.submitted

    return run


def kinds(result, step):
    return [type(event).__name__ for event in result.happened if getattr(event, "step", None) == step]


def test_steps_that_need_only_each_other_travel_as_one(carry_out):
    result, submitted = carry_out(line(*map(named, "abc")))
    assert submitted == ["a#1…c"]
    assert result.success
    assert kinds(result, "b") == ["StepStarted", "OutputProduced", "StepSucceeded"]


def test_a_chain_is_no_longer_than_the_executor_wants(carry_out):
    assert carry_out(line(*map(named, "abcde")), longest=2)[1] == ["a#1…b", "c#1…d", "e#1"]


def test_a_value_that_two_steps_read_ends_a_chain(carry_out):
    @job
    def forked():
        first = named("b")([named("a")([])])
        named("c")([first])
        named("d")([first])

    assert carry_out(forked)[1] == ["a#1…b", "c#1", "d#1"]


def test_an_output_that_may_be_missing_ends_a_chain(carry_out):
    result, submitted = carry_out(line(named("a"), named("b", skipping), named("c")))
    assert submitted == ["a#1…b"]
    assert kinds(result, "c") == ["StepSkipped"]


@pytest.mark.parametrize(
    "alone",
    [
        named("b", pooled),
        named("b", timed),
        named("b", **{"penstock/lane": "thread"}),
        named("b", **{"penstock/alone": "true"}),
        named("b", policy=ONCE_MORE),
    ],
    ids=["pool", "timeout", "lane", "tag", "retries of what is not stored"],
)
def test_who_wants_something_of_its_own_stays_alone(carry_out, alone):
    assert "b#1" in carry_out(line(named("a"), alone, named("c")))[1][1]


def test_a_step_that_can_read_its_input_again_joins_though_it_may_be_retried(carry_out):
    definition = line(named("a"), named("b", policy=ONCE_MORE), resources={"io_manager": Shelf()})
    assert carry_out(definition)[1] == ["a#1…b"]


def test_a_failure_in_the_middle_ends_the_chain_there(carry_out):
    result, submitted = carry_out(line(named("a"), named("b", failing), named("c")))
    assert submitted == ["a#1…c"]
    assert result.state.phase[result.state.unit("c")].name == "OUT_OF_REACH"
    assert (RAN["a"], RAN["b"], RAN["c"]) == (1, 1, 0)


def test_a_retry_in_the_middle_goes_on_with_what_the_step_before_handed_on(carry_out):
    definition = line(named("a"), named("b", shaky), named("c"), resources={"io_manager": Shelf()})
    result, submitted = carry_out(definition)
    assert submitted == ["a#1…c", "b#2…c", "b#3…c"]
    assert result.success
    assert (RAN["a"], RAN["b"], RAN["c"]) == (1, 3, 1)


def test_a_worker_that_dies_in_a_chain_takes_only_what_was_not_done(carry_out):
    steps = named("a"), named("b", policy=ONCE_MORE), named("c")
    fates = iter([courier.LOST_BETWEEN])
    result, submitted = carry_out(
        line(*steps, resources={"io_manager": Shelf()}), fate=lambda _key: next(fates, courier.FINE)
    )
    assert submitted == ["a#1…c", "b#2…c"]
    assert kinds(result, "a").count("StepStarted") == 1
    assert kinds(result, "b")[:3] == ["StepStarted", "StepRetryScheduled", "StepRestarted"]
    assert kinds(result, "c")[0] == "StepStarted"
    assert result.success


def test_without_retries_it_fails_the_step_it_was_at(carry_out):
    result, _ = carry_out(line(*map(named, "abc")), fate=lambda _key: courier.LOST_BETWEEN)
    assert [event.step for event in result.happened if isinstance(event, v.StepFailed)] == ["b"]
    assert kinds(result, "a")[-1] == "StepSucceeded"


def test_a_chain_that_never_began_is_sent_again_under_another_key(carry_out):
    fates = iter([courier.NEVER_BEGAN])
    result, submitted = carry_out(line(*map(named, "ab")), fate=lambda _key: next(fates, courier.FINE))
    assert submitted == ["a#1…b", "a#1.1…b"]
    assert kinds(result, "a").count("StepStarted") == 1


def test_assets_of_a_chain_know_the_version_of_what_they_read(tmp_path):
    far = Courier(chains=8)
    with Instance.local_temp(str(tmp_path)) as instance:
        result = materialize([source, reader, last], instance=instance, executor=far)
    made = {
        event.step: event.materialization.tags
        for event in result.happened
        if isinstance(event, v.AssetMaterialized)
    }
    assert far.submitted == ["source#1…last"]
    read = made["reader"]["penstock/input_data_version/source"]
    assert read == made["source"]["penstock/data_version"]


def test_a_first_step_of_its_own_mind_takes_nobody_along(carry_out):
    assert carry_out(line(named("a", timed), named("b")))[1] == ["a#1", "b#1"]
    assert plain.name == "plain"
