"""An error is recorded with the frames of the user's code alone, and raised with a note that says where."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from penstock import IOManager, asset, job, materialize, mem_io_manager, op
from penstock.engine.failures import blame_of, describe_error, user_error
from penstock.errors import (
    CheckFailedError,
    HandleOutputError,
    LoadInputError,
    StepTimeoutError,
    TypeCheckError,
)
from penstock.events import values as v


def helper():
    raise ValueError("deep")


@op
def broken():
    helper()


@job
def alone():
    broken()


def stack_of(result):
    failed = next(e for e in result.happened if isinstance(e, v.StepFailed))
    return failed.error.stack


def own_frames(lines):
    return [line for line in lines if "/penstock/" in line or "asyncio" in line or "contextlib" in line]


def test_a_recorded_stack_begins_in_the_users_function():
    stack = stack_of(alone.execute_in_process(raise_on_error=False))
    assert [line.split(", in ")[1].split("\n")[0] for line in stack] == ["broken", "helper"]


def test_frames_of_the_event_loop_are_left_out():
    @asset
    async def waits():
        await asyncio.sleep(0)
        helper()

    stack = stack_of(materialize([waits], raise_on_error=False))
    assert not own_frames(stack)
    assert len(stack) == 2


def test_frames_of_penstock_below_the_users_are_left_out():
    @op
    def misuses(context):
        context.log_event("x")
        context.add_output_metadata({"a": object()})

    @job
    def wrong():
        misuses()

    stack = stack_of(wrong.execute_in_process(raise_on_error=False))
    assert len(stack) == 1
    assert "add_output_metadata" in stack[0]


def test_an_error_of_a_manager_shows_the_managers_frames():
    class Broken(IOManager):
        def handle_output(self, context, obj):
            helper()

        def load_input(self, context):
            pass

    @asset
    def one():
        return 1

    result = materialize([one], resources={"io_manager": Broken()}, raise_on_error=False)
    assert [line.split(", in ")[1].split("\n")[0] for line in stack_of(result)] == ["handle_output", "helper"]


def test_the_users_own_exception_is_raised():
    with pytest.raises(ValueError, match="deep") as caught:
        alone.execute_in_process()
    (note,) = caught.value.__notes__
    assert note.startswith("in step 'broken' of run ")


def test_a_raised_traceback_leads_from_the_call_to_the_users_code():
    with pytest.raises(ValueError, match="deep") as caught:
        alone.execute_in_process()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["broken", "helper"]
    assert "run_step" not in names


def test_the_first_failure_is_the_one_that_is_raised():
    @op
    def later():
        raise KeyError("second")

    @job
    def both():
        broken()
        later()

    with pytest.raises(ValueError, match="deep"):
        both.execute_in_process()


def test_a_note_is_added_once():
    @asset(retry_policy=None)
    def one():
        raise ValueError("x")

    with pytest.raises(ValueError, match="x") as caught:
        materialize([one], resources={"io_manager": mem_io_manager})
    assert len(caught.value.__notes__) == 1


def raised(function):
    try:
        function()
    except Exception as error:  # noqa: BLE001  # handed to the caller
        return error
    return None


def test_the_exceptions_behind_are_recorded():
    def chained():
        try:
            helper()
        except ValueError as error:
            raise RuntimeError("outer") from error

    found = describe_error(raised(chained))
    assert (found.cls_name, found.cause.cls_name, found.cause.cause) == ("RuntimeError", "ValueError", None)


def test_a_context_that_was_suppressed_is_not():
    def suppressed():
        try:
            helper()
        except ValueError:
            raise RuntimeError("outer") from None

    assert describe_error(raised(suppressed)).cause is None


def test_an_endless_chain_ends():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    depth, found = 0, describe_error(first)
    while found is not None:
        depth, found = depth + 1, found.cause
    assert depth < 20


def test_an_exception_that_cannot_print_itself_is_recorded():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no")

    assert "could not be read: RuntimeError" in describe_error(Mute()).message


@pytest.mark.parametrize(
    ("error", "blame"),
    [
        (ValueError(), v.Blame.USER),
        (LoadInputError("x"), v.Blame.IO),
        (HandleOutputError("x"), v.Blame.IO),
        (CheckFailedError(), v.Blame.CHECK),
        (StepTimeoutError(), v.Blame.TIMEOUT),
        (KeyboardInterrupt(), v.Blame.INTERRUPT),
    ],
)
def test_whom_to_blame(error, blame):
    assert blame_of(error) is blame


def test_what_a_wrapper_wraps_is_the_users_error():
    inner = ValueError("mine")
    assert user_error(HandleOutputError("x", inner)) is inner
    checked = raised(lambda: (_ for _ in ()).throw(TypeCheckError("x")))
    checked.__cause__ = inner
    assert user_error(checked) is inner
    assert user_error(inner) is inner
