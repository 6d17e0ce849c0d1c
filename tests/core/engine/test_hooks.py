"""Hooks run after steps, and change nothing."""

from __future__ import annotations

from penstock import DynamicOut, DynamicOutput, Out, Output, failure_hook, job, op, resource, success_hook
from penstock.events import values as v


@op
def fine():
    return 3


@op
def broken():
    raise ValueError("no")


def test_each_hook_runs_for_its_outcome():
    heard = []

    @success_hook
    def cheer(context):
        heard.append(("success", context.step_key, context.op_output_values))

    @failure_hook
    def mourn(context):
        heard.append(("failure", context.step_key, repr(context.op_exception)))

    @job(hooks={cheer, mourn})
    def both():
        fine()
        broken()

    both.execute_in_process(raise_on_error=False)
    assert heard == [("success", "fine", {"result": 3}), ("failure", "broken", "ValueError('no')")]


def test_a_hook_that_raises_is_written_down():
    @success_hook
    def clumsy(_context):
        raise KeyError("hook")

    @job(hooks={clumsy})
    def alone():
        fine()

    result = alone.execute_in_process()
    (event,) = [e for e in result.happened if isinstance(e, v.HookErrored)]
    assert (result.success, event.hook, event.error.cls_name) == (True, "clumsy", "KeyError")


def test_hooks_without_a_reason_are_told_apart():
    @failure_hook
    def mourn(_context):
        pass

    @success_hook
    def cheer(_context):
        pass

    @job(hooks={mourn, cheer})
    def alone():
        fine()

    names = [type(e).__name__ for e in alone.execute_in_process().happened if hasattr(e, "hook")]
    assert names == ["HookCompleted", "HookSkipped"]


def test_a_hook_gets_its_resources():
    seen = []

    @resource
    def phone(_context):
        return "phone"

    @success_hook(required_resource_keys={"phone"})
    def call(context):
        seen.append(context.resources.phone)

    @job(hooks={call}, resource_defs={"phone": phone})
    def alone():
        fine()

    alone.execute_in_process()
    assert seen == ["phone"]


def test_a_hook_on_a_use_watches_that_use_alone():
    seen = []

    @success_hook
    def watch(context):
        seen.append(context.step_key)

    @job
    def two():
        fine.with_hooks({watch}).alias("watched")()
        fine.alias("unwatched")()

    two.execute_in_process()
    assert seen == ["watched"]


def test_a_hook_on_several_levels_runs_once():
    seen = []

    @success_hook
    def watch(context):
        seen.append(context.step_key)

    @job(hooks={watch})
    def alone():
        fine.with_hooks({watch})()

    alone.execute_in_process()
    assert seen == ["fine"]


def test_an_interrupt_in_a_hook_leaves_the_step_done_and_ends_the_run():
    @success_hook
    def impatient(_context):
        raise KeyboardInterrupt

    @job(hooks={impatient})
    def two():
        fine()
        fine.alias("later")()

    result = two.execute_in_process(raise_on_error=False)
    assert result.is_canceled
    assert result.is_node_success("fine")
    assert result.is_node_untouched("later")


def test_a_hook_sees_the_outputs_that_came():
    seen = []

    @success_hook
    def watch(context):
        seen.append(dict(context.op_output_values))

    @op(out={"left": Out(is_required=False), "right": Out(is_required=False)})
    def choose():
        yield Output(1, "left")

    @op(out=DynamicOut())
    def many():
        for n in (2, 1):
            yield DynamicOutput(n, mapping_key=f"k{n}")

    @job(hooks={watch})
    def both():
        choose()
        many()

    both.execute_in_process()
    assert seen == [{"left": 1}, {"result": {"k2": 2, "k1": 1}}]
