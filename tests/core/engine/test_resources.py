"""Resources open in the order of their needs and close in reverse, whatever happens in between."""

from __future__ import annotations

import pytest

from penstock import (
    ConfigurableResource,
    asset,
    build_op_context,
    job,
    materialize,
    op,
    resource,
)
from penstock.engine.resources import in_order_of_needs, open_resources
from penstock.errors import (
    InvalidConfigError,
    InvalidDefinitionError,
    InvariantViolationError,
    ResourceFunctionError,
    UnknownResourceError,
)
from penstock.events import values as v
from penstock.events.runs import RunStatus


class Diary:
    """Resources that write down when they open and close."""

    def __init__(self):
        self.lines = []

    def resource(self, name, requires=(), fails_to=None):
        @resource(required_resource_keys=set(requires))
        def managed(_context):
            if fails_to == "open":
                raise OSError(f"no {name}")
            self.lines.append(f"open {name}")
            try:
                yield name
            finally:
                self.lines.append(f"close {name}")
                if fails_to == "close":
                    raise OSError(f"stuck {name}")

        return managed

    def op(self, name, requires, raises=None):
        @op(name=name, required_resource_keys=set(requires))
        def noted(_context):
            self.lines.append(f"run {name}")
            if raises is not None:
                raise raises

        return noted


@pytest.fixture
def diary():
    return Diary()


def run(one, resources):
    @job(resource_defs=resources)
    def alone():
        one()

    return alone.execute_in_process(raise_on_error=False)


def test_requirements_open_first_and_close_last(diary):
    resources = {"a": diary.resource("a", ["b"]), "b": diary.resource("b")}
    assert run(diary.op("work", ["a"]), resources).success
    assert diary.lines == ["open b", "open a", "run work", "close a", "close b"]


def test_only_what_is_needed_opens(diary):
    resources = {"a": diary.resource("a"), "unused": diary.resource("unused")}
    run(diary.op("work", ["a"]), resources)
    assert diary.lines == ["open a", "run work", "close a"]


def test_everything_closes_after_a_failed_step(diary):
    resources = {"a": diary.resource("a"), "b": diary.resource("b", ["a"])}
    result = run(diary.op("work", ["b"], ValueError("no")), resources)
    assert not result.success
    assert diary.lines == ["open a", "open b", "run work", "close b", "close a"]


def test_everything_closes_after_an_interrupt(diary):
    result = run(diary.op("work", ["a"], KeyboardInterrupt()), {"a": diary.resource("a")})
    assert result.run.status is RunStatus.CANCELED
    assert diary.lines == ["open a", "run work", "close a"]


def test_steps_share_what_was_opened(diary):
    first, second = diary.op("first", ["a"]), diary.op("second", ["a"])

    @job(resource_defs={"a": diary.resource("a")})
    def both():
        first()
        second()

    both.execute_in_process()
    assert diary.lines == ["open a", "run first", "run second", "close a"]


def test_a_resource_that_does_not_open_fails_the_run_before_any_step(diary):
    resources = {"a": diary.resource("a"), "b": diary.resource("b", ["a"], fails_to="open")}
    result = run(diary.op("work", ["b"]), resources)
    assert diary.lines == ["open a", "close a"]
    assert [type(event).__name__ for event in result.happened[2:]] == ["ResourceFailed", "RunFailed"]
    assert result.happened[-1].reason == "resource_failure"


def test_the_caller_is_told_which_resource_did_not_open(diary):
    one = diary.op("work", ["a"])

    @job(resource_defs={"a": diary.resource("a", fails_to="open")})
    def alone():
        one()

    with pytest.raises(ResourceFunctionError, match="'a' could not be set up: OSError: no a") as caught:
        alone.execute_in_process()
    assert isinstance(caught.value.__cause__, OSError)


def test_an_interrupt_while_opening_cancels_the_run(diary):
    @resource
    def slow(_context):
        raise KeyboardInterrupt

    result = run(diary.op("work", ["a"]), {"a": slow})
    assert (result.run.status, diary.lines) == (RunStatus.CANCELED, [])


