"""A job becomes a plan: sources first, the same every time, each argument from where it should come."""

from __future__ import annotations

import pickle
import random
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import (
    AssetCheckResult,
    AssetIn,
    AssetKey,
    AssetOut,
    AssetSpec,
    DynamicOut,
    DynamicOutput,
    In,
    Nothing,
    Out,
    asset,
    asset_check,
    graph,
    graph_asset,
    graph_multi_asset,
    job,
    multi_asset,
    op,
)
from penstock.define.asset_job import build_asset_job
from penstock.define.graph import FanIn, FromNode, GraphDefinition, Node
from penstock.define.inout import InputDefinition, OutputDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.signature import read_shape
from penstock.errors import InvalidConfigError, InvalidDefinitionError, StepNotFoundError
from penstock.plan.expand import Given, build_plan
from penstock.plan.model import COLLECTED, MAPPED, Source, bare_key, mapping_key_of, unit_key
from penstock.types import resolve_type

ANYTHING = resolve_type(object)


@op
def one():
    return 1


@op
def inc(x):
    return x + 1


@op
def total(xs):
    return sum(xs)


@op(out=DynamicOut())
def pieces():
    yield DynamicOutput(1, "a")


def reader(count):
    """An op with so many inputs."""
    ins = {f"x{n}": InputDefinition(name=f"x{n}", type=ANYTHING) for n in range(count)}
    outs = {"result": OutputDefinition(name="result", type=ANYTHING)}
    return OpDefinition(name="reader", fn=lambda: None, shape=read_shape(lambda: None), ins=ins, outs=outs)


def job_of(upstream):
    """A job in which node n reads the nodes upstream[n], in any order of appearance."""
    nodes = {
        f"n{number}": Node(
            name=f"n{number}",
            definition=reader(len(sources)),
            inputs={f"x{place}": FromNode(f"n{source}") for place, source in enumerate(sources)},
        )
        for number, sources in upstream
    }
    return JobDefinition(name="job", graph=GraphDefinition(name="job", nodes=nodes))


@st.composite
def dags(draw):
    """(node, its sources) of a graph without circles, shuffled."""
    count = draw(st.integers(1, 12))
    found = [(n, draw(st.lists(st.integers(0, n - 1), max_size=3)) if n else []) for n in range(count)]
    return draw(st.permutations(found))


@given(dags())
def test_sources_come_before_readers(upstream):
    plan = build_plan(job_of(upstream))
    for place, step in enumerate(plan):
        assert step.id == place
        assert all(source < place for source in step.upstream)
        assert {s.step for one in step.inputs for s in one.sources} == set(step.upstream)


@given(dags())
def test_a_plan_is_the_same_every_time(upstream):
    assert build_plan(job_of(upstream)) == build_plan(job_of(upstream))


@given(dags())
def test_no_step_waits_behind_a_later_one_without_need(upstream):
    plan = build_plan(job_of(upstream))
    appearance = {f"n{number}": place for place, (number, _) in enumerate(upstream)}
    done = set()
    for step in plan:
        ready = [s for s in plan if s.id not in done and done.issuperset(s.upstream)]
        assert step.key == min((s.key for s in ready), key=appearance.__getitem__)
        done.add(step.id)


@given(dags())
def test_a_plan_survives_pickling(upstream):
    plan = build_plan(job_of(upstream))
    assert pickle.loads(pickle.dumps(plan)) == plan


