"""The jobs that must come out alike wherever their steps run; see ``test_same_everywhere``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from penstock import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetOut,
    AssetSpec,
    Config,
    ConfigurableIOManager,
    ConfigurableResource,
    DataVersion,
    Definitions,
    DynamicOut,
    DynamicOutput,
    EnvVar,
    Failure,
    Field,
    In,
    MaterializeResult,
    MetadataValue,
    Nothing,
    Out,
    Output,
    RetryPolicy,
    RetryRequested,
    StaticPartitionsDefinition,
    Type,
    TypeCheck,
    asset,
    asset_check,
    define_asset_job,
    failure_hook,
    graph,
    graph_asset,
    job,
    multi_asset,
    op,
    resource,
    success_hook,
)

SECRET = "PENSTOCK_TEST_SECRET"
BOXES = "PENSTOCK_TEST_BOXES"
say = print  # printing is the subject


# ---- values of many kinds through a diamond -----------------------------------------------------


@op
def numbers() -> pd.DataFrame:
    return pd.DataFrame({"n": [1, 2, 3]})


@op
def doubled(table: pa.Table) -> pa.Table:
    return pa.table({"n": [2 * n for n in table["n"].to_pylist()]})


@op(out={"total": Out(int), "size": Out(int)})
def summed(table: pd.DataFrame):
    return int(table["n"].sum()), len(table)


@op
def told(double: pa.Table, total: int, size: int) -> dict:
    return {"double": double["n"].to_pylist(), "total": total, "size": size}


@job
def diamond():
    first = numbers()
    total, size = summed(first)
    told(doubled(first), total, size)


# ---- options, Nothing, skips ---------------------------------------------------------------------


@op(out={"left": Out(int, is_required=False), "right": Out(int, is_required=False)})
def either():
    yield Output(1, "left", metadata={"why": "it is left"})


@op(ins={"after": In(Nothing)}, out=Out(Nothing))
def waits(context):
    context.log.info("waited")


@op
def takes(x):
    return x + 1


@op(ins={"after": In(Nothing)})
def last(x: int) -> int:
    return x


@job
def options():
    left, right = either()
    takes.alias("skipped_after")(takes.alias("skipped")(right))
    last(takes(left), after=waits(after=takes.alias("first")(left)))


# ---- dynamic graphs ------------------------------------------------------------------------------


@op(out=DynamicOut(int), config_schema={"n": Field(int, default_value=3)})
def split(context):
    for n in range(context.op_config["n"]):
        yield DynamicOutput(n, mapping_key=f"k{n}")


@op
def squared(n: int) -> int:
    return n * n


@op
def refused(n: int) -> int:
    if n == 1:
        raise Failure("one is refused", metadata={"n": n})
    return n


@op
def collected(values: list) -> list:
    return sorted(values)


@job
def dynamic():
    parts = split()
    collected(parts.map(squared.alias("a")).map(squared.alias("b")).collect())
    collected.alias("none")(split.alias("empty")().map(squared.alias("c")).collect())


@job
def dynamic_with_failure():
    collected(split().map(refused).map(squared).collect())


# ---- retries, failures ---------------------------------------------------------------------------


class OwnError(Exception):
    """An exception of the user's that cannot be made of its message alone."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


@op(retry_policy=RetryPolicy(max_retries=2))
def shaky(context, x):
    if context.retry_number < 2:
        raise OwnError(context.retry_number, "not yet")
    return x


@op
def asks_again(context, x):
    if context.retry_number < 1:
        raise RetryRequested(max_retries=1)
    return x


@op
def gives():
    return 5


@op
def fails(x):
    raise OwnError(7, "never")


@op(retry_policy=RetryPolicy(max_retries=3))
def fails_for_good(x):
    raise Failure("no use", metadata={"tried": 1}, allow_retries=False)


@job
def retried():
    takes(asks_again(shaky(gives())))


