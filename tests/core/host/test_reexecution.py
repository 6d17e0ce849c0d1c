"""A run can be repeated from its failure, or in parts; values come from the run that made them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from penstock import (
    DynamicOut,
    DynamicOutput,
    Instance,
    Out,
    ReexecutionOptions,
    asset,
    execute_job,
    job,
    op,
)
from penstock.define.asset_job import build_asset_job
from penstock.errors import InvariantViolationError, RunNotFoundError, StepNotFoundError
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.host.ownership import mend_lost_runs


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as made:
        yield made


class Weather:
    """What makes steps fail, and what ran."""

    def __init__(self):
        self.bad = set()
        self.ran = []

    def meet(self, key):
        self.ran.append(key)
        if key in self.bad:
            raise ValueError(f"bad weather for {key}")

    def take(self):
        ran, self.ran = self.ran, []
        return ran


@pytest.fixture
def weather():
    return Weather()


@pytest.fixture
def chain(weather):
    """first → second → third; each adds its own letter."""

    @op
    def first():
        weather.meet("first")
        return "a"

    @op
    def second(x):
        weather.meet("second")
        return x + "b"

    @op
    def third(x):
        weather.meet("third")
        return x + "c"

    @job
    def three():
        third(second(first()))

    return three


@pytest.fixture
def dynamic(weather):
    @op(out=DynamicOut())
    def pieces():
        weather.meet("pieces")
        for name in "abc":
            yield DynamicOutput(name, name)

    @op
    def work(x):
        weather.meet(f"work[{x}]")
        return x * 2

    @op
    def total(xs):
        weather.meet("total")
        return xs

    @job
    def spread():
        total(pieces().map(work).collect())

    return spread


def again(definition, instance, parent, **options):
    chosen = ReexecutionOptions(parent_run_id=parent.run_id, **options)
    return execute_job(definition, instance, reexecution_options=chosen)


def from_failure(definition, instance, parent):
    options = ReexecutionOptions.from_failure(parent.run_id, instance)
    return execute_job(definition, instance, reexecution_options=options)


def test_only_what_failed_or_was_not_reached_runs_again(chain, weather, instance):
    weather.bad = {"second"}
    parent = execute_job(chain, instance)
    assert (parent.success, weather.take()) == (False, ["first", "second"])
    weather.bad = set()
    result = from_failure(chain, instance, parent)
    assert (result.success, weather.take()) == (True, ["second", "third"])
    assert result.output_for_node("third") == "abc"


def test_the_new_run_knows_its_lineage(chain, weather, instance):
    weather.bad = {"second"}
    parent = execute_job(chain, instance)
    child = from_failure(chain, instance, parent)
    weather.bad = set()
    grandchild = from_failure(chain, instance, child)
    assert (child.run.parent_run_id, child.run.root_run_id) == (parent.run_id, parent.run_id)
    assert (grandchild.run.parent_run_id, grandchild.run.root_run_id) == (child.run_id, parent.run_id)


def test_values_come_from_the_run_that_made_them_over_several_repetitions(chain, weather, instance):
    weather.bad = {"second"}
    parent = execute_job(chain, instance)
    weather.bad = {"third"}
    child = from_failure(chain, instance, parent)
    weather.bad = set()
    weather.take()
    grandchild = from_failure(chain, instance, child)
    assert weather.take() == ["third"]
    assert grandchild.output_for_node("third") == "abc"
    assert grandchild.output_for_node("first") == "a"


def test_a_successful_run_is_not_repeated_from_its_failure(chain, instance):
    parent = execute_job(chain, instance)
    with pytest.raises(InvariantViolationError, match="ended as SUCCESS"):
        ReexecutionOptions.from_failure(parent.run_id, instance)


def test_an_unknown_run_is_named(instance):
    with pytest.raises(RunNotFoundError, match="'nobody'"):
        ReexecutionOptions.from_failure("nobody", instance)


def test_a_canceled_run_is_repeated_from_where_it_was_stopped(weather, instance):
    @op
    def first():
        weather.meet("first")
        return 1

    @op
    def second(x):
        weather.meet("second")
        if len(weather.ran) < 3:
            raise KeyboardInterrupt
        return x + 1

    @job
    def two():
        second(first())

    parent = execute_job(two, instance)
    assert parent.run.status is RunStatus.CANCELED
    result = from_failure(two, instance, parent)
    assert weather.ran == ["first", "second", "second"]
    assert result.success


def test_without_a_selection_everything_runs_again(chain, weather, instance):
    parent = execute_job(chain, instance)
    weather.take()
    again(chain, instance, parent)
    assert weather.take() == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("selection", "ran"),
    [
        (["second"], ["second"]),
        (["second+"], ["second", "third"]),
        (["first*"], ["first", "second", "third"]),
        (["+third"], ["second", "third"]),
        (["*third"], ["first", "second", "third"]),
        (["first", "third"], ["first", "third"]),
    ],
)
def test_selected_steps_run_again(chain, weather, instance, selection, ran):
    parent = execute_job(chain, instance)
    weather.take()
    result = again(chain, instance, parent, step_selection=selection)
    assert (result.success, weather.take()) == (True, ran)


def test_an_unknown_step_is_named(chain, instance):
    parent = execute_job(chain, instance)
    with pytest.raises(StepNotFoundError, match="Did you mean 'third'"):
        again(chain, instance, parent, step_selection=["thrid"])


def test_a_step_whose_source_never_ran_is_refused(chain, weather, instance):
    weather.bad = {"first"}
    parent = execute_job(chain, instance)
    with pytest.raises(InvariantViolationError, match=r"'third'.*'second'"):
        again(chain, instance, parent, step_selection=["third"])


def test_only_the_failed_unit_of_a_mapped_step_runs_again(dynamic, weather, instance):
    weather.bad = {"work[b]"}
    parent = execute_job(dynamic, instance)
    assert weather.take() == ["pieces", "work[a]", "work[b]", "work[c]"]
    weather.bad = set()
    result = from_failure(dynamic, instance, parent)
    assert weather.take() == ["work[b]", "total"]
    assert result.output_for_node("total") == ["aa", "bb", "cc"]


def test_one_unit_can_be_selected(dynamic, weather, instance):
    parent = execute_job(dynamic, instance)
    weather.take()
    result = again(dynamic, instance, parent, step_selection=["work[b]"])
    assert (result.success, weather.take()) == (True, ["work[b]"])
    assert result.output_for_node("work") == {"a": "aa", "b": "bb", "c": "cc"}


@pytest.mark.parametrize("selection", ["work", "work[?]"])
def test_every_unit_can_be_selected(dynamic, weather, instance, selection):
    parent = execute_job(dynamic, instance)
    weather.take()
    result = again(dynamic, instance, parent, step_selection=[selection])
    assert (result.success, sorted(weather.take())) == (True, ["work[a]", "work[b]", "work[c]"])


def test_a_unit_that_there_is_not_is_named(dynamic, instance):
    parent = execute_job(dynamic, instance)
    with pytest.raises(StepNotFoundError, match=r"no unit 'work\[z\]'; it has work\[a\], work\[b\]"):
        again(dynamic, instance, parent, step_selection=["work[z]"])


def test_a_dynamic_step_that_runs_again_gives_its_units_anew(dynamic, weather, instance):
    parent = execute_job(dynamic, instance)
    weather.take()
    result = again(dynamic, instance, parent, step_selection=["pieces*"])
    assert (result.success, len(weather.take())) == (True, 5)


def test_a_dynamic_step_alone_can_run_again(dynamic, weather, instance):
    parent = execute_job(dynamic, instance)
    weather.take()
    result = again(dynamic, instance, parent, step_selection=["pieces"])
    assert (result.success, weather.take()) == (True, ["pieces"])


def test_skipped_steps_stay_skipped(weather, instance):
    @op(out=Out(is_required=False))
    def rare():
        yield from ()

    @op
    def reader(x):
        return x

    @op
    def broken():
        weather.meet("broken")

    @job
    def both():
        reader(rare())
        broken()

    weather.bad = {"broken"}
    parent = execute_job(both, instance)
    weather.bad = set()
    result = from_failure(both, instance, parent)
    assert result.success
    assert result.is_node_skipped("reader")
    assert {event.step for event in result.happened if isinstance(event, v.StepHappened)} == {"broken"}


def test_assets_are_repeated_too(weather, instance):
    @asset
    def raw():
        weather.meet("raw")
        return 1

    @asset
    def clean(raw):
        weather.meet("clean")
        return raw + 1

    both = build_asset_job("both", [raw, clean])
    weather.bad = {"clean"}
    parent = execute_job(both, instance)
    weather.bad = set()
    weather.take()
    result = from_failure(both, instance, parent)
    assert (result.asset_value("clean"), weather.take()) == (2, ["clean"])


KILLED = """
    import os, signal
    from penstock import Instance, execute_job, job, op

    @op
    def first():
        return 1

    @op
    def second(x):
        if os.environ.get("KILLED_STEP"):
            os.kill(os.getpid(), signal.SIGKILL)
        return x + 1

    @job
    def two():
        second(first())

    if __name__ == "__main__":
        with Instance.local_temp(os.environ["FOLDER"]) as instance:
            execute_job(two, instance)
