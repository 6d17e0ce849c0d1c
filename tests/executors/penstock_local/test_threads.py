"""The thread executor: the kit, and what only it promises."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidConfigError
from penstock.spi.executor import Lost, Task, Ticket
from penstock.testing.conformance import ExecutorFeatures, ExecutorKit
from penstock.testing.conformance.executor import marks, tasks
from penstock.testing.conformance.executor.double import StandIn, Work
from penstock_local.threads import DEFAULT_THREADS, ThreadExecutor


class TestThreadExecutor(ExecutorKit):
    features = ExecutorFeatures(
        in_process=True, reports=True, lanes=frozenset({"thread", "async"}), max_concurrent=4
    )

    def make(self):
        return ThreadExecutor({"max_concurrent": 4})


def test_there_are_32_threads_unless_told():
    assert ThreadExecutor().features.max_concurrent == DEFAULT_THREADS == 32


@pytest.mark.parametrize("number", [0, -1, True, "4", 2.5])
def test_a_wrong_number_of_threads_is_refused(number):
    with pytest.raises(InvalidConfigError, match=r"max_concurrent: wanted a number of threads"):
        ThreadExecutor({"max_concurrent": number})


def test_an_unknown_field_is_named_with_the_one_that_was_meant():
    with pytest.raises(InvalidConfigError, match="Did you mean 'max_concurrent'"):
        ThreadExecutor({"max_concurent": 4})


@pytest.fixture
def begun(tmp_path):
    executor = ThreadExecutor({"max_concurrent": 2})
    executor.begin(StandIn(str(tmp_path)))
    yield executor
    executor.close()


def only_end(executor):
    (end,) = executor.collect(60)
    return end


def test_what_a_runner_raises_is_a_loss_that_says_where(begun):
    body = Work(key="k", function=tasks.raise_through, arguments=("SystemFault",))
    begun.submit(Task(key="k", body=body), {})
    lost = only_end(begun)
    assert isinstance(lost, Lost)
    assert lost.reason.startswith("SystemFault: the runner is broken was raised in thread penstock-thread")
    assert "tasks.py:" in lost.reason


def test_a_task_whose_input_is_gone_never_begins(begun, tmp_path):
    body = Work(key="k", function=tasks.take)
    begun.submit(Task(key="k", body=body), {"x": (Ticket("gone"), "v")})
    lost = only_end(begun)
    assert (lost.cause, lost.missing, lost.started) == ("input", ("x",), False)
    assert marks.read(str(tmp_path), "start") == []


def test_nothing_is_submitted_before_the_beginning_or_after_the_end(begun):
    begun.close()
    for executor in (ThreadExecutor(), begun):
        with pytest.raises(RuntimeError, match=r"follows begin\(\) and precedes close\(\)"):
            executor.submit(Task(key="k", body=None), {})