@job
def failed():
    takes(fails(gives()))
    takes.alias("other")(fails_for_good(gives.alias("gives_too")()))
    takes.alias("fine")(gives.alias("gives_more")())


# ---- resources, config, hooks --------------------------------------------------------------------


class Inner(ConfigurableResource):
    word: str = "inner"


class Outer(ConfigurableResource):
    inner: Inner
    secret: str

    def said(self):
        return f"{self.inner.word} {self.secret}"


@resource(config_schema={"start": int})
def counter(context):
    yield [context.resource_config["start"]]


@resource(required_resource_keys={"counter"})
def reader(context):
    return lambda: context.resources.counter[0]


class Amount(Config):
    amount: int = 2
    secret: str = "none"


@op(required_resource_keys={"reader"})
def reads(context, outer: Outer, config: Amount) -> str:
    return f"{context.resources.reader()} {outer.said()} {config.amount} {config.secret}"


@success_hook(required_resource_keys={"counter"})
def praised(context):
    given = sorted(context.op_output_values.items())
    context.log.info("%s: %s %s", context.op.name, given, context.resources.counter)


@failure_hook
def blamed(context):
    context.log.info("%s: %s", context.op.name, context.op_exception)


@success_hook
def broken_hook(context):
    raise ValueError("a hook that is broken")


@op
def shouts(x: str) -> str:
    raise ValueError(x)


@job(
    resource_defs={
        "outer": Outer(inner=Inner(), secret=EnvVar(SECRET)),
        "counter": counter.configured({"start": 4}),
        "reader": reader,
    },
    hooks={praised, blamed, broken_hook},
    config={"ops": {"reads": {"config": {"amount": 3, "secret": {"env": SECRET}}}}},
)
def equipped():
    shouts(reads())


# ---- assets, checks, managers --------------------------------------------------------------------


class Boxes(ConfigurableIOManager):
    """A manager of the user's, which is always asked to load."""

    def handle_output(self, context, obj):
        self._box(context).write_text(json.dumps(obj))
        context.add_output_metadata({"length": len(obj)})

    def load_input(self, context):
        return json.loads(self._box(context).read_text())

    def _box(self, context):
        return Path(os.environ[BOXES]) / context.asset_key.path[-1]


@asset(metadata={"owner": "me"}, code_version="1")
def raw(context: AssetExecutionContext) -> list:
    context.add_output_metadata({"rows": 3})
    return [1, 2, 3]


@asset(io_manager_key="boxes", code_version="2")
def boxed(raw: list) -> list:
    return [*raw, 4]


@asset(check_specs=[AssetCheckSpec("positive", asset="cleaned", blocking=True)])
def cleaned(boxed: list) -> Iterator:
    yield Output([abs(n) for n in boxed], metadata={"kind": MetadataValue.text("clean")})
    yield AssetCheckResult(passed=True, check_name="positive", metadata={"n": 4})


@asset(deps=[cleaned], code_version="3")
def report(raw: list) -> MaterializeResult:
    return MaterializeResult(metadata={"rows": len(raw)}, data_version=DataVersion("fixed"))


@asset
def after_report(context: AssetExecutionContext, report: None = None) -> int:
    return 1


@asset(deps=[report])
def version_reader(context: AssetExecutionContext) -> int:
    return 2


@asset_check(asset=raw)
def raw_is_full(raw) -> AssetCheckResult:
    return AssetCheckResult(passed=len(raw) == 3, metadata={"rows": len(raw)})


@asset_check(asset=cleaned)
def cleaned_is_short(cleaned) -> AssetCheckResult:
    return AssetCheckResult(passed=len(cleaned) < 3)


@asset
def guarded() -> int:
    return 1


@asset_check(asset=guarded, blocking=True)
def guard(guarded):
    return AssetCheckResult(passed=guarded > 1)


@asset
def behind(guarded: int) -> int:
    return guarded


