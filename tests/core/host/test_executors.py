"""Which executor carries out which steps, and what is refused before anything runs."""

from __future__ import annotations

import attrs
import pytest

from penstock import Definitions, Instance, asset, execute_job, in_process_executor, job, materialize, op
from penstock.define.executor import (
    as_executor,
    executor,
    multi_or_in_process_executor,
    multiprocess_executor,
)
from penstock.engine.inline import InlineExecutor
from penstock.engine.team import Team
from penstock.errors import InvalidConfigError, InvalidDefinitionError, UserError
from penstock.host.executors import (
    USUAL,
    choose,
    count_processors,
    is_wide,
    limits_of,
    open_executor,
    works_here,
)
from penstock.host.prepare import Launch, prepare
from penstock.host.warm import WarmExecutors


@op
def one(): ...


@op
def two(x): ...


@job
def line():
    two(one())


@job
def wide():
    two(one())
    two.alias("too")(one.alias("other")())


class Mine(InlineExecutor):
    """An executor of the user's."""


@pytest.fixture
def program(instance):
    def make(definition, **given):
        return prepare(definition, Launch(**given), instance).program

    return make


def test_a_job_that_says_nothing_stays_here(program):
    assert choose(program(line), None, runs_here=False).stays_here


def test_the_usual_is_the_pool_for_plans_that_are_wide_on_several_processors(program):
    assert choose(program(line), USUAL, runs_here=False).stays_here
    chosen = choose(program(wide), USUAL, runs_here=False)
    assert chosen.is_fallback
    assert chosen.stays_here == (count_processors() < 2)


def test_a_default_that_somebody_set_is_no_guess(program):
    chosen = choose(program(line), "process", runs_here=False)
    assert (chosen.own.target, chosen.is_fallback) == ("multiprocess", False)


def test_another_default_than_the_pool_is_meant_for_every_plan(program):
    assert choose(program(line), "ray", runs_here=False).own.target == "ray"


def test_what_a_job_says_wins_over_the_default(program):
    definition = attrs.evolve(wide, executor_def=in_process_executor)
    chosen = choose(program(definition), "process", runs_here=False)
    assert chosen.stays_here
    assert not chosen.is_fallback


def test_running_here_leaves_every_executor_aside(program):
    definition = attrs.evolve(wide, executor_def=multiprocess_executor)
    assert choose(program(definition), "process", runs_here=True).stays_here


@pytest.mark.parametrize(
    ("config", "stays"), [(None, False), ({"multiprocess": {}}, False), ({"in_process": {}}, True)]
)
def test_either_of_two_is_decided_by_the_runs_config(program, config, stays):
    definition = attrs.evolve(wide, executor_def=multi_or_in_process_executor)
    given = None if config is None else {"execution": {"config": config}}
    assert choose(program(definition, run_config=given), None, runs_here=False).stays_here is stays


def test_a_plan_is_wide_when_two_steps_could_run_at_once(program):
    assert not is_wide(program(line).plan)
    assert is_wide(program(wide).plan)


def assets_job(*assets, own=None):
    return Definitions(assets=assets, executor=own).resolve_implicit_global_asset_job_def()


def test_steps_may_name_executors_by_name_and_by_value(program):
    mine = Mine()

    @asset(executor="thread")
    def a(): ...

    @asset(executor=mine)
    def b(): ...

    @asset
    def c(): ...

    made = program(assets_job(a, b, c))
    chosen = choose(made, None, runs_here=False)
    assert not chosen.stays_here
    with Instance.ephemeral() as instance:
        team = open_executor(chosen, made, instance.settings, WarmExecutors())
    assert isinstance(team, Team)
    assert works_here(team)
    assert len(chosen.others) == 2
    team.close()


def test_steps_run_by_the_executors_that_they_name():
    mine = Mine()
    seen = []

    class Watching(InlineExecutor):
        def submit(self, task, upstream, given=()):
            seen.append(task.key)
            return super().submit(task, upstream, given or {})

    watching = Watching()

    @asset(executor=mine)
    def a():
        return [1]

    @asset(executor=watching)
    def b(a):
        return [*a, 2]

    @asset
    def c(b):
        return [*b, 3]

    result = materialize([a, b, c])
    assert result.output_for_node("c") == [1, 2, 3]
    assert seen == ["b#1"]


