from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import values as v
from penstock.events.fold import fold, move
from penstock.events.runs import TERMINAL, RunStatus
from penstock.keys import AssetKey
from penstock.testing.stories import fact_event, run_story

NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(NAMES, st.data())
def test_every_story_is_a_run_that_could_be(steps, data):
    failing = data.draw(st.lists(st.sampled_from(steps), unique=True)) if steps else []
    story = run_story(steps, failing=failing)
    assert move(None, story) is (RunStatus.FAILURE if failing else RunStatus.SUCCESS)
    assert set(fold(story).failed_steps) == set(failing)
    assert [event.at for event in story] == sorted(event.at for event in story)


@pytest.mark.parametrize("end", [*sorted(TERMINAL, key=str), RunStatus.STARTED, RunStatus.CANCELING])
def test_a_story_ends_as_it_is_told_to(end):
    assert move(None, run_story(end=end)) is end


def test_facts_are_told_by_their_step():
    told = run_story(["a"], facts={"a": [v.AssetMaterialization("x"), v.AssetObservation("y")]})
    steps = {event.step for event in told if isinstance(event, v.AssetMaterialized | v.AssetObserved)}
    assert steps == {"a"}


def test_each_fact_has_its_event():
    checked = v.AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True)
    assert isinstance(fact_event(checked), v.CheckEvaluated)