"""


def test_a_killed_run_is_ended_and_repeated_from_where_it_was(tmp_path, monkeypatch):
    (tmp_path / "killed.py").write_text(textwrap.dedent(KILLED))
    folder = tmp_path / "home"
    folder.mkdir()
    env = {**os.environ, "FOLDER": str(folder), "KILLED_STEP": "1"}
    ended = subprocess.run([sys.executable, str(tmp_path / "killed.py")], env=env, check=False)
    assert ended.returncode == -signal.SIGKILL
    monkeypatch.syspath_prepend(str(tmp_path))
    import killed

    with Instance.local_temp(str(folder)) as instance:
        mend_lost_runs(instance.store)
        (run,) = instance.get_runs()
        assert run.status is RunStatus.FAILURE
        options = ReexecutionOptions.from_failure(run.run_id, instance)
        result = execute_job(killed.two, instance, reexecution_options=options)
        assert (result.success, result.output_for_node("second")) == (True, 2)
    del sys.modules["killed"]


def test_a_step_whose_outputs_were_changed_runs_again(instance):
    def version(output, works):
        @op(out={output: Out()})
        def first():
            return 1

        @op
        def second(value):
            if not works:
                raise ValueError
            return value + 1

        @job
        def changing():
            second(first())

        return changing

    before = execute_job(version("old", works=False), instance=instance)
    options = ReexecutionOptions.from_failure(before.run_id, instance)
    result = execute_job(version("new", works=True), instance=instance, reexecution_options=options)
    assert result.success
    assert {event.step_key for event in result.get_step_success_events()} == {"first", "second"}
