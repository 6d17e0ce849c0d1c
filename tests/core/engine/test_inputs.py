"""Each argument comes from where the plan says, through the manager it should."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pytest

from penstock import (
    AssetIn,
    AssetSpec,
    DynamicOut,
    DynamicOutput,
    In,
    InputManager,
    IOManager,
    Out,
    ResourceDefinition,
    Type,
    TypeCheck,
    asset,
    graph,
    io_manager,
    job,
    materialize,
    mem_io_manager,
    op,
    resource,
    type_loader,
)
from penstock.errors import InvariantViolationError, TypeCheckDidNotPass
from penstock.events import values as v


class Shelf(IOManager):
    """Keeps values by identifier, and what it was asked."""

    def __init__(self, name="shelf"):
        self.name = name
        self.stored = {}
        self.asked = []

    def handle_output(self, context, obj):
        self.stored[tuple(context.get_identifier())] = obj
        self.asked.append(("out", context.name, context.step_key))

    def load_input(self, context):
        upstream = context.upstream_output
        self.asked.append(("in", context.name, upstream and upstream.step_key))
        return self.stored[tuple(context.get_identifier())]


@asset
def raw():
    return [1, 2]


def test_a_users_manager_is_always_asked_to_load():
    @asset
    def clean(raw):
        return raw

    shelf = Shelf()
    materialize([raw, clean], resources={"io_manager": shelf})
    assert shelf.asked == [("out", "result", "raw"), ("in", "raw", "raw"), ("out", "result", "clean")]


def test_a_manager_that_passes_through_is_not_asked():
    class Through(Shelf):
        passes_through = True

    @asset
    def clean(raw):
        return raw

    shelf = Through()
    result = materialize([raw, clean], resources={"io_manager": shelf})
    assert [asked[0] for asked in shelf.asked] == ["out", "out"]
    assert result.asset_value("clean") is result.asset_value("raw")


def test_an_input_is_loaded_with_the_manager_of_its_asset():
    @asset(io_manager_key="left")
    def a():
        return 1

    @asset(io_manager_key="right")
    def b(a):
        return a

    left, right = Shelf(), Shelf()
    materialize([a, b], resources={"left": left, "right": right})
    assert [asked[0] for asked in left.asked] == ["out", "in"]
    assert [asked[0] for asked in right.asked] == ["out"]


def test_an_input_may_name_another_manager():
    @asset(ins={"raw": AssetIn(input_manager_key="other")})
    def clean(raw):
        return raw

    class Other(InputManager):
        def load_input(self, context):
            return f"other {context.asset_key.to_user_string()}"

    resources = {"io_manager": mem_io_manager, "other": Other()}
    assert materialize([raw, clean], resources=resources).asset_value("clean") == "other raw"


def test_an_input_that_is_wired_to_nothing_is_loaded_by_its_manager():
    @op(ins={"table": In(input_manager_key="tables", metadata={"name": "orders"})})
    def read(table):
        return table

    class Tables(InputManager):
        def load_input(self, context):
            assert context.upstream_output is None
            return context.metadata["name"]

    @job(resource_defs={"tables": Tables()})
    def alone():
        read()

    assert alone.execute_in_process().output_for_node("read") == "orders"


def test_an_asset_from_outside_is_loaded_by_its_key():
    shelf = Shelf()
    shelf.stored["outside",] = 7

    @asset
    def inside(outside):
        return outside + 1

    result = materialize([AssetSpec("outside"), inside], resources={"io_manager": shelf})
    assert result.asset_value("inside") == 8


def test_what_was_loaded_is_told():
    @asset
    def clean(raw):
        return raw

    result = materialize([raw, clean], resources={"io_manager": Shelf()})
    (event,) = [e for e in result.happened if isinstance(e, v.InputLoaded)]
    assert (event.step, event.input_name, event.upstream_step, event.upstream_output) == (
        "clean",
        "raw",
        "raw",
        "result",
    )


def test_metadata_of_a_loaded_asset_is_an_observation():
    class Telling(Shelf):
        def load_input(self, context):
            context.add_input_metadata({"rows": 2})
            return super().load_input(context)

    @asset
    def clean(raw):
        return raw

    result = materialize([raw, clean], resources={"io_manager": Telling()})
    (event,) = [e for e in result.happened if isinstance(e, v.AssetObserved)]
    assert event.observation.metadata["rows"].value == 2


def test_an_error_while_loading_is_the_managers():
    class Broken(Shelf):
        def load_input(self, context):
            raise OSError("gone")

    @asset
    def clean(raw):
        return raw

    result = materialize([raw, clean], resources={"io_manager": Broken()}, raise_on_error=False)
    failed = next(e for e in result.happened if isinstance(e, v.StepFailed))
    assert (failed.blame, failed.error.cls_name) == (v.Blame.IO, "OSError")


def test_a_value_that_is_not_in_memory_is_explained():
    @asset
    def clean(raw):
        return raw

    with pytest.raises(InvariantViolationError, match="keeps values for one run only"):
        materialize([raw, clean], selection="clean", resources={"io_manager": mem_io_manager})


def test_a_manager_sees_the_resources_that_it_requires():
    seen = []

    @resource
    def place(_context):
        return "here"

    @io_manager(required_resource_keys={"place"})
    def placed(_context):
        class Placed(Shelf):
            def handle_output(self, context, obj):
                seen.append(context.resources.place)

        return Placed()

    materialize([raw], resources={"io_manager": placed, "place": place})
    assert seen == ["here"]


def test_a_type_is_checked_before_the_function_is_called():
    called = []

    @op
    def text():
        return "one"

    @op
    def number(x: int):
        called.append(x)

    @job
    def both():
        number(text())

    with pytest.raises(TypeCheckDidNotPass, match="step input 'x' of 'number', declared as Int: expected"):
        both.execute_in_process()
    assert not called


def test_a_list_of_outputs_arrives_as_a_list():
    @op
    def one():
        return 1

    @op
    def total(xs):
        return sum(xs)

    @job
    def fan():
        total([one.alias(f"one_{n}")() for n in range(5)])

    assert fan.execute_in_process().output_for_node("total") == 5


@pytest.mark.parametrize("wanted", [list[pl.DataFrame], Sequence[pl.DataFrame]])
def test_each_table_of_a_list_becomes_what_the_annotation_of_the_list_says(wanted):
    @op
    def made():
        return pa.table({"n": [1]})

    @op(ins={"tables": In(wanted)})
    def heights(tables):
        assert all(isinstance(one, pl.DataFrame) for one in tables)
        return [one.height for one in tables]

    @job
    def fan():
        heights([made.alias("left")(), made.alias("right")()])

    assert fan.execute_in_process().output_for_node("heights") == [1, 1]


def test_a_list_goes_without_what_was_skipped():
    @op(out=Out(is_required=False))
    def rare():
        yield from ()

    @op
    def one():
        return 1

    @op
    def total(xs):
        return xs

    @job
    def fan():
        total([rare(), one()])

    assert fan.execute_in_process().output_for_node("total") == [1]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_collected_outputs_arrive_in_the_order_they_were_given(count):
    @op(out=DynamicOut())
    def pieces():
        for n in reversed(range(count)):
            yield DynamicOutput(n, f"k{n}")

    @op
    def double(x):
        return x * 2

    @op
    def total(xs):
        return xs

    @job
    def dynamic():
        total(pieces().map(double).collect())

    expected = [n * 2 for n in reversed(range(count))]
    assert dynamic.execute_in_process().output_for_node("total") == expected


def test_a_mapped_step_takes_other_outputs_too():
    @op(out=DynamicOut())
    def pieces():
        yield DynamicOutput(1, "a")
        yield DynamicOutput(2, "b")

    @op
    def factor():
        return 10

    @op
    def times(x, y):
        return x * y

    @job
    def dynamic():
        ten = factor()
        pieces().map(lambda piece: times(piece, ten))

    assert dynamic.execute_in_process().output_for_node("times") == {"a": 10, "b": 20}


def test_a_value_given_at_launch_reaches_the_function():
    @op
    def double(x):
        return x * 2

    @graph
    def doubled(start):
        return double(start)

    found = doubled.execute_in_process(input_values={"start": 1})
    assert found.output_value() == 2


def test_a_function_with_keywords_gets_every_input():
    @op(ins={"a": In(), "b": In()})
    def several(**inputs):
        return inputs

    @op
    def one():
        return 1

    @job
    def wired():
        several(a=one(), b=one())

    assert wired.execute_in_process().output_for_node("several") == {"a": 1, "b": 1}


@pytest.mark.parametrize("is_required", [True, False])
def test_of_mapped_steps_that_were_all_skipped_nothing_is_collected(is_required):
    @op(out=DynamicOut(is_required=is_required))
    def many():
        if is_required:
            yield DynamicOutput(1, mapping_key="a")

    @op(out=Out(is_required=False))
    def drop(item):
        yield from ()

    @op
    def collect(items):
        raise AssertionError(items)

    @job
    def dropping():
        collect(many().map(drop).collect())

    result = dropping.execute_in_process()
    assert result.success
    assert result.is_node_skipped("collect")


def test_a_type_that_refuses_is_told_with_what_it_said():
    def check(_context, value):
        return TypeCheck(success=len(value) < 2, description="too long", metadata={"length": len(value)})

    short = Type(name="Short", type_check_fn=check)

    @op(out=Out(short))
    def emit():
        return [1, 2]

    @op
    def make():
        return [1, 2, 3]

    @op(ins={"items": In(short)})
    def take(items):
        raise AssertionError(items)

    @job
    def both():
        emit()
        take(make())

    result = both.execute_in_process(raise_on_error=False)
    assert result.get_failed_step_keys() == {"emit", "take"}
    told = [e for e in result.happened if isinstance(e, v.OutputProduced | v.InputChecked) and e.type_check]
    assert [(e.step, e.type_check.success, e.type_check.metadata["length"].value) for e in told] == [
        ("emit", False, 2),
        ("take", False, 3),
    ]
    with pytest.raises(TypeCheckDidNotPass, match="too long") as caught:
        both.execute_in_process()
    assert (caught.value.metadata["length"].value, caught.value.description) == (2, str(caught.value))


def test_types_and_their_loaders_have_the_resources_they_require():
    @type_loader({"n": int}, required_resource_keys={"base"})
    def load(context, config):
        return config["n"] + context.resources.base

    def check(context, value):
        return value > context.resources.least

    big = Type(name="Big", type_check_fn=check, loader=load, required_resource_keys={"least"})

    @op(ins={"n": In(big)}, out=Out(big))
    def double(n):
        return n * 2

    @job(resource_defs={"base": ResourceDefinition.hardcoded_resource(4), "least": 6})
    def doubling():
        double()

    given = {"ops": {"double": {"inputs": {"n": {"n": 3}}}}}
    assert doubling.execute_in_process(run_config=given).output_for_node("double") == 14