@asset(check_specs=[AssetCheckSpec("inside", asset="self_guarded", blocking=True)])
def self_guarded():
    yield Output(1)
    yield AssetCheckResult(passed=False, check_name="inside")


@asset
def behind_self(self_guarded):
    return self_guarded


@multi_asset(
    outs={"left": AssetOut(is_required=False), "right": AssetOut(is_required=False)}, can_subset=True
)
def both(context: AssetExecutionContext, raw: list):
    for name in sorted(context.selected_output_names):
        yield Output(len(raw), name)


@multi_asset(specs=[AssetSpec("one"), AssetSpec("two", deps=["one"])])
def by_spec():
    yield MaterializeResult(asset_key="one", metadata={"a": 1})
    yield MaterializeResult(asset_key="two", metadata={"b": 2})


@asset
def from_left(left: int, two: None = None) -> int:
    return left


@graph_asset
def in_graph(raw: list) -> list:
    return collected(raw)


PARTS = StaticPartitionsDefinition(["a", "b"])


@asset(partitions_def=PARTS)
def part(context: AssetExecutionContext) -> str:
    return context.partition_key


@asset(partitions_def=PARTS)
def part_after(context: AssetExecutionContext, part: str) -> str:
    return part + context.partition_key


DEFINITIONS = Definitions(
    assets=[
        raw, boxed, cleaned, report, version_reader, both, by_spec, in_graph, guarded, behind, self_guarded,
        behind_self, part, part_after,
    ],
    asset_checks=[raw_is_full, cleaned_is_short, guard],
    resources={"boxes": Boxes()},
    jobs=[
        define_asset_job("assets", ["raw", "boxed", "cleaned", "report", "version_reader"]),
        define_asset_job("many_assets", ["raw", "left", "one", "two", "in_graph"]),
        define_asset_job("blocked", ["guarded", "behind", "self_guarded", "behind_self"]),
        define_asset_job("partitioned", ["part", "part_after"]),
    ],
)  # fmt: skip


# ---- what steps print ----------------------------------------------------------------------------


@op
def prints(context):
    context.log.warning("logged")
    return 1


@op(retry_policy=RetryPolicy(max_retries=1))
def prints_twice(context, x):
    if not context.retry_number:
        raise ValueError
    return x


@op
def silent(x):
    return x


@job
def printing():
    silent(prints_twice(prints()))


@op
def prints_below(context):
    subprocess.run(["sh", "-c", "echo from a child; echo child error >&2"], check=True)
    os.write(1, b"from C\n")
    return 1


@job
def printing_below():
    prints_below()


# ---- lanes ---------------------------------------------------------------------------------------


@op
async def awaited(x: int) -> int:
    say("from a coroutine")
    return x + 1


@op(lane="thread")
def threaded(context, x: int) -> int:
    say("from a thread")
    context.log.info("logged")
    return x + 1


@job
def lanes():
    collected(
        [threaded(awaited(gives())), awaited.alias("too")(threaded.alias("first")(gives.alias("more")()))]
    )


# ---- types ---------------------------------------------------------------------------------------

Even = Type(
    name="Even",
    type_check_fn=lambda _context, value: TypeCheck(success=value % 2 == 0, metadata={"value": value}),
)


@op(out=Out(Even))
def even():
    return 4


@op(ins={"x": In(Even)}, out=Out(Even))
def odd(x):
    return x + 1


@job
def typed():
    takes(odd(even()))


# ---- nested graphs -------------------------------------------------------------------------------


@graph
def inner(x):
    return takes.alias("second")(takes(x))


@job
def nested():
    collected([inner(gives()), inner.alias("again")(gives.alias("more")())])


JOBS = {
    one.name: one
    for one in (
        diamond, options, dynamic, dynamic_with_failure, retried, failed, equipped, lanes, printing, typed,
        nested,
    )
}  # fmt: skip


def job_named(name):
    """A job of this module."""
    return JOBS.get(name) or DEFINITIONS.resolve_job_def(name)