def test_a_failure_to_close_is_recorded_and_the_others_close(diary):
    resources = {"a": diary.resource("a"), "b": diary.resource("b", ["a"], fails_to="close")}
    result = run(diary.op("work", ["b"]), resources)
    assert diary.lines[-2:] == ["close b", "close a"]
    (event,) = [e for e in result.happened if isinstance(e, v.ResourceFailed)]
    assert (event.resource, event.phase, event.error.message) == ("b", "teardown", "stuck b")
    assert result.success


def test_a_resource_that_nobody_provides_is_refused():
    with pytest.raises(
        InvalidDefinitionError, match=r"requires the resource 'c'.*nobody provides.*Did you mean 'cc'"
    ):
        in_order_of_needs({"cc": object()}, ["c"], "Job 'x'")


def test_a_step_can_ask_whether_it_has_a_resource():
    seen = []

    @op
    def look(context):
        seen.append(hasattr(context.resources, "b"))

    @job(resource_defs={"b": 1})
    def alone():
        look()

    alone.execute_in_process()
    assert seen == [False]


def test_a_missing_requirement_is_a_fault_of_the_definition_and_of_the_call(diary):
    with pytest.raises(InvariantViolationError, match="nobody provides"):
        in_order_of_needs({"a": diary.resource("a", ["b"])}, ["a"], "Job 'x'")


def test_resources_that_require_each_other_are_refused(diary):
    circle = {"a": diary.resource("a", ["b"]), "b": diary.resource("b", ["a"])}
    with pytest.raises(InvalidDefinitionError, match="require each other"):
        in_order_of_needs(circle, ["a"], "Job 'x'")


def test_a_long_line_of_requirements_does_not_recurse(diary):
    line = {f"r{n}": diary.resource(f"r{n}", [f"r{n + 1}"] if n < 2_999 else []) for n in range(3_000)}
    assert in_order_of_needs(line, ["r0"], "Job 'x'") == [f"r{n}" for n in reversed(range(3_000))]


def test_a_resource_that_was_not_required_is_explained():
    @op
    def nosy(context):
        return context.resources.secret

    @job(resource_defs={"secret": resource(lambda _: 1)})
    def alone():
        nosy()

    with pytest.raises(
        UnknownResourceError, match=r"Step 'nosy' has no resource 'secret'.*required_resource_keys"
    ):
        alone.execute_in_process()


def test_a_configurable_resource_opens_and_closes(diary):
    class Database(ConfigurableResource):
        url: str

        def setup_for_execution(self, context):
            diary.lines.append(f"open {self.url}")

        def teardown_after_execution(self, context):
            diary.lines.append(f"close {self.url}")

    @asset
    def rows(db: Database):
        diary.lines.append("run")
        return 1

    materialize([rows], resources={"db": Database(url="here")})
    assert diary.lines == ["open here", "run", "close here"]


def test_a_resource_sees_run_and_requirements():
    seen = []

    @resource(required_resource_keys={"base"})
    def curious(context):
        seen.append((context.run_id, context.job_name, context.resources.base))

    @op(required_resource_keys={"curious"})
    def work(context):
        return context.run_id

    result = run(work, {"curious": curious, "base": resource(lambda _: "b")})
    assert seen == [(result.run_id, "alone", "b")]


# ---- outside of runs -------------------------------------------------------------------------------


def test_faults_of_several_resources_are_listed_together():
    made = {name: resource(config_schema={"url": str})(lambda context: context) for name in "ab"}
    with (
        pytest.raises(InvalidConfigError) as caught,
        open_resources(made, {"a": {"config": {"url": 1}}}, env={}),
    ):
        pass
    assert [fault.path for fault in caught.value.faults] == [
        "$.resources.a.config.url",
        "$.resources.b.config.url",
    ]


def test_a_built_context_closes_its_resources(diary):
    with build_op_context(resources={"a": diary.resource("a")}) as context:
        assert context.resources.a == "a"
    assert diary.lines == ["open a", "close a"]


def test_a_resource_that_does_not_open_is_named(diary):
    made = {"a": diary.resource("a", fails_to="open")}
    with (
        pytest.raises(ResourceFunctionError, match="Resource 'a' could not be set up: OSError: no a"),
        open_resources(made, env={}),
    ):
        pass