def calls_of(function):
    """How many functions of Python a call calls."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", ["chain", "wide", "layers"])
def test_planning_is_linear(shape):
    def upstream(count):
        if shape == "chain":
            return [(n, [n - 1] if n else []) for n in range(count)]
        if shape == "wide":
            return [(n, [0] if n else []) for n in range(count)]
        return [(n, [n - 10, n - 9] if n >= 10 else []) for n in range(count)]

    few, many = job_of(upstream(300)), job_of(upstream(1_200))
    assert calls_of(lambda: build_plan(many)) <= 4.2 * calls_of(lambda: build_plan(few))


def test_a_long_chain_in_any_order_does_not_recurse():
    upstream = [(n, [n - 1] if n else []) for n in range(5_000)]
    random.Random(1).shuffle(upstream)
    assert [step.key for step in build_plan(job_of(upstream))] == [f"n{n}" for n in range(5_000)]


def test_steps_in_a_circle_are_refused_by_name():
    with pytest.raises(InvalidDefinitionError, match=r"wait for each other.*n0, n1"):
        build_plan(job_of([(0, [1]), (1, [0])]))


# ---- where arguments come from ---------------------------------------------------------------------


def input_of(plan, key, name="x"):
    return next(one for one in plan.step(key).inputs if one.name == name)


def test_a_wired_input_comes_from_upstream():
    @job
    def wired():
        inc(one())

    found = input_of(build_plan(wired), "inc")
    assert (found.kind, found.sources) == ("upstream", (Source(0, "result"),))


def test_a_list_of_outputs_is_a_fan_in():
    @job
    def wired():
        total([one(), one()])

    found = input_of(build_plan(wired), "total", "xs")
    assert (found.kind, [source.step for source in found.sources]) == ("fan_in", [0, 1])


def test_an_input_without_a_wire_takes_its_default():
    @op
    def lonely(x=3):
        return x

    @job
    def unwired():
        lonely()

    assert input_of(build_plan(unwired), "lonely").kind == "default"


def test_an_input_that_config_gives_comes_from_config():
    @op
    def typed(x: int):
        return x

    @job
    def unwired():
        typed()

    plan = build_plan(unwired, Given(config_inputs={"typed": frozenset({"x"})}))
    assert input_of(plan, "typed").kind == "config"


def test_an_input_that_config_could_give_says_where():
    @op
    def typed(x: int):
        return x

    @job
    def unwired():
        typed()

    with pytest.raises(InvalidConfigError, match=r"ops\.typed\.inputs\.x"):
        build_plan(unwired)


def test_a_value_given_at_launch_fills_an_input_of_the_outermost_graph():
    @graph
    def shifted(start):
        return inc(start)

    plan = build_plan(JobDefinition(name="j", graph=shifted), Given(input_values=frozenset({"start"})))
    found = input_of(plan, "inc")
    assert (found.kind, found.graph_input) == ("value", "start")


def test_an_input_manager_loads_what_is_wired_to_nothing():
    @op(ins={"x": In(input_manager_key="tables")})
    def loaded(x):
        return x

    @job(resource_defs={"tables": object()})
    def unwired():
        loaded()

    assert input_of(build_plan(unwired), "loaded").kind == "manager"


def test_nothing_orders_and_gives_no_argument():
    @op(ins={"after": In(Nothing)})
    def later():
        return 1

    @job
    def ordered():
        later(after=one())

    found = input_of(build_plan(ordered), "later", "after")
    assert (found.kind, len(found.sources)) == ("nothing", 1)


# ---- dynamic steps ---------------------------------------------------------------------------------


def test_a_mapped_step_runs_once_per_output():
    @job
    def dynamic():
        pieces().map(inc)

    plan = build_plan(dynamic)
    assert plan.step("inc").mapped_by == Source(0, "result")
    assert input_of(plan, "inc").sources[0].mode == MAPPED


def test_a_step_behind_a_mapped_one_is_mapped_too():
    @job
    def dynamic():
        pieces().map(lambda piece: inc(inc(piece)))

    plan = build_plan(dynamic)
    assert plan.step("inc_2").mapped_by == plan.step("inc").mapped_by


def test_collecting_ends_the_mapping():
    @job
    def dynamic():
        total(pieces().map(inc).collect())

    plan = build_plan(dynamic)
    assert plan.step("total").mapped_by is None
    assert input_of(plan, "total", "xs").sources[0].mode == COLLECTED


def test_two_dynamic_outputs_cannot_be_crossed():
    @op
    def both(x, y):
        return x, y

    with pytest.raises(InvalidDefinitionError):

        @job
        def crossed():
            pieces().map(lambda x: pieces.alias("others")().map(lambda y: both(x, y)))

        build_plan(crossed)


def test_a_plan_refuses_readers_of_two_dynamic_outputs():
    ends = {"x0": FromNode("p", "result", "mapped"), "x1": FromNode("q", "result", "mapped")}
    nodes = {
        "p": Node(name="p", definition=pieces),
        "q": Node(name="q", definition=pieces),
        "r": Node(name="r", definition=reader(2), inputs=ends),
    }
    with pytest.raises(InvalidDefinitionError, match="two different dynamic outputs"):
        build_plan(JobDefinition(name="j", graph=GraphDefinition(name="j", nodes=nodes)))


def test_a_plan_refuses_dynamic_outputs_below_dynamic_outputs():
    dynamic = attrs.evolve(
        reader(1), outs={"result": OutputDefinition(name="result", type=ANYTHING, is_dynamic=True)}
    )
    nodes = {
        "p": Node(name="p", definition=pieces),
        "r": Node(name="r", definition=dynamic, inputs={"x0": FromNode("p", "result", "mapped")}),
    }
    with pytest.raises(InvalidDefinitionError, match="Collect the outer one first"):
        build_plan(JobDefinition(name="j", graph=GraphDefinition(name="j", nodes=nodes)))


# ---- assets ----------------------------------------------------------------------------------------


def plan_of(*assets, selection=None, resources=None):
    return build_plan(build_asset_job("assets", list(assets), selection, resources=resources))


def test_an_asset_that_is_not_made_in_the_job_is_loaded():
    @asset
    def raw():
        return 1

    @asset
    def clean(raw):
        return raw

    found = input_of(plan_of(raw, clean, selection="clean"), "clean", "raw")
    assert (found.kind, found.asset_key) == ("asset", AssetKey("raw"))


def test_a_step_knows_which_output_is_which_asset():
    @multi_asset(outs={"a": AssetOut(), "b": AssetOut(key=["deep", "b"])})
    def both():
        return 1, 2

    (step,) = plan_of(both)
    assert step.asset_keys == (AssetKey("a"), AssetKey(["deep", "b"]))
    assert step.kind == "materialize"


def test_the_output_of_a_graph_asset_is_that_of_the_op_behind_it():
    @graph_asset
    def grown():
        return inc(one())

    plan = plan_of(grown)
    assert [step.asset_keys for step in plan] == [(), (AssetKey("grown"),)]


def test_outputs_of_a_graph_of_several_assets_find_their_ops():
    @graph_multi_asset(outs={"a": AssetOut(), "b": AssetOut()})
    def both():
        first = one()
        return {"a": first, "b": inc(first)}

    plan = plan_of(both)
    assert [step.asset_keys for step in plan] == [(AssetKey("a"),), (AssetKey("b"),)]


def test_a_check_is_a_step_of_its_own_after_its_asset():
    @asset
    def orders():
        return 1

    @asset_check(asset=orders)
    def positive(orders):
        return AssetCheckResult(passed=orders > 0)

    plan = plan_of(orders, positive)
    assert [(step.kind, len(step.checks)) for step in plan] == [("materialize", 0), ("check", 1)]


def test_an_asset_is_loaded_under_another_name():
    @asset
    def raw():
        return 1

    @asset(ins={"data": AssetIn("raw")})
    def clean(data):
        return data

    assert input_of(plan_of(raw, clean), "clean", "data").sources == (Source(0, "result"),)


def test_an_order_only_dependency_has_a_source_and_no_argument():
    @asset
    def raw():
        return 1

    @asset(deps=[raw])
    def clean():
        return 1

    step = plan_of(raw, clean).step("clean")
    assert step.upstream == (0,)
    assert not [one for one in step.inputs if one.kind != "nothing"]


def test_only_selected_checks_are_evaluated():
    @asset(check_specs=[])
    def orders():
        return 1

    assert plan_of(orders).steps[0].checks == ()


def test_external_assets_make_no_step():
    @asset(deps=["outside"])
    def orders():
        return 1

    assert len(plan_of(AssetSpec("outside"), orders)) == 1


# ---- keys of units ---------------------------------------------------------------------------------


@given(
    st.from_regex(r"[a-z_]+(\.[a-z_]+)?", fullmatch=True),
    st.one_of(st.none(), st.from_regex("[A-Za-z0-9_]+", fullmatch=True)),
)
def test_the_key_of_a_unit_can_be_taken_apart(key, mapping_key):
    whole = unit_key(key, mapping_key)
    assert (bare_key(whole), mapping_key_of(whole)) == (key, mapping_key)


def test_an_unknown_step_is_named_with_what_is_near():
    @job
    def wired():
        inc(one())

    with pytest.raises(StepNotFoundError, match=r"'inn'.*Did you mean 'inc'"):
        build_plan(wired).step("inn")


def test_a_step_key_with_a_mapping_key_finds_its_step():
    @job
    def dynamic():
        pieces().map(inc)

    plan = build_plan(dynamic)
    assert plan.step("inc[a]") is plan.step("inc")


def test_outputs_remember_what_was_declared():
    @op(out={"maybe": Out(is_required=False, io_manager_key="tables")})
    def rare():
        pass

    @job(resource_defs={"tables": object()})
    def alone():
        rare()

    (output,) = build_plan(alone).steps[0].outputs
    assert (output.name, output.required, output.manager_key) == ("maybe", False, "tables")


def test_a_fan_in_keeps_the_order_of_its_list():
    nodes = {f"n{n}": Node(name=f"n{n}", definition=one) for n in range(5)}
    sources = tuple(FromNode(f"n{n}") for n in (3, 1, 4, 1))
    nodes["sum"] = Node(name="sum", definition=total, inputs={"xs": FanIn(sources)})
    plan = build_plan(JobDefinition(name="j", graph=GraphDefinition(name="j", nodes=nodes)))
    assert [source.step for source in input_of(plan, "sum", "xs").sources] == [3, 1, 4, 1]
