"""User code that raises, exits or prints in odd ways fails its step, never the run's bookkeeping."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import pytest

from penstock import IOManager, failure_hook, job, materialize, op, resource, success_hook
from penstock import asset as define_asset
from penstock.events import values as v
from penstock.events.runs import RunStatus


class UnprintableError(Exception):
    def __str__(self):
        raise UnprintableError

    __repr__ = __str__


class AnswersNothingError(Exception):
    def __getattr__(self, name):
        raise RuntimeError(name)


class MisleadingError(Exception):
    user_exception = "no exception at all"


@dataclass(frozen=True)
class FrozenError(Exception):
    number: int = 1


@op
def fine():
    return 1


@op(required_resource_keys={"it"})
def wants_it():
    return 1


def run_of(invoked, **options):
    @job(**options)
    def alone():
        invoked()

    return alone.execute_in_process(raise_on_error=False)


def only(result, kind):
    (event,) = [one for one in result.happened if isinstance(one, kind)]
    return event


@pytest.mark.parametrize(
    "kind", [UnprintableError, AnswersNothingError, MisleadingError, FrozenError, SystemExit, GeneratorExit]
)
def test_whatever_a_step_raises_fails_the_step(kind):
    @op
    def raises():
        raise kind

    result = run_of(raises)
    assert result.run.status is RunStatus.FAILURE
    assert only(result, v.StepFailed).error.cls_name == kind.__qualname__


def test_a_group_of_exceptions_names_its_members():
    @op
    def raises():
        raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])

    error = only(run_of(raises), v.StepFailed).error
    assert "ValueError: one; KeyError: 'two'" in error.message
    assert error.cause.cls_name == "ValueError"


def test_a_hook_that_exits_changes_nothing():
    @success_hook
    def leaves(_context):
        sys.exit(1)

    result = run_of(fine, hooks={leaves})
    assert (result.success, only(result, v.HookErrored).error.cls_name) == (True, "SystemExit")
    assert not result.get_step_failure_events()
    assert result.output_for_node("fine") == 1


def test_a_hook_that_exits_after_a_failure_changes_nothing():
    @failure_hook
    def leaves(_context):
        sys.exit(1)

    @op
    def raises():
        raise ValueError

    result = run_of(raises, hooks={leaves})
    assert (result.run.status, only(result, v.HookErrored).hook) == (RunStatus.FAILURE, "leaves")


@pytest.mark.parametrize("kind", [SystemExit, UnprintableError])
def test_a_resource_that_raises_anything_fails_the_run(kind):
    @resource
    def it(_context):
        raise kind

    result = run_of(wants_it, resource_defs={"it": it})
    assert only(result, v.RunFailed).reason == "resource_failure"


def test_a_resource_that_exits_while_it_closes_is_told_of():
    @resource
    def it(_context):
        yield 1
        sys.exit(2)

    result = run_of(wants_it, resource_defs={"it": it})
    assert (result.success, only(result, v.ResourceFailed).phase) == (True, "teardown")


def test_a_manager_that_raises_the_unprintable_is_to_blame():
    class Broken(IOManager):
        def handle_output(self, context, obj):
            raise UnprintableError

        def load_input(self, context):
            raise UnprintableError

    @define_asset
    def made():
        return 1

    result = materialize([made], resources={"io_manager": Broken()}, raise_on_error=False)
    assert only(result, v.StepFailed).blame is v.Blame.IO


@pytest.mark.parametrize(("raised", "code"), [(SystemExit(7), 7), (ValueError("no"), 1)])
def test_a_child_that_a_step_forks_ends_alone(raised, code):
    @op
    def forks():
        child = os.fork()
        if not child:
            raise raised
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    before = os.getpid()
    try:
        result = run_of(forks)
    finally:
        if os.getpid() != before:
            os._exit(sys.exc_info()[1].code)
    assert result.output_for_node("forks") == code