def test_a_function_makes_an_executor_of_its_context(program):
    seen = []

    @executor(name="made", config_schema={"n": int})
    def make(context):
        seen.append((context.job.name, context.executor_config["n"]))
        return Mine()

    definition = attrs.evolve(line, executor_def=make)
    made = program(definition, run_config={"execution": {"config": {"n": 3}}})
    with Instance.ephemeral() as instance:
        found = open_executor(choose(made, None, runs_here=False), made, instance.settings, WarmExecutors())
    assert isinstance(found, Mine)
    assert seen == [("line", 3)]


def test_limits_of_a_run_come_from_its_config(program):
    definition = attrs.evolve(wide, executor_def=multiprocess_executor)
    config = {"execution": {"config": {"tag_concurrency_limits": [{"key": "db", "limit": 1}]}}}
    made = program(definition, run_config=config)
    with Instance.ephemeral() as instance:
        limits = limits_of(choose(made, None, runs_here=False), made, instance.settings)
    assert limits.counters({"db": "x"}, None) == ("tag db",)


def test_a_wrong_limit_is_refused_before_the_run_is_recorded(tmp_path):
    definition = attrs.evolve(wide, executor_def=multiprocess_executor)
    config = {"execution": {"config": {"tag_concurrency_limits": [{"key": "db", "limit": 0}]}}}
    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(InvalidConfigError, match="wanted a whole number"):
            execute_job(definition, instance, run_config=config)
        assert instance.get_runs() == []


def test_an_unknown_executor_is_refused_before_the_run_is_recorded(tmp_path):
    definition = attrs.evolve(wide, executor_def=as_executor("proces"))
    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(UserError, match="proces"):
            execute_job(definition, instance)
        assert instance.get_runs() == []


def test_all_faults_of_all_executors_come_together_and_nothing_is_recorded(tmp_path):
    @asset(executor={"process": {"max_threads": 0}})
    def a(): ...

    @asset(executor={"thread": {"max_concurrent": -1}})
    def b(): ...

    limits = [{"limit": 1}]
    own = multiprocess_executor.configured({"max_concurrent": -1, "tag_concurrency_limits": limits})
    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(InvalidConfigError) as caught:
            execute_job(assets_job(a, b, own=own), instance)
        assert instance.get_runs() == []
    assert len(caught.value.faults) == 4
    text = str(caught.value)
    assert "'multiprocess' does not fit its schema: $.executor.max_concurrent: wanted" in text
    assert "'multiprocess' does not fit its schema: $.executor.tag_concurrency_limits[0].key: wanted" in text
    assert "(asked for by 'a'): $.executor.max_threads: wanted" in text
    assert "(asked for by 'b'): $.max_concurrent: wanted" in text


def test_faults_of_one_executor_are_told_as_it_tells_them():
    @asset(executor={"process": {"max_threads": 0}})
    def a(): ...

    with pytest.raises(InvalidConfigError, match=r"schema \(asked for by 'a'\):\n  \$.executor.max_threads"):
        materialize([a])


def test_faults_of_kind_and_of_range_of_every_section_come_together(tmp_path):
    definition = attrs.evolve(wide, executor_def=multiprocess_executor)
    given = {
        "max_concurrent": -1,
        "max_threads": "many",
        "max_steps_per_worker": 0,
        "max_step_memory": 0,
        "max_worker_memory": 0,
        "start_method": "magic",
        "tag_concurrency_limits": [{"key": "db", "limit": 0}],
        "unknown": 1,
    }
    config = {"execution": {"config": given}, "ops": {"nobody": {}}}
    with Instance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(InvalidConfigError) as caught:
            execute_job(definition, instance, run_config=config)
        assert instance.get_runs() == []
    found = {fault.path.removeprefix("$.execution.config.") for fault in caught.value.faults}
    assert found == {
        *(given.keys() - {"tag_concurrency_limits"}),
        "tag_concurrency_limits[0].limit",
        "$.ops.nobody",
    }


def test_a_function_that_gives_no_executor_is_told():
    @executor
    def broken(context):
        return 5

    @asset(executor=broken)
    def a(): ...

    with pytest.raises(
        InvalidDefinitionError, match=r"'broken' was to give .* found 5, which lacks features"
    ):
        materialize([a])


@pytest.mark.parametrize("default", [None, USUAL, "thread"])
@pytest.mark.parametrize("name", ["in_process", "multiprocess"])
def test_config_that_names_one_of_two_decides_where_the_job_says_nothing(program, default, name):
    for definition in (line, wide):
        made = program(definition, run_config={"execution": {"config": {name: {}}}})
        chosen = choose(made, default, runs_here=False)
        assert chosen.own.target == name
        assert not chosen.is_fallback
