"""The loop of a run: what it frees, and how it ends when it is told to."""

from __future__ import annotations

import gc
import os
import signal
import weakref

import pytest

from penstock import (
    DynamicOut,
    DynamicOutput,
    Instance,
    RetryPolicy,
    execute_job,
    in_process_executor,
    job,
    op,
)
from penstock.engine.decide import Submit
from penstock.engine.program import Tools
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.host.launch import Launch, launch


class Large:
    """A value whose end can be seen."""

    def __init__(self, name):
        self.name = name


def run_without_keeping(job_definition, **given):
    with Instance.ephemeral() as instance:
        launched = Launch(keeps_values=False, stores_op_outputs=False, **given)
        return launch(job_definition, launched, instance)


def alive(refs):
    gc.collect()
    return [ref().name for ref in refs if ref() is not None]


def test_a_value_is_freed_when_its_last_reader_is_done():
    refs, seen = [], []

    @op
    def make():
        value = Large("made")
        refs.append(weakref.ref(value))
        return value

    @op
    def read(x):
        return x.name

    @op
    def later(_x, _y):
        seen.append(alive(refs))

    @job
    def chain():
        value = make()
        later(read.alias("first")(value), read.alias("second")(value))

    run_without_keeping(chain)
    assert seen == [[]]


def test_a_value_lives_as_long_as_somebody_will_read_it():
    refs, seen = [], []

    @op
    def make():
        value = Large("made")
        refs.append(weakref.ref(value))
        return value

    @op
    def read(x):
        seen.append(alive(refs))

    @job
    def two():
        value = make()
        read.alias("first")(value)
        read.alias("second")(value)

    run_without_keeping(two)
    assert seen == [["made"], ["made"]]


def test_a_value_that_nobody_reads_is_freed_at_once():
    refs, seen = [], []

    @op
    def make():
        value = Large("made")
        refs.append(weakref.ref(value))
        return value

    @op
    def other():
        seen.append(alive(refs))

    @job
    def two():
        make()
        other()

    run_without_keeping(two)
    assert seen == [[]]


def test_a_value_is_freed_when_its_reader_failed():
    refs, seen = [], []

    @op
    def make():
        value = Large("made")
        refs.append(weakref.ref(value))
        return value

    @op
    def broken(x):
        del x
        raise ValueError("no")

    @op
    def later():
        seen.append(alive(refs))

    @job
    def two():
        broken(make())
        later()

    run_without_keeping(two, raise_on_error=False)
    assert seen == [[]]


def test_the_exception_of_a_failed_step_keeps_no_value_alive():
    refs, seen = [], []

    @op
    def broken():
        value = Large("half made")
        refs.append(weakref.ref(value))
        try:
            raise ValueError("no")
        except ValueError as error:
            raise KeyError(value.name) from error

    @op
    def later():
        seen.append(alive(refs))

    @job
    def two():
        broken()
        later()

    run_without_keeping(two, raise_on_error=False)
    assert seen == [[]]


def test_dynamic_values_are_freed_too():
    refs, seen = [], []

    @op(out=DynamicOut())
    def pieces():
        for name in "ab":
            value = Large(name)
            refs.append(weakref.ref(value))
            yield DynamicOutput(value, name)
        del value

    @op
    def read(x):
        return x.name

    @op
    def total(xs):
        seen.append((xs, alive(refs)))

    @job
    def dynamic():
        total(pieces().map(read).collect())

    run_without_keeping(dynamic)
    assert seen == [(["a", "b"], [])]


def test_every_value_is_kept_for_the_result_of_a_run_in_process():
    @op
    def make():
        return Large("made")

    @op
    def read(x):
        return x.name

    @job
    def chain():
        read(make())

    assert chain.execute_in_process().output_for_node("make").name == "made"


# ---- cancellation ----------------------------------------------------------------------------------


def steps_after(error, **options):
    """A job whose second step raises; gives the job and what ran."""
    ran = []

    @op
    def first():
        ran.append("first")

    @op(**options)
    def second(_x):
        ran.append("second")
        raise error

    @op
    def third(_x):
        ran.append("third")

    @job
    def three():
        third(second(first()))

    return three, ran


def test_an_interrupt_in_a_step_ends_the_run_as_canceled():
    three, ran = steps_after(KeyboardInterrupt())
    result = three.execute_in_process(raise_on_error=False)
    assert (result.run.status, ran) == (RunStatus.CANCELED, ["first", "second"])
    names = [type(event).__name__ for event in result.happened[-3:]]
    assert names == ["StepInterrupted", "RunCanceling", "RunCanceled"]


def test_an_interrupt_is_raised_again_at_the_end():
    three, _ = steps_after(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        three.execute_in_process()


def test_an_interrupt_is_not_retried():
    three, ran = steps_after(KeyboardInterrupt(), retry_policy=RetryPolicy(3))
    three.execute_in_process(raise_on_error=False)
    assert ran == ["first", "second"]


def test_an_interrupt_between_steps_ends_the_run_as_canceled():
    three, ran = steps_after(ValueError("never"))
    ticks = []

    def now():
        ticks.append(len(ran))
        if ran == ["first"] and ticks.count(1) == 5:
            raise KeyboardInterrupt
        return float(len(ticks))

    with Instance.ephemeral() as instance:
        result = launch(three, Launch(tools=Tools(now=now), raise_on_error=False), instance)
        stored = instance.get_run_by_id(result.run_id)
    assert stored.status is RunStatus.CANCELED


def test_an_interrupt_while_waiting_for_a_retry_ends_the_run_as_canceled():
    three, ran = steps_after(ValueError("again"), retry_policy=RetryPolicy(1, delay=60))

    def sleep(_seconds):
        raise KeyboardInterrupt

    with Instance.ephemeral() as instance:
        result = launch(three, Launch(tools=Tools(sleep=sleep), raise_on_error=False), instance)
    assert (result.run.status, ran) == (RunStatus.CANCELED, ["first", "second"])


def test_a_real_signal_in_a_step_ends_the_run_as_canceled(tmp_path):
    @op
    def waits():
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10_000_000):
            pass

    @job
    def alone():
        waits()

    with Instance.local_temp(str(tmp_path)) as instance:
        result = execute_job(alone, instance, raise_on_error=False)
        stored = instance.get_run_by_id(result.run_id)
        events = instance.all_logs(result.run_id)
    assert stored.status is RunStatus.CANCELED
    assert events


# ---- executors -------------------------------------------------------------------------------------


def noted(result):
    return [event.message for event in result.happened if isinstance(event, v.EngineNoted)]


@op
def one():
    return 1


@job
def by_default():
    one()


@job(executor_def=in_process_executor)
def in_process():
    one()


@pytest.mark.parametrize("definition", [by_default, in_process], ids=["default", "in process"])
def test_a_run_in_process_says_nothing(definition):
    with Instance.ephemeral() as instance:
        assert noted(execute_job(definition, instance)) == []


def test_commands_are_values():
    assert Submit((0, None), 1) == Submit((0, None), 1)
