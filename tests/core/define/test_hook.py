from __future__ import annotations

import pytest

from penstock.define.hook import (
    HookDefinition,
    HookExecutionResult,
    event_list_hook,
    failure_hook,
    success_hook,
)
from penstock.errors import InvalidDefinitionError, InvalidInvocationError


def test_hooks_run_when_they_have_a_reason_to():
    ran = []

    @success_hook
    def cheer(context):
        ran.append(context)

    @failure_hook(name="sigh", required_resource_keys={"chat"})
    def mourn(context):
        ran.append(context)

    assert (mourn.name, mourn.required_resource_keys) == ("sigh", {"chat"})
    assert [cheer.run("a", succeeded=True), cheer.run("b", succeeded=False)] == [True, False]
    assert [mourn.run("c", succeeded=True), mourn.run("d", succeeded=False)] == [False, True]
    assert ran == ["a", "d"]


def test_a_hook_on_all_events_says_whether_it_was_skipped():
    @event_list_hook
    def watch(context, event_list):
        return HookExecutionResult("watch", is_skipped=not event_list)

    class Context:
        events = (1,)

    assert watch.run(Context(), succeeded=True)
    assert not watch.run(object(), succeeded=False)
    assert watch(Context(), []).is_skipped


def test_a_hook_is_called_with_its_context_alone():
    @success_hook
    def cheer(context):
        return context

    assert cheer("c") == cheer(context="c") == "c"
    with pytest.raises(InvalidInvocationError, match="build_hook_context"):
        cheer()


@pytest.mark.parametrize("wrong", [lambda: None, lambda other: None, lambda context, more: None])
def test_the_first_parameter_of_a_hook_is_its_context(wrong):
    with pytest.raises(InvalidDefinitionError, match="context"):
        success_hook(name="wrong")(wrong)


def test_a_hook_may_be_made_without_decorator():
    made = HookDefinition("made", lambda context, events: HookExecutionResult("made"), ["a"])
    assert made.run(object(), succeeded=False)
    assert made.required_resource_keys == {"a"}
